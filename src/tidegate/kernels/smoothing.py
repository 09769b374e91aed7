"""Exponential smoothing of many series on the CPU's kernels: forward and backward, on tensors.

Axis letters: T time, B batch (series), m steps of a season. The equations are those of `tidegate.nn.smoothing.smooth`.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.kernels.library import DTYPES, library
from tidegate.kernels.structure import MOST_SEASONS, Smoothing
from tidegate.kernels.threads import n_threads

if TYPE_CHECKING:
    from collections.abc import Sequence


class Work(NamedTuple):
    """What is smoothed, and by what.

    Parameters
    ----------
    values
        Shape (T, B), T at least 1; NaN where missing.
    alpha
        Smoothing of the level, shape (B,).
    start
        The level before the first step, shape (B,); None for the first value that is there, divided by its factors.
    lengths
        Steps of each series, whole numbers of shape (B,); what lies beyond is missing. None for T everywhere.
    seasons
        Of each season in turn, two at most, its first factors, shape (m, B), and its smoothing, shape (B,).
    """

    values: torch.Tensor
    alpha: torch.Tensor
    start: torch.Tensor | None = None
    lengths: torch.Tensor | None = None
    seasons: tuple[torch.Tensor, ...] = ()


class Wanted(NamedTuple):
    """Which gradients to compute; those of first factors cost nothing and always come.

    Parameters
    ----------
    values, alpha, start
        Those of `Work`.
    gammas
        The smoothing of each season.
    """

    values: bool = True
    alpha: bool = True
    start: bool = True
    gammas: tuple[bool, ...] = (True, True)


def check(work: Work) -> None:
    """Refuse tensors that do not go together.

    Raises
    ------
    ValueError
        Where a shape, dtype or device differs from what `Work` says, or is not that of the values.
    """
    values = work.values
    if values.dim() != 2 or not values.shape[0] or not values.is_floating_point():
        raise ValueError(
            "values must be floating-point numbers of shape (T, B) with at least one step; "
            f"got {_told(values)}. One series is values[:, None]"
        )
    n_series = values.shape[1]
    if len(work.seasons) % 2 or len(work.seasons) > 2 * MOST_SEASONS:
        raise ValueError(
            f"a season is its first factors and its gamma, and there are {MOST_SEASONS} at most; "
            f"got {len(work.seasons)} tensors"
        )
    _check_like(values, "alpha", work.alpha)
    if work.start is not None:
        _check_like(values, "start", work.start)
    for first, gamma in zip(work.seasons[::2], work.seasons[1::2], strict=True):
        _check_like(values, "gamma", gamma)
        _check_like(values, "first", first, lead="m, ")
    lengths = work.lengths
    if lengths is not None and (
        lengths.shape != (n_series,)
        or lengths.is_floating_point()
        or lengths.is_complex()
        or lengths.dtype == torch.bool
        or lengths.device != values.device
    ):
        raise ValueError(
            f"lengths must be whole numbers of shape ({n_series},) on {values.device}; "
            f"got {_told(lengths)} on {lengths.device}"
        )


def _check_like(values: torch.Tensor, name: str, given: torch.Tensor, *, lead: str = "") -> None:
    n_series = values.shape[1]
    whole_season = given.dim() == 2 and given.shape[0] > 0
    fits = given.shape[-1:] == (n_series,) and (whole_season if lead else given.dim() == 1)
    if not fits or given.dtype != values.dtype or given.device != values.device:
        raise ValueError(
            f"{name} must have shape ({lead}{n_series}{'' if lead else ','}) and the dtype and device of the values, "
            f"{_dtype(values)} on {values.device}; got {_told(given)} on {given.device}"
        )


def _told(tensor: torch.Tensor) -> str:
    return f"{_dtype(tensor)} of shape {tuple(tensor.shape)}"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def obstacle(work: Work) -> str | None:
    """Return why the kernels cannot do this work; None when they can."""
    if work.values.device.type != "cpu":
        return f"the kernels run on the CPU, not on {work.values.device.type}"
    if work.values.dtype not in DTYPES:
        return f"the kernels compute in float32 and float64, not in {_dtype(work.values)}"
    if work.values.shape[0] > torch.iinfo(torch.int32).max:
        return f"the kernels count steps up to {torch.iinfo(torch.int32).max}"
    return None if library() else "there are no kernels"


def forward(work: Work) -> tuple[torch.Tensor, ...]:
    """Return the levels, shape (T, B), and the factors of each season, shape (T + m, B).

    `obstacle` must be None.

    Raises
    ------
    ValueError
        As `check` does.
    """
    check(work)
    work = _laid_out(work)
    steps, n_series = work.values.shape
    outputs = [work.values.new_empty(steps, n_series)]
    outputs += [work.values.new_empty(steps + len(first), n_series) for first in work.seasons[::2]]
    _run("forward", work, _call(work, outputs))
    return tuple(outputs)


def backward(
    work: Work,
    outputs: Sequence[torch.Tensor],
    gradients: Sequence[torch.Tensor | None],
    *,
    wanted: Wanted | None = None,
) -> tuple[torch.Tensor | None, ...]:
    """Return the gradients of values, alpha, start and then of the seasons in the order of ``work.seasons``.

    What is not wanted is None; so is that of a start that was not given.

    Parameters
    ----------
    work
        As in `forward`.
    outputs
        What `forward` returned.
    gradients
        Those of the outputs, of the same shapes; None for zeros.
    wanted
        Which gradients to compute; None for all.

    Raises
    ------
    ValueError
        As `check` does, and where outputs or gradients do not have the shapes that `forward` returns.
    """
    check(work)
    work, wanted = _laid_out(work), wanted or Wanted()
    _check_outputs(work, outputs)
    _check_outputs(work, gradients)
    outputs = [_packed(output) for output in outputs]
    flows = [None if flow is None else _rows(flow) for flow in gradients]
    results = [
        _room(work.values, wanted=wanted.values),
        _room(work.alpha, wanted=wanted.alpha),
        None if work.start is None else _room(work.start, wanted=wanted.start),
    ]
    for k, (first, gamma) in enumerate(zip(work.seasons[::2], work.seasons[1::2], strict=True)):
        results += _room(first), _room(gamma, wanted=wanted.gammas[k])
    call = _call(work, outputs)
    call.dlevels, call.dlevels_time = _address(flows[0]), _stride(flows[0])
    call.dvalues, call.dalpha, call.dstart = map(_address, results[:3])
    for k, flow in enumerate(flows[1:]):
        season = call.season[k]
        season.dfactors, season.dfactors_time = _address(flow), _stride(flow)
        season.dfirst, season.dgamma = map(_address, results[3 + 2 * k : 5 + 2 * k])
    _run("backward", work, call)
    return tuple(results)


def _check_outputs(work: Work, given: Sequence[torch.Tensor | None]) -> None:
    steps, n_series = work.values.shape
    expected = [(steps, n_series), *((steps + len(first), n_series) for first in work.seasons[::2])]
    shapes = [None if tensor is None else tuple(tensor.shape) for tensor in given]
    alike = len(shapes) == len(expected) and all(a in (None, b) for a, b in zip(shapes, expected, strict=True))
    if not alike or any(tensor is not None and tensor.dtype != work.values.dtype for tensor in given):
        raise ValueError(
            f"outputs and their gradients must be {_dtype(work.values)} and have the shapes {expected}; "
            f"got {[None if tensor is None else _told(tensor) for tensor in given]}"
        )


def _laid_out(work: Work) -> Work:
    """Return the same work with memory as the C side reads it; these tensors must live until it is done."""
    return Work(
        _rows(work.values),
        _packed(work.alpha),
        None if work.start is None else _packed(work.start),
        None if work.lengths is None else _packed(work.lengths.to(torch.int64)),
        tuple(map(_packed, work.seasons)),
    )


def _call(work: Work, outputs: Sequence[torch.Tensor]) -> Smoothing:
    """Return the C side's description of laid-out work."""
    steps, n_series = work.values.shape
    call = Smoothing(time=steps, batch=n_series, threads=n_threads(), n_seasons=len(work.seasons) // 2)
    call.values, call.values_time = _address(work.values), _stride(work.values)
    call.alpha, call.start, call.lengths = map(_address, (work.alpha, work.start, work.lengths))
    call.levels = _address(outputs[0])
    for k, (first, gamma) in enumerate(zip(work.seasons[::2], work.seasons[1::2], strict=True)):
        season = call.season[k]
        season.steps = len(first)
        season.first, season.gamma, season.factors = map(_address, (first, gamma, outputs[1 + k]))
    return call


def _run(operation: str, work: Work, call: Smoothing) -> None:
    loaded = library()
    if loaded is None:
        raise ValueError("there are no kernels to run; use backend='reference'")
    loaded.function(f"tidegate_smoothing_{operation}_{DTYPES[work.values.dtype]}")(ctypes.byref(call))


def _packed(tensor: torch.Tensor) -> torch.Tensor:
    """Return `tensor` without gaps in memory, and with its sign in its numbers."""
    return tensor.contiguous().resolve_neg()


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    """Return `tensor`, shape (T, B), with the series of a step side by side in memory."""
    return tensor.resolve_neg() if tensor.stride(1) == 1 else _packed(tensor)


def _room(like: torch.Tensor, *, wanted: bool = True) -> torch.Tensor | None:
    return torch.empty_like(like, memory_format=torch.contiguous_format) if wanted else None


def _address(tensor: torch.Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _stride(tensor: torch.Tensor | None) -> int:
    return 0 if tensor is None else tensor.stride(0)
