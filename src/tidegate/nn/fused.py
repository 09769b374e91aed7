"""Layers through the compiled kernels, with their gradient for autograd.

Axis letters: T time, B batch, I inputs, H hidden units, D directions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.kernels import library, recurrence
from tidegate.kernels.recurrence import ROLES, Made, Wanted, Work
from tidegate.nn import internals, precision
from tidegate.nn.cells.cell import Sizes, spread
from tidegate.nn.differentiation import gradients_of, looked_at
from tidegate.nn.nouns import CELLS, noun
from tidegate.nn.operands import by_direction, flat_weights, tensors, with_tensors
from tidegate.nn.reference import reference
from tidegate.nn.unroll import Call, Course, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.kernels.plan import Plan
    from tidegate.kernels.recurrence import Watched
    from tidegate.nn.cells.cell import Cell
    from tidegate.nn.flows import Listener

    Optional = Sequence[torch.Tensor | None]

_PLAIN = (torch.Tensor, torch.nn.Parameter)


def obstacle(call: Call) -> str | None:
    """Return why the kernels cannot do this work; None when they can."""
    if noun(call.cell) is None or "projection" in call.weights[0]:
        return f"there is no kernel for {call.cell}{' with a projection' if 'projection' in call.weights[0] else ''}"
    if library.library() is None:
        return library.reason()
    if call.course.trace:
        return "kernels do not show gates"
    if call.course.truncate is not None:
        return "kernels do not truncate the gradient"
    return _transformed(call) or _foreign(call)


def _foreign(call: Call) -> str | None:
    """Return which of the tensors the kernels cannot read; None where they can read all."""
    dtype = call.inputs.dtype
    if dtype not in library.DTYPES:
        return f"kernels compute in float32 and float64, not {dtype}"
    for tensor in _tensors(call):
        if not tensor.is_cpu:
            return f"kernels run on the CPU, not on {tensor.device.type}"
        if tensor.dtype != dtype:
            return f"inputs are {dtype}, and some state or weight is {tensor.dtype}"
        if type(tensor) not in _PLAIN:
            return f"kernels read plain tensors, not {type(tensor).__name__}"
        if tensor.layout is not torch.strided:
            return f"kernels read dense tensors, not {tensor.layout}"
    return _misshapen(call)


def _misshapen(call: Call) -> str | None:
    """Return which weight is of another shape than the cell's, as a caller may replace any; None where none is."""
    expected = _shapes(call.cell, call.inputs.shape[-1], call.states[0].shape[-1])
    for weights in call.weights:
        for role, weight in weights.items():
            if weight.shape != expected[role]:
                return f"the weight {role!r} is of shape {tuple(weight.shape)}, not {expected[role]}"
    return None


@lru_cache(maxsize=256)
def _shapes(cell: Cell, n_inputs: int, n_hidden: int) -> dict[str, tuple[int, ...]]:
    return cell.shapes(Sizes(n_inputs, n_hidden))


def _transformed(call: Call) -> str | None:
    """Return what looks on that a kernel cannot be looked at by; None where nothing does."""
    if (transforming := transformed(call.inputs.device)) is not None:
        return transforming
    if internals.is_traced():
        return "the call is being traced (torch.jit)"
    if internals.n_modes():
        return "every operation is being looked at (a dispatch mode)"
    return None


def transformed(device: torch.device) -> str | None:
    """Return what is made of the operations on `device` beside their results; None where nothing is."""
    if precision.autocasts(device):
        return "autocast is on"
    if internals.transforms_functions():
        return "a function is being transformed (torch.func)"
    if internals.differentiates_forwards():
        return "forward-mode differentiation is on"
    return None


def _tensors(call: Call) -> Iterator[torch.Tensor]:
    yield call.inputs
    yield from call.states
    for weights in call.weights:
        yield from weights.values()


def work_of(call: Call) -> Work:
    """Return the layer as the kernels and their operator take it, its biases over all rows."""
    cell = call.cell
    weights = tuple([tuple([own.get(role) for role in ROLES]) for own in [spread(own, cell) for own in call.weights]])
    lengths, reverse = call.lengths, call.course.reverse
    return Work(noun(cell) or "", call.inputs, call.states, weights, lengths, reverse, call.recompute)


def call_of(work: Work) -> Call:
    """Return a layer of which `work_of` makes `work`."""
    weights = tuple(
        {role: weight for role, weight in zip(ROLES, own, strict=True) if weight is not None} for own in work.weights
    )
    course = Course(reverse=work.reverse)
    return Call(CELLS[work.noun], weights, work.inputs, work.states, work.lengths, course, work.recompute)


def run(call: Call) -> Outcome:
    """Return what the layer yields; `obstacle` must be None."""
    work = work_of(call)
    if work.lengths is not None:
        work = work._replace(lengths=work.lengths.to(torch.int64, copy=True))  # backward must see what forward saw
    given = tensors(work)
    if torch.is_grad_enabled() and _learns(given):
        return _trained(work, None, call.listener, given)
    made = recurrence.forward(work, keep=False)
    return Outcome(made.outputs, made.states)


def repeated(call: Call) -> Outcome | None:
    """Return what the layer yields where it did the same before with other numbers; None elsewhere.

    Then nothing has been asked or computed; `obstacle` need not be asked where there is an outcome.
    """
    if call.lengths is not None or call.listener is not None or len(call.weights) > 1 or noun(call.cell) is None:
        return None
    if call.course.trace or call.course.truncate is not None or _transformed(call) is not None:
        return None
    if "projection" in call.weights[0]:
        return None
    work = work_of(call)
    if torch.is_grad_enabled() and _learns(given := tensors(work)):
        plan = recurrence.known(work)
        return None if plan is None else _trained(work, plan, None, given)
    made = recurrence.repeated(work)
    return None if made is None else Outcome(made.outputs, made.states)


def _learns(given: Optional) -> bool:
    return any(tensor is not None and tensor.requires_grad for tensor in given)


def _trained(work: Work, plan: Plan | None, listener: Listener | None, given: Optional) -> Outcome:
    outputs, *states = _Recurrence.apply(work, plan, listener, *given)  # type: ignore[no-untyped-call]
    return Outcome(outputs, tuple(states))


class _Kept(NamedTuple):
    """What backward needs beside the tensors that autograd keeps: no tensor of the graph is among it."""

    work: Work
    made: Made
    listener: Listener | None


class _Recurrence(torch.autograd.Function):
    """A layer with its gradient; the gradient of that gradient is the reference's."""

    @staticmethod
    def forward(ctx: Any, work: Work, plan: Plan | None, listener: Listener | None, *given: torch.Tensor | None) -> Any:
        made = recurrence.by_plan(work, plan) if plan else recurrence.forward(work, keep=True)
        bare = work._replace(inputs=work.inputs.new_empty(0), states=(), weights=())
        ctx.kept = _Kept(bare, made._replace(outputs=bare.inputs, states=(), saved=()), listener)
        ctx.save_for_backward(*given, made.outputs, *made.saved)
        ctx.set_materialize_grads(False)
        return made.outputs, *made.states

    @staticmethod
    def backward(ctx: Any, *flows: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        kept: _Kept = ctx.kept
        wanted = ctx.needs_input_grad[3:]
        margin = kept.listener.recorder.margin if kept.listener is not None and kept.listener.listens() else None
        saved = ctx.saved_tensors  # once: hooks may unpack anew at each look
        given, (outputs, *pieces) = saved[: len(wanted)], saved[len(wanted) :]
        n_states = len(flows) - 1
        work = kept.work._replace(
            inputs=given[0], states=given[1 : 1 + n_states], weights=by_direction(given[1 + n_states :])
        )
        if torch.is_grad_enabled() or looked_at(flows):
            return None, None, None, *through_reference(work, flows, wanted, twice=torch.is_grad_enabled())
        gradients = recurrence.backward(
            work,
            kept.made._replace(outputs=outputs, saved=tuple(pieces)),
            (flows[0], flows[1:]),
            Wanted(wanted[0], wanted[1 : 1 + n_states], by_direction(wanted[1 + n_states :]), margin),
        )
        if kept.listener is not None:
            _tell(kept.listener, work, gradients.watched)
        return None, None, None, gradients.inputs, *gradients.states, *flat_weights(gradients.weights)


def through_reference(work: Work, flows: Optional, wanted: Sequence[bool], *, twice: bool) -> Optional:
    """Return the gradients of the work's `tensors` by plain torch operations, which can be differentiated again.

    Parameters
    ----------
    work
        The layer.
    flows
        The gradients of its outputs and final states; None for zeros.
    wanted
        Which gradients.
    twice
        Whether they shall have gradients of their own.
    """

    def compute(others: Optional) -> tuple[torch.Tensor, ...]:
        made = reference(call_of(with_tensors(work, others)))
        return made.outputs, *made.states

    return gradients_of(tensors(work), compute, flows, wanted, twice=twice)


def _tell(listener: Listener, work: Work, watched: tuple[Watched, ...]) -> None:
    """Tell `listener` what was watched of each direction of `work`."""
    steps, n_sequences, _ = work.inputs.shape
    rows = np.full(steps, n_sequences)
    if work.lengths is not None:
        rows = (work.lengths > torch.arange(steps, device="cpu")[:, None]).sum(-1).numpy()
    entries = rows * work.states[0].shape[-1]
    for d, (squares, near) in enumerate(watched):
        listener.hear(d, norms=squares.sqrt().numpy(), near=near.numpy(), entries=entries)
