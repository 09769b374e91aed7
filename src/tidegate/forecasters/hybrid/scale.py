"""The scale that is smoothed: logs of positive series, and straight units for the others.

Smoothing multiplies, which asks for positive numbers. Of a series of clearly positive values w = log y - centre; of any
other w = 0.1 (y - centre) / unit. What is smoothed is exp(w), positive in either case, and what the network reads and
tells is w: in the second case the season is thus added, and the level a mean to second order in w.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Integers = NDArray[np.int64]

_LEAST_SHARE = 0.01
_LEAST_SPREAD = 0.01
_LEAST_UNIT = 1e-3
_PER_UNIT = 0.1
_FARTHEST = 20.0


@dataclass(frozen=True, eq=False)
class LogScale:
    """How each of N series becomes logs of what is smoothed, learned from training rows alone.

    Parameters
    ----------
    logs
        Shape (N,): whether they are logs of the values.
    centres
        Shape (N,): what 0 stands for; a log where logs are taken.
    units
        Shape (N,): what 0.1 stands for, where logs are not taken.
    """

    logs: Booleans
    centres: Floats
    units: Floats

    @classmethod
    def learn(cls, panel: Panel) -> Self:
        """Return the scale of every series of `panel`, NaN where missing.

        Logs are taken where every value is above a hundredth of the mean and the standard deviation too: below, they
        would only lose digits. The centre is the mean, or its log, and the unit the standard deviation.
        """
        values, starts = panel.values, panel.offsets[:-1]
        there = ~np.isnan(values)
        counts = np.maximum(np.add.reduceat(there.astype(float), starts), 1)
        known = np.where(there, values, 0.0)
        mean = np.add.reduceat(known, starts) / counts
        far = np.where(there, values - np.repeat(mean, panel.lengths), 0.0)
        spread = np.sqrt(np.add.reduceat(far**2, starts) / counts)
        least = np.fmin.reduceat(values, starts)
        logs = (least > _LEAST_SHARE * mean) & (mean > 0) & (spread > _LEAST_SPREAD * mean)
        size = np.maximum.reduceat(np.abs(known), starts)
        units = np.maximum(spread, _LEAST_UNIT * size)
        return cls(logs, np.where(logs, np.log(np.where(logs, mean, 1.0)), mean), np.where(units > 0, units, 1.0))

    def take(self, chosen: Integers) -> Self:
        """Return the scale of the series at positions `chosen`."""
        return replace(self, logs=self.logs[chosen], centres=self.centres[chosen], units=self.units[chosen])

    def inside(self, values: Floats, series: Integers) -> Floats:
        """Return w of `values` (R,) of the series at positions `series` (R,); NaN where missing.

        Of a series of logs, later values that are not above a hundredth of its mean count as that; nothing lies
        farther than 20 from the centre.
        """
        logs, centre = self.logs[series], self.centres[series]
        with np.errstate(over="ignore"):
            least = _LEAST_SHARE * np.exp(np.where(logs, centre, 0.0))
        in_logs = np.log(np.where(logs, np.fmax(values, least), 1.0)) - centre
        straight = _PER_UNIT * (values - centre) / self.units[series]
        made = np.where(np.isnan(values), np.nan, np.where(logs, in_logs, straight))
        return np.asarray(np.clip(made, -_FARTHEST, _FARTHEST))

    def outside(self, made: Floats) -> Floats:
        """Undo `inside` for w of shape (N, ...), one row per series."""
        logs, centres, units = (
            part.reshape(-1, *[1] * (made.ndim - 1)) for part in (self.logs, self.centres, self.units)
        )
        with np.errstate(over="ignore"):
            values = np.exp(np.where(logs, made + centres, 0.0))
        return np.where(logs, values, made / _PER_UNIT * units + centres)

    def state(self) -> dict[str, Any]:
        """Return what ``LogScale(**state)`` needs."""
        return {"logs": self.logs, "centres": self.centres, "units": self.units}


def joined(first: LogScale, second: LogScale) -> LogScale:
    """Return the scale of the series of `first`, then those of `second`."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in ("logs", "centres", "units"))
    return LogScale(*(np.concatenate(pair) for pair in pairs))
