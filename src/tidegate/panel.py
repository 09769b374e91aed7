"""The two data types: Panel, many series and their covariates, and Forecast, what a model says comes next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Fill = Literal["error", "interpolate", "zero", "forward", "keep"]


@dataclass(frozen=True, eq=False)
class Covariates:
    """Columns beside the target.

    Parameters
    ----------
    names
        One name per column.
    values
        Array of shape (rows, columns), float64; NaN where missing. A column listed in `categories` holds codes.
    categories
        For a categorical column, its labels: code k stands for ``categories[name][k]``. Codes carry no order and
        no meaning across panels; models compare labels.
    """

    names: tuple[str, ...]
    values: Floats
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, rows: Integers) -> Covariates:
        """Return the same columns at `rows`."""
        return replace(self, values=self.values[rows])


def no_covariates(n_rows: int) -> Covariates:
    """Return covariates of no columns over `n_rows` rows."""
    return Covariates((), np.empty((n_rows, 0)))


@dataclass(frozen=True, eq=False)
class Future:
    """Known covariates after the last observation of each series.

    Parameters
    ----------
    offsets
        Shape (N + 1,): series n owns rows ``offsets[n]:offsets[n + 1]``, the first of them one step after its origin.
    covariates
        The `known` columns of the panel at those rows.
    """

    offsets: Integers
    covariates: Covariates


@dataclass(frozen=True, eq=False)
class Panel:
    """Many series on regular time grids, contiguous in memory and immutable.

    Parameters
    ----------
    ids
        Shape (N,), object: identifiers as the user gave them, ascending.
    offsets
        Shape (N + 1,): series n owns rows ``offsets[n]:offsets[n + 1]``.
    times
        Shape (R,), int64: nanoseconds since 1970 (local clock if `timezone` is None), or integer steps. Regular
        within a series: neighbours are one `frequency` apart.
    values
        Shape (R,), float64: the target; NaN where missing (only if `fill` is not "error").
    frequency
        A pandas offset alias ("MS", "h", "30min", "W-SUN", "B", ...), or a number of integer steps ("1").
    seasons
        Lengths in steps of the cycles to consider, the main one first; (1,) for none, () for not yet known.
    known, past
        Covariates over the R rows. `future` continues `known` after each series' end.
    static
        Covariates over the N series.
    """

    ids: NDArray[np.object_]
    offsets: Integers
    times: Integers
    values: Floats
    frequency: str
    seasons: tuple[int, ...] = ()
    known: Covariates = None  # type: ignore[assignment]  # filled in below: no columns
    past: Covariates = None  # type: ignore[assignment]
    static: Covariates = None  # type: ignore[assignment]
    future: Future | None = None
    fill: Fill = "error"
    timezone: str | None = None
    target: str = "y"
    source: Literal["pandas", "polars"] = "pandas"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, n_rows in (("known", len(self.times)), ("past", len(self.times)), ("static", len(self.ids))):
            if getattr(self, name) is None:
                object.__setattr__(self, name, no_covariates(n_rows))
        for array in (self.offsets, self.times, self.values, self.known.values, self.past.values, self.static.values):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        season = self.seasons[0] if self.seasons else "unknown"
        return f"Panel({len(self)} series, {len(self.times)} rows, frequency={self.frequency!r}, season={season})"

    @property
    def lengths(self) -> Integers:
        """Observations per series, shape (N,)."""
        return np.diff(self.offsets)

    @property
    def season(self) -> int:
        """Length of the main cycle in steps; 1 if there is none or it is not known."""
        return self.seasons[0] if self.seasons else 1

    @property
    def integer_time(self) -> bool:
        """Whether `times` counts steps instead of nanoseconds."""
        return self.frequency.isdigit()

    def series(self, n: int) -> Floats:
        """Return the target of series `n`, shape (T,)."""
        return self.values[self.offsets[n] : self.offsets[n + 1]]

    def take(self, series: Sequence[int] | Integers) -> Panel:
        """Return the panel of the chosen series, in the given order."""
        chosen = np.asarray(series, dtype=np.int64)
        rows = _ranges(self.offsets[chosen], self.offsets[chosen + 1])
        future = self.future
        if future is not None:
            kept = _ranges(future.offsets[chosen], future.offsets[chosen + 1])
            future = Future(_offsets(np.diff(future.offsets)[chosen]), future.covariates.take(kept))
        return replace(
            self,
            ids=self.ids[chosen],
            offsets=_offsets(self.lengths[chosen]),
            times=self.times[rows],
            values=self.values[rows],
            known=self.known.take(rows),
            past=self.past.take(rows),
            static=self.static.take(chosen),
            future=future,
        )

    def before(self, ends: Integers, horizon: int, *, window: int | None = None) -> Panel:
        """Return what was known at an origin: the first ``ends[n]`` rows of series n, nothing after them.

        Parameters
        ----------
        ends
            Shape (N,): rows to keep per series, from 1 to its length.
        horizon
            Steps of the known covariates that stay visible after the origin.
        window
            Keep only the newest `window` rows (a sliding window); None keeps all (expanding).
        """
        stops = self.offsets[:-1] + ends
        starts = self.offsets[:-1] if window is None else np.maximum(self.offsets[:-1], stops - window)
        rows = _ranges(starts, stops)
        return replace(
            self,
            offsets=_offsets(stops - starts),
            times=self.times[rows],
            values=self.values[rows],
            known=self.known.take(rows),
            past=self.past.take(rows),
            future=self._future_of(stops, horizon) if self.known.names else None,
        )

    def scaled(self, factors: Floats) -> Panel:
        """Return the panel with the target of series n multiplied by ``factors[n]``."""
        return replace(self, values=self.values * np.repeat(factors, self.lengths))

    def _future_of(self, stops: Integers, horizon: int) -> Future:
        """Known covariates of the next `horizon` rows after `stops`, from the rows themselves, then from `future`."""
        within = np.minimum(self.offsets[1:] - stops, horizon)
        if self.future is None:
            return Future(_offsets(within), self.known.take(_ranges(stops, stops + within)))
        beyond = np.minimum(np.diff(self.future.offsets), horizon - within)
        firsts = self.future.offsets[:-1]
        offsets = _offsets(within + beyond)
        values = np.empty((int(offsets[-1]), len(self.known.names)))
        values[_ranges(offsets[:-1], offsets[:-1] + within)] = self.known.values[_ranges(stops, stops + within)]
        later = _ranges(firsts, firsts + beyond)
        values[_ranges(offsets[:-1] + within, offsets[1:])] = self.future.covariates.values[later]
        return Future(offsets, replace(self.known, values=values))


class Intervals(NamedTuple):
    """Prediction intervals.

    Attributes
    ----------
    levels
        Coverage in percent, ascending, Q of them.
    lower, upper
        Shape (N, F, Q).
    """

    levels: tuple[int, ...]
    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a model says comes next, for N series and F future steps.

    Parameters
    ----------
    model
        Registry name: the column name.
    ids
        Shape (N,), object.
    origins
        Shape (N,), int64: the last known time of each series, as in `Panel.times`.
    times
        Shape (N, F), int64.
    mean
        Shape (N, F): the point forecast.
    intervals
        Prediction intervals, or None if none were asked for.
    """

    model: str
    ids: NDArray[np.object_]
    origins: Integers
    times: Integers
    mean: Floats
    intervals: Intervals | None = None


def _offsets(lengths: NDArray[Any]) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _ranges(starts: Integers, stops: Integers) -> Integers:
    """Concatenate ``arange(starts[n], stops[n])`` over n."""
    lengths = stops - starts
    firsts = np.repeat(starts - _offsets(lengths)[:-1], lengths)
    return firsts + np.arange(lengths.sum(), dtype=np.int64)
