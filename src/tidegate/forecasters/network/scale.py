"""The scale that a network works on: logs of the series that they suit better, and a unit for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

_CLEARLY_SMALLER = 0.95
_ROUNDING = 1e-12
_LEAST_UNIT, _TINY = 1e-3, 1e-9


@dataclass(frozen=True, eq=False)
class Scale:
    """How each of N series becomes what the network reads, learned from training rows alone.

    Parameters
    ----------
    logs
        Shape (N,): whether logs are taken.
    floors
        Shape (N,): the smallest positive value seen; later values that are not positive count as it in logs.
    units
        Shape (N,): standard deviation after logs; a thousandth of its size for a series that never changes.
    """

    logs: Booleans
    floors: Floats
    units: Floats

    @classmethod
    def learn(cls, panel: Panel, *, allowed: bool = True) -> Self:
        """Return the scale of every series of `panel`; with ``allowed=False`` logs are never taken.

        Logs are taken of a series of positive values if the mean absolute change over a season in logs, times the
        geometric mean of the series, is more than 5 % smaller than without (Box & Cox 1964, An analysis of
        transformations, equation 7, for absolute changes).
        """
        there = ~np.isnan(panel.values)
        positive = there & (panel.values > 0)
        floors = _each(np.fmin, np.where(positive, panel.values, np.nan), panel)
        floors = np.where(np.isnan(floors), 1.0, floors)
        in_logs = _logs(panel, floors)
        possible = allowed & (_each(np.add, there.astype(float), panel) == _each(np.add, positive.astype(float), panel))
        geometric = np.exp(_means(in_logs, panel))
        suited = _changes(in_logs, panel) * geometric < _CLEARLY_SMALLER * _changes(panel.values, panel)
        logs = possible & suited
        working = np.where(np.repeat(logs, panel.lengths), in_logs, panel.values)
        spread = np.sqrt(_means((working - np.repeat(_means(working, panel), panel.lengths)) ** 2, panel))
        size = _each(np.fmax, np.abs(working), panel)
        constant = np.fmax(_LEAST_UNIT * size, _TINY)
        return cls(logs, floors, np.where(spread > _ROUNDING * size, spread, constant))

    def take(self, chosen: NDArray[np.int64]) -> Self:
        """Return the scale of the series at positions `chosen`."""
        return replace(self, logs=self.logs[chosen], floors=self.floors[chosen], units=self.units[chosen])

    def working(self, panel: Panel) -> Panel:
        """Return `panel` with logs taken where they are."""
        logs = np.repeat(self.logs, panel.lengths)
        return replace(panel, values=np.where(logs, _logs(panel, self.floors), panel.values))

    def back(self, forecast: Floats) -> Floats:
        """Undo `working` for forecasts of shape (N, F) or (N, F, Q)."""
        logs = self.logs.reshape(-1, *[1] * (forecast.ndim - 1))
        with np.errstate(over="ignore"):
            return np.where(logs, np.exp(np.where(logs, forecast, 0.0)), forecast)

    def state(self) -> dict[str, Any]:
        """Return what ``Scale(**state)`` needs."""
        return {"logs": self.logs, "floors": self.floors, "units": self.units}


def joined(first: Scale, second: Scale) -> Scale:
    """Return the scale of the series of `first`, then those of `second`."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in ("logs", "floors", "units"))
    return Scale(*(np.concatenate(pair) for pair in pairs))


def _logs(panel: Panel, floors: Floats) -> Floats:
    """Return logs of all values, NaN where missing."""
    least = np.repeat(floors, panel.lengths)
    logs: Floats = np.log(np.where(np.isnan(panel.values), np.nan, np.where(panel.values > 0, panel.values, least)))
    return logs


def _changes(values: Floats, panel: Panel) -> Floats:
    """Return the mean absolute change over a season, or over one step where that is never seen, shape (N,)."""
    found = np.full(len(panel), np.nan)
    for lag in (panel.season, 1):
        change = np.full(len(values), np.nan)
        change[lag:] = np.abs(values[lag:] - values[:-lag])
        place = np.arange(len(values)) - np.repeat(panel.offsets[:-1], panel.lengths)
        change[place < lag] = np.nan
        found = np.where(np.isnan(found), _means(change, panel), found)
    return np.asarray(np.nan_to_num(found))


def _means(values: Floats, panel: Panel) -> Floats:
    """Return the mean of what is there of each series, shape (N,); NaN where nothing is."""
    there = ~np.isnan(values)
    counts = _each(np.add, there.astype(float), panel)
    total = _each(np.add, np.where(there, values, 0.0), panel)
    return np.asarray(np.divide(total, counts, out=np.full(len(panel), np.nan), where=counts > 0))


def _each(function: np.ufunc, values: Floats, panel: Panel) -> Floats:
    return np.asarray(function.reduceat(values, panel.offsets[:-1]))
