"""Autocast, as torch's own recurrent operators take part in it.

Under autocast torch runs some of its operators wholly in the lower precision, states and activations included; the
others only multiply matrices in it and keep the precision of what they are given. A cell that is computed here step
by step shall return the types that torch's operator of the same family returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.cell import State

Family = Literal["fused layer", "layer", "cell"]

_LOWERED: Mapping[tuple[Family, str], tuple[str, ...]] = {
    ("fused layer", "cpu"): ("elman", "lstm"),
    ("layer", "cpu"): ("elman",),
    ("fused layer", "cuda"): ("elman", "lstm", "gru"),
    ("layer", "cuda"): ("elman", "lstm", "gru"),
    ("cell", "cpu"): ("elman",),
    ("cell", "cuda"): ("elman", "lstm", "gru"),
}
"""Names of the cells whose operator torch runs wholly in the lower precision, by family and type of device.

A fused layer has neither lengths nor a projection: on a CPU torch hands such an LSTM to oneDNN as one piece.
"""


def autocasts(device: torch.device) -> bool:
    """Return whether autocast is on for `device`."""
    return device.type not in ("meta", "vulkan") and torch.is_autocast_enabled(device.type)


def target(name: str, family: Family, device: torch.device) -> torch.dtype | None:
    """Return the precision in which torch would run the whole of the cell called `name`; None for as it comes.

    cuDNN's layers run in float16 under autocast to any type.
    """
    if not autocasts(device) or name not in _LOWERED.get((family, device.type), ()):
        return None
    by_cudnn = device.type == "cuda" and family != "cell" and torch.backends.cudnn.enabled
    return torch.float16 if by_cudnn else torch.get_autocast_dtype(device.type)


def cast(state: State, dtype: torch.dtype) -> State:
    """Return `state` in the precision `dtype`."""
    return tuple(part.to(dtype) for part in state)


def cast_weights(weights: Mapping[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return `weights`, by role, in the precision `dtype`."""
    return {role: weight.to(dtype) for role, weight in weights.items()}
