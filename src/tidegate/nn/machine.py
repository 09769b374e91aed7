"""What computes the layers on this machine, and why."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tidegate.kernels import library
from tidegate.nn.arguments import state_widths
from tidegate.nn.backends import choose
from tidegate.nn.singles import Single
from tidegate.nn.stack import PARAMETERS, Recurrent
from tidegate.nn.unroll import Call, Course

_WHAT = {
    "torch": "torch's own operators",
    "scan": "a scan over all steps in torch operations",
    "reference": "the loop over the published equations in torch operations",
    "operator": "the kernels as one operator of torch, as a mode looks on",
    "apart": "what fits when the compiled model runs",
}


@dataclass(frozen=True)
class Backing:
    """Who computes a layer; as text, the one and the other in a sentence.

    Parameters
    ----------
    name
        "kernels", "torch", "scan" or "reference".
    reason
        What that is, and why not another.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def backend(layer: torch.nn.Module | None = None) -> Backing:
    """Return what runs and why: by ``backend="auto"`` on this machine, or in an ordinary call of `layer`.

    Parameters
    ----------
    layer
        A layer (`Recurrent` in any form) or a single cell, on the device and in the precision that it has now; None for
        what "auto" means here. A call that asks for more than an ordinary one (a trace, a truncated gradient, autocast)
        can be computed by another.

    Raises
    ------
    TypeError
        Where `layer` is neither.
    SettingError
        Where the layer's ``backend="kernels"`` or ``"torch"`` cannot compute it.

    Examples
    --------
    >>> from tidegate import nn
    >>> print(nn.backend(nn.SLSTM(3, 5)))
    reference: the loop over the published equations in torch operations; there is no kernel for Slstm(); ...
    """
    if layer is None:
        return _machine()
    if isinstance(layer, Single):
        return Backing("reference", "one step of the published equations in torch operations, as for every single cell")
    if not isinstance(layer, Recurrent):
        raise TypeError(f"layer is a {type(layer).__name__}; it must be a layer or single cell of tidegate.nn, or None")
    call = _tiny(layer)
    chosen = choose(call, layer.stack.backend)
    what = library.reason() if chosen.name == "kernels" else _WHAT[chosen.name]
    if chosen.name == "torch" and call.inputs.is_cuda:
        what = "torch's own operators (cuDNN)" if torch.backends.cudnn.is_available() else what  # type: ignore[no-untyped-call]
    asked = "" if layer.stack.backend == "auto" else f"backend={layer.stack.backend!r} asks for it"
    return Backing(chosen.name, "; ".join(part for part in (what, asked or chosen.reason) if part))


def _machine() -> Backing:
    """Return what "auto" means on this machine."""
    cuda = "no CUDA device"
    if torch.cuda.is_available():
        cuda = f"torch's own operators for the standard cells on CUDA ({torch.cuda.get_device_name()})"
    if library.library() is not None:
        return Backing("kernels", f"{library.reason()} on the CPU; {cuda}")
    return Backing("torch", f"{library.reason()}; torch's own operators for the standard cells on the CPU; {cuda}")


def _tiny(layer: Recurrent) -> Call:
    """Return the first layer's work for one step of one sequence."""
    suffixes = ("l0", "l0_reverse") if layer.bidirectional else ("l0",)
    named = [[(role, f"{name}_{suffix}") for role, name in PARAMETERS.items()] for suffix in suffixes]
    weights = tuple({role: getattr(layer, name) for role, name in one if hasattr(layer, name)} for one in named)
    like = weights[0]["input"]
    states = tuple(like.new_zeros(len(weights), 1, width) for width in state_widths(layer))
    return Call(layer.cell, weights, like.new_zeros(1, 1, layer.input_size), states, None, Course(layer.stack.reverse))
