"""Who computes a layer: compiled kernels, torch's operators, a scan where one fits, or a loop over the steps."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch

from tidegate.errors import SettingError
from tidegate.kernels.operator import stand_in
from tidegate.kernels.recurrence import Made, Work
from tidegate.nn import fused, operators, precision, traced
from tidegate.nn.cells.affine import Scannable
from tidegate.nn.compilation import followed, uncompiled
from tidegate.nn.flows import Walk
from tidegate.nn.scan import scanned
from tidegate.nn.unroll import Call, Outcome, Unrolled, unroll

if TYPE_CHECKING:
    from collections.abc import Iterator

Backend = Literal["auto", "kernels", "torch", "reference"]
BACKENDS: tuple[Backend, ...] = ("auto", "kernels", "torch", "reference")


class Choice(NamedTuple):
    """Who computes a layer.

    Parameters
    ----------
    name
        "kernels", "torch", "scan" or "reference"; "operator" for the kernels' work as one operator, in what follows
        operators, and "apart" where that is a compiler and it is left to be settled when the layer runs.
    reason
        Why not one that is named before it; empty where there is none before it or another was asked for.
    """

    name: str
    reason: str = ""


def choose(call: Call, backend: Backend = "auto") -> Choice:
    """Return who computes this work when `backend` is asked for.

    Raises
    ------
    SettingError
        When "kernels" or "torch" cannot do this work.
    """
    if followed(call.inputs):
        by_kernels = backend == "kernels"
        if (by_kernels or backend == "auto") and traced.obstacle(call, by_kernels=by_kernels) is None:
            return Choice("operator")
        if torch.compiler.is_compiling():
            return Choice("apart")
    return _settled(call, backend)


def _settled(call: Call, backend: Backend) -> Choice:
    """Return who computes this work with the numbers at hand."""
    if backend == "reference":
        return Choice("reference")
    if backend == "torch":
        return Choice("torch", _unless(operators.obstacle(call), backend))
    no_kernel = fused.obstacle(call)
    if backend == "kernels":
        return Choice("kernels", _unless(no_kernel, backend))
    if no_kernel is None:
        return Choice("kernels")
    no_operator = operators.obstacle(call)
    if no_operator is None:
        return Choice("torch", no_kernel)
    stepwise = call.course.trace or call.course.truncate is not None or call.listener is not None
    name = "scan" if isinstance(call.cell, Scannable) and not stepwise else "reference"
    return Choice(name, f"{no_kernel}; {no_operator}")


def _unless(obstacle: str | None, backend: Backend) -> str:
    if obstacle is None:
        return ""
    others = "backend='auto' or 'reference'"
    raise SettingError(f"backend {backend!r} cannot run this layer: {obstacle}. Use {others}")


def repeated(call: Call, backend: Backend = "auto") -> Outcome | None:
    """Return what the layer yields where kernels did the same inference before with other numbers; None elsewhere.

    It is what `run` returns, sooner.
    """
    if backend not in ("auto", "kernels") or followed(call.inputs):
        return None
    return fused.repeated(call)


def run(call: Call, backend: Backend = "auto", choice: Choice | None = None) -> Outcome:
    """Return what the layer yields.

    Parameters
    ----------
    call
        The work.
    backend
        What is asked for.
    choice
        What `choose` returned for both; None to ask it.

    Raises
    ------
    SettingError
        When `backend` is "kernels" or "torch" and cannot do this work.
    """
    chosen = choice or choose(call, backend)
    return traced.run(call) if chosen.name == "operator" else _apart(call, backend, chosen)


@uncompiled
def _apart(call: Call, backend: Backend, choice: Choice) -> Outcome:
    """Return what the layer yields, from functions that a compiler does not look into."""
    chosen = (_settled(call, backend) if choice.name == "apart" else choice).name
    if call.listener is not None:
        call = call._replace(listener=call.listener.begun())
    if chosen == "kernels":
        return fused.run(call, reference)
    if chosen == "torch":
        return operators.run(call)
    return _walked(call, may_scan=chosen == "scan")


@stand_in
def _instead(work: Work, *, twice: bool) -> Made:
    """Return what the operator of the kernels yields where they cannot run; `twice` for gradients of gradients."""
    call = traced.described(work)
    made = reference(call) if twice or operators.obstacle(call) else operators.run(call)
    return Made(made.outputs, made.states, ())


def reference(call: Call) -> Outcome:
    """Return what the layer yields from plain torch operations, which can be differentiated any number of times."""
    return _walked(call._replace(listener=None), may_scan=isinstance(call.cell, Scannable))


def _walked(call: Call, *, may_scan: bool) -> Outcome:
    """Return what the layer yields by a scan or a loop, in the precision that autocast asks for."""
    whole = call.lengths is None and "projection" not in call.weights[0]
    dtype = precision.target(call.cell.name, "fused layer" if whole else "layer", call.inputs.device)
    with torch.autocast(call.inputs.device.type, enabled=False) if dtype else nullcontext():
        parts = tuple(_directions(_cast(call, dtype) if dtype else call, may_scan=may_scan))
    if len(parts) == 1:
        states = tuple(state.unsqueeze(0) for state in parts[0].state)
        return Outcome(parts[0].outputs, states, (parts[0].trace,) if call.course.trace else ())
    states = tuple(torch.stack(pair) for pair in zip(*(part.state for part in parts), strict=True))
    traces = tuple(part.trace for part in parts) if call.course.trace else ()
    return Outcome(torch.cat([part.outputs for part in parts], -1), states, traces)


def _cast(call: Call, dtype: torch.dtype) -> Call:
    """Return the work in the precision in which torch's operator would do it under autocast."""
    return call._replace(
        weights=tuple(precision.cast_weights(weights, dtype) for weights in call.weights),
        inputs=call.inputs.to(dtype),
        states=precision.cast(call.states, dtype),
    )


def _directions(call: Call, *, may_scan: bool) -> Iterator[Unrolled]:
    """Yield what each direction does, the second one backwards, by a scan where the cell allows one."""
    cell, inputs, lengths, course = call.cell, call.inputs, call.lengths, call.course
    for d, (weights, reverse) in enumerate(zip(call.weights, (course.reverse, True), strict=False)):
        state = tuple(state[d] for state in call.states)
        if may_scan and isinstance(cell, Scannable):
            yield scanned(cell, weights, inputs, state=state, lengths=lengths, reverse=reverse)
        else:
            way = course._replace(reverse=reverse)
            walk = None if call.listener is None else Walk(call.listener, d, steps=len(inputs))
            yield unroll(cell, weights, inputs, state=state, lengths=lengths, course=way, walk=walk)
