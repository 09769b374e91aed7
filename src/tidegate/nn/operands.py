"""The work of a layer as the operands of an operator: flat, and checked on the way back.

Axis letters: T time, B batch, I inputs, H hidden units, D directions, G gates (the candidate counts as one).
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from tidegate.kernels.recurrence import ROLES, Work
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.nouns import CELLS
from tidegate.nn.unroll import ends_within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMA = "str noun, Tensor inputs, Tensor[] states, Tensor?[] weights, Tensor? lengths, bool reverse, bool recompute"
"""The operands in torch's notation. The weights are those of each direction, in the order of `ROLES`."""


def flat(work: Work) -> tuple[Any, ...]:
    """Return the operands that describe `work`."""
    noun, inputs, states, weights, *rest = work
    return noun, inputs, list(states), flat_weights(weights), *rest


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


def flat_weights(weights: Sequence[Sequence[Any]]) -> list[Any]:
    """Return what belongs to the weights of each direction as one list: `by_direction` undoes it."""
    return list(chain(*weights))


def tensors(work: Work) -> list[torch.Tensor | None]:
    """Return what has a gradient: the inputs, the states, the weights of each direction; None for what there is not."""
    return [work.inputs, *work.states, *flat_weights(work.weights)]


def with_tensors(work: Work, others: Sequence[Any]) -> Work:
    """Return `work` with `others` in the place of its `tensors`."""
    n_states = len(work.states)
    states, weights = tuple(others[1 : 1 + n_states]), by_direction(others[1 + n_states :])
    return work._replace(inputs=others[0], states=states, weights=weights)


def check_lengths(work: Work) -> None:
    """Raise ValueError where a length lies outside 0 to T: to see it takes their values."""
    if work.lengths is not None and len(work.lengths):
        ends_within(work.lengths, len(work.inputs), "the input")


def _check(work: Work) -> None:
    """Raise ValueError where tensors are missing, or of shapes or types that do not go together."""
    if work.noun not in CELLS:
        raise ValueError(f"there is no cell {work.noun!r}; there are {', '.join(CELLS)}")
    if work.inputs.dim() != 3 or not work.inputs.shape[0]:
        raise ValueError(f"inputs must have shape (T, B, I) with at least one step; got {tuple(work.inputs.shape)}")
    n_states = len(CELLS[work.noun].states)
    if len(work.states) != n_states or len(work.weights) not in (1, 2) or len(work.weights[-1]) != len(ROLES):
        raise ValueError(
            f"{work.noun} takes {n_states} states and {len(ROLES)} weights for each of one or two directions; got "
            f"{len(work.states)} and {sum(map(len, work.weights))}"
        )
    for name, tensor, shape in _expected(work):
        check_tensor(name, tensor, shape, like=work)


def check_tensor(name: str, tensor: torch.Tensor | None, shape: tuple[int, ...], *, like: Work) -> None:
    """Raise ValueError where `tensor`, called `name`, is missing, not of `shape`, or of another type than the work."""
    if tensor is None or tuple(tensor.shape) != shape:
        got = "none" if tensor is None else tuple(tensor.shape)
        raise ValueError(f"{name} of {like.noun} must have shape {shape}; got {got}")
    dtype = torch.int64 if name == "lengths" else like.inputs.dtype
    if tensor.dtype != dtype or tensor.device != like.inputs.device:
        raise ValueError(f"{name} must be {dtype} on {like.inputs.device}; got {tensor.dtype} on {tensor.device}")


def _expected(work: Work) -> Iterator[tuple[str, torch.Tensor | None, tuple[int, ...]]]:
    """Yield name, tensor and shape of all beside the inputs; biases only where they are."""
    _, B, width = work.inputs.shape
    H = work.states[0].shape[-1]
    for state in work.states:
        yield "a state", state, (len(work.weights), B, H)
    if work.lengths is not None:
        yield "lengths", work.lengths, (B,)
    shapes = CELLS[work.noun].shapes(Sizes(width, H))
    for own in work.weights:
        for role, weight in zip(ROLES, own, strict=True):
            if role in shapes and not (weight is None and role.endswith("_bias")):
                yield f"the weight {role!r}", weight, shapes[role]
