"""Cells whose state enters a step linearly: h_t = retained_t * h_{t-1} + added_t, which a scan solves for all steps.

Axis letters: B batch, H hidden units, G gates.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, runtime_checkable

import torch

from tidegate.nn.cells.card import Equation
from tidegate.nn.cells.cell import Cell

Candidate = Literal["linear", "positive"]
SOURCE = (
    "Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, Were RNNs all we needed?, arXiv:2410.01201, version 1; "
    "equations are not numbered, the section stands beside each"
)
CANDIDATE_LEGEND: dict[Candidate, dict[str, str]] = {
    "linear": {},
    "positive": {"g": "g(x) = x + 0.5 for x >= 0 and sigma(x) below, always above 0"},
}
"""What a card says of the candidate's activation."""


class Affine(NamedTuple):
    """What is left of a step, or of all steps at once, when only the state is missing.

    Parameters
    ----------
    retained
        Shape (..., H): the factor of the hidden state before, within [0, 1].
    added
        Shape (..., H): what is added to it.
    gates
        Every gate and the candidate by name, each of shape (..., H).
    """

    retained: torch.Tensor
    added: torch.Tensor
    gates: dict[str, torch.Tensor]


@runtime_checkable
class Scannable(Cell, Protocol):
    """A cell with one state, the hidden one, whose gates do not see it."""

    def affine(self, sums: torch.Tensor) -> Affine:
        """Return factors, summands and gates for sums W x + b of shape (..., G*H)."""


def advanced(made: Affine, h: torch.Tensor) -> torch.Tensor:
    """Return retained * h + added, the next hidden state."""
    return torch.addcmul(made.added, made.retained, h)


def activated(sums: torch.Tensor, candidate: Candidate) -> torch.Tensor:
    """Return the candidate: `sums` as they are, or g of them, which is always above 0.

    g(x) = x + 0.5 for x >= 0 and sigma(x) below: Feng et al. 2024, appendix B.3.

    >>> activated(torch.tensor([-1e3, 0.0, 2.0]), "positive")
    tensor([0.0000, 0.5000, 2.5000])
    """
    return sums if candidate == "linear" else torch.where(sums >= 0, sums + 0.5, torch.sigmoid(sums))


def candidate_equation(candidate: Candidate, section: str) -> Equation:
    """Return the line of the candidate, which stands in `section` of the source; with g it stands in appendix B.3."""
    total = "W_candidate x_t + b_candidate"
    if candidate == "linear":
        return Equation(f"candidate_t = {total}", section)
    return Equation(f"candidate_t = g({total})", "B.3")
