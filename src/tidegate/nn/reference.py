"""A layer by plain torch operations, a scan where the cell allows one, or the loop over the published equations.

They are what all other ways are judged by, and what computes where these cannot.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch

from tidegate.nn import precision
from tidegate.nn.cells.affine import Scannable
from tidegate.nn.flows import Walk
from tidegate.nn.scan import scanned
from tidegate.nn.unroll import Call, Outcome, Unrolled, unroll

if TYPE_CHECKING:
    from collections.abc import Iterator


def reference(call: Call) -> Outcome:
    """Return what the layer yields from plain torch operations, which can be differentiated any number of times."""
    return walked(call._replace(listener=None), may_scan=isinstance(call.cell, Scannable))


def walked(call: Call, *, may_scan: bool) -> Outcome:
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
