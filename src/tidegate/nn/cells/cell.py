"""What a cell is: the equations of one time step, the shapes of its weights and the names of its gates and states.

Axis letters: B batch, I inputs, H hidden units, P projected units, G gates (the candidate counts as one).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.card import Card

State = tuple[torch.Tensor, ...]
"""One tensor per name in the cell's `states`, each of shape (B, H); a projected hidden state is (B, P)."""


class Sizes(NamedTuple):
    """How wide a cell is.

    Parameters
    ----------
    inputs
        Features per step, I.
    hidden
        Hidden units, H.
    projected
        Width P to which an LSTM's hidden state is projected; 0 for none.
    """

    inputs: int
    hidden: int
    projected: int = 0

    @property
    def shown(self) -> int:
        """Width of the hidden state that leaves the cell."""
        return self.projected or self.hidden


class Step(NamedTuple):
    """What one step yields.

    Parameters
    ----------
    state
        The new state, in the order of the cell's `states`.
    gates
        Every gate and the candidate by name, each of shape (B, H), after its activation.
    """

    state: State
    gates: dict[str, torch.Tensor]


class Cell(Protocol):
    """The face of every cell: a frozen dataclass of its options with these members."""

    def __hash__(self) -> int:
        """Return the same number for the same options, as frozen dataclasses do."""

    @property
    def name(self) -> str:
        """The registry's name: "gru"."""

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the row blocks of the weights, in their order."""

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the tensors carried from step to step; "hidden" comes first."""

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
        """Return the next state and the gates.

        Parameters
        ----------
        sums
            Shape (B, G*H): W x_t + b of all gates; ready for all steps at once, as they need no state.
        state
            The state before this step.
        weights
            Parameters by role.
        """

    def card(self) -> Card:
        """Return the equations with their sources, the notations and the weights in other libraries."""


def project(inputs: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return W x + b, shape (..., G*H), for inputs of shape (..., I)."""
    return torch.nn.functional.linear(inputs, weights["input"], weights.get("input_bias"))


def advance(cell: Cell, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
    """Return one whole step of `cell` from inputs of shape (B, I)."""
    weights = spread(weights, cell)
    return cell.step(project(inputs, weights), state, weights)


def spread(weights: Mapping[str, torch.Tensor], cell: Cell) -> Mapping[str, torch.Tensor]:
    """Return `weights` with biases over all G*H rows: one that the candidate alone has is 0 in the gates' rows.

    Every walk through time begins with this; `project` and a cell's `step` take what it returns.
    """
    if getattr(cell, "gate_bias", True):
        return weights
    n_rows = weights["input"].shape[0]

    def whole(bias: torch.Tensor) -> torch.Tensor:
        own = bias.shape[0]
        if own == n_rows:
            return bias
        above = cell.gates.index("candidate") * own
        return torch.nn.functional.pad(bias, (above, n_rows - above - own))

    return {role: whole(weight) if role.endswith("_bias") else weight for role, weight in weights.items()}


def gated_shapes(n_gates: int, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Return the shapes of input and recurrent weights with a bias for each, `n_gates` blocks of rows."""
    rows = n_gates * sizes.hidden
    return {
        "input": (rows, sizes.inputs),
        "recurrent": (rows, sizes.shown),
        "input_bias": (rows,),
        "recurrent_bias": (rows,),
    }


def clipped(sums: torch.Tensor, limit: float | None) -> torch.Tensor:
    """Return `sums` cut to +-`limit`, as ONNX's attribute ``clip`` does before every activation; None leaves them."""
    return sums if limit is None else sums.clamp(-limit, limit)


def check_clip(limit: float | None) -> None:
    """Raise SettingError where a limit of the sums is not a finite number above 0."""
    number = isinstance(limit, int | float) and not isinstance(limit, bool)
    if limit is not None and not (number and 0 < limit < math.inf):
        raise SettingError(f"clip is {limit!r}; it must be above 0, or None for no limit")


def n_parameters(cell: Cell, sizes: Sizes) -> int:
    """Return the number of parameters of one layer of `cell` in one direction, biases included.

    >>> from tidegate.nn.cells.gru import Gru
    >>> n_parameters(Gru(), Sizes(inputs=8, hidden=32))
    4032
    """
    return sum(torch.Size(shape).numel() for shape in cell.shapes(sizes).values())
