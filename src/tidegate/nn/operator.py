"""The recurrence as operators of torch, for what follows operators: compilers, exporters, modes that look on.

``torch.ops.tidegate.recurrence`` yields the outputs and the final states; with a gradient it goes through
``recurrence_kept``, which also yields what the backward pass reads, and back through ``recurrence_backward``. Where the
kernels cannot run (another device or type, none compiled), torch's own operators or the reference do the work.

Axis letters: T time, B batch, H hidden units, D directions.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch.utils.flop_counter import register_flop_formula

from tidegate.kernels import library, recurrence
from tidegate.kernels.recurrence import Made, Wanted, Work
from tidegate.nn import internals, operators
from tidegate.nn.differentiation import gradients_of
from tidegate.nn.fused import call_of, through_reference
from tidegate.nn.nouns import CELLS
from tidegate.nn.operands import (
    SCHEMA,
    by_direction,
    check_lengths,
    check_tensor,
    described,
    flat,
    flat_weights,
    tensors,
    with_tensors,
)
from tidegate.nn.reference import reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.nn.unroll import Outcome

    Optional = Sequence[torch.Tensor | None]

_WIDEST = 64
"""Bytes of the widest vector of all levels."""
_BESIDE_GATES = 2
"""Numbers that a cell's kernel saves of a unit and step beside its gates, at most."""
_BACKWARD = "Tensor outputs, Tensor[] saved, Tensor?[] flows, bool[] wanted"


def yielded(work: Work) -> list[torch.Tensor]:
    """Return the outputs and the final states of `work`, through the operator."""
    return cast("list[torch.Tensor]", torch.ops.tidegate.recurrence(*flat(work)))


def _alike(work: Work) -> bool:
    """Return whether the kernels know the device and the type: the same on every machine."""
    return work.inputs.device.type in ("cpu", "meta") and work.inputs.dtype in library.DTYPES


def _by_kernels(work: Work) -> bool:
    return _alike(work) and library.library() is not None


def _room(work: Work) -> int:
    """Return the entries of each piece of what is saved: enough for kernels of any level, and who wrote it at the end.

    What is compiled on one machine, or with one level, may be found in a cache and run with another.
    """
    if not _alike(work):
        return 0
    T, B, _ = work.inputs.shape
    per_vector = _WIDEST // work.inputs.dtype.itemsize
    padded = -(-work.states[0].shape[-1] // per_vector) * per_vector
    return T * B * padded * (len(CELLS[work.noun].gates) + _BESIDE_GATES) + 1


def _computed(work: Work, *, keep: bool) -> list[torch.Tensor]:
    """Return outputs, final states and what is saved."""
    check_lengths(work)
    room = _room(work) if keep else 0
    if _by_kernels(work):
        made = recurrence.forward(work, keep=keep, room=room)
        for piece in made.saved:
            piece[-1:] = made.library.vector_bytes if made.library else 0
        return [made.outputs, *made.states, *made.saved]
    outcome = _instead(work)
    states = [state.clone(memory_format=torch.contiguous_format) for state in outcome.states]  # may be views of steps
    saved = [work.inputs.new_zeros(room) for _ in work.weights] if keep else []
    return [outcome.outputs.contiguous(), *states, *saved]


def _promised(work: Work, *, keep: bool) -> list[torch.Tensor]:
    """Return tensors like those that `_computed` returns, their entries not set."""
    T, B, _ = work.inputs.shape
    outputs = work.inputs.new_empty(T, B, len(work.weights) * work.states[0].shape[-1])
    states = [state.new_empty(state.shape) for state in work.states]
    return [outputs, *states, *([work.inputs.new_empty(_room(work)) for _ in work.weights] if keep else [])]


def _found(work: Work, made: Made, flows: Optional, wanted: Sequence[bool]) -> Optional:
    """Return the gradients of the work's `tensors`."""
    width = int(made.saved[0][-1]) if _alike(work) else 0
    if width == 0:
        # Where an operator computes, torch records nothing for gradients unless it is told to.
        with internals.excluding(internals.AUTOGRAD, False):  # noqa: FBT003 - torch's own order
            found = _through_stand_in(work, flows, wanted)
        # torch returns one gradient for two biases, or what it was given; an operator's results are their own.
        return [None if gradient is None else gradient.clone() for gradient in found]
    n_states = len(work.states)
    asked = Wanted(wanted[0], tuple(wanted[1 : 1 + n_states]), by_direction(wanted[1 + n_states :]))
    made = made._replace(library=library.loaded(width))
    gradients = recurrence.backward(work, made, (flows[0], flows[1:]), asked)
    return [gradients.inputs, *gradients.states, *flat_weights(gradients.weights)]


def _instead(work: Work) -> Outcome:
    """Return what the layer yields where the kernels cannot run."""
    call = call_of(work)
    return reference(call) if operators.obstacle(call) else operators.run(call)


def _through_stand_in(work: Work, flows: Optional, wanted: Sequence[bool]) -> Optional:
    """Return the gradients of the work's `tensors` by torch's own record of what stands in for the kernels."""

    def compute(others: Optional) -> Sequence[torch.Tensor]:
        made = _instead(with_tensors(work, others))
        return made.outputs, *made.states

    return gradients_of(tensors(work), compute, flows, wanted, twice=False)


def _differentiable(keys: Any, *operands: Any) -> list[torch.Tensor]:
    """Keep what a backward pass reads where there may be one."""
    noun, inputs, states, weights, lengths, *flags = operands
    each = (inputs, *states, *weights)
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in each):
        frame = _Frame(noun, len(states), tuple(flags))
        return list(_Recurrence.apply(frame, lengths, *each))  # type: ignore[no-untyped-call]
    plain = torch.ops.tidegate.recurrence.default
    with internals.below_autograd():
        return cast("list[torch.Tensor]", plain.redispatch(keys & internals.AFTER_AUTOGRAD, *operands))


class _Frame(NamedTuple):
    """What a layer is beside its tensors."""

    noun: str
    n_states: int
    flags: tuple[bool, ...]

    def operands(self, lengths: torch.Tensor | None, each: Sequence[Any]) -> tuple[Any, ...]:
        """Return the operands of ``recurrence`` for the tensors `each`."""
        states, weights = list(each[1 : 1 + self.n_states]), list(each[1 + self.n_states :])
        return self.noun, each[0], states, weights, lengths, *self.flags


class _Recurrence(torch.autograd.Function):
    """The operators put together; torch's own way of doing so knows no lists some of whose tensors are missing."""

    @staticmethod
    def forward(ctx: Any, frame: _Frame, lengths: torch.Tensor | None, *each: torch.Tensor | None) -> Any:
        with internals.below_autograd():
            made = torch.ops.tidegate.recurrence_kept(*frame.operands(lengths, each))
        ctx.frame, ctx.n_operands = frame, len(each)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(lengths, *each, made[0], *made[1 + frame.n_states :])
        return tuple(made[: 1 + frame.n_states])

    @staticmethod
    def backward(ctx: Any, *flows: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        lengths, *rest = ctx.saved_tensors
        each, (outputs, *saved) = rest[: ctx.n_operands], rest[ctx.n_operands :]
        operands, wanted = ctx.frame.operands(lengths, each), ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():  # and these gradients shall have some of their own
            return None, None, *through_reference(described(operands), flows, wanted, twice=True)
        made = iter(torch.ops.tidegate.recurrence_backward(*operands, outputs, saved, flows, wanted))
        return None, None, *(next(made) if want else None for want in wanted)


def _backward(*operands: Any) -> list[torch.Tensor]:
    *given, outputs, saved, flows, wanted = operands
    work = described(given)
    n_states, room = len(work.states), _room(work)
    if len(flows) != 1 + n_states or len(saved) != len(work.weights) or len(wanted) != len(tensors(work)):
        raise ValueError(
            f"the gradient of {work.noun} takes {1 + n_states} flows, {len(work.weights)} saved pieces and "
            f"{len(tensors(work))} wishes; got {len(flows)}, {len(saved)} and {len(wanted)}"
        )
    check_lengths(work)
    T, B, _ = work.inputs.shape
    shape = T, B, len(work.weights) * work.states[0].shape[-1]
    check_tensor("the outputs", outputs, shape, like=work)
    for piece in saved:
        check_tensor("what is saved", piece, (room,), like=work)
    for flow, expected in zip(flows, (shape, *(tuple(state.shape) for state in work.states)), strict=True):
        if flow is not None:
            check_tensor("a flow", flow, expected, like=work)
    found = _found(work, Made(outputs, (), tuple(saved)), flows, wanted)
    triples = zip(found, tensors(work), wanted, strict=True)
    return [_whole(gradient, like) for gradient, like, want in triples if want and like is not None]


def _whole(gradient: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
    if gradient is None:
        return torch.zeros_like(like, memory_format=torch.contiguous_format)
    return gradient.contiguous()


def _backward_promised(*operands: Any) -> list[torch.Tensor]:
    *given, _, _, _, wanted = operands
    pairs = zip(tensors(described(given)), wanted, strict=True)
    return [like.new_empty(like.shape) for like, want in pairs if want and like is not None]


def _count(*shapes: Any, out_shape: Any) -> int:  # noqa: ARG001 - torch names it
    """Return multiplications and additions of the forward pass in products with weights, from the operands' shapes."""
    steps, n_sequences, _ = shapes[1]
    matrices = chain(*(own[:2] for own in by_direction(shapes[3])))
    per_step = sum(math.prod(matrix) for matrix in matrices if matrix is not None)
    return 2 * int(steps * n_sequences * per_step)


def _count_back(*shapes: Any, out_shape: Any) -> int:
    return 2 * _count(*shapes, out_shape=out_shape)


def _forward(*operands: Any) -> list[torch.Tensor]:
    return _computed(described(operands), keep=False)


def _forward_promised(*operands: Any) -> list[torch.Tensor]:
    return _promised(described(operands), keep=False)


def _kept(*operands: Any) -> list[torch.Tensor]:
    return _computed(described(operands), keep=True)


def _kept_promised(*operands: Any) -> list[torch.Tensor]:
    return _promised(described(operands), keep=True)


_namespace = torch.library.Library("tidegate", "FRAGMENT")  # type: ignore[no-untyped-call]
for _name, _schema, _compute, _promise in (
    ("recurrence", SCHEMA, _forward, _forward_promised),
    ("recurrence_kept", SCHEMA, _kept, _kept_promised),
    ("recurrence_backward", f"{SCHEMA}, {_BACKWARD}", _backward, _backward_promised),
):
    _tags = (torch.Tag.pt2_compliant_tag,)
    _namespace.define(f"{_name}({_schema}) -> Tensor[]", tags=_tags)  # type: ignore[no-untyped-call]
    _namespace.impl(_name, _compute, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
    torch.library.register_fake(f"tidegate::{_name}", _promise, lib=_namespace)
_namespace.impl("recurrence", _differentiable, "Autograd", with_keyset=True)  # type: ignore[no-untyped-call]
register_flop_formula([torch.ops.tidegate.recurrence, torch.ops.tidegate.recurrence_kept])(_count)
register_flop_formula(torch.ops.tidegate.recurrence_backward)(_count_back)
