"""Intervals at each origin of a backtest from the errors that were known there: split-conformal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.scoring.conformal import half_widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rolling:
    """Forecasts from origins in the order of time, and what of their errors is known when.

    Parameters
    ----------
    actual
        Shape (K, N, F): what happened; NaN where it is missing or still to come.
    mean
        Shape (K, N, F): the forecasts.
    scale
        Shape (K, N): the unit in which errors are compared between series and origins, known at each origin; NaN
        where there is none.
    delays
        Shape (F,): after how many further origins the outcome of each step ahead is known (`Folds.delays`).
    """

    actual: Floats
    mean: Floats
    scale: Floats
    delays: Integers

    @property
    def scores(self) -> Floats:
        """Absolute errors in units of the scale, shape (K, N, F); NaN where there is none."""
        scale = np.where(self.scale > 0, self.scale, np.nan)
        return np.asarray(np.abs(self.actual - self.mean) / scale[..., None])

    def known(self, scores: Floats, origin: int) -> Floats:
        """Return those of `scores`, shape (K, N, F), that are known at `origin`, shape (origin, N, F), else NaN.

        A value after an origin counts for nothing there: the outcome of a step is known `delays` origins later.
        """
        age = origin - np.arange(origin)
        return np.where((age[:, None] >= self.delays)[:, None], scores[:origin], np.nan)


def split_widths(rolling: Rolling, levels: Sequence[int]) -> Floats:
    """Return the distance from forecast to bound at each origin, from the errors of earlier ones, (K, N, F, Q).

    In the unit of the data; NaN where no error is known.

    Parameters
    ----------
    rolling
        The forecasts.
    levels
        Coverage in percent, Q of them, ascending.

    Source: as `conformal.half_widths`.
    """
    scores = rolling.scores
    made = np.full((*scores.shape, len(levels)), np.nan)
    for origin in range(1, len(scores)):
        known = rolling.known(scores, origin)
        if np.isfinite(known).any():
            made[origin] = rolling.scale[origin][:, None, None] * half_widths(known, levels)
    return made
