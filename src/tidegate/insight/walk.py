"""One forward pass with every gate, and one backward pass for each step ahead, over the layers of a subject.

Axis letters: T time, B windows, I inputs, F steps ahead, H hidden units, L layers, D directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.nn.stack import PARAMETERS
from tidegate.nn.watching import watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from tidegate.insight.subject import Subject
    from tidegate.nn.flows import Flow
    from tidegate.nn.stack import Recurrent

    Floats = NDArray[np.float64]


class Walked(NamedTuple):
    """What one layer did in one direction. Lags count from the end of its walk, 0 for the newest step.

    Attributes
    ----------
    layer, direction
        From 0; direction 1 walks backwards.
    weights
        Parameters by role.
    inputs
        What it read, shape (T, B, I).
    trace
        Gates and states by name, shape (T, B, H), in the order of time.
    hidden
        Shape (F' + 1, T): root mean square over the windows of the norm of dL/dh at each lag, for each step that is
        looked at, and last for the sum of all steps.
    cell
        The same of dL/dc; None for a cell without a cell state.
    """

    layer: int
    direction: int
    weights: Mapping[str, torch.Tensor]
    inputs: torch.Tensor
    trace: dict[str, torch.Tensor]
    hidden: Floats
    cell: Floats | None

    @property
    def kept(self) -> Floats:
        """Gradient of all steps by the state in which the past is kept, shape (T,): the cell state, else the hidden."""
        return np.asarray((self.hidden if self.cell is None else self.cell)[-1])


def walk(subject: Subject) -> tuple[Walked, ...]:
    """Return what every layer did in every direction, L * D of them, in torch's order."""
    inputs, flows = _backwards(subject)
    with torch.no_grad():
        traces = subject.layers.trace(inputs)
        read = _read(subject.layers, inputs, traces)
    n_directions = 2 if subject.layers.bidirectional else 1
    made = []
    for number, (trace, weights) in enumerate(zip(traces, parameters_of(subject.layers), strict=True)):
        layer, direction = divmod(number, n_directions)
        own = [flow for flow in flows if (flow.layer, flow.direction) == (layer, direction)]
        hidden, cell = (_by_lag(own, name, subject) for name in ("hidden", "cell"))
        made.append(Walked(layer, direction, weights, read[layer], trace, np.asarray(hidden), cell))
    return tuple(made)


def _backwards(subject: Subject) -> tuple[torch.Tensor, list[Flow]]:
    """Return what the first call of the layers read, shape (T, B, I), and the flows of its backward passes."""
    read: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        values = arguments[0]
        if not read:
            values = values if values.requires_grad else values.detach().requires_grad_()
            read.append(values)
        return (values, *arguments[1:])

    handle = subject.layers.register_forward_pre_hook(keep)
    try:
        with torch.enable_grad(), watch(subject.layers) as records:
            losses = subject.losses()
            for step in subject.steps:
                torch.autograd.grad(losses[:, step - 1].sum(), read[0], retain_graph=True)
            torch.autograd.grad(losses.sum(), read[0])
    finally:
        handle.remove()
    return read[0].detach(), [flow for flow in records[""] if flow.call == 0]


def _by_lag(flows: list[Flow], name: str, subject: Subject) -> Floats | None:
    found = [getattr(flow, name) for flow in flows]
    if any(one is None for one in found):
        return None
    ahead = np.stack([one if flow.direction else one[::-1] for one, flow in zip(found, flows, strict=True)])
    return np.asarray(ahead / np.sqrt(max(subject.n_windows, 1)))


def _read(layers: Recurrent, inputs: torch.Tensor, traces: list[dict[str, torch.Tensor]]) -> list[torch.Tensor]:
    """Return what each layer reads, shape (T, B, I) each."""
    n_directions = 2 if layers.bidirectional else 1
    read = [inputs]
    for layer in range(layers.num_layers - 1):
        own = traces[layer * n_directions : (layer + 1) * n_directions]
        outputs = torch.cat([trace["hidden"] for trace in own], dim=-1)
        read.append(layers.between(layer, read[-1], outputs, None))
    return read


def parameters_of(layers: Recurrent) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the parameters by role for each layer and direction, in torch's order."""
    parameters = dict(layers.named_parameters(recurse=False))
    for layer in range(layers.num_layers):
        for way in ("", "_reverse") if layers.bidirectional else ("",):
            names = {role: f"{name}_l{layer}{way}" for role, name in PARAMETERS.items()}
            yield {role: parameters[name] for role, name in names.items() if name in parameters}
