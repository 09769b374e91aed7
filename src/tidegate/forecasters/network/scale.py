"""The scale that a network works on: logs where they fit a series better, and one unit per series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegate.features.windows import Origins, gather
from tidegate.forecasters.network.reference import Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

_CLEARLY_SMALLER = 0.95
_ORIGINS = 64
_ROUNDING = 1e-12


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
        Shape (N,): mean absolute error of the reference forecast at past origins, after logs; 0 for a series that
        never changes.
    """

    logs: Booleans
    floors: Floats
    units: Floats

    @classmethod
    def learn(cls, panel: Panel, season: int, horizon: int) -> Self:
        """Return the scale of every series of `panel`.

        Logs are taken for a series of positive values if the reference forecast's mean absolute error in logs, times
        the geometric mean of the series, is more than 5 % smaller than without (Box & Cox 1964, An analysis of
        transformations, equation 7, for absolute errors).
        """
        starts = panel.offsets[:-1]
        smallest = np.minimum.reduceat(panel.values, starts)
        floors = np.minimum.reduceat(np.where(panel.values > 0, panel.values, np.inf), starts)
        floors = np.where(np.isfinite(floors), floors, 1.0)
        plain = _reference_errors(panel, season, horizon)
        everywhere = replace(panel, values=_logs(panel, floors))
        in_logs = _reference_errors(everywhere, season, horizon)
        means = np.exp(np.add.reduceat(everywhere.values, starts) / panel.lengths)
        logs = (smallest > 0) & (in_logs * means < _CLEARLY_SMALLER * plain)
        working = np.where(np.repeat(logs, panel.lengths), everywhere.values, panel.values)
        size = np.maximum.reduceat(np.abs(working), starts)
        units = np.where(logs, in_logs, plain)
        return cls(logs, floors, np.where(units > _ROUNDING * size, units, 0.0))

    def take(self, chosen: NDArray[np.int64]) -> Self:
        """Return the scale of the series at positions `chosen`."""
        return replace(self, logs=self.logs[chosen], floors=self.floors[chosen], units=self.units[chosen])

    def working(self, panel: Panel) -> Panel:
        """Return `panel` with logs taken where they are, a unit of 1 still."""
        logs = np.repeat(self.logs, panel.lengths)
        return replace(panel, values=np.where(logs, _logs(panel, self.floors), panel.values))

    def back(self, forecast: Floats) -> Floats:
        """Undo `working` for forecasts of shape (N, F)."""
        with np.errstate(over="ignore"):
            return np.where(self.logs[:, None], np.exp(forecast), forecast)

    def state(self) -> dict[str, Any]:
        """Return what ``Scale(**state)`` needs."""
        return {"logs": self.logs, "floors": self.floors, "units": self.units}


def joined(first: Scale, second: Scale) -> Scale:
    """Return the scale of the series of `first`, then those of `second`."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in ("logs", "floors", "units"))
    return Scale(*(np.concatenate(pair) for pair in pairs))


def _logs(panel: Panel, floors: Floats) -> Floats:
    logs: Floats = np.log(np.where(panel.values > 0, panel.values, np.repeat(floors, panel.lengths)))
    return logs


def _reference_errors(panel: Panel, season: int, horizon: int) -> Floats:
    """Return the mean absolute error of the reference over at most 64 origins spread over each series, shape (N,)."""
    reference = Reference.of(panel, season)
    errors = np.zeros(len(panel))
    for n, length in enumerate(panel.lengths):
        ahead = np.arange(1, min(horizon, length - 1) + 1)
        if not len(ahead):
            continue
        last = length - len(ahead)
        ends = np.unique(np.linspace(min(reference.rows_needed, last), last, _ORIGINS).round().astype(np.int64))
        origins = Origins(np.full(len(ends), n), ends)
        made = reference.level_at(origins)[:, None] + reference.profile_at(origins, ahead)
        errors[n] = np.abs(gather(panel.values, panel.offsets, origins, ahead) - made).mean()
    return errors
