"""Layers as one operator each, for what follows operators: compilers, exporters, modes that look on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.kernels import library
from tidegate.nn import operator
from tidegate.nn.compilation import has_numbers
from tidegate.nn.fused import transformed, work_of
from tidegate.nn.nouns import noun
from tidegate.nn.unroll import Outcome

if TYPE_CHECKING:
    from tidegate.nn.unroll import Call


def obstacle(call: Call, *, by_kernels: bool = False) -> str | None:
    """Return why a layer cannot, or had better not, be one operator; None when it can.

    Parameters
    ----------
    call
        The work.
    by_kernels
        Whether the operator must find kernels for the device and the type.
    """
    if noun(call.cell) is None or "projection" in call.weights[0]:
        return f"there is no operator for {call.cell}"
    at_hand = call.inputs.is_cpu or call.inputs.is_meta
    if not at_hand and (by_kernels or has_numbers(call.inputs)):
        return "what the operator does on other devices is done there by torch's own as well"
    if by_kernels and call.inputs.dtype not in library.DTYPES:
        return f"kernels compute in float32 and float64, not {call.inputs.dtype}"
    if call.course.trace or call.course.truncate is not None or call.listener is not None:
        return "an operator shows and cuts nothing within itself"
    return transformed(call.inputs.device)


def run(call: Call) -> Outcome:
    """Return what the layer yields, through its operator; `obstacle` must be None.

    Raises
    ------
    ValueError
        Where shapes or types do not go together or, once it is computed, a length lies outside 0 to T.
    """
    work = work_of(call)
    if work.lengths is not None:
        work = work._replace(lengths=work.lengths.to(torch.int64))
    outputs, *states = operator.yielded(work)
    return Outcome(outputs, tuple(states))
