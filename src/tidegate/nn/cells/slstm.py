"""The scalar LSTM with exponential gates (sLSTM).

Axis letters: B batch, I inputs, H hidden units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch.nn.functional import linear, logsigmoid

from tidegate.nn.cells.card import NOWHERE, Card, Equation
from tidegate.nn.cells.cell import Sizes, State, Step, gated_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Slstm:
    """c_t = forget_t * c_{t-1} + input_t * candidate_t; n_t = forget_t * n_{t-1} + input_t; h_t = output_t * c_t / n_t.

    The input gate is exponential, the forget gate logistic: of the two that the source allows for the latter, the one
    its authors' package has. Cell and normaliser are stored divided by exp(m), where the stabiliser m_t is the greater
    of log forget_t + m_{t-1} and the input gate's exponent, so that no exponential overflows; h does not depend on m.

    Where the normaliser is 0, as in the zero state that sequences start from, nothing is stored: m_t is then the input
    gate's exponent, whatever m was (the authors' rule, here for each entry on its own instead of a whole batch at 0).
    From there on the normaliser is at least 1. There is one bias, as in the source, and one head.
    """

    name: ClassVar[str] = "slstm"
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")
    states: ClassVar[tuple[str, ...]] = ("hidden", "cell", "normaliser", "stabiliser")

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        shapes = gated_shapes(len(self.gates), sizes)
        return {role: shape for role, shape in shapes.items() if role != "recurrent_bias"}

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
        """Return the next states and the gates, from sums W x_t + b of shape (B, 4*H).

        Input and forget gate are returned divided by exp(m_t), as they act on the stored cell: within [0, 1].
        """
        h, c, n, m = state
        exponent, forget, candidate, output = (sums + linear(h, weights["recurrent"])).chunk(4, -1)
        kept = logsigmoid(forget) + m
        m = torch.where(n == 0, exponent, torch.maximum(kept, exponent))
        input_ = torch.exp(exponent - m)
        # Above 0 only where n is 0: there the limit keeps 0 * forget at 0.
        forget = torch.exp((kept - m).clamp(max=math.log(torch.finfo(m.dtype).max) / 2))
        candidate, output = torch.tanh(candidate), torch.sigmoid(output)
        c = forget * c + input_ * candidate
        n = forget * n + input_
        gates = {"input": input_, "forget": forget, "candidate": candidate, "output": output}
        return Step((output * c / n, c, n, m), gates)

    def card(self) -> Card:
        """Return the equations with their sources."""
        total = {gate: f"W_{gate} x_t + R_{gate} h_{{t-1}} + b_{gate}" for gate in self.gates}
        return Card(
            title="Scalar LSTM with exponential gates (sLSTM)",
            equations=(
                Equation(f"exponent_t = {total['input']}", "(12)"),
                Equation(f"kept_t = log(sigma({total['forget']})) + m_{{t-1}}", "(13)"),
                Equation("m_t = max(kept_t, exponent_t)", "(15)"),
                Equation("input_t = exp(exponent_t - m_t)", "(16)"),
                Equation("forget_t = exp(kept_t - m_t)", "(17)"),
                Equation(f"candidate_t = tanh({total['candidate']})", "(11)"),
                Equation(f"output_t = sigma({total['output']})", "(14)"),
                Equation("c_t = forget_t * c_{t-1} + input_t * candidate_t", "(8)"),
                Equation("n_t = forget_t * n_{t-1} + input_t", "(9)"),
                Equation("h_t = output_t * c_t / n_t", "(10)"),
            ),
            legend=_LEGEND,
            sources=(
                "Beck, Poeppel, Spanring, Auer, Prudnikova, Kopp, Klambauer, Brandstetter & Hochreiter 2024, xLSTM: "
                "Extended long short-term memory, NeurIPS, arXiv:2405.04517, equations 8 to 17",
            ),
            count="4 (H I + H H + H)",
            notations=_NOTATIONS,
            weights={**NOWHERE, "xlstm": "sLSTMCell with one head: row blocks i f z o, as here; its one bias is b"},
            remarks=(
                "Where n_{t-1} is 0, as at the start, nothing is stored and m_t is exponent_t, whatever m_{t-1} is.",
                "h_t does not depend on m, which keeps the exponentials finite: m = 0 throughout gives the same h_t.",
                "Candidate and gates see h_{t-1}, so steps cannot be solved at once by a scan.",
            ),
        )


_LEGEND = {
    "x_t": "input of step t, shape (I,)",
    "h_t": "hidden state after step t, shape (H,); h_0 is 0 unless given",
    "c_t": "cell state divided by exp(m_t), shape (H,); c_0 is 0 unless given",
    "n_t": "normaliser divided by exp(m_t), shape (H,); n_0 is 0 unless given",
    "m_t": "stabiliser, shape (H,); m_0 is 0 unless given",
    "exponent_t": "logarithm of the input gate, shape (H,)",
    "kept_t": "logarithm of the forget gate, shape (H,), with the scale of what it keeps",
    "input_t, forget_t": "gates divided by exp(m_t), shape (H,), between 0 and 1",
    "output_t": "gate, shape (H,), between 0 and 1",
    "candidate_t": "what the input gate lets into the cell state, shape (H,)",
    "W_...": "input weights, shape (H, I): W_input, W_forget, W_candidate, W_output",
    "R_...": "recurrent weights, shape (H, H): R_input, R_forget, R_candidate, R_output",
    "b_...": "biases, shape (H,): b_input, b_forget, b_candidate, b_output",
}
_NOTATIONS = {
    "input": {"Beck et al. 2024": "i'", "Hochreiter & Schmidhuber / Gers": "y^in", "lecture (Gamma)": "Gamma_u"},
    "forget": {"Beck et al. 2024": "f'", "Hochreiter & Schmidhuber / Gers": "y^phi", "lecture (Gamma)": "Gamma_f"},
    "candidate": {"Beck et al. 2024": "z", "Hochreiter & Schmidhuber / Gers": "g(net_c)", "lecture (Gamma)": "c~"},
    "output": {"Beck et al. 2024": "o", "Hochreiter & Schmidhuber / Gers": "y^out", "lecture (Gamma)": "Gamma_o"},
    "cell": {"Beck et al. 2024": "c", "Hochreiter & Schmidhuber / Gers": "s_c", "lecture (Gamma)": "c"},
    "hidden": {"Beck et al. 2024": "h", "Hochreiter & Schmidhuber / Gers": "y^c", "lecture (Gamma)": "a"},
    "normaliser": {"Beck et al. 2024": "n"},
    "stabiliser": {"Beck et al. 2024": "m"},
}
