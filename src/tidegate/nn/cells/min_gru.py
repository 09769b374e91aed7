"""The minimal gated recurrent unit: a GRU whose gate and candidate do not see the state.

Axis letters: B batch, I inputs, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

import torch

from tidegate.checks import check_choice
from tidegate.nn.cells.affine import (
    CANDIDATE_LEGEND,
    SOURCE,
    Affine,
    Candidate,
    activated,
    advanced,
    candidate_equation,
)
from tidegate.nn.cells.card import NOWHERE, Card, Equation
from tidegate.nn.cells.cell import Sizes, State, Step

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class MinGru:
    """h_t = (1 - update_t) * h_{t-1} + update_t * candidate_t.

    The update gate opens towards the candidate, as the source and the lecture's Gamma_u have it; in `Gru` it opens
    towards the past. `tidegate.nn.cells.gru.mirrored` turns the weights of one reading into those of the other.

    Parameters
    ----------
    candidate
        "linear": W x_t + b, as in section 3.1.3 of the source; "positive": g of it, as in its appendix B, which keeps
        h above 0 when it starts there.

    Raises
    ------
    SettingError
        Where an option is none of these.
    """

    candidate: Candidate = "linear"
    name: ClassVar[str] = "min_gru"
    gates: ClassVar[tuple[str, ...]] = ("update", "candidate")
    states: ClassVar[tuple[str, ...]] = ("hidden",)

    def __post_init__(self) -> None:
        check_choice("candidate", self.candidate, get_args(Candidate))

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        return {"input": (2 * sizes.hidden, sizes.inputs), "input_bias": (2 * sizes.hidden,)}

    def affine(self, sums: torch.Tensor) -> Affine:
        """Return factors, summands and gates for sums W x + b of shape (..., 2*H)."""
        update, candidate = sums.chunk(2, -1)
        update = torch.sigmoid(update)
        candidate = activated(candidate, self.candidate)
        return Affine(1 - update, update * candidate, {"update": update, "candidate": candidate})

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:  # noqa: ARG002
        """Return the next hidden state, shape (B, H), and the gates, from sums W x_t + b of shape (B, 2*H)."""
        made = self.affine(sums)
        return Step((advanced(made, state[0]),), made.gates)

    def card(self) -> Card:
        """Return the equations of this form with their sources."""
        return Card(
            title=f"Minimal gated recurrent unit, {self.candidate} candidate",
            equations=(
                Equation("update_t = sigma(W_update x_t + b_update)", "3.1.3"),
                candidate_equation(self.candidate, "3.1.3"),
                Equation("h_t = (1 - update_t) * h_{t-1} + update_t * candidate_t", "3.1.3"),
            ),
            legend=_LEGEND | CANDIDATE_LEGEND[self.candidate],
            sources=(SOURCE,),
            count="2 (H I + H)",
            notations=_NOTATIONS,
            weights={**NOWHERE, "minGRU-pytorch": "to_hidden_and_gate.weight: rows candidate, update; no biases"},
            remarks=(
                "Gate and candidate see the input alone, so all steps are solved at once by a scan.",
                "The update gate opens towards the candidate; a GRU's, in PyTorch's convention, towards the past.",
                "What a layer forgets does not depend on what it remembers; in a stack the gates above see the past.",
            ),
        )


_LEGEND = {
    "x_t": "input of step t, shape (I,)",
    "h_t": "hidden state after step t, shape (H,); h_0 is 0 unless given",
    "update_t": "update gate, shape (H,), between 0 and 1",
    "candidate_t": "what the update gate lets into the state, shape (H,)",
    "W_...": "input weights, shape (H, I): W_update, W_candidate",
    "b_...": "biases, shape (H,): b_update, b_candidate",
}
_NOTATIONS = {
    "update": {"Feng et al. 2024": "z", "lecture (Gamma)": "Gamma_u", "minGRU-pytorch": "gate"},
    "candidate": {"Feng et al. 2024": "h~", "lecture (Gamma)": "c~", "minGRU-pytorch": "hidden"},
    "hidden": {"Feng et al. 2024": "h", "lecture (Gamma)": "c = a", "minGRU-pytorch": "out"},
}
