"""Exponential smoothing inside a network: the level and the seasons of many series, trained by gradient.

Axis letters: T time, B batch (series), m steps of a season.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch.autograd.forward_ad import unpack_dual

from tidegate.checks import check_choice
from tidegate.kernels import smoothing as kernels
from tidegate.kernels.smoothing import Work
from tidegate.nn import internals
from tidegate.nn.smoothing_equations import reference
from tidegate.nn.smoothing_operators import by_kernels, by_operator
from tidegate.nn.unroll import ends_within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Backend = Literal["auto", "reference"]
BACKENDS: tuple[Backend, ...] = ("auto", "reference")


class Season(NamedTuple):
    """A multiplicative season of every series.

    Parameters
    ----------
    first
        The factors of the first m steps, above 0, shape (m, B).
    gamma
        How fast factors follow the series, in (0, 1), shape (B,).
    """

    first: torch.Tensor
    gamma: torch.Tensor


class Smoothed(NamedTuple):
    """What smoothing yields.

    Parameters
    ----------
    levels
        The level after each step, shape (T, B).
    factors
        Of each season, the factors of the T steps and of the m steps after them, shape (T + m, B).
    """

    levels: torch.Tensor
    factors: tuple[torch.Tensor, ...]


def smooth(
    values: torch.Tensor,
    alpha: torch.Tensor,
    seasons: Sequence[Season] = (),
    *,
    start: torch.Tensor | None = None,
    lengths: torch.Tensor | Sequence[int] | None = None,
    backend: Backend = "auto",
) -> Smoothed:
    """Return the levels and seasonal factors of each series.

    The smoothing of Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time
    series forecasting, International Journal of Forecasting 36(1), where it deseasonalises: without a season

        level_t = alpha y_t + (1 - alpha) level_{t-1};

    with one, s,

        level_t = alpha y_t / s_t + (1 - alpha) level_{t-1},
        s_{t+m} = gamma y_t / level_t + (1 - gamma) s_t;

    with two, s of m and u of n steps,

        level_t = alpha y_t / (s_t u_t) + (1 - alpha) level_{t-1},
        s_{t+m} = gamma y_t / (level_t u_t) + (1 - gamma) s_t,
        u_{t+n} = delta y_t / (level_t s_t) + (1 - delta) u_t.

    A season is updated with the level of the same step, as by Winters (1960), not with the one before, as in ETS.

    A missing value changes nothing: level_t = level_{t-1}, s_{t+m} = s_t. A series that begins late has missing
    values before it, and one that ends early has them after it or says so in `lengths`. Gradients reach `values`,
    `alpha`, `start` and all of `seasons`; missing values have none.

    Parameters
    ----------
    values
        Shape (T, B), T at least 1; NaN where missing. With seasons above 0, so that no level becomes 0.
    alpha
        How fast the level follows the series, in (0, 1), shape (B,).
    seasons
        None, one or two.
    start
        level_{-1}, the level before the first step, shape (B,). None for the first value that is there, divided by
        its factors: then level_0 = y_0 / s_0 and s_m = s_0. Steps before a late first value have this level; a series
        without any value has NaN.
    lengths
        Steps of each series, shape (B,), each 0 to T; what lies beyond is missing. None for T everywhere.
    backend
        "auto" for compiled kernels where they can do the work (float32 or float64 on a CPU, outside
        ``torch.func`` and forward-mode differentiation) and "reference" for torch's operations one by one.

    Raises
    ------
    SettingError
        Where `backend` is not one of these.
    ValueError
        Where tensors differ in dtype, device or number of series, there are no steps or more than two seasons, or a
        length lies outside 0 to T. Code that is being compiled cannot look at lengths: there they are cut to 0 to T.

    Examples
    --------
    >>> made = smooth(torch.tensor([[8.0], [2.0], [torch.nan]]), torch.tensor([0.5]))
    >>> made.levels.T
    tensor([[8., 5., 5.]])
    """
    check_choice("backend", backend, BACKENDS)
    if lengths is not None:
        lengths = torch.as_tensor(lengths, device=values.device)
    work = Work(values, alpha, start, lengths, tuple(part for season in seasons for part in season))
    kernels.check(work)
    way = "reference" if backend == "reference" else _way(work)
    if lengths is not None and way != "operator" and not _abstract() and len(lengths):
        ends_within(lengths, len(values), "the values")
    made = _WAYS[way](work)
    return Smoothed(made[0], tuple(made[1:]))


def _way(work: Work) -> str:
    """Return how to do the work: what looks at operators must meet one, what computes with tensors of its own none."""
    if torch.compiler.is_compiling():
        return "operator"
    if _abstract() or any(map(_has_tangent, _parts(work))):
        return "reference"
    if _watched(work):
        return "operator"
    return "reference" if kernels.obstacle(work) else "kernels"


def _abstract() -> bool:
    """Return whether tensors stand for others: traced, or transformed by `torch.func`."""
    return torch.jit.is_tracing() or internals.transforms_functions()  # type: ignore[attr-defined, no-untyped-call]


def _parts(work: Work) -> list[torch.Tensor]:
    return [work.values, work.alpha, *([] if work.start is None else [work.start]), *work.seasons]


def _has_tangent(tensor: torch.Tensor) -> bool:
    return unpack_dual(tensor).tangent is not None  # type: ignore[no-untyped-call]


def _watched(work: Work) -> bool:
    """Return whether someone follows torch's operators, or tensors hold something else than numbers."""
    plain = (torch.Tensor, torch.nn.Parameter)
    return bool(internals.n_modes()) or any(type(part) not in plain for part in _parts(work))


_WAYS: Mapping[str, Callable[[Work], tuple[torch.Tensor, ...]]] = {
    "kernels": by_kernels,
    "operator": by_operator,
    "reference": reference,
}
