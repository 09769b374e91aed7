"""Where the gates of our cells lie in the arrays of Keras.

Keras stores the transposes of our matrices, kernel (I, G*H) and recurrent_kernel (H, G*H), and its columns in the order

- SimpleRNN: hidden; bias (H,);
- LSTM: input, forget, candidate, output (i, f, c, o); bias (4 H,);
- GRU: update, reset, candidate (z, r, h); bias (2, 3 H) for the input and the recurrent side, or (3 H,) with
  ``reset_after=False``.

Axis letters: I inputs, H hidden units, G gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.cells.cell import spread
from tidegate.nn.cells.gru import Gru

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.nn.cells.cell import Cell

_GATES: Mapping[str, tuple[str, ...]] = {
    "elman": ("hidden",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("update", "reset", "candidate"),
}


def shapes(cell: Cell, units: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return name and shape of each array of Keras for H = `units`; the kernel's rows are left to the inputs."""
    columns = len(cell.gates) * units
    bias = (2, columns) if has_two_biases(cell) else (columns,)
    return ("kernel", (-1, columns)), ("recurrent_kernel", (units, columns)), ("bias", bias)


def has_two_biases(cell: Cell) -> bool:
    """Return whether Keras holds a bias for the inputs and one for the hidden state, as we always do."""
    return isinstance(cell, Gru) and cell.reset == "after"


def weights_from_keras(cell: Cell, tensors: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the parameters of `cell` by role; gradients flow through.

    Parameters
    ----------
    cell
        An Elman, Lstm or Gru cell that Keras has.
    tensors
        Kernel, recurrent kernel and, where the layer has one, bias. One bias is our input bias beside a recurrent
        bias of 0.
    """
    inputs, recurrent, *bias = (_ordered(tensor, _GATES[cell.name], cell.gates) for tensor in tensors)
    roles = {"input": inputs.t(), "recurrent": recurrent.t()}
    if bias:
        rows = bias[0] if has_two_biases(cell) else (bias[0], torch.zeros_like(bias[0]))
        roles |= {"input_bias": rows[0], "recurrent_bias": rows[1]}
    return roles


def weights_to_keras(cell: Cell, weights: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """Return kernel, recurrent kernel and, where `weights` have biases, bias; the inverse of `weights_from_keras`.

    Where Keras holds one bias, it is the sum of our two: exact when the recurrent one is 0, else rounded once. Gates
    without biases have biases of 0.
    """
    weights = spread(weights, cell)
    tensors = [weights["input"].t(), weights["recurrent"].t()]
    if "input_bias" in weights:
        rows = weights["input_bias"], weights["recurrent_bias"]
        tensors.append(torch.stack(rows) if has_two_biases(cell) else rows[0] + rows[1])
    return [_ordered(tensor, cell.gates, _GATES[cell.name]) for tensor in tensors]


def _ordered(columns: torch.Tensor, order: Sequence[str], wanted: Sequence[str]) -> torch.Tensor:
    """Return the gates' blocks of columns in another order."""
    blocks = dict(zip(order, columns.chunk(len(order), -1), strict=True))
    return torch.cat([blocks[gate] for gate in wanted], -1)
