"""The minimal LSTM: forget gate, input gate and candidate that do not see the state.

Axis letters: B batch, I inputs, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

import torch
from torch.nn.functional import logsigmoid

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
class MinLstm:
    """h_t = forget_t * h_{t-1} + input_t * candidate_t.

    The row blocks keep the order of `Lstm` without its output gate: input, forget, candidate.

    Parameters
    ----------
    candidate
        "linear": W x_t + b, as in section 3.2 of the source; "positive": g of it, as in its appendix B, which keeps
        h above 0 when it starts there.
    normalised
        Whether forget and input gate are divided by their sum, so that h is a weighted mean of what it has seen
        whatever its length (section 3.2.3).

    Raises
    ------
    SettingError
        Where an option is none of these.
    """

    candidate: Candidate = "linear"
    normalised: bool = True
    name: ClassVar[str] = "min_lstm"
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate")
    states: ClassVar[tuple[str, ...]] = ("hidden",)

    def __post_init__(self) -> None:
        check_choice("candidate", self.candidate, get_args(Candidate))
        check_choice("normalised", self.normalised, (True, False))

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        return {"input": (3 * sizes.hidden, sizes.inputs), "input_bias": (3 * sizes.hidden,)}

    def affine(self, sums: torch.Tensor) -> Affine:
        """Return factors, summands and gates for sums W x + b of shape (..., 3*H)."""
        input_, forget, candidate = sums.chunk(3, -1)
        if self.normalised:  # f / (f + i) = sigma(log f - log i), which holds where both are too small for a float
            odds = logsigmoid(forget) - logsigmoid(input_)
            input_, forget = torch.sigmoid(-odds), torch.sigmoid(odds)
        else:
            input_, forget = torch.sigmoid(input_), torch.sigmoid(forget)
        candidate = activated(candidate, self.candidate)
        return Affine(forget, input_ * candidate, {"input": input_, "forget": forget, "candidate": candidate})

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:  # noqa: ARG002
        """Return the next hidden state, shape (B, H), and the gates, from sums W x_t + b of shape (B, 3*H)."""
        made = self.affine(sums)
        return Step((advanced(made, state[0]),), made.gates)

    def card(self) -> Card:
        """Return the equations of this form with their sources."""
        raw = {gate: f"sigma(W_{gate} x_t + b_{gate})" for gate in ("input", "forget")}
        shared = f" / ({raw['forget']} + {raw['input']})" if self.normalised else ""
        step = "3.2.3" if self.normalised else "3.2.1"
        return Card(
            title=f"Minimal LSTM, {self.candidate} candidate" + ("" if self.normalised else ", gates not normalised"),
            equations=(
                Equation(f"input_t = {raw['input']}{shared}", step),
                Equation(f"forget_t = {raw['forget']}{shared}", step),
                candidate_equation(self.candidate, "3.2.2"),
                Equation("h_t = forget_t * h_{t-1} + input_t * candidate_t", "3.2.4"),
            ),
            legend=_LEGEND | CANDIDATE_LEGEND[self.candidate],
            sources=(SOURCE,),
            count="3 (H I + H)",
            notations=_NOTATIONS,
            weights={
                **NOWHERE,
                "minGRU-pytorch": "minLSTM.to_hidden_and_f_i_gate.weight: rows candidate, forget, input; no biases",
            },
            remarks=(
                "Gates and candidate see the input alone, so all steps are solved at once by a scan.",
                "There is neither an output gate nor a cell state apart from the hidden state.",
                "The gates sum to 1: the state is a weighted mean of its start and its candidates."
                if self.normalised
                else "Each gate opens on its own: the state can grow with every step.",
            ),
        )


_LEGEND = {
    "x_t": "input of step t, shape (I,)",
    "h_t": "hidden state after step t, shape (H,); h_0 is 0 unless given",
    "input_t, forget_t": "gates, shape (H,), between 0 and 1",
    "candidate_t": "what the input gate lets into the state, shape (H,)",
    "W_...": "input weights, shape (H, I): W_input, W_forget, W_candidate",
    "b_...": "biases, shape (H,): b_input, b_forget, b_candidate",
}
_NOTATIONS = {
    "input": {"Feng et al. 2024": "i'", "lecture (Gamma)": "Gamma_u", "minGRU-pytorch": "i_gate"},
    "forget": {"Feng et al. 2024": "f'", "lecture (Gamma)": "Gamma_f", "minGRU-pytorch": "f_gate"},
    "candidate": {"Feng et al. 2024": "h~", "lecture (Gamma)": "c~", "minGRU-pytorch": "hidden"},
    "hidden": {"Feng et al. 2024": "h", "lecture (Gamma)": "c = a", "minGRU-pytorch": "out"},
}
