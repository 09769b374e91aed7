"""Put rows on a regular grid: all rows of one step become one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.calendar import describe
from tidegate.data.duplicates import grouped
from tidegate.data.frequency import within
from tidegate.data.steps import DAY, Step, alias, business_days, days, month_stamps, months, stamps_at, step
from tidegate.data.troubles import times_said
from tidegate.data.zones import to_local, to_utc
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.columns import Options, Resample
    from tidegate.data.rows import Rows

    Integers = NDArray[np.int64]


def resampled(rows: Rows, options: Options) -> tuple[Rows, str, list[str]]:
    """Return one row per series and step of ``options.frequency``, that frequency, and what was done.

    A first or last step that holds fewer rows than is usual for its series is left out of sums: it would be low
    only because the series begins or ends within it.

    Raises
    ------
    SettingError
        If no frequency is given or the rows are integer steps.
    """
    if options.resample is None or options.frequency is None:
        raise SettingError("resample needs the step of the new grid: add a frequency, such as --frequency D or MS.")
    made = step(options.frequency)
    if rows.integer or made.unit == "count":
        raise SettingError(
            "resample works on time stamps, not on integer steps; give a column of dates and --frequency D."
        )
    local = to_local(rows.times, rows.timezone) if made.daily_or_longer else rows.times
    labels = bins(local, made)
    starts = np.ones(len(labels), dtype=bool)
    starts[1:] = (np.diff(labels) != 0) | ~within(rows.offsets)
    stamps = to_utc(labels, rows.timezone) if made.daily_or_longer else labels
    before = len(rows.times)
    sizes = np.diff(np.append(np.flatnonzero(starts), before))
    coarse = grouped(replace(rows, times=stamps), starts, options.resample)
    name = alias(made, int(labels[0]))
    said = [
        f"Resampled to {describe(name)} ({name}) by {options.resample}: {before:,} rows became {len(coarse.times):,}."
    ]
    coarse, cut = _without_partial_ends(coarse, sizes, options.resample)
    if cut:
        said.append(f"{times_said(cut, 'first or last step holds', 'first or last steps hold')} few rows: left out.")
    return coarse, name, said


def bins(local: Integers, made: Step) -> Integers:
    """Return the grid stamp to which each local stamp belongs.

    Weeks end on their weekday (Sunday if none is named); months, quarters and years are named by their first or
    last day as the rule of the step says; Saturdays and Sundays belong to the business day before.
    """
    if made.unit == "business":
        position = business_days(local)
        return stamps_at(position - position % made.size, made)
    if made.unit == "month":
        counted = months(local)
        base = 12 if made.size % 12 == 0 else 3 if made.size == 3 else made.size
        backward = made.rule.endswith("start")
        anchor = made.anchor if made.anchor is not None else (0 if backward else base - 1)
        ahead = (anchor - counted) % made.size
        return month_stamps(counted - (counted - anchor) % made.size if backward else counted + ahead, made.rule)
    if made.size % (7 * DAY) == 0:
        weekday = 6 if made.anchor is None else made.anchor
        whole = days(local)
        return (whole + (weekday - 3 - whole) % (made.size // DAY)) * DAY
    return local - local % made.size


def _without_partial_ends(rows: Rows, sizes: Integers, how: Resample) -> tuple[Rows, int]:
    if how != "sum":
        return rows, 0
    long_enough = rows.lengths > 2
    first, last = rows.offsets[:-1][long_enough], rows.offsets[1:][long_enough] - 1
    counted = np.concatenate([[0], np.cumsum(sizes)])
    usual = (counted[last] - counted[first + 1]) / (last - first - 1)
    cut = np.zeros(len(sizes), dtype=bool)
    cut[first], cut[last] = sizes[first] < 0.9 * usual, sizes[last] < 0.9 * usual
    return (rows.where(~cut), int(cut.sum())) if cut.any() else (rows, 0)
