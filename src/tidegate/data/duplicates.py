"""Several rows of one series with the same stamp."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.frequency import within
from tidegate.data.troubles import Trouble, times_said
from tidegate.data.zones import to_local

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.columns import Duplicates, Resample
    from tidegate.data.rows import Rows
    from tidegate.panel import Covariates

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


def repeated(rows: Rows) -> Mask:
    """Return which rows have the stamp of the row before them in the same series, shape (R,)."""
    same = np.zeros(len(rows.times), dtype=bool)
    same[1:] = (rows.times[1:] == rows.times[:-1]) & within(rows.offsets)
    return same


def without_duplicates(rows: Rows, choice: Duplicates) -> tuple[Rows, list[Trouble], list[str]]:
    """Return rows with one row per stamp, the trouble if duplicates are refused, and what was done.

    If they are refused the first row of each stamp is kept, so that later checks can go on.
    """
    same = repeated(rows)
    count = int(np.count_nonzero(same))
    if not count:
        return rows, [], []
    first = int(np.argmax(same))
    troubles, said = [], []
    if choice == "error":
        at = np.empty(0, dtype=np.int64) if rows.integer else to_local(rows.times[same], rows.timezone)
        where = rows.place(first - 1).row
        problem = f"{times_said(count, 'row repeats', 'rows repeat')} a time stamp (this one that of row {where})"
        troubles = [Trouble(problem, rows.place(first), {"duplicates": "mean"}, at)]
    else:
        said = [f"{times_said(count, 'row repeats', 'rows repeat')} a time stamp: the {choice} is taken."]
    if choice == "mean":
        return grouped(rows, ~same, "mean"), troubles, said
    kept = ~same if choice != "last" else np.append(~same[1:], True)
    return rows.where(kept), troubles, said


def grouped(rows: Rows, starts: Mask, how: Resample) -> Rows:
    """Return one row for each run of rows that begins where `starts` is True.

    Parameters
    ----------
    rows
        Rows whose runs do not cross series.
    starts
        Shape (R,), True at the first row of each run.
    how
        What becomes of the target: the sum, mean or last of its values; NaN if there are none. Covariates become
        their mean, categories and static columns their last value.
    """
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(starts)) - 1
    kept = rows.take(last if how == "last" else first)
    return replace(
        kept,
        values=aggregate(rows.values, first, how),
        known=_covariates(rows.known, first, last),
        past=_covariates(rows.past, first, last),
        static=rows.static.take(last),
    )


def aggregate(values: Floats, first: Integers, how: Resample) -> Floats:
    """Return the sum, mean or last value of each run of `values` that begins at `first`, NaN left out."""
    there = ~np.isnan(values)
    counts = np.add.reduceat(there.astype(np.int64), first)
    if how == "last":
        newest = np.maximum.reduceat(np.where(there, np.arange(len(values)), -1), first)
        return np.where(counts > 0, values[newest], np.nan)
    sums = np.add.reduceat(np.where(there, values, 0.0), first)
    divisor = np.where(counts > 0, counts if how == "mean" else 1, np.nan)
    return np.asarray(sums / divisor)


def _covariates(covariates: Covariates, first: Integers, last: Integers) -> Covariates:
    values = covariates.values[last].copy()
    for position, name in enumerate(covariates.names):
        if name not in covariates.categories:
            values[:, position] = aggregate(covariates.values[:, position], first, "mean")
    return replace(covariates, values=values)
