"""The long short-term memory cell and its variants.

Axis letters: B batch, I inputs, H hidden units, P projected units, G gates (the candidate counts as one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import torch
from torch.nn.functional import linear

from tidegate.checks import check_choice
from tidegate.errors import SettingError
from tidegate.nn.cells.card import Card, Equation, listed
from tidegate.nn.cells.cell import Sizes, State, Step, check_clip, clipped, gated_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

Peepholes = Literal["none", "output", "full"]
Gate = Literal["input", "forget", "output"]
Squashing = Literal["tanh", "identity"]


@dataclass(frozen=True)
class Lstm:
    """c_t = forget_t * c_{t-1} + input_t * candidate_t; h_t = output_t * tanh(c_t).

    Parameters
    ----------
    peepholes
        "full": input and forget gate see c_{t-1}, the output gate c_t (Gers, Schraudolph & Schmidhuber 2002);
        "output": the output gate alone; "none".
    coupled
        forget_t = 1 - input_t, without a forget gate of its own (CIFG in Greff et al. 2017).
    squashed
        c_t = sigma(forget_t * c_{t-1} + input_t * candidate_t), as some slides print it; it forgets, see the card.
    without
        Gates held at 1: any of "input", "forget", "output". Without "forget" it is the cell of Hochreiter &
        Schmidhuber (1997).
    input_activation
        Of the candidate: "tanh" or "identity".
    output_activation
        Of the cell state on its way out: "tanh" or "identity".
    gate_bias
        Whether the gates have biases; without, the candidate alone has them and their shape is (H,).
    clip
        Limit of the sums inside the activations, above 0; None for none.

    Raises
    ------
    SettingError
        Where an option is none of these, or two of them contradict each other.
    """

    peepholes: Peepholes = "none"
    coupled: bool = False
    squashed: bool = False
    without: tuple[Gate, ...] = ()
    input_activation: Squashing = "tanh"
    output_activation: Squashing = "tanh"
    gate_bias: bool = True
    clip: float | None = None
    name: ClassVar[str] = "lstm"
    states: ClassVar[tuple[str, ...]] = ("hidden", "cell")

    def __post_init__(self) -> None:
        check_choice("peepholes", self.peepholes, get_args(Peepholes))
        for name in ("coupled", "squashed", "gate_bias"):
            check_choice(name, getattr(self, name), (True, False))
        for name in ("input_activation", "output_activation"):
            check_choice(name, getattr(self, name), get_args(Squashing))
        check_clip(self.clip)
        self._check_without()

    def _check_without(self) -> None:
        """Refuse gates that are not there, and options that need a gate which is left out."""
        if not isinstance(self.without, tuple):
            raise SettingError(f"without is {self.without!r}; it must be a tuple of gates, such as ('forget',)")
        for gate in self.without:
            check_choice("a gate in without", gate, get_args(Gate))
        if len(set(self.without)) < len(self.without):
            raise SettingError(f"without is {self.without!r}; it must name each gate once")
        needed = {"input", "forget"} & set(self.without)
        if self.coupled and needed:
            raise SettingError(
                f"without is {self.without!r} and coupled is True: forget_t = 1 - input_t needs both gates. "
                f"Leave out coupled, or take {' and '.join(sorted(needed))} from without"
            )
        if self.peepholes != "none" and not self.peeping:
            raise SettingError(
                f"peepholes is {self.peepholes!r} and without is {self.without!r}: no gate is left to see the cell "
                "state. Use peepholes='none'"
            )

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the row blocks of the weights, in PyTorch's order."""
        absent = {*self.without, *(["forget"] if self.coupled else [])}
        return tuple(gate for gate in ("input", "forget", "candidate", "output") if gate not in absent)

    @property
    def peeping(self) -> tuple[str, ...]:
        """Gates with a peephole, in the order of the rows of the "peephole" weights."""
        seeing = {"none": (), "output": ("output",), "full": ("input", "forget", "output")}[self.peepholes]
        return tuple(gate for gate in seeing if gate in self.gates)

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        shapes = gated_shapes(len(self.gates), sizes)
        if not self.gate_bias:
            shapes |= {"input_bias": (sizes.hidden,), "recurrent_bias": (sizes.hidden,)}
        if self.peeping:
            shapes["peephole"] = (len(self.peeping), sizes.hidden)
        if sizes.projected:
            shapes["projection"] = (sizes.projected, sizes.hidden)
        return shapes

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
        """Return the next hidden and cell state and the gates, from sums W x_t + b of shape (B, G*H)."""
        h, c = state
        sums = sums + linear(h, weights["recurrent"], weights.get("recurrent_bias"))
        sum_of = dict(zip(self.gates, sums.chunk(len(self.gates), -1), strict=True))

        def gate(name: Gate, seen: torch.Tensor) -> torch.Tensor:
            if name in self.without:
                return torch.ones_like(c)
            total = sum_of[name]
            if name in self.peeping:
                total = total + weights["peephole"][self.peeping.index(name)] * seen
            return torch.sigmoid(clipped(total, self.clip))

        input_ = gate("input", c)
        forget = 1 - input_ if self.coupled else gate("forget", c)
        candidate = _squashed(clipped(sum_of["candidate"], self.clip), self.input_activation)
        c = forget * c + input_ * candidate
        if self.squashed:
            c = torch.sigmoid(c)
        output = gate("output", c)
        h = output * _squashed(c, self.output_activation)
        if "projection" in weights:
            h = linear(h, weights["projection"])
        return Step((h, c), {"input": input_, "forget": forget, "candidate": candidate, "output": output})

    def card(self) -> Card:
        """Return the equations of this form with their sources, the notations and the weights in other libraries."""
        blocks, peepholes = len(self.gates), f" + {len(self.peeping)} H" if self.peeping else ""
        times = "" if blocks == 1 else f"{blocks} "
        of_rows = f"{times}(H I + H {{shown}} + 2 H)" if self.gate_bias else f"{times}(H I + H {{shown}}) + 2 H"
        return Card(
            title=_title(self),
            equations=_equations(self),
            legend=_legend(self),
            sources=_SOURCES,
            count=of_rows.format(shown="H") + peepholes,
            notations=_NOTATIONS,
            weights=_elsewhere(self),
            remarks=_remarks(self),
            projected_count=of_rows.format(shown="P") + peepholes + " + P H",
        )


ABLATIONS: Mapping[str, Lstm] = {
    "V": Lstm(peepholes="full"),
    "NIG": Lstm(peepholes="full", without=("input",)),
    "NFG": Lstm(peepholes="full", without=("forget",)),
    "NOG": Lstm(peepholes="full", without=("output",)),
    "NIAF": Lstm(peepholes="full", input_activation="identity"),
    "NOAF": Lstm(peepholes="full", output_activation="identity"),
    "CIFG": Lstm(peepholes="full", coupled=True),
    "NP": Lstm(),
}
"""Vanilla cell and variants of Greff et al. 2017 by their names there, each one change away from the vanilla one.

Their eighth variant, FGR, adds nine matrices that feed the gates of the last step back and is another cell.
"""


def joined(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights in the form W[h_{t-1}, x_t] + b: one matrix and one bias for each gate.

    The matrix holds the same bits; the bias b + r is rounded once, so that a step differs by rounding alone.

    Parameters
    ----------
    weights
        Parameters by role, of an LSTM or of any cell that only uses the sum of its two biases.

    Returns
    -------
    "joined", shape (G*H, S + I): R beside W, where S is the width of the hidden state, P or H; "bias", the shape of
    either bias, where there are biases; every other role as it was.
    """
    made = {role: weight for role, weight in weights.items() if role not in _SEPARATE}
    made["joined"] = torch.cat([weights["recurrent"], weights["input"]], 1)
    if "input_bias" in weights:
        made["bias"] = weights["input_bias"] + weights["recurrent_bias"]
    return made


def separate(weights: Mapping[str, torch.Tensor], n_inputs: int) -> dict[str, torch.Tensor]:
    """Return weights in the form W x_t + b + R h_{t-1} + r, bit for bit those of `joined`, with r = 0.

    Parameters
    ----------
    weights
        As `joined` returns them.
    n_inputs
        Features per step, I: the last columns.

    Raises
    ------
    ValueError
        Where `n_inputs` does not leave a column for the hidden state.
    """
    n_columns = weights["joined"].shape[1]
    if not 0 < n_inputs < n_columns:
        raise ValueError(
            f"n_inputs must lie between 1 and {n_columns - 1}, as the joined weights have {n_columns} columns; "
            f"got {n_inputs}"
        )
    recurrent, of_inputs = torch.tensor_split(weights["joined"], [n_columns - n_inputs], 1)
    made = {role: weight for role, weight in weights.items() if role not in ("joined", "bias")}
    made |= {"input": of_inputs, "recurrent": recurrent}
    if "bias" in weights:
        made |= {"input_bias": weights["bias"], "recurrent_bias": torch.zeros_like(weights["bias"])}
    return made


_SEPARATE = ("input", "recurrent", "input_bias", "recurrent_bias")


def _squashed(values: torch.Tensor, activation: Squashing) -> torch.Tensor:
    return torch.tanh(values) if activation == "tanh" else values


def _title(cell: Lstm) -> str:
    """Return one line that names every option that is not the standard one."""
    parts = {
        "coupled input and forget gates": cell.coupled,
        "squashed update": cell.squashed,
        "peepholes": cell.peepholes == "full",
        "a peephole of the output gate": cell.peepholes == "output",
        "identity candidate": cell.input_activation == "identity",
        "identity cell output": cell.output_activation == "identity",
        "gates without biases": not cell.gate_bias,
        f"sums clipped at {cell.clip}": cell.clip is not None,
        f"{' and '.join(cell.without)} held at 1": bool(cell.without),
    }
    named = ", ".join(name for name, there in parts.items() if there)
    return f"Long short-term memory{': ' + named if named else ''}"


def _equations(cell: Lstm) -> tuple[Equation, ...]:
    def total(gate: str, seen: str = "") -> str:
        biased = cell.gate_bias or gate == "candidate"
        made = f"W_{gate} x_t{f' + b_{gate}' if biased else ''} + R_{gate} h_{{t-1}}{f' + r_{gate}' if biased else ''}"
        if gate in cell.peeping:
            made += f" + p_{gate} * {seen}"
        return made if cell.clip is None else f"clip({made}, {cell.clip})"

    def gate(name: Gate, seen: str, number: str) -> Equation:
        if name in cell.without:
            return Equation(f"{name}_t = 1")
        return Equation(f"{name}_t = sigma({total(name, seen)})", number)

    candidate, update = total("candidate"), "forget_t * c_{t-1} + input_t * candidate_t"
    shown = "output_t * c_t" if cell.output_activation == "identity" else "output_t * tanh(c_t)"
    return (
        gate("input", "c_{t-1}", "(7)"),
        Equation("forget_t = 1 - input_t") if cell.coupled else gate("forget", "c_{t-1}", "(8)"),
        Equation(f"candidate_t = {candidate if cell.input_activation == 'identity' else f'tanh({candidate})'}", "(9)"),
        Equation(f"c_t = sigma({update})") if cell.squashed else Equation(f"c_t = {update}", "(9)"),
        gate("output", "c_t", "(10)"),
        Equation(f"h_t = {shown}", "(11)"),
        Equation(f"h_t = P ({shown})", when="projected"),
    )


def _legend(cell: Lstm) -> dict[str, str]:
    biased = cell.gates if cell.gate_bias else ("candidate",)
    legend = {
        "x_t": "input of step t, shape (I,)",
        "h_t": "hidden state after step t, shape (H,), or (P,) when projected; h_0 is 0 unless given",
        "c_t": "cell state after step t, shape (H,); c_0 is 0 unless given",
        "input_t, forget_t, output_t": "gates, shape (H,), between 0 and 1",
        "candidate_t": "what the input gate lets into the cell state, shape (H,)",
        "W_...": f"input weights, shape (H, I): {listed('W', cell.gates)}",
        "R_...": f"recurrent weights, shape (H, H), or (H, P) when projected: {listed('R', cell.gates)}",
        "b_...": f"input biases, shape (H,): {listed('b', biased)}",
        "r_...": f"recurrent biases, shape (H,): {listed('r', biased)}",
    }
    if cell.peeping:
        legend["p_..."] = f"peephole weights, shape (H,), entry by entry: {listed('p', cell.peeping)}"
    return {**legend, "P": "projection, shape (P, H)"}


def _elsewhere(cell: Lstm) -> dict[str, str]:
    """Return which weights of other libraries this form's are, or that there are none."""
    squashings = (cell.input_activation, cell.output_activation)
    shared = not (cell.squashed or cell.without)
    plain = shared and not (cell.coupled or cell.peeping or cell.clip)
    lines = {
        "PyTorch": _TORCH if plain and squashings == ("tanh", "tanh") else "none: torch.nn.LSTM is the standard form",
        "Keras": "none: LSTM has no such option",
        "ONNX": "none: LSTM has no such attribute",
    }
    if plain and len(set(squashings)) == 1:
        lines["Keras"] = _KERAS + ("" if squashings[0] == "tanh" else "; activation='linear'")
    if shared:
        asked = {
            "activations with Affine (alpha 1, beta 0) for the identity": "identity" in squashings,
            "input_forget=1, whose rows of the forget gate mean nothing": cell.coupled,
            f"clip={cell.clip}": cell.clip is not None,
            "rows of P without a peephole 0": cell.peepholes == "output",
        }
        lines["ONNX"] = "; ".join([_ONNX, *(text for text, there in asked.items() if there)])
    if not cell.gate_bias:
        lines |= {name: f"{line}; biases of the gates 0" for name, line in lines.items() if line[:5] != "none:"}
    return lines


def _remarks(cell: Lstm) -> tuple[str, ...]:
    said = {
        "Joined, W[h, x] + b is the same step: W is [R W] and b is b + r, rounded once (joined and separate).": True,
        "Along the cell state the gradient of one step is forget_t: an open gate (bias above 0) lets it reach back.": (
            "forget" in cell.gates and not cell.squashed
        ),
        "c_t lies between c_{t-1} and the candidate: with tanh and c_0 = 0 it stays within +-1.": (
            cell.coupled and not cell.squashed
        ),
        "Without the forget gate c_t only adds up and can grow with every step.": (
            "forget" in cell.without and not cell.squashed
        ),
        _HARM: cell.squashed,
    }
    return tuple(remark for remark, true in said.items() if true)


_HARM = (
    "The squashed update forgets: every step squeezes the state into (0, 1) with a derivative of at most 1/4, so that "
    "along the cell state at most 4^-k of a gradient is left after k steps. Measured with five seeds, 16 hidden units "
    "and forget bias 3: 10^-31.7 is left after 50 steps where the standard cell keeps all, and a bit to be remembered "
    "for 10 steps is guessed (48 % right after 200 updates) where the standard cell is always right even for 50 steps "
    "(benchmarks/squashed_update.py)."
)
_SOURCES = (
    "Hochreiter & Schmidhuber 1997, Long short-term memory, Neural Computation 9(8), section 4: without forget gate",
    "Gers, Schmidhuber & Cummins 2000, Learning to forget, Neural Computation 12(10): the forget gate",
    "Gers, Schraudolph & Schmidhuber 2002, Learning precise timing with LSTM recurrent networks, JMLR 3: peepholes",
    "Graves 2013, Generating sequences with recurrent neural networks, arXiv:1308.0850: equations (7) to (11), "
    "with full peepholes and one bias; the candidate stands inside (9)",
    "Greff et al. 2017, LSTM: a search space odyssey, IEEE TNNLS 28(10), section II-A: these equations without "
    "numbers, and the variants NIG, NFG, NOG, NIAF, NOAF, CIFG and NP",
    "Sak, Senior & Beaufays 2014, LSTM recurrent neural network architectures, arXiv:1402.1128: the projection",
)
_GERS, _LECTURE = "Hochreiter & Schmidhuber / Gers", "lecture (Gamma)"
_NOTATIONS = {
    "input": {_GERS: "y^in", _LECTURE: "Gamma_u", "PyTorch": "i", "Keras": "i", "ONNX": "i"},
    "forget": {_GERS: "y^phi", _LECTURE: "Gamma_f", "PyTorch": "f", "Keras": "f", "ONNX": "f"},
    "candidate": {_GERS: "g(net_c)", _LECTURE: "c~", "PyTorch": "g", "Keras": "c", "ONNX": "c"},
    "output": {_GERS: "y^out", _LECTURE: "Gamma_o", "PyTorch": "o", "Keras": "o", "ONNX": "o"},
    "cell": {_GERS: "s_c", _LECTURE: "c", "PyTorch": "c", "Keras": "carry", "ONNX": "C"},
    "hidden": {_GERS: "y^c", _LECTURE: "a", "PyTorch": "h", "Keras": "h", "ONNX": "H"},
}
_TORCH = (
    "torch.nn.LSTM: W weight_ih_l0 (4H, I), R weight_hh_l0 (4H, H), b bias_ih_l0, r bias_hh_l0 (4H,), row blocks "
    "input, forget, candidate, output (i f g o); P weight_hr_l0 (P, H)"
)
_KERAS = (
    "LSTM: kernel (I, 4H) W transposed, recurrent_kernel (H, 4H) R transposed, bias (4H,) b + r, column blocks input, "
    "forget, candidate, output (i f c o); no projection"
)
_ONNX = (
    "LSTM: W (1, 4H, I), R (1, 4H, H), B (1, 8H) b then r, row blocks input, output, forget, candidate (i o f c); "
    "P (1, 3H) peepholes input, output, forget (i o f); no projection"
)
