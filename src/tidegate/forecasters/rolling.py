"""Forecasts from many origins of one panel: which of them one pass may make, and putting them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.calendar import advance
from tidegate.features.windows import Origins
from tidegate.panel import Forecast, Intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rolling:
    """Forecasts from G origins of each of N series, as far as they have been made.

    Parameters
    ----------
    panel
        N series, perhaps with gaps; rows after an origin are there, but must not be looked at.
    ends
        Shape (G, N): observations before each origin.
    horizon
        Steps ahead, F.
    levels
        Coverage of the intervals in percent, Q of them.
    window
        Newest rows before an origin that may be read; None for all.
    """

    panel: Panel
    ends: Integers
    horizon: int
    levels: tuple[int, ...]
    window: int | None = None
    mean: Floats = field(init=False)
    lower: Floats = field(init=False)
    upper: Floats = field(init=False)
    made: Booleans = field(init=False)

    def __post_init__(self) -> None:
        shape = (*self.ends.shape, self.horizon)
        bounds = (*shape, len(self.levels))
        for name, size in (("mean", shape), ("lower", bounds), ("upper", bounds)):
            object.__setattr__(self, name, np.full(size, np.nan))
        object.__setattr__(self, "made", np.zeros(self.ends.shape, dtype=np.bool_))

    def settled(self, given: Panel, ready: Panel, fitted: NDArray[np.object_]) -> Booleans:
        """Return at which origins a model reads the same whether or not later rows are there, shape (G, N).

        They are those of series that the model was fitted on, so that nothing is learned from their rows anew, whose
        newest value is not missing, so that no gap was filled across the origin, and whose covariates are complete.

        Parameters
        ----------
        given
            `panel` without the covariates that the model cannot use.
        ready
            The same as the model reads it, gaps filled.
        fitted
            Ids of the series that the model was fitted on.
        """
        if self.window is not None:
            return np.zeros(self.ends.shape, dtype=np.bool_)
        seen = set(fitted.tolist())
        found = self._reached(given) & _complete(given) & np.array([series in seen for series in self.panel.ids])
        if self.panel.fill != "zero":
            filled = np.isnan(self.panel.values) & ~np.isnan(ready.values)
            found &= ~filled[self.panel.offsets[:-1] + self.ends - 1]
        return np.asarray(found)

    def origins(self, at: Booleans) -> Origins:
        """Return the origins where `at` (G, N) is true, the oldest first."""
        return Origins(np.nonzero(at)[1], self.ends[at])

    def keep(self, at: Booleans | tuple[int, Integers], mean: Floats, intervals: Intervals | None) -> None:
        """Take forecasts: means (B, F) and intervals (B, F, Q).

        Parameters
        ----------
        at
            Shape (G, N), true at the B origins; or the number of an origin, and the B series.
        mean, intervals
            In the order of `origins`, or of those series.
        """
        self.made[at], self.mean[at] = True, mean
        if intervals is not None:
            self.lower[at], self.upper[at] = intervals.lower, intervals.upper

    def remaining(self) -> Iterator[tuple[int, Integers]]:
        """Yield, origin by origin, which series are still to be forecast there."""
        for g, made in enumerate(self.made):
            if not made.all():
                yield g, np.flatnonzero(~made)

    def cut(self, g: int, series: Integers) -> Panel:
        """Return what was known of `series` at origin `g`."""
        some = self.panel if len(series) == len(self.panel) else self.panel.take(series)
        return some.before(self.ends[g, series], self.horizon, window=self.window)

    def forecasts(self, model: str) -> tuple[Forecast, ...]:
        """Return the forecasts, one for each origin."""
        panel = self.panel
        origins = panel.times[panel.offsets[:-1] + self.ends - 1]
        steps = np.arange(1, self.horizon + 1)
        times = advance(origins[..., None], steps, panel.frequency, timezone=panel.timezone)
        return tuple(
            Forecast(
                model,
                panel.ids,
                origins[g],
                times[g],
                self.mean[g],
                Intervals(self.levels, self.lower[g], self.upper[g]) if self.levels else None,
            )
            for g in range(len(self.ends))
        )

    def _reached(self, panel: Panel) -> Booleans:
        """Return at which origins the known covariates reach the horizon, shape (G, N)."""
        if not panel.known.names:
            return np.ones(self.ends.shape, dtype=np.bool_)
        beyond = 0 if panel.future is None else np.diff(panel.future.offsets)
        return np.asarray(panel.lengths + beyond - self.ends >= self.horizon)


def _complete(panel: Panel) -> Booleans:
    """Return which series have no covariate missing, shape (N,)."""
    rows = np.isnan(panel.known.values).any(axis=1) | np.isnan(panel.past.values).any(axis=1)
    found = np.add.reduceat(rows, panel.offsets[:-1], dtype=np.int64) == 0
    if panel.future is not None:
        owners = np.repeat(np.arange(len(panel)), np.diff(panel.future.offsets))
        found[owners[np.isnan(panel.future.covariates.values).any(axis=1)]] = False
    return np.asarray(found)
