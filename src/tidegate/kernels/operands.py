"""The work of a layer as the operands of an operator: flat, and checked on the way back.

Axis letters: T time, B batch, I inputs, H hidden units, D directions, G gates (the candidate counts as one).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from tidegate.kernels.recurrence import ROLES, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMA = "str noun, Tensor inputs, Tensor[] states, Tensor?[] weights, Tensor? lengths, bool reverse, bool recompute"
"""The operands in torch's notation. The weights are those of each direction, in the order of `ROLES`."""

GATES: Mapping[str, int] = {
    **dict.fromkeys(("elman_tanh", "elman_relu", "elman_sigmoid"), 1),
    **dict.fromkeys(("lstm", "lstm_peephole"), 4),
    **dict.fromkeys(("lstm_coupled", "lstm_peephole_coupled", "gru_after", "gru_before"), 3),
    **dict.fromkeys(("gru_absent", "min_gru", "min_gru_positive"), 2),
    **dict.fromkeys(("min_lstm", "min_lstm_positive", "min_lstm_normalised", "min_lstm_positive_normalised"), 3),
}
"""What the kernels call a cell to its number of gates, G."""


def flat(work: Work) -> tuple[Any, ...]:
    """Return the operands that describe `work`."""
    noun, inputs, states, weights, *rest = work
    return noun, inputs, list(states), list(chain(*weights)), *rest


def described(operands: Sequence[Any]) -> Work:
    """Return the work that `operands` describe.

    Raises
    ------
    ValueError
        Where the cell is unknown, or shapes or types do not go together.
    """
    noun, inputs, states, weights, lengths, reverse, recompute = operands
    work = Work(noun, inputs, tuple(states), by_direction(weights), lengths, reverse, recompute)
    _check(work)
    return work


def by_direction(each: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return what belongs to the weights of all directions for each direction.

    >>> by_direction("abcdeABCDE")
    (('a', 'b', 'c', 'd', 'e'), ('A', 'B', 'C', 'D', 'E'))
    """
    n_roles = len(ROLES)
    return tuple(tuple(each[first : first + n_roles]) for first in range(0, len(each), n_roles))


def tensors(work: Work) -> list[torch.Tensor | None]:
    """Return what has a gradient: the inputs, the states, the weights of each direction; None for what there is not."""
    return [work.inputs, *work.states, *chain(*work.weights)]


def with_tensors(work: Work, others: Sequence[Any]) -> Work:
    """Return `work` with `others` in the place of its `tensors`."""
    n_states = len(work.states)
    states, weights = tuple(others[1 : 1 + n_states]), by_direction(others[1 + n_states :])
    return work._replace(inputs=others[0], states=states, weights=weights)


def check_lengths(work: Work) -> None:
    """Raise ValueError where a length lies outside 0 to T: to see it takes their values."""
    lengths, steps = work.lengths, len(work.inputs)
    if lengths is None or not len(lengths):
        return
    least, most = (int(end) for end in lengths.aminmax())
    if least < 0 or most > steps:
        raise ValueError(
            f"lengths must lie between 0 and the {steps} steps of the input; got {least if least < 0 else most}"
        )


def _check(work: Work) -> None:
    """Raise ValueError where tensors are missing, or of shapes or types that do not go together."""
    if work.noun not in GATES:
        raise ValueError(f"there is no cell {work.noun!r}; there are {', '.join(GATES)}")
    if work.inputs.dim() != 3 or not work.inputs.shape[0]:
        raise ValueError(f"inputs must have shape (T, B, I) with at least one step; got {tuple(work.inputs.shape)}")
    n_states = 2 if work.noun.startswith("lstm") else 1
    if len(work.states) != n_states or len(work.weights) not in (1, 2) or len(work.weights[-1]) != len(ROLES):
        raise ValueError(
            f"{work.noun} takes {n_states} states and {len(ROLES)} weights for each of one or two directions; got "
            f"{len(work.states)} and {sum(map(len, work.weights))}"
        )
    for name, tensor, shape in _expected(work):
        if tensor is None or tuple(tensor.shape) != shape:
            got = "none" if tensor is None else tuple(tensor.shape)
            raise ValueError(f"{name} of {work.noun} must have shape {shape}; got {got}")
        dtype = torch.int64 if name == "lengths" else work.inputs.dtype
        if tensor.dtype != dtype or tensor.device != work.inputs.device:
            raise ValueError(f"{name} must be {dtype} on {work.inputs.device}; got {tensor.dtype} on {tensor.device}")


def _expected(work: Work) -> Iterator[tuple[str, torch.Tensor | None, tuple[int, ...]]]:
    """Yield name, tensor and shape of all beside the inputs; biases only where they are."""
    _, B, width = work.inputs.shape
    D, H, rows = len(work.weights), work.states[0].shape[-1], GATES[work.noun] * work.states[0].shape[-1]
    for state in work.states:
        yield "a state", state, (D, B, H)
    if work.lengths is not None:
        yield "lengths", work.lengths, (B,)
    for input_, recurrent, input_bias, recurrent_bias, peephole in work.weights:
        yield "the weight 'input'", input_, (rows, width)
        if not work.noun.startswith("min"):
            yield "the weight 'recurrent'", recurrent, (rows, H)
        if "peephole" in work.noun:
            yield "the weight 'peephole'", peephole, (2 if "coupled" in work.noun else 3, H)
        for bias in (input_bias, recurrent_bias):
            if bias is not None:
                yield "a bias", bias, (rows,)
