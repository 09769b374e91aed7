"""Infer the step between observations, over one series or all series of a panel at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.data.steps import DAY, Step, days, month_stamps, months, on_rule, positions, weekdays
from tidegate.data.zones import to_local
from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

ALMOST_A_DAY = 20 * DAY // 24
SHORTEST_MONTH = 28 * DAY
MONTH_WOBBLE = 6 * DAY
BLOCK = 1 << 19
RULES = ("start", "end", "business start", "business end")


@dataclass(frozen=True)
class Grid:
    """The stamps of a panel and the step found in them.

    Parameters
    ----------
    step
        Distance between neighbours.
    moved
        Whether monthly stamps stand anywhere in the month and are read as the month's first day.
    """

    step: Step
    moved: bool = False


def within(offsets: Integers) -> Mask:
    """Return which of the R - 1 pairs of neighbouring rows lie in one series."""
    inner = np.ones(max(int(offsets[-1]) - 1, 0), dtype=bool)
    borders = offsets[1:-1]
    inner[borders[(borders > 0) & (borders <= len(inner))] - 1] = False
    return inner


def find_step(times: Integers, offsets: Integers, *, integer: bool = False, timezone: str | None = None) -> Grid:
    """Return the step that most neighbours are apart.

    Parameters
    ----------
    times
        Shape (R,): stamps (UTC if `timezone` is set, else local) or integer steps, ascending within a series and
        without duplicates.
    offsets
        Shape (N + 1,): series n owns rows ``offsets[n]:offsets[n + 1]``.
    integer
        Whether `times` counts steps.
    timezone
        Zone whose calendar daily and longer steps follow.

    Raises
    ------
    DataError
        If no series has two rows.
    """
    inner = within(offsets)
    found, counts = _counted(times, inner)
    if not len(found):
        raise DataError(
            "no series has two rows, so the step between observations cannot be inferred",
            repair="Name it with --frequency, such as --frequency MS.",
        )
    usual = _usual(found, counts)
    if integer:
        return Grid(Step("count", usual))
    if usual >= ALMOST_A_DAY and timezone is not None:
        return find_step(to_local(times, timezone), offsets)
    if found[0] >= SHORTEST_MONTH:
        monthly = _monthly(times, inner, found)
        if monthly is not None:
            return monthly
    if usual == DAY and _working_days(times, found):
        return Grid(Step("business", 1))
    return Grid(Step("tick", usual))


def off_grid(times: Integers, offsets: Integers, grid: Step, *, timezone: str | None = None) -> Integers:
    """Return the rows that are not a whole number of steps after their predecessor, or not on the calendar rule."""
    inner = within(offsets)
    found = [np.empty(0, dtype=np.int64)]
    for start, stop in _blocks(len(times)):
        local = times[start:stop]
        if grid.daily_or_longer:
            local = to_local(local, timezone)
        wrong = ~on_rule(local, grid)
        wrong[1:] |= _uneven(local, grid) & inner[start : stop - 1]
        found.append(np.flatnonzero(wrong) + start)
    return np.unique(np.concatenate(found))


def _uneven(local: Integers, grid: Step) -> Mask:
    """Return which neighbours are not whole steps apart, or stand at another time of day where days are counted."""
    uneven = np.diff(positions(local, grid)) % grid.size != 0
    if grid.unit in ("month", "business"):
        uneven |= np.diff(local % DAY) != 0
    return np.asarray(uneven)


def _blocks(n_rows: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of rows that overlap by one, so that memory stays small beside the rows."""
    for start in range(0, max(n_rows - 1, 1), BLOCK):
        yield start, min(start + BLOCK + 1, n_rows)


def _counted(times: Integers, inner: Mask) -> tuple[Integers, Integers]:
    """Return the distinct gaps between neighbours of one series, ascending, and how often each occurs."""
    parts = []
    for start, stop in _blocks(len(times)):
        gaps = np.diff(times[start:stop])[inner[start : stop - 1]]
        if len(gaps) and gaps.min() == gaps.max():
            parts.append((gaps[:1], np.array([len(gaps)])))
        else:
            parts.append(np.unique(gaps, return_counts=True))
    every = np.concatenate([found for found, _ in parts])
    found, owner = np.unique(every, return_inverse=True)
    counts = np.zeros(len(found), dtype=np.int64)
    np.add.at(counts, owner, np.concatenate([counted for _, counted in parts]))
    return found, counts


def _usual(found: Integers, counts: Integers) -> int:
    """Return the commonest gap, or the smallest if it divides all and is common enough to be no slip."""
    commonest = int(found[np.argmax(counts)])
    smallest = int(found[0])
    if (found % commonest).any() and not (found % smallest).any() and counts[0] >= 0.25 * counts.sum():
        return smallest
    return commonest


def _working_days(times: Integers, found: Integers) -> bool:
    """Whether daily stamps leave out every weekend."""
    return bool((found >= 3 * DAY).any()) and bool((weekdays(times) < 5).all())


def _monthly(local: Integers, inner: Mask, found: Integers) -> Grid | None:
    parts = [_monthly_part(local[a:b], inner[a : b - 1]) for a, b in _blocks(len(local))]
    apart = np.concatenate([part.apart for part in parts])
    drift = max(part.drift for part in parts)
    if not all(part.one_hour for part in parts) or apart.min() < 1:
        return None
    found_months, counts = np.unique(apart, return_counts=True)
    size = int(found_months[np.argmax(counts)])
    for rule in RULES:
        if all(rule in part.rules for part in parts):
            return Grid(Step("month", size, rule))
    one_span = len(found) == 1 and found[0] % (7 * DAY) == 0
    days_seen = np.unique(np.concatenate([part.days for part in parts]))
    if not one_span and (len(days_seen) == 1 or drift <= MONTH_WOBBLE):
        return Grid(Step("month", size, "start"), moved=True)
    return None


class _Part(NamedTuple):
    """What a stretch of rows says about months: months apart, rules kept, days of the month, drift from even months."""

    apart: Integers
    rules: tuple[str, ...]
    days: Integers
    one_hour: bool
    drift: float


def _monthly_part(local: Integers, inner: Mask) -> _Part:
    counted = months(local)
    apart = np.diff(counted)[inner]
    day_of_month = days(local) - days(month_stamps(counted, "start"))
    even = apart * (365.2425 / 12 * DAY)
    drift = np.abs(np.diff(local)[inner] - even)
    return _Part(
        apart=apart,
        rules=tuple(rule for rule in RULES if on_rule(local, Step("month", 1, rule)).all()),
        days=np.unique(day_of_month),
        one_hour=not np.diff(local % DAY)[inner].any(),
        drift=float(drift.max()) if len(drift) else 0.0,
    )
