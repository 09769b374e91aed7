"""Elman's cell, the simple recurrent network, with the output layer and the loss that textbooks draw above it.

Axis letters: T time, B batch, I inputs, H hidden units, O outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from torch.nn.functional import linear

from tidegate.checks import check_choice
from tidegate.nn.cells.card import Card, Equation
from tidegate.nn.cells.cell import Sizes, State, Step, check_clip, clipped, gated_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Nonlinearity = Literal["tanh", "relu", "sigmoid"]
NONLINEARITIES: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}
Activation = Literal["identity", "sigmoid", "softmax"]
ACTIVATIONS: tuple[Activation, ...] = ("identity", "sigmoid", "softmax")


@dataclass(frozen=True)
class Elman:
    """h_t = g(W x_t + b + R h_{t-1} + r).

    With ``nonlinearity="relu"``, R the identity and both biases 0 at the start this is the IRNN of Le, Jaitly & Hinton
    (2015): without input the state neither grows nor shrinks before training.

    Parameters
    ----------
    nonlinearity
        g: "tanh", "relu" or "sigmoid".
    clip
        Limit of the sum inside g, above 0; None for none.

    Raises
    ------
    SettingError
        Where an option is none of these.
    """

    nonlinearity: Nonlinearity = "tanh"
    clip: float | None = None
    name: ClassVar[str] = "elman"
    gates: ClassVar[tuple[str, ...]] = ("hidden",)
    states: ClassVar[tuple[str, ...]] = ("hidden",)

    def __post_init__(self) -> None:
        check_choice("nonlinearity", self.nonlinearity, tuple(NONLINEARITIES))
        check_clip(self.clip)

    def shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by role."""
        return gated_shapes(1, sizes)

    def step(self, sums: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> Step:
        """Return the next hidden state, shape (B, H), from sums W x_t + b of the same shape."""
        (h,) = state
        recurrent = linear(h, weights["recurrent"], weights.get("recurrent_bias"))
        h = NONLINEARITIES[self.nonlinearity](clipped(sums + recurrent, self.clip))
        return Step((h,), {})

    def card(self) -> Card:
        """Return the equation with its sources, the notations and the weights in other libraries."""
        g = "sigma" if self.nonlinearity == "sigmoid" else self.nonlinearity
        total = "W_hidden x_t + b_hidden + R_hidden h_{t-1} + r_hidden"
        if self.clip is not None:
            total = f"clip({total}, {self.clip})"
        return Card(
            title=f"Elman's simple recurrent network, {self.nonlinearity}",
            equations=(
                Equation(f"h_t = {g}({total})", "(10.8), (10.9)"),
                Equation("y_t = softmax(W_y h_t + b_y)", "(10.10), (10.11)", when="read out"),
            ),
            legend=_LEGEND,
            sources=_SOURCES,
            count="H I + H H + 2 H",
            notations=_NOTATIONS,
            weights=self._elsewhere(),
            remarks=_REMARKS,
        )

    def _elsewhere(self) -> dict[str, str]:
        """Return which weights of other libraries this form's are, or that there are none."""
        lines = dict(_WEIGHTS)
        if self.nonlinearity == "sigmoid":
            lines["PyTorch"] = "none: torch.nn.RNN knows tanh and relu alone"
        if self.clip is not None:
            none = "none: it clips nothing"
            lines |= {"PyTorch": none, "Keras": none, "ONNX": f"{lines['ONNX']}; clip={self.clip}"}
        return lines


def read_out(
    hidden: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    *,
    activation: Activation = "identity",
) -> torch.Tensor:
    """Return y_t = g2(W_y h_t + b_y) for every step, shape (..., O): Goodfellow et al. 2016, (10.10) and (10.11).

    Parameters
    ----------
    hidden
        Hidden states h_t, shape (..., H).
    weight
        W_y, shape (O, H); None for the hidden state itself, with or without a bias: O is H.
    bias
        b_y, shape (O,); None for none.
    activation
        g2: "identity", "sigmoid", or "softmax" over the O outputs.

    Raises
    ------
    SettingError
        Where `activation` is none of these.
    """
    check_choice("activation", activation, ACTIVATIONS)
    outputs = hidden if weight is None else linear(hidden, weight)
    if bias is not None:
        outputs = outputs + bias
    if activation == "softmax":
        return outputs.softmax(-1)
    return outputs.sigmoid() if activation == "sigmoid" else outputs


def total_loss(
    outputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    *,
    lengths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return J = J_1 + ... + J_T of each sequence, shape (B,): Goodfellow et al. 2016, (10.13).

    Parameters
    ----------
    outputs
        y_t, shape (T, B, ...).
    targets
        What y_t should be, shape (T, B, ...).
    loss
        J_t from the outputs and the targets of one step, shape (B,): a loss with ``reduction="none"``. Of probabilities
        take the logarithm late: `torch.nn.functional.cross_entropy` of "identity" outputs is exact where the logarithm
        of a softmax has become that of 0.
    lengths
        Shape (B,): steps of each sequence, 0 to T; `loss` never sees what lies beyond. None for T everywhere.

    Raises
    ------
    ValueError
        Where `loss` yields something other than one number per sequence.
    """
    n_sequences, losses = outputs.shape[1], []
    for t in range(len(outputs)):
        running = torch.ones(n_sequences, dtype=torch.bool) if lengths is None else lengths > t
        rows = running.nonzero()[:, 0].to(outputs.device)
        if not len(rows):
            break
        made = loss(outputs[t, rows], targets[t, rows])
        if made.shape != rows.shape:
            raise ValueError(
                f"loss must yield one number per sequence, shape {tuple(rows.shape)}; got shape {tuple(made.shape)}. "
                "Give a loss with reduction='none' that sums over its last axes"
            )
        losses.append(made.new_zeros(n_sequences).index_add(0, rows, made))
    return torch.stack(losses).sum(0) if losses else outputs.new_zeros(n_sequences)


_LEGEND = {
    "x_t": "input of step t, shape (I,)",
    "h_t": "hidden state after step t, shape (H,); h_0 is 0 unless given",
    "W_hidden": "input weights, shape (H, I)",
    "R_hidden": "recurrent weights, shape (H, H)",
    "b_hidden": "input bias, shape (H,)",
    "r_hidden": "recurrent bias, shape (H,)",
    "y_t": "output of step t, shape (O,)",
    "W_y": "output weights, shape (O, H)",
    "b_y": "output bias, shape (O,)",
}
_SOURCES = (
    "Elman 1990, Finding structure in time, Cognitive Science 14(2): the network, without numbered equations",
    "Goodfellow, Bengio & Courville 2016, Deep learning, section 10.2: equations (10.8) to (10.13), with one bias",
    "Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear units, "
    "arXiv:1504.00941: the IRNN",
)
_NOTATIONS = {
    "hidden": {
        "lecture (Gamma)": "a",
        "PyTorch": "h",
        "Keras": "h",
        "ONNX": "H",
    },
    "W_hidden": {"lecture (Gamma)": "W_ax", "PyTorch": "W_ih", "Keras": "kernel", "ONNX": "Wi"},
    "R_hidden": {"lecture (Gamma)": "W_aa", "PyTorch": "W_hh", "Keras": "recurrent_kernel", "ONNX": "Ri"},
    "W_y": {"lecture (Gamma)": "W_ya"},
}
_WEIGHTS = {
    "PyTorch": "torch.nn.RNN: W_hidden is weight_ih_l0 (H, I), R_hidden weight_hh_l0 (H, H), b_hidden bias_ih_l0 (H,), "
    "r_hidden bias_hh_l0 (H,)",
    "Keras": "SimpleRNN: kernel (I, H) is W_hidden transposed, recurrent_kernel (H, H) R_hidden transposed, "
    "bias (H,) b_hidden + r_hidden",
    "ONNX": "RNN: W (1, H, I) is W_hidden, R (1, H, H) R_hidden, B (1, 2H) b_hidden then r_hidden; activations "
    "Tanh, Relu or Sigmoid",
}
_REMARKS = (
    "The gradient through k steps is a product of k factors R^T diag(g'): it vanishes or explodes with k.",
    "IRNN: relu, R_hidden the identity and biases 0 at the start: without input the state is kept.",
    "Above it: y_t = g2(W_y h_t + b_y) with g2 identity, sigmoid or softmax, or g2 of h_t itself; "
    "J = J_1 + ... + J_T is the sum of the losses of all steps.",
)
