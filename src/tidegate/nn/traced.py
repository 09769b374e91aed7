"""Layers as one operator each, for what follows operators: compilers, exporters, modes that look on.

Axis letters: T time, B batch, H hidden units.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from tidegate.kernels import operator
from tidegate.kernels.recurrence import ROLES, Work
from tidegate.nn import fused
from tidegate.nn.cells.cell import spread
from tidegate.nn.cells.elman import NONLINEARITIES, Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.compilation import has_numbers
from tidegate.nn.unroll import Call, Course, Outcome

if TYPE_CHECKING:
    from tidegate.nn.cells.cell import Cell


_noun = fused.noun.__wrapped__
"""Without its cache, which compilers do not take."""


def obstacle(call: Call, *, by_kernels: bool = False) -> str | None:
    """Return why a layer cannot, or had better not, be one operator; None when it can.

    Parameters
    ----------
    call
        The work.
    by_kernels
        Whether the operator must find kernels for the device and the type.
    """
    if _noun(call.cell) is None or "projection" in call.weights[0]:
        return f"there is no operator for {call.cell}"
    at_hand = call.inputs.is_cpu or call.inputs.is_meta
    if not at_hand and (by_kernels or has_numbers(call.inputs)):
        return "what the operator does on other devices is done there by torch's own as well"
    if by_kernels and call.inputs.dtype not in (torch.float32, torch.float64):
        return f"kernels compute in float32 and float64, not {call.inputs.dtype}"
    if call.course.trace or call.course.truncate is not None or call.listener is not None:
        return "an operator shows and cuts nothing within itself"
    return fused.transformed(call.inputs.device)


def run(call: Call) -> Outcome:
    """Return what the layer yields, through its operator; `obstacle` must be None."""
    spread_out = [spread(weights, call.cell) for weights in call.weights]
    weights = tuple(tuple(own.get(role) for role in ROLES) for own in spread_out)
    lengths = None if call.lengths is None else call.lengths.to(torch.int64)
    name = _noun(call.cell) or ""
    made = operator.run(Work(name, call.inputs, call.states, weights, lengths, call.course.reverse, call.recompute))
    return Outcome(made.outputs, made.states)


def described(work: Work) -> Call:
    """Return the layer of which `run` made `work`."""
    weights = tuple(
        {role: weight for role, weight in zip(ROLES, own, strict=True) if weight is not None} for own in work.weights
    )
    course = Course(reverse=work.reverse)
    return Call(_cells()[work.noun], weights, work.inputs, work.states, work.lengths, course, work.recompute)


@cache
def _cells() -> dict[str, Cell]:
    """Return the cells that the kernels know, with all biases, by what they call them."""
    flags = (False, True)
    cells: list[Cell] = [
        *(Elman(nonlinearity) for nonlinearity in NONLINEARITIES),  # type: ignore[arg-type]
        *(Gru(reset) for reset in ("after", "before", "absent")),
        *(Lstm(peepholes, coupled) for peepholes in ("none", "full") for coupled in flags),
        *(MinGru(candidate) for candidate in ("linear", "positive")),
        *(MinLstm(candidate, normalised) for candidate in ("linear", "positive") for normalised in flags),
    ]
    return {_noun(cell) or "": cell for cell in cells}
