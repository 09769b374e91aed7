"""The calendar as numbers: where each time stands in the day, the week, the month and the year of the local clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidegate.data.calendar import advance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_DAY = 86_400.0
_PERIODS = {"minute of day": 1440, "weekday": 7, "day of month": 31, "day of year": 366, "month": 12, "quarter": 4}
_SECONDS = {
    "minute of day": _DAY,
    "weekday": 7 * _DAY,
    "day of month": 31 * _DAY,
    "day of year": 366 * _DAY,
    "month": 366 * _DAY,
    "quarter": 366 * _DAY,
}


@dataclass(frozen=True)
class Calendar:
    """The cycles of the calendar that data of one frequency can show.

    Parameters
    ----------
    frequency
        As in `Panel.frequency`.
    timezone
        The local clock, or None if the times are local already.
    cycles
        Names of the cycles: "minute of day", "weekday", "day of month", "day of year", "month", "quarter", or
        "phase of m" for integer times and a season of m steps.
    """

    frequency: str
    timezone: str | None
    cycles: tuple[str, ...]

    def fields(self, times: Integers) -> NDArray[np.int16]:
        """Return the place of each time in each cycle, counted from 0.

        Parameters
        ----------
        times
            Shape (U,), int64 as in `Panel.times`.

        Returns
        -------
        ndarray of shape (U, C), int16
        """
        if not self.cycles:
            return np.empty((len(times), 0), dtype=np.int16)
        if self.frequency.isdigit():
            counts = times // int(self.frequency)
            return np.stack([counts % _period(name) for name in self.cycles], axis=1).astype(np.int16)
        stamps = pd.DatetimeIndex(times.view("datetime64[ns]"))
        if self.timezone is not None:
            stamps = stamps.tz_localize("UTC").tz_convert(self.timezone)
        return np.stack([_field(stamps, name) for name in self.cycles], axis=1).astype(np.int16)

    def waves(self, fields: NDArray[np.int16], harmonics: int = 3) -> Floats:
        """Return sines and cosines of 1 to `harmonics` turns per cycle, at most those that the cycle can tell apart.

        Parameters
        ----------
        fields
            Shape (..., C), from `fields`.
        harmonics
            Turns per cycle, at least 1.

        Returns
        -------
        ndarray of shape (..., W)
            In [-1, 1]; `wave_names` names the W columns.
        """
        tables = [_wave_table(_period(name), harmonics)[fields[..., c]] for c, name in enumerate(self.cycles)]
        return np.concatenate(tables, axis=-1) if tables else np.empty((*fields.shape[:-1], 0))

    def wave_names(self, harmonics: int = 3) -> tuple[str, ...]:
        """Return the names of the columns of `waves`."""
        return tuple(
            f"{wave} {turn} of {name}" for name in self.cycles for turn, wave in _waves(_period(name), harmonics)
        )

    def state(self) -> dict[str, Any]:
        """Return what `Calendar(**state)` needs: text and None."""
        return {"frequency": self.frequency, "timezone": self.timezone, "cycles": self.cycles}


def calendar(frequency: str, *, timezone: str | None, seasons: tuple[int, ...], n_steps: int) -> Calendar:
    """Return the cycles that data of this frequency can show and that `n_steps` rows cover at least twice.

    Parameters
    ----------
    frequency, timezone, seasons
        As in `Panel`; seasons matter for integer times only.
    n_steps
        Rows of the longest series: a cycle seen less than twice cannot be told from a trend and is left out.
    """
    if frequency.isdigit():
        shown = tuple(f"phase of {m}" for m in seasons if 1 < m <= min(n_steps // 2, 32_767))
        return Calendar(frequency, timezone, shown)
    step = step_seconds(frequency)
    seen = [name for name in _cycles_of(step) if n_steps * step >= 1.95 * _SECONDS[name]]
    return Calendar(frequency, timezone, tuple(seen))


def step_seconds(frequency: str) -> float:
    """Return the typical length of one step of a calendar frequency in seconds."""
    start, end = advance(np.zeros(1, dtype=np.int64), np.array([0, 120]), frequency)
    return float(end - start) / 120 / 1e9


def _cycles_of(step: float) -> tuple[str, ...]:
    if step < _DAY:
        return ("minute of day", "weekday", "day of year")
    if step < 2 * _DAY:
        return ("weekday", "day of month", "day of year")
    if step < 27 * _DAY:
        return ("day of year",)
    if step < 60 * _DAY:
        return ("month",)
    return ("quarter",) if step < 183 * _DAY else ()


def _period(name: str) -> int:
    return _PERIODS[name] if name in _PERIODS else int(name.rpartition(" ")[2])


def _field(stamps: pd.DatetimeIndex, name: str) -> Integers:
    if name == "minute of day":
        return np.asarray(stamps.hour * 60 + stamps.minute)
    if name == "weekday":
        return np.asarray(stamps.dayofweek)
    if name == "day of month":
        return np.asarray(stamps.day - 1)
    if name == "day of year":
        return np.asarray(stamps.dayofyear - 1)
    return np.asarray(stamps.month - 1 if name == "month" else stamps.quarter - 1)


def _waves(period: int, harmonics: int) -> list[tuple[int, str]]:
    """Return the turns and waves that `period` places can tell apart: no sine at half the period, nothing beyond."""
    turns = range(1, min(harmonics, period // 2) + 1)
    return [(turn, wave) for turn in turns for wave in ("sine", "cosine") if wave == "cosine" or 2 * turn < period]


def _wave_table(period: int, harmonics: int) -> Floats:
    angles = 2 * np.pi * np.arange(period) / period
    functions = {"sine": np.sin, "cosine": np.cos}
    return np.stack([functions[wave](turn * angles) for turn, wave in _waves(period, harmonics)], axis=1)
