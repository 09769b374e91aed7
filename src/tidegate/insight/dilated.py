"""What dilated layers do: each walked as the interleaved sequences it consists of, so that every step can be seen.

Axis letters: T time, B sequences (one), I inputs, H hidden units, F steps ahead, d dilation in steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch

from tidegate.insight.walk import Walked, parameters_of
from tidegate.nn.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.nn.dilated import DilatedStack
    from tidegate.nn.flows import Flow
    from tidegate.nn.stack import Recurrent

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Apart(torch.nn.Module):
    """Stands in for dilated layers: computes what they do, each interleaved sequence in a call of its own.

    Parameters
    ----------
    stack
        The layers.
    """

    def __init__(self, stack: DilatedStack) -> None:
        super().__init__()
        self.stack = stack
        self.cell = cast("Recurrent", stack.layers[0]).cell
        self.read: list[tuple[torch.Tensor, int]] = []

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs of every step, shape (T, B, H); what each layer read, (T, B, I), is kept in `read`."""
        self.read = []
        return self.stack.through(inputs.detach().requires_grad_(), self._walked)

    def _walked(self, layer: torch.nn.Module, inputs: torch.Tensor, dilation: int) -> torch.Tensor:
        self.read.append((inputs, dilation))
        return _interleaved([layer(inputs[phase::dilation])[0] for phase in range(min(dilation, len(inputs)))])


class Seen(NamedTuple):
    """What one dilated layer did.

    Attributes
    ----------
    walked
        Its interleaved sequences side by side, over the newest steps: T / d steps of d sequences. Gradients are those
        of d steps together, so that their lags are multiples of d.
    trace
        Gates and states by name over the newest steps, shape (T, 1, H), in the order of time.
    dilation
        d.
    """

    walked: Walked
    trace: dict[str, torch.Tensor]
    dilation: int


def seen(layers: Apart, losses: Callable[[], torch.Tensor], steps: tuple[int, ...], ends: Integers) -> list[Seen]:
    """Return what every dilated layer did along one series.

    Parameters
    ----------
    layers
        Part of the network that `losses` runs.
    losses
        Return the loss of each step ahead at each origin, shape (B, F).
    steps
        Which of the F steps are looked at one by one, from 1.
    ends
        Shape (B,): how many steps lie before each origin, ascending. As many as lie before the first are looked at.
    """
    n_lags = int(ends[0])
    flows = _flows(layers, losses, steps)
    found = []
    for number, (inputs, dilation) in enumerate(layers.read):
        layer = cast("Recurrent", layers.stack.layers[number])
        with torch.no_grad():
            phases = [layer.trace(inputs[phase::dilation])[0] for phase in range(min(dilation, len(inputs)))]
        trace = {name: _interleaved([one[name] for one in phases])[-n_lags:] for name in phases[0]}
        calls = flows[f"stack.layers.{number}"]
        hidden, cell = (
            _by_lag(calls, name, ends=ends, dilation=dilation, n_steps=len(inputs)) for name in ("hidden", "cell")
        )
        side_by_side = {name: _folded(values, dilation) for name, values in trace.items()}
        weights = next(parameters_of(layer))
        read = _folded(inputs.detach()[-n_lags:], dilation)
        found.append(Seen(Walked(number, 0, weights, read, side_by_side, np.asarray(hidden), cell), trace, dilation))
    return found


def _flows(layers: Apart, losses: Callable[[], torch.Tensor], steps: tuple[int, ...]) -> dict[str, list[Flow]]:
    """Return the flows of one backward pass for each origin and step, and for each origin and all steps, by layer."""
    with torch.enable_grad(), watch(layers) as records:
        made = losses()
        first = layers.read[0][0]
        for own in made:
            for step in steps:
                torch.autograd.grad(own[step - 1], first, retain_graph=True)
            torch.autograd.grad(own.sum(), first, retain_graph=True)
    return records


def _by_lag(flows: list[Flow], name: str, *, ends: Integers, dilation: int, n_steps: int) -> Floats | None:
    """Return the norm of the gradient of each pass by lag, d steps together, (F' + 1, T / d): the mean over origins."""
    calls = [[getattr(flow, name) for flow in flows if flow.call == phase] for phase in range(min(dilation, n_steps))]
    if any(one is None for call in calls for one in call):
        return None
    n_passes = len(calls[0])
    whole = np.empty((n_passes, n_steps))
    for phase, call in enumerate(calls):
        whole[:, phase::dilation] = np.stack(call)
    n_lags = int(ends[0])
    each = whole.reshape(len(ends), -1, n_steps)
    back = np.stack([own[:, end - n_lags : end][:, ::-1] for own, end in zip(each, ends, strict=True)])
    n_bins = max(n_lags // dilation, 1)
    bins = back[..., : n_bins * dilation].reshape(*back.shape[:2], n_bins, -1)
    return np.asarray(np.sqrt(np.square(bins).sum(axis=-1).mean(axis=0)))


def _interleaved(phases: list[torch.Tensor]) -> torch.Tensor:
    """Return the steps of interleaved sequences (T / d, B, H) in the order of time, shape (T, B, H)."""
    n_steps = sum(map(len, phases))
    longest = len(phases[0])
    padded = [torch.nn.functional.pad(one, (0, 0, 0, 0, 0, longest - len(one))) for one in phases]
    return torch.stack(padded, dim=1).flatten(0, 1)[:n_steps]


def _folded(values: torch.Tensor, dilation: int) -> torch.Tensor:
    """Return the newest steps of (T, 1, H) as d sequences side by side, shape (T / d, d, H)."""
    n_rows = max(len(values) // dilation, 1)
    width = min(dilation, len(values))
    return values[-n_rows * width :].reshape(n_rows, width, -1)
