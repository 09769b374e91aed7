"""Who computes a layer: torch's operators for the cells they know, a scan where one fits, a loop for all others."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

import torch

from tidegate.errors import SettingError
from tidegate.nn import operators, precision
from tidegate.nn.cells.affine import Scannable
from tidegate.nn.compilation import uncompiled
from tidegate.nn.scan import scanned
from tidegate.nn.unroll import Call, Unrolled, unroll

if TYPE_CHECKING:
    from collections.abc import Iterator

Backend = Literal["auto", "torch", "reference"]
BACKENDS: tuple[Backend, ...] = ("auto", "torch", "reference")


@uncompiled
def run(call: Call, backend: Backend = "auto") -> tuple[Unrolled, ...]:
    """Return what each direction yields.

    Raises
    ------
    SettingError
        When `backend` is "torch" and torch has no operator for this work.
    """
    if backend == "torch" and (obstacle := operators.obstacle(call)):
        raise SettingError(f"backend 'torch' cannot run this layer: {obstacle}. Use backend='auto' or 'reference'")
    if backend == "torch" or (backend == "auto" and operators.obstacle(call) is None):
        return operators.run(call)
    fused = call.lengths is None and "projection" not in call.weights[0]
    dtype = precision.target(call.cell.name, "fused layer" if fused else "layer", call.inputs.device)
    with torch.autocast(call.inputs.device.type, enabled=False) if dtype else nullcontext():
        return tuple(_directions(_cast(call, dtype) if dtype else call, may_scan=backend == "auto"))


def _cast(call: Call, dtype: torch.dtype) -> Call:
    """Return the work in the precision in which torch's operator would do it under autocast."""
    return call._replace(
        weights=tuple(precision.cast_weights(weights, dtype) for weights in call.weights),
        inputs=call.inputs.to(dtype),
        states=tuple(precision.cast(state, dtype) for state in call.states),
    )


def _directions(call: Call, *, may_scan: bool) -> Iterator[Unrolled]:
    """Yield what each direction does, the second one backwards, by a scan where the cell allows one."""
    cell, inputs, lengths, course = call.cell, call.inputs, call.lengths, call.course
    stepwise = course.trace or course.truncate is not None
    for weights, state, reverse in zip(call.weights, call.states, (course.reverse, True), strict=False):
        if may_scan and isinstance(cell, Scannable) and not stepwise:
            yield scanned(cell, weights, inputs, state=state, lengths=lengths, reverse=reverse)
        else:
            way = course._replace(reverse=reverse)
            yield unroll(cell, weights, inputs, state=state, lengths=lengths, course=way)
