"""Frequencies: inferred from stamps, moved along, put into words, and the cycles they usually bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.frequency import find_step, off_grid
from tidegate.data.steps import DAY, SECOND, Step, alias, positions, stamps_at, step
from tidegate.data.zones import to_local, to_utc
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Integers = NDArray[np.int64]

LAST_MONTH = (2262 - 1970) * 12
WORDS = {"D": "daily", "h": "hourly", "min": "every minute", "s": "every second", "B": "business days"}
MONTH_WORDS = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}


def infer(times: Integers, offsets: Integers | None = None, *, timezone: str | None = None) -> str:
    """Return the frequency of regular stamps as a pandas alias.

    Parameters
    ----------
    times
        Shape (R,), int64 nanoseconds, ascending within a series (UTC if `timezone` is set, else the local clock).
        Steps may be missing.
    offsets
        Shape (N + 1,) of a panel; None for one series.
    timezone
        Zone whose calendar daily and longer steps follow.

    Raises
    ------
    DataError
        If the spacing is irregular or no series has two rows.

    Examples
    --------
    >>> infer(np.array(["2020-01-31", "2020-02-29", "2020-03-31"], "M8[ns]").astype("int64"))
    'ME'
    """
    bounds = np.array([0, len(times)]) if offsets is None else offsets
    grid = find_step(times, bounds, timezone=timezone)
    wrong = np.empty(0, dtype=np.int64) if grid.moved else off_grid(times, bounds, grid.step, timezone=timezone)
    if len(wrong):
        raise DataError(
            f"the spacing is irregular: this stamp is not a whole number of steps ({describe(alias(grid.step))}) "
            "after its predecessor",
            place=Place(time=str(times[wrong[0]].astype("M8[ns]"))),
            repair="Put the rows on a grid with --resample mean --frequency NAME.",
        )
    return alias(grid.step, int(to_local(times[:1], timezone)[0]))


def advance(times: Integers, steps: Integers | int, frequency: str, *, timezone: str | None = None) -> Integers:
    """Return the stamps `steps` steps after `times` (before, if negative).

    Parameters
    ----------
    times, steps
        Broadcast against each other; `times` as in `Panel.times`.
    frequency
        As in `Panel.frequency`.
    timezone
        As in `Panel.timezone`: daily and longer steps then follow the local calendar.

    Raises
    ------
    DataError
        If a stamp would lie after the year 2261, the limit of nanosecond stamps.

    Examples
    --------
    >>> advance(np.array([0]), np.arange(3), "QS").astype("M8[ns]").astype("M8[D]")
    array(['1970-01-01', '1970-04-01', '1970-07-01'], dtype='datetime64[D]')
    """
    made = step(frequency)
    count = np.asarray(steps, dtype=np.int64) * made.size
    if made.unit == "count" or not made.daily_or_longer:
        _check_span(times, steps, made)
        return np.asarray(times + count)
    local = to_local(np.asarray(times, dtype=np.int64), timezone)
    _check_span(local, steps, made)
    moved = stamps_at(positions(local, made) + count, made, local % DAY)
    return to_utc(moved, timezone)


def future_times(panel: Panel, horizon: int) -> Integers:
    """Return the stamps of the `horizon` steps after the last row of each series, shape (N, F)."""
    last = panel.times[panel.offsets[1:] - 1]
    return advance(last[:, None], np.arange(1, horizon + 1), panel.frequency, timezone=panel.timezone)


def seasons_of(frequency: str) -> tuple[int, ...]:
    """Return the usual cycles of a frequency in steps, the likeliest first; () if it says nothing.

    Examples
    --------
    >>> seasons_of("h"), seasons_of("MS"), seasons_of("1")
    ((24, 168), (12,), ())
    """
    made = step(frequency)
    if made.unit == "count":
        return ()
    if made.unit == "business":
        return (5,) if made.size == 1 else ()
    if made.unit == "month":
        return (12 // made.size,) if made.size <= 12 and 12 % made.size == 0 else (1,)
    if made.size % DAY == 0:
        return _seasons_of_days(made.size // DAY)
    return _seasons_within_days(made.size)


def describe(frequency: str) -> str:
    """Return a frequency in words.

    Examples
    --------
    >>> describe("MS"), describe("30min"), describe("2W-SUN"), describe("1")
    ('monthly', 'half-hourly', 'every 2 weeks', 'integer steps')
    """
    made = step(frequency)
    if made.unit == "count":
        return "integer steps" if made.size == 1 else f"integer steps of {made.size}"
    if made.unit == "month":
        return MONTH_WORDS.get(made.size) or _every(made.size, "month", 12, "year")
    if made.unit == "business":
        return WORDS["B"] if made.size == 1 else f"every {made.size} business days"
    if made.size == DAY // 48:
        return "half-hourly"
    if made.size % DAY == 0:
        whole = made.size // DAY
        return "daily" if whole == 1 else "weekly" if whole == 7 else _every(whole, "day", 7, "week")
    name = alias(made)
    plain = name.lstrip("0123456789")
    words = {"h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds"}
    return WORDS.get(name) or f"every {name[: len(name) - len(plain)] or 1} {words.get(plain, 'nanoseconds')}"


def _every(size: int, unit: str, many: int, longer: str) -> str:
    return f"every {size // many} {longer}s" if size % many == 0 else f"every {size} {unit}s"


def _seasons_of_days(whole: int) -> tuple[int, ...]:
    if whole == 1:
        return (7,)
    return (52 * 7 // whole,) if whole in (7, 14, 28) else ()


def _seasons_within_days(size: int) -> tuple[int, ...]:
    minute, hour = 60 * SECOND, 3_600 * SECOND
    cycles = (minute, hour) if size < minute else (DAY,) if size < hour // 4 else (DAY, 7 * DAY)
    return tuple(cycle // size for cycle in cycles if cycle % size == 0 and cycle // size > 1)


def _check_span(local: Integers, steps: Integers | int, made: Step) -> None:
    """Refuse stamps beyond what 64 bits of nanoseconds hold."""
    if made.unit == "count" or not np.size(steps) or not np.size(local):
        return
    length = {"month": 31 * DAY, "business": 2 * DAY}.get(made.unit, 1)
    furthest = float(np.max(local)) + float(np.max(steps)) * made.size * length
    if furthest > LAST_MONTH * 30.4 * DAY:
        raise DataError(
            f"{np.max(steps)} steps ({describe(alias(made))}) reach beyond the year 2261, where time stamps end",
            repair="Ask for a shorter horizon, or count the rows as steps with --frequency 1.",
        )
