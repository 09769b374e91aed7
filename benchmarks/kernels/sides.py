"""One case ready to run on either side: our layer and torch.nn's, with the same weights and the same data."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate.nn.layers import GRU, LSTM, RNN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.kernels.cases import Case

    Call = Callable[[], torch.Tensor]

LAYERS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
TOLERANCE = 1e-4


class Side(NamedTuple):
    """What is timed, what must happen before each time, and what comes out: outputs and gradients, to be compared."""

    step: Callable[[], None]
    clear: Callable[[], None]
    results: Callable[[], list[torch.Tensor]]


class Data(NamedTuple):
    """Inputs of shape (T, B, I), the outputs' gradient of shape (T, B, H), and lengths of shape (B,) or None."""

    inputs: torch.Tensor
    gradient: torch.Tensor
    lengths: torch.Tensor | None

    @property
    def n_steps(self) -> int:
        """Steps of all sequences together."""
        steps, batch, _ = self.inputs.shape
        return steps * batch if self.lengths is None else int(self.lengths.sum())


def data(case: Case) -> Data:
    """Draw the same data for the same sizes."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(case.steps, case.batch, case.inputs, generator=generator)
    gradient = torch.randn(case.steps, case.batch, case.hidden, generator=generator)
    drawn = torch.randint(1, case.steps + 1, (case.batch,), generator=generator)
    return Data(inputs, gradient, drawn if case.uneven else None)


def layers(case: Case) -> tuple[RNN | LSTM | GRU, torch.nn.RNNBase]:
    """Return our layer and torch's with the same random weights."""
    torch.manual_seed(0)
    theirs = MODULES[case.cell](case.inputs, case.hidden)
    ours = LAYERS[case.cell](case.inputs, case.hidden)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def ours(case: Case, layer: torch.nn.Module, drawn: Data) -> Side:
    """Return our side."""
    inputs, lengths = drawn.inputs, drawn.lengths
    if case.packed:
        return _over_packed(case, layer, drawn)
    forward = (lambda: layer(inputs)[0]) if lengths is None else (lambda: layer(inputs, lengths=lengths)[0])
    return side(layer, forward, drawn.gradient if case.trains else None)


def torchs(case: Case, layer: torch.nn.Module, drawn: Data) -> Side:
    """Return torch.nn's side: padded sequences of unequal length are packed in each step, and their outputs padded."""
    inputs, lengths = drawn.inputs, drawn.lengths
    if case.packed:
        return _over_packed(case, layer, drawn)
    gradient = drawn.gradient if case.trains else None
    if lengths is None:
        return side(layer, lambda: layer(inputs)[0], gradient)
    steps = len(inputs)
    return side(layer, lambda: pad_packed_sequence(layer(_pack(inputs, lengths))[0], total_length=steps)[0], gradient)


def _over_packed(case: Case, layer: torch.nn.Module, drawn: Data) -> Side:
    """Return the side of a layer that is handed a PackedSequence and whose outputs stay packed."""
    inputs = _pack(drawn.inputs, drawn.lengths)
    gradient = _pack(drawn.gradient, drawn.lengths).data if case.trains else None
    return side(layer, lambda: layer(inputs)[0].data, gradient)


def side(layer: torch.nn.Module, forward: Call, gradient: torch.Tensor | None) -> Side:
    """Return a side from a call without arguments and, in training, the gradient of what it returns.

    Before each training step gradients are forgotten, not zeroed, and every weight is written to, as an optimiser
    does: what was prepared from the weights of the step before must be prepared again.
    """
    parameters = list(layer.parameters())

    def clear() -> None:
        if gradient is not None:
            with torch.no_grad():
                for parameter in parameters:
                    parameter.grad = None
                    parameter.mul_(1)

    def step() -> None:
        outputs = forward()
        if gradient is not None:
            outputs.backward(gradient)

    def results() -> list[torch.Tensor]:
        clear()
        outputs = forward()
        if gradient is not None:
            outputs.backward(gradient)
        return [outputs.detach()] + [parameter.grad for parameter in parameters if parameter.grad is not None]

    return Side(step, clear, results)


def difference(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    """Return the greatest difference of two results, each array's relative to its greatest value."""
    if [tensor.shape for tensor in one] != [tensor.shape for tensor in other]:
        return float("inf")
    found = [float((a - b).abs().max() / b.abs().max()) for a, b in zip(one, other, strict=True)]
    return max(float("inf") if math.isnan(value) else value for value in found)


def fingerprint(results: Sequence[torch.Tensor]) -> str:
    """Return what is equal when all bits are."""
    digest = hashlib.sha256()
    for tensor in results:
        digest.update(tensor.contiguous().numpy())
    return digest.hexdigest()[:16]


def _pack(padded: torch.Tensor, lengths: torch.Tensor) -> torch.nn.utils.rnn.PackedSequence:
    return pack_padded_sequence(padded, lengths, enforce_sorted=False)
