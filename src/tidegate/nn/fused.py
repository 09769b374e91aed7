"""Layers through the compiled kernels: which cells they know, and their gradient for autograd.

Axis letters: T time, B batch, I inputs, H hidden units, D directions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.autograd import forward_ad

from tidegate.kernels import library, recurrence
from tidegate.kernels.differentiation import gradients_of
from tidegate.kernels.recurrence import ROLES, Made, Wanted, Work
from tidegate.nn import precision
from tidegate.nn.cells.cell import Sizes, spread
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.unroll import Call, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.kernels.recurrence import Watched
    from tidegate.nn.cells.cell import Cell
    from tidegate.nn.flows import Listener

Reference = "Callable[[Call], Outcome]"
_DTYPES = (torch.float32, torch.float64)


@cache
def noun(cell: Cell) -> str | None:
    """Return what the kernels call `cell`; None where they do not know it.

    >>> noun(Gru("before"))
    'gru_before'
    """
    if getattr(cell, "clip", None) is not None:
        return None
    if isinstance(cell, Elman | Gru):
        return f"{cell.name}_{cell.nonlinearity if isinstance(cell, Elman) else cell.reset}"
    if isinstance(cell, MinGru | MinLstm):
        positive = "_positive" if cell.candidate == "positive" else ""
        return f"{cell.name}{positive}{'_normalised' if isinstance(cell, MinLstm) and cell.normalised else ''}"
    known = {Lstm(peepholes=peepholes, coupled=coupled) for peepholes in ("none", "full") for coupled in (False, True)}
    if isinstance(cell, Lstm) and replace(cell, gate_bias=True) in known:
        return f"lstm{'_peephole' if cell.peepholes == 'full' else ''}{'_coupled' if cell.coupled else ''}"
    return None


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
    if dtype not in _DTYPES:
        return f"kernels compute in float32 and float64, not {dtype}"
    for tensor in _tensors(call):
        if not tensor.is_cpu:
            return f"kernels run on the CPU, not on {tensor.device.type}"
        if tensor.dtype != dtype:
            return f"inputs are {dtype}, and some state or weight is {tensor.dtype}"
        if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
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
    if torch._C._get_tracing_state() is not None:
        return "the call is being traced (torch.jit)"
    if torch._C._len_torch_dispatch_stack():
        return "every operation is being looked at (a dispatch mode)"
    return None


def transformed(device: torch.device) -> str | None:
    """Return what is made of the operations on `device` beside their results; None where nothing is."""
    if precision.autocasts(device):
        return "autocast is on"
    if torch._C._are_functorch_transforms_active():
        return "a function is being transformed (torch.func)"
    if forward_ad._current_level >= 0:
        return "forward-mode differentiation is on"
    return None


def _tensors(call: Call) -> Iterator[torch.Tensor]:
    yield call.inputs
    yield from call.states
    for weights in call.weights:
        yield from weights.values()


class _Frame(NamedTuple):
    """What a layer is beside its tensors: the call with none of them, and how its weights stand in the flat order."""

    call: Call
    weights: tuple[tuple[str, ...], ...]
    reference: Any


def run(call: Call, reference: Callable[[Call], Outcome]) -> Outcome:
    """Return what the layer yields; `obstacle` must be None.

    Parameters
    ----------
    call
        The work.
    reference
        What computes the same from plain torch operations: the gradient of the gradient goes through it.
    """
    call = call._replace(weights=tuple(spread(weights, call.cell) for weights in call.weights))
    if call.lengths is not None:
        call = call._replace(lengths=call.lengths.to(torch.int64, copy=True))  # backward must see what forward saw
    tensors = list(_tensors(call))
    if not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        made = recurrence.forward(_work(call), keep=False)
        return Outcome(made.outputs, made.states)
    roles = tuple(tuple(weights) for weights in call.weights)
    outputs, *states = _Recurrence.apply(_Frame(call, roles, reference), *tensors)  # type: ignore[no-untyped-call]
    return Outcome(outputs, tuple(states))


def repeated(call: Call) -> Outcome | None:
    """Return what the layer yields where it did the same inference before with other numbers; None elsewhere.

    Then nothing has been asked or computed; `obstacle` need not be asked where there is an outcome.
    """
    if torch.is_grad_enabled() or call.lengths is not None or call.listener is not None or noun(call.cell) is None:
        return None
    if call.course.trace or call.course.truncate is not None or _transformed(call) is not None:
        return None
    made = None if "projection" in call.weights[0] else recurrence.repeated(_work(call))
    return None if made is None else Outcome(made.outputs, made.states)


def _work(call: Call) -> Work:
    """Return the work as the kernels take it."""
    weights = tuple(tuple(weights.get(role) for role in ROLES) for weights in call.weights)
    return Work(
        noun(call.cell) or "", call.inputs, call.states, weights, call.lengths, call.course.reverse, call.recompute
    )


def _filled(frame: _Frame, tensors: tuple[torch.Tensor, ...]) -> Call:
    """Return the call with `tensors`, which are in the order of `_tensors`."""
    n_states = len(frame.call.cell.states)
    inputs, states, flat = tensors[0], tensors[1 : 1 + n_states], iter(tensors[1 + n_states :])
    weights = tuple({role: next(flat) for role in roles} for roles in frame.weights)
    return frame.call._replace(inputs=inputs, states=states, weights=weights)


class _Recurrence(torch.autograd.Function):
    """A layer with its gradient; the gradient of that gradient is the reference's."""

    @staticmethod
    def forward(ctx: Any, frame: _Frame, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        made = recurrence.forward(_work(_filled(frame, tensors)), keep=True)
        empty = frame.call._replace(inputs=tensors[0].new_empty(0), states=(), weights=())
        ctx.frame, ctx.n_saved = frame._replace(call=empty), len(made.saved)
        ctx.save_for_backward(*tensors, made.outputs, *made.saved)
        ctx.set_materialize_grads(False)
        return made.outputs, *made.states

    @staticmethod
    def backward(ctx: Any, *flows: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        frame: _Frame = ctx.frame
        wanted = ctx.needs_input_grad[1:]
        listener = frame.call.listener
        margin = listener.recorder.margin if listener is not None and listener.listens() else None
        kept = ctx.saved_tensors  # once: hooks may unpack anew at each look
        n_kept = len(kept) - ctx.n_saved
        *tensors, outputs = kept[:n_kept]
        if torch.is_grad_enabled() or _looked_at(flows):
            return None, *_through_reference(frame, tuple(tensors), flows, wanted)
        call = _filled(frame, tuple(tensors))
        n_states = len(call.states)
        kinds = iter(wanted[1 + n_states :])
        wants = tuple({role: next(kinds) for role in roles} for roles in frame.weights)
        gradients = recurrence.backward(
            _work(call),
            Made(outputs, (), kept[n_kept:]),
            (flows[0], flows[1:]),
            Wanted(
                wanted[0],
                wanted[1 : 1 + n_states],
                tuple(tuple(want.get(role, False) for role in ROLES) for want in wants),
                margin,
            ),
        )
        if listener is not None:
            _tell(listener, call, gradients.watched)
        named = (dict(zip(ROLES, weights, strict=True)) for weights in gradients.weights)
        flat = [of[role] for of, roles in zip(named, frame.weights, strict=True) for role in roles]
        return None, gradients.inputs, *gradients.states, *flat


def _tell(listener: Listener, call: Call, watched: tuple[Watched, ...]) -> None:
    """Tell `listener` what was watched of each direction of `call`."""
    steps, n_sequences, _ = call.inputs.shape
    rows = np.full(steps, n_sequences)
    if call.lengths is not None:
        rows = (call.lengths > torch.arange(steps, device="cpu")[:, None]).sum(-1).numpy()
    entries = rows * call.states[0].shape[-1]
    for d, (squares, near) in enumerate(watched):
        listener.hear(d, norms=squares.sqrt().numpy(), near=near.numpy(), entries=entries)


def _through_reference(
    frame: _Frame, tensors: tuple[torch.Tensor, ...], flows: tuple[torch.Tensor | None, ...], wanted: tuple[bool, ...]
) -> list[torch.Tensor | None]:
    """Return gradients by plain torch operations, which can be differentiated again and mapped."""

    def compute(views: Any) -> tuple[torch.Tensor, ...]:
        made = frame.reference(_filled(frame, tuple(views)))
        return made.outputs, *made.states

    return gradients_of(tensors, compute, flows, wanted, twice=torch.is_grad_enabled())


def _looked_at(flows: tuple[torch.Tensor | None, ...]) -> bool:
    """Return whether the gradients are mapped, differentiated forwards or no plain tensors."""
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return True
    given = [flow for flow in flows if flow is not None]
    return any(type(flow) is not torch.Tensor or torch._C._functorch.is_legacy_batchedtensor(flow) for flow in given)
