"""Forecasts that need no fitting: the bar every other model has to clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tidegate.errors import SettingError
from tidegate.forecasters.base import Forecaster
from tidegate.panel import Intervals, Panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float64]

_WINDOWS = (2, 3, 4, 6, 8, 12, 24)


class _Unfitted(Forecaster):
    """A rule that reads everything it needs from the history it forecasts from."""

    def _fit(self, panel: Panel, horizon: int) -> None:
        """Nothing to learn."""

    def _state(self) -> Tree:
        return {}

    def _restore(self, state: Tree) -> None:
        """Nothing to take back."""


class Naive(_Unfitted):
    """The last value, repeated: y_{T+k} = y_T, with the intervals of a random walk.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 and table 5.2.
    """

    name = "naive"

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        steps = np.arange(1, self.horizon_ + 1)
        mean = np.repeat(_last(panel)[:, None], self.horizon_, axis=1)
        return mean, _normal(mean, _spreads(panel, 1)[:, None] * np.sqrt(steps), levels)


class SeasonalNaive(_Unfitted):
    """The last season, repeated: y_{T+k} = y_{T+k-m(1+floor((k-1)/m))} for a season of m steps.

    Without a season (m = 1), or for a series shorter than one, it is the naive forecast. Source: Hyndman &
    Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 and table 5.2.
    """

    name = "seasonal-naive"

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        steps = np.arange(self.horizon_)
        mean = np.empty((len(panel), self.horizon_))
        cycles = np.empty((len(panel), self.horizon_))
        for n in range(len(panel)):
            values = panel.series(n)
            season = panel.season if len(values) >= panel.season else 1
            mean[n] = values[len(values) - season + steps % season]
            cycles[n] = steps // season + 1
        return mean, _normal(mean, _spreads(panel, panel.season)[:, None] * np.sqrt(cycles), levels)


class Drift(_Unfitted):
    """The line through the first and the last value, continued: y_{T+k} = y_T + k (y_T - y_1) / (T - 1).

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 and table 5.2.
    """

    name = "drift"

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        steps = np.arange(1, self.horizon_ + 1)
        last, first = _last(panel), panel.values[panel.offsets[:-1]]
        spans = np.maximum(panel.lengths - 1, 1)[:, None]
        mean = last[:, None] + steps * (last - first)[:, None] / spans
        growth = np.sqrt(steps * (1 + steps / spans))
        return mean, _normal(mean, _spreads(panel, 1, centred=True)[:, None] * growth, levels)

    def _count_parameters(self) -> int:
        return len(self.ids_)


class HistoricMean(_Unfitted):
    """The mean of everything seen, repeated.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.2 and table 5.2.
    """

    name = "historic-mean"

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        means = np.array([panel.series(n).mean() for n in range(len(panel))])
        spreads = np.array([_root_mean_square(panel.series(n) - means[n]) for n in range(len(panel))])
        mean = np.repeat(means[:, None], self.horizon_, axis=1)
        return mean, _normal(
            mean, np.repeat((spreads * np.sqrt(1 + 1 / panel.lengths))[:, None], self.horizon_, 1), levels
        )

    def _count_parameters(self) -> int:
        return len(self.ids_)


class MovingAverage(Forecaster):
    """The mean of the newest `window` values, repeated.

    Parameters
    ----------
    window
        Values to average, at least 1; None chooses per series, among 2, 3, 4, 6, 8, 12, 24 and the season, the one
        with the smallest one-step mean squared error on the training series.
    """

    name = "moving-average"

    windows_: NDArray[np.int64]

    def __init__(self, *, window: int | None = None) -> None:
        self.window = window

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.window is not None and self.window < 1:
            raise SettingError(f"window is {self.window}; it must be at least 1, or None to choose it from the data.")

    def _fit(self, panel: Panel, horizon: int) -> None:  # noqa: ARG002 (the face of every family)
        candidates = (self.window,) if self.window else tuple(sorted({*_WINDOWS, panel.season} - {1}))
        self.windows_ = np.array([_best_window(panel.series(n), candidates) for n in range(len(panel))])

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:  # noqa: ARG002
        windows = self.windows_[self.positions(panel)]
        means = np.array([panel.series(n)[-window:].mean() for n, window in enumerate(windows)])
        return np.repeat(means[:, None], self.horizon_, axis=1), None

    def _state(self) -> Tree:
        return {"windows": self.windows_}

    def _restore(self, state: Tree) -> None:
        self.windows_ = state["windows"]

    def _count_parameters(self) -> int:
        return len(self.windows_)


def _last(panel: Panel) -> Floats:
    return panel.values[panel.offsets[1:] - 1]


def _spreads(panel: Panel, season: int, *, centred: bool = False) -> Floats:
    """Return the standard deviation of the changes over `season` steps (1 if the series is too short), (N,)."""
    spreads = np.empty(len(panel))
    for n in range(len(panel)):
        values = panel.series(n)
        lag = season if len(values) > season else 1
        changes = values[lag:] - values[:-lag]
        spreads[n] = _root_mean_square(changes - changes.mean() if centred and len(changes) else changes)
    return spreads


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0


def _normal(mean: Floats, spread: Floats, levels: tuple[int, ...]) -> Intervals | None:
    """Return intervals of a normal distribution with that standard deviation, both of shape (N, F)."""
    if not levels:
        return None
    reach = spread[..., None] * norm.ppf(0.5 + np.asarray(levels) / 200)
    return Intervals(levels, mean[..., None] - reach, mean[..., None] + reach)


def _best_window(values: Floats, candidates: tuple[int, ...]) -> int:
    """Return the window with the smallest one-step mean squared error over the same targets."""
    usable = [window for window in candidates if window <= len(values) // 2] or [min(candidates[0], len(values))]
    first = max(usable)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    targets = np.arange(first, len(values))
    if not len(targets):
        return usable[0]
    errors = [np.mean((values[targets] - (sums[targets] - sums[targets - w]) / w) ** 2) for w in usable]
    return usable[int(np.argmin(errors))]
