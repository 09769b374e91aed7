"""The networks: each cell as one layer under one matrix product, and a feed-forward network on the flattened window."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from tidegate import nn
from tidegate.nn import initialisation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.long_range.tasks import Task

    Start = Callable[[Task, int, torch.Generator], nn.Recurrent]

FEED_FORWARD = "feed-forward"
FEED_FORWARD_UNITS = 128


def _identity(task: Task, hidden_size: int, _: torch.Generator) -> nn.Recurrent:
    layer = nn.RNN(task.n_inputs, hidden_size, nonlinearity="relu")
    initialisation.identity(layer)
    return layer


def _chrono(task: Task, hidden_size: int, generator: torch.Generator) -> nn.Recurrent:
    layer = nn.LSTM(task.n_inputs, hidden_size)
    initialisation.chrono(layer, generator, longest=task.n_steps)
    return layer


CELLS: Mapping[str, Start] = {
    "elman-tanh": lambda task, hidden_size, _: nn.RNN(task.n_inputs, hidden_size),
    "irnn": _identity,
    "lstm": lambda task, hidden_size, _: nn.LSTM(task.n_inputs, hidden_size),
    "lstm-chrono": _chrono,
    "gru": lambda task, hidden_size, _: nn.GRU(task.n_inputs, hidden_size),
    "min_gru": lambda task, hidden_size, _: nn.MinGRU(task.n_inputs, hidden_size),
}
"""Name to the layer as it starts: its own default, which is torch's, unless the name says otherwise."""


class Reader(torch.nn.Module):
    """A recurrent layer under a matrix product, asked after the last step or after every one."""

    def __init__(self, task: Task, layer: nn.Recurrent) -> None:
        super().__init__()
        self.layer, self.every_step = layer, task.every_step
        self.head = torch.nn.Linear(layer.output_size, task.n_outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the answers, shape (B, O) or (T, B, O), to inputs of shape (T, B, I)."""
        outputs, _ = self.layer(inputs)
        return self.head(outputs if self.every_step else outputs[-1])


class FeedForward(torch.nn.Module):
    """One hidden layer of rectified units on all steps side by side: what a network without time can do."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.every_step = task.every_step
        self.hidden = torch.nn.Linear(task.n_steps * task.n_inputs, FEED_FORWARD_UNITS)
        self.head = torch.nn.Linear(FEED_FORWARD_UNITS, task.n_outputs * (task.n_steps if task.every_step else 1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the answers, shape (B, O) or (T, B, O), to inputs of shape (T, B, I), always of the same T."""
        outputs = self.head(torch.relu(self.hidden(inputs.transpose(0, 1).flatten(1))))
        return outputs.unflatten(1, (len(inputs), -1)).transpose(0, 1) if self.every_step else outputs


def built(name: str, task: Task, hidden_size: int, seed: int) -> Reader | FeedForward:
    """Return the network called `name` as it starts; layers draw from torch's global generator, as torch's do."""
    torch.manual_seed(seed)
    if name == FEED_FORWARD:
        return FeedForward(task)
    return Reader(task, CELLS[name](task, hidden_size, torch.Generator().manual_seed(seed)))


def reach(network: Reader, inputs: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """Return how much of a gradient survives: |dL/d state after the first step| / |dL/d state before the last step|.

    L is the loss of the last step alone; a state is all that a cell carries on, so h and c of an LSTM; in float64, as
    what is left may be below the least number of float32.
    """
    network, inputs = copy.deepcopy(network).double(), inputs.double()
    state, kept = None, []
    for piece in (inputs[:1], inputs[1:-1], inputs[-1:]):
        outputs, state = network.layer(piece, state)
        kept.append(state if isinstance(state, tuple) else (state,))
    final = loss(network.head(outputs[-1]))
    first, last = (_norm(torch.autograd.grad(final, parts, retain_graph=True)) for parts in kept[:2])
    return float(first / last)


def _norm(parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return torch.cat([part.flatten() for part in parts]).norm()
