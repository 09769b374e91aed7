"""The gated recurrent unit.

Axis letters: B batch, I inputs, H hidden units, G gates (the candidate counts as one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import torch
from torch.nn.functional import linear

from tidegate.checks import check_choice
from tidegate.nn.cells.card import Card, Equation, listed
from tidegate.nn.cells.cell import Sizes, State, Step, check_clip, clipped, gated_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.cell import Cell

Reset = Literal["after", "before", "absent"]


@dataclass(frozen=True)
class Gru:
    """h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}.

    The lecture's mirror of it, c_t = Gamma_u * c~_t + (1 - Gamma_u) * c_{t-1}, is the same cell with `mirrored`
    weights.

    Parameters
    ----------
    reset
        Where the reset gate acts: "after" the recurrent product (cuDNN, PyTorch, ONNX with linear_before_reset=1),
        "before" it (Cho et al. 2014, ONNX's default, Keras with reset_after=False), or "absent": the simplified unit
        with the update gate alone.
    gate_bias
        Whether the gates have biases; without, the candidate alone has them and their shape is (H,).
    clip
        Limit of the sums inside the activations, above 0; None for none.

    Raises
    ------
    SettingError
        Where an option is none of these.
    """

    reset: Reset = "after"
    gate_bias: bool = True
    clip: float | None = None
    name: ClassVar[str] = "gru"
    states: ClassVar[tuple[str, ...]] = ("hidden",)

    def __post_init__(self) -> None:
        check_choice("reset", self.reset, get_args(Reset))
        check_choice("gate_bias", self.gate_bias, (True, False))
        check_clip(self.clip)

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the row blocks of the weights, in PyTorch's order."""
        return ("update", "candidate") if self.reset == "absent" else ("reset", "update", "candidate")

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        shapes = gated_shapes(len(self.gates), sizes)
        if not self.gate_bias:
            shapes |= {"input_bias": (sizes.hidden,), "recurrent_bias": (sizes.hidden,)}
        return shapes

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
        """Return the next hidden state, shape (B, H), and the gates, from sums W x_t + b of shape (B, G*H)."""
        (h,) = state
        R, r = weights["recurrent"], weights.get("recurrent_bias")
        gates = {}
        if self.reset == "absent":
            update_x, candidate_x = sums.chunk(2, -1)
            update_h, candidate_h = linear(h, R, r).chunk(2, -1)
        elif self.reset == "after":
            reset_x, update_x, candidate_x = sums.chunk(3, -1)
            reset_h, update_h, candidate_h = linear(h, R, r).chunk(3, -1)
            gates["reset"] = reset = torch.sigmoid(clipped(reset_x + reset_h, self.clip))
            candidate_h = reset * candidate_h
        else:
            H = h.shape[-1]
            reset_x, update_x, candidate_x = sums.chunk(3, -1)
            reset_h, update_h = linear(h, R[: 2 * H], None if r is None else r[: 2 * H]).chunk(2, -1)
            gates["reset"] = reset = torch.sigmoid(clipped(reset_x + reset_h, self.clip))
            candidate_h = linear(reset * h, R[2 * H :], None if r is None else r[2 * H :])
        gates["update"] = update = torch.sigmoid(clipped(update_x + update_h, self.clip))
        gates["candidate"] = candidate = torch.tanh(clipped(candidate_x + candidate_h, self.clip))
        return Step(((1 - update) * candidate + update * h,), gates)

    def card(self) -> Card:
        """Return the equations of this form with their sources, the notations and the weights in other libraries."""
        blocks = len(self.gates)
        return Card(
            title=_title(self),
            equations=_equations(self),
            legend=_legend(self),
            sources=_SOURCES[self.reset],
            count=f"{blocks} (H I + H H + 2 H)" if self.gate_bias else f"{blocks} (H I + H H) + 2 H",
            notations={state: names for state, names in _NOTATIONS.items() if state in (*self.gates, *self.states)},
            weights=_elsewhere(self),
            remarks=(_MIRROR, *_REMARKS[self.reset]),
        )


def mirrored(weights: Mapping[str, torch.Tensor], cell: Cell) -> dict[str, torch.Tensor]:
    """Return weights whose update gate is 1 minus that of `weights`: its rows are negated in every role.

    As sigma(-a) = 1 - sigma(a), with them h_t = (1 - update_t) * candidate_t + update_t * h_{t-1} computes what
    h_t = update_t * candidate_t + (1 - update_t) * h_{t-1} does with `weights`, to rounding. Twice is the identity,
    bit for bit.

    Parameters
    ----------
    weights
        Parameters by role, as in ``cell.shapes``.
    cell
        A cell with an update gate.
    """
    n_rows, at = len(weights["input"]), cell.gates.index("update")

    def turned(weight: torch.Tensor) -> torch.Tensor:
        if len(weight) < n_rows:  # biases of the candidate alone
            return weight
        blocks = list(weight.chunk(len(cell.gates)))
        blocks[at] = -blocks[at]
        return torch.cat(blocks)

    return {role: turned(weight) for role, weight in weights.items()}


def _title(cell: Gru) -> str:
    """Return one line that names every option that is not the standard one."""
    parts = {
        "reset gate before the recurrent product": cell.reset == "before",
        "no reset gate": cell.reset == "absent",
        "gates without biases": not cell.gate_bias,
        f"sums clipped at {cell.clip}": cell.clip is not None,
    }
    named = ", ".join(name for name, there in parts.items() if there)
    return f"Gated recurrent unit{': ' + named if named else ''}"


def _equations(cell: Gru) -> tuple[Equation, ...]:
    def activated(function: str, total: str) -> str:
        return f"{function}({total})" if cell.clip is None else f"{function}(clip({total}, {cell.clip}))"

    def gate(name: str, number: str) -> Equation:
        b, r = (f" + b_{name}", f" + r_{name}") if cell.gate_bias else ("", "")
        return Equation(f"{name}_t = {activated('sigma', f'W_{name} x_t{b} + R_{name} h_{{t-1}}{r}')}", number)

    recurrent = {
        "after": "reset_t * (R_candidate h_{t-1} + r_candidate)",
        "before": "R_candidate (reset_t * h_{t-1}) + r_candidate",
        "absent": "R_candidate h_{t-1} + r_candidate",
    }[cell.reset]
    candidate = activated("tanh", f"W_candidate x_t + b_candidate + {recurrent}")
    return (
        *(() if cell.reset == "absent" else (gate("reset", "(5)"),)),
        gate("update", "(6)"),
        Equation(f"candidate_t = {candidate}", "(8)" if cell.reset == "before" else ""),
        Equation("h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}", "(7)"),
    )


def _legend(cell: Gru) -> dict[str, str]:
    gates, biased = cell.gates, cell.gates if cell.gate_bias else ("candidate",)
    return {
        "x_t": "input of step t, shape (I,)",
        "h_t": "hidden state after step t, shape (H,); h_0 is 0 unless given",
        **({"reset_t": "gate of the past in the candidate, shape (H,), between 0 and 1"} if "reset" in gates else {}),
        "update_t": "gate that keeps the state, shape (H,), between 0 and 1",
        "candidate_t": "what replaces the part of the state that the update gate does not keep, shape (H,)",
        "W_...": f"input weights, shape (H, I): {listed('W', gates)}",
        "R_...": f"recurrent weights, shape (H, H): {listed('R', gates)}",
        "b_...": f"input biases, shape (H,): {listed('b', biased)}",
        "r_...": f"recurrent biases, shape (H,): {listed('r', biased)}",
    }


def _elsewhere(cell: Gru) -> dict[str, str]:
    """Return which weights of other libraries this form's are, or that there are none."""
    if cell.reset == "absent":
        return {
            "PyTorch": "none: torch.nn.GRU has a reset gate",
            "Keras": "none: GRU has a reset gate",
            "ONNX": "none: GRU has a reset gate",
        }
    lines = {
        "PyTorch": _TORCH if cell.reset == "after" else "none: torch.nn.GRU resets after the product alone",
        "Keras": _KERAS[cell.reset],
        "ONNX": f"{_ONNX}; linear_before_reset={int(cell.reset == 'after')}",
    }
    if cell.clip is not None:
        lines |= {"PyTorch": "none: torch.nn.GRU does not clip", "Keras": "none: GRU does not clip"}
        lines["ONNX"] += f"; clip={cell.clip}"
    if not cell.gate_bias:
        lines |= {name: f"{line}; biases of the gates 0" for name, line in lines.items() if line[:5] != "none:"}
    return lines


_CHO = (
    "Cho et al. 2014, Learning phrase representations using RNN encoder-decoder for statistical machine translation, "
    "EMNLP, arXiv:1406.1078: equations (5) to (8), without biases"
)
_SOURCES = {
    "before": (_CHO,),
    "after": (
        _CHO,
        "The first version of the same preprint, cuDNN and PyTorch (torch.nn.GRU): the reset gate acts on the "
        "recurrent product, so that one product serves all gates",
    ),
    "absent": (
        _CHO,
        "Collins, Sohl-Dickstein & Sussillo 2017, Capacity and trainability in recurrent neural networks, ICLR, "
        "arXiv:1611.09913: the update gate RNN (UGRNN), whose candidate sees the state without a reset gate",
    ),
}
_CHO_NAME, _LECTURE = "Cho et al. 2014", "lecture (Gamma)"
_NOTATIONS = {
    "reset": {_CHO_NAME: "r", _LECTURE: "Gamma_r", "PyTorch": "r", "Keras": "r", "ONNX": "r"},
    "update": {_CHO_NAME: "z", _LECTURE: "1 - Gamma_u", "PyTorch": "z", "Keras": "z", "ONNX": "z"},
    "candidate": {_CHO_NAME: "h~", _LECTURE: "c~", "PyTorch": "n", "Keras": "hh", "ONNX": "h"},
    "hidden": {_CHO_NAME: "h", _LECTURE: "c = a", "PyTorch": "h", "Keras": "h", "ONNX": "H"},
}
_TORCH = (
    "torch.nn.GRU: W weight_ih_l0 (3H, I), R weight_hh_l0 (3H, H), b bias_ih_l0, r bias_hh_l0 (3H,), row blocks "
    "reset, update, candidate (r z n); r_candidate (b_hn) stands inside the product with the reset gate"
)
_KERAS = {
    "after": (
        "GRU: kernel (I, 3H) W transposed, recurrent_kernel (H, 3H) R transposed, bias (2, 3H) b above r, column "
        "blocks update, reset, candidate (z r h); reset_after=True"
    ),
    "before": (
        "GRU: kernel (I, 3H) W transposed, recurrent_kernel (H, 3H) R transposed, bias (3H,) b + r, column blocks "
        "update, reset, candidate (z r h); reset_after=False"
    ),
}
_ONNX = "GRU: W (1, 3H, I), R (1, 3H, H), B (1, 6H) b then r, row blocks update, reset, candidate (z r h)"
_MIRROR = (
    "The lecture's c_t = Gamma_u * c~_t + (1 - Gamma_u) * c_{t-1} is this cell with the rows of the update gate "
    "negated (mirrored), as sigma(-a) = 1 - sigma(a)."
)
_REMARKS = {
    "after": (
        "The two biases of the candidate differ in effect: r_candidate is reset with the state, b_candidate not.",
    ),
    "before": (
        "The candidate's recurrent product waits for the reset gate: two products one after the other per step.",
    ),
    "absent": ("Both other forms are this one to rounding when a bias of 40 holds their reset gate open.",),
}
