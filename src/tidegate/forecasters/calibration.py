"""Intervals for models that have none of their own: split-conformal, from errors at past origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.errors import DataError, Place
from tidegate.panel import Intervals
from tidegate.scoring.conformal import half_widths
from tidegate.scoring.scaling import seasonal_scales

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

_SCORES_PER_STEP = 40
"""Errors wanted per step ahead over all series: enough for the 95 % rank, which needs 19."""

_LEAST_SCALE = 1e-9


def origins(panel: Panel, horizon: int, minimum: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Choose the newest origins whose horizon is observed.

    Parameters
    ----------
    panel
        The training panel, N series.
    horizon
        Steps ahead.
    minimum
        Observations that a fit needs.

    Returns
    -------
    ends
        Shape (C, N): observations up to each origin, oldest origin first, one step apart.
    long_enough
        Shape (N,): whether a series is long enough for the oldest of them.

    Raises
    ------
    DataError
        If no series is long enough for one.
    """
    lengths = panel.lengths
    room = lengths - horizon - minimum
    if room.max() < 0:
        n = int(np.argmax(lengths))
        raise DataError(
            f"{lengths[n]} observations leave none to calibrate intervals of {horizon} steps on; "
            f"{horizon + minimum} are needed",
            place=Place(series=str(panel.ids[n])),
            repair="Give a longer series, a shorter horizon, or ask for no levels.",
        )
    wanted = max(2, -(-_SCORES_PER_STEP // len(lengths)))
    count = int(min(wanted, max(1, lengths.max() // 5), room.max() + 1))
    return lengths - horizon - np.arange(count)[::-1, None], room >= count - 1


def scales(panel: Panel) -> Floats:
    """Return the mean absolute change over one season (one step where that is 0 or not seen), at least 1e-9, (N,)."""
    return scales_of([panel.series(n) for n in range(len(panel))], panel.season)


def scales_of(parts: Sequence[Floats], season: int) -> Floats:
    """Return the same of series of their own, each of shape (T,)."""
    by_season, by_step = (seasonal_scales(parts, lag).absolute for lag in (season, 1))
    found = np.where(by_season > 0, by_season, by_step)
    return np.where(found > 0, found, _LEAST_SCALE)


def scores(panel: Panel, errors: Floats) -> Floats:
    """Return absolute errors in units of each series' scale, (C, N, F); NaN where the value is missing.

    A series that never changes has no unit: its errors, of rounding, say nothing of others and are NaN beside them.

    Parameters
    ----------
    panel
        The training panel, N series.
    errors
        Shape (C, N, F): at C past origins; NaN where the value is missing.

    Raises
    ------
    DataError
        If all of them are missing.
    """
    if np.isnan(errors).all():
        raise DataError(
            f"all of the newest {errors.shape[0] + errors.shape[2] - 1} values are missing, so that intervals cannot "
            "be calibrated",
            place=Place(series=str(panel.ids[0])),
            repair="Give a series that is observed more recently, or ask for no levels.",
        )
    scale = scales(panel)
    moving = scale > _LEAST_SCALE
    found = np.abs(errors) / scale[:, None]
    return np.where(moving[:, None] | ~moving.any(), found, np.nan)


def around(mean: Floats, scale: Floats, scores: Floats, levels: tuple[int, ...]) -> Intervals:
    """Return intervals of equal width on both sides of `mean`.

    Parameters
    ----------
    mean
        Shape (N, F).
    scale
        Shape (N,), the unit of the scores per series.
    scores
        Absolute errors at past origins in that unit, shape (C, M, F).
    levels
        Coverage in percent, ascending, Q of them.
    """
    reach = half_widths(scores, levels)[None] * scale[:, None, None]
    return Intervals(levels, mean[..., None] - reach, mean[..., None] + reach)
