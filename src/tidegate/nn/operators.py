"""Layers through torch's own operators, which know the standard cells alone.

Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.compilation import has_numbers, uncompiled
from tidegate.nn.unroll import Call, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.nn.cells.cell import Cell, Sizes, State

_OPERATORS: Mapping[Cell, Callable[..., Any]] = {
    Elman("tanh"): torch.rnn_tanh,
    Elman("relu"): torch.rnn_relu,
    Lstm(): torch.lstm,
    Gru(): torch.gru,
}
_MODULES: Mapping[Cell, Callable[..., torch.nn.RNNBase]] = {
    Elman("tanh"): torch.nn.RNN,
    Elman("relu"): partial(torch.nn.RNN, nonlinearity="relu"),
    Lstm(): torch.nn.LSTM,
    Gru(): torch.nn.GRU,
}
_ROLES = ("input", "recurrent", "input_bias", "recurrent_bias", "projection")


class Plan(NamedTuple):
    """Layers on top of each other, as torch's operators take them.

    Parameters
    ----------
    cell
        One that `knows` knows.
    weights
        Parameters of layer after layer, in each of direction after direction, in torch's order.
    bias
        Whether biases are among them.
    num_layers
        L.
    dropout
        Probability of 0 for each output of every layer but the last while training, drawn from torch's global
        generator.
    training
        Whether to drop out; cuDNN can only go back through what ran as training.
    bidirectional
        Whether there are two directions.
    """

    cell: Cell
    weights: list[torch.Tensor]
    bias: bool
    num_layers: int = 1
    dropout: float = 0.0
    training: bool = True
    bidirectional: bool = False


def knows(cell: Cell) -> bool:
    """Return whether torch has an operator for `cell`."""
    return cell in _OPERATORS


def obstacle(call: Call) -> str | None:
    """Return why torch's operators cannot do this work; None when they can."""
    if not knows(call.cell):
        return f"torch has no operator for {call.cell}"
    if call.course.trace or call.listener is not None:
        return f"torch does not show {'gates' if call.course.trace else 'the gradients of its states'}"
    if call.course.truncate is not None:
        return "torch does not truncate the gradient"
    if call.lengths is not None and not has_numbers(call.lengths):
        return "torch takes lengths by their numbers, which are not there"
    if call.lengths is not None and int(call.lengths.min()) < 1:
        return "torch takes no sequence of length 0"
    return None


def run(call: Call) -> Outcome:
    """Return what the layer yields; `obstacle` must be None."""
    flat = [weights[role] for weights in call.weights for role in _ROLES if role in weights]
    plan = Plan(call.cell, flat, "input_bias" in call.weights[0], bidirectional=len(call.weights) == 2)
    inputs = backwards(call.inputs, call.lengths) if call.course.reverse else call.inputs
    outputs, final = stacked(plan, inputs, call.states, lengths=call.lengths)
    return Outcome(backwards(outputs, call.lengths) if call.course.reverse else outputs, final)


@uncompiled
def stacked(
    plan: Plan, inputs: torch.Tensor, states: State, *, lengths: torch.Tensor | None = None
) -> tuple[torch.Tensor, State]:
    """Return outputs of shape (T, B, D*H) and the final states.

    Parameters
    ----------
    plan
        The layers.
    inputs
        Shape (T, B, I).
    states
        The states before the first step, each of shape (L*D, B, H).
    lengths
        Shape (B,), each at least 1; None for T everywhere.
    """
    if lengths is None:
        start = _one_or_all(_dense(states))
        return _made(_OPERATORS[plan.cell](inputs, start, *_shared(plan), False))
    packed = pack_padded_sequence(inputs, lengths.cpu(), enforce_sorted=False)
    outputs, final = over_packed(plan, packed, states)
    return pad_packed_sequence(outputs, total_length=len(inputs))[0], final


@uncompiled
def over_packed(plan: Plan, inputs: PackedSequence, states: State) -> tuple[PackedSequence, State]:
    """Return outputs, packed as `inputs` are, and the final states; states are in the order before packing."""
    start = _dense(permuted(states, inputs.sorted_indices))
    operator = _OPERATORS[plan.cell]
    data, final = _made(operator(inputs.data, inputs.batch_sizes, _one_or_all(start), *_shared(plan)))
    outputs = PackedSequence(data, inputs.batch_sizes, inputs.sorted_indices, inputs.unsorted_indices)
    return outputs, permuted(final, inputs.unsorted_indices)


def permuted(states: State, order: torch.Tensor | None) -> State:
    """Return the sequences of `states`, each of shape (L*D, B, H), in another order; None leaves it."""
    return states if order is None else tuple(state.index_select(1, order) for state in states)


def backwards(values: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Return `values`, shape (T, B, ...), with each sequence from its last step to its first; padding stays."""
    if lengths is None:
        return values.flip(0)
    steps = torch.arange(len(values), device=values.device)[:, None]
    source = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return values.gather(0, source[..., None].expand_as(values))


def flatten(plan: Plan, sizes: Sizes) -> None:
    """Lay the weights of `plan` out in one piece of memory, as cuDNN reads them.

    torch's own module does it: one that holds the same parameters for as long as this takes.
    """
    projected = {"proj_size": sizes.projected} if sizes.projected else {}
    twin = _MODULES[plan.cell](
        sizes.inputs,
        sizes.hidden,
        plan.num_layers,
        bias=plan.bias,
        bidirectional=plan.bidirectional,
        device="meta",
        **projected,
    )
    for name, weight in zip([name for name, _ in twin.named_parameters()], plan.weights, strict=True):
        setattr(twin, name, weight)
    twin.flatten_parameters()


def _shared(plan: Plan) -> tuple[Any, ...]:
    """Return what every operator takes, in its order, behind the inputs and the state."""
    return plan.weights, plan.bias, plan.num_layers, plan.dropout, plan.training, plan.bidirectional


def _dense(states: State) -> State:
    """Return `states` without gaps in memory, which cuDNN refuses."""
    return tuple(state.contiguous() for state in states)


def _one_or_all(states: State) -> Any:
    return states if len(states) > 1 else states[0]


def _made(made: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, State]:
    return made[0], tuple(made[1:])
