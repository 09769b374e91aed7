"""Missing steps and missing values: find them, refuse them, keep them, and fill them inside one origin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.frequency import within
from tidegate.data.steps import DAY, Step, positions, stamps_at, step
from tidegate.data.troubles import Trouble, times_said
from tidegate.data.zones import to_local, to_utc
from tidegate.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.rows import Rows
    from tidegate.panel import Covariates, Fill, Future, Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

MOST_ADDED = 20
"""Rows that filling may add for each row there is; more means a stamp is wrong."""


def regular(rows: Rows, frequency: str, *, fill: Fill) -> tuple[Rows, list[Trouble], list[str]]:
    """Return the rows with every missing step added as a row without values.

    Parameters
    ----------
    rows
        Rows on the grid of `frequency`, without duplicates.
    frequency
        As in `Panel.frequency`.
    fill
        If "error", missing steps are a trouble and no row is added.

    Raises
    ------
    DataError
        If the gaps are so wide that a stamp must be wrong.
    """
    made = step(frequency)
    local = to_local(rows.times, rows.timezone) if made.daily_or_longer else rows.times
    position = positions(local, made) // made.size if made.unit != "tick" else local
    size = made.size if made.unit == "tick" else 1
    jumps = np.diff(position)
    gaps = np.flatnonzero((jumps != size) & within(rows.offsets))
    if not len(gaps):
        return rows, [], []
    missing = jumps[gaps] // size - 1
    total = int(missing.sum())
    widest = int(np.argmax(missing))
    if total > MOST_ADDED * len(rows.times) + 1_000:
        raise DataError(
            f"{missing[widest]:,} steps are missing before this row, but there are only {len(rows.times):,} rows",
            place=rows.place(int(gaps[widest]) + 1, rows.names[0]),
            repair="Correct the stamp, name a longer step with --frequency, or count rows as steps with --frequency 1.",
        )
    if fill == "error":
        return rows, [_gap_trouble(rows, gaps, total, frequency)], []
    series = int(np.count_nonzero(np.diff(np.searchsorted(gaps, rows.offsets))))
    said = f"{times_said(total, 'missing step', 'missing steps')} in {times_said(series, 'series', 'series')}: "
    return _with_rows(rows, made, gaps, missing), [], [f"{said}{_treatment(fill)}."]


def missing_values(rows: Rows, stops: Integers, *, fill: Fill) -> tuple[list[Trouble], list[str]]:
    """Return the trouble or the sentence for empty cells of the target before ``stops[n]`` in series n."""
    if not np.isnan(rows.values).any():
        return [], []
    empty = np.isnan(rows.values) & (np.arange(len(rows.values)) < np.repeat(stops, rows.lengths))
    if rows.origin is not None:
        empty &= rows.origin >= 0
    count = int(np.count_nonzero(empty))
    if not count:
        return [], []
    said = times_said(count, "value of the target is missing", "values of the target are missing")
    if fill != "error":
        return [], [f"{said}: {_treatment(fill)}."]
    at = np.empty(0, dtype=np.int64)
    first = int(np.argmax(empty))
    return [Trouble(said, rows.place(first, rows.names[1]), {"fill": "interpolate"}, at)], []


def filled(panel: Panel) -> Panel:
    """Return the panel without NaN, using nothing but its own rows.

    Parameters
    ----------
    panel
        Values may be missing in its target and covariates.

    Returns
    -------
    Panel
        Target by ``panel.fill``: straight lines between neighbours in the series, zeros, or the last value ("error"
        and "keep" count as "interpolate"); before the first value of a series its first, after the last its last; 0
        in series of no value. Covariates as `carried` leaves them.
    """
    panel = carried(panel)
    if not np.isnan(panel.values).any():
        return panel
    return replace(panel, values=filled_values(panel.values, panel.offsets, panel.fill))


def carried(panel: Panel) -> Panel:
    """Return the panel without NaN in its covariates, using nothing but its own rows; the target stays as it is.

    Covariates take their last value, before the first the first, and 0 if there is none; known ones run on into
    `future`.
    """
    known, future = panel.known, panel.future
    if np.isnan(known.values).any() or (future is not None and np.isnan(future.covariates.values).any()):
        known, future = _filled_known(panel)
    past = _carried(panel.past, panel.offsets)
    if known is panel.known and past is panel.past:
        return panel
    return replace(panel, known=known, past=past, future=future)


def newest_rows(values: Floats, offsets: Integers) -> Integers:
    """Return the row of the newest value at or before each row of its series, shape (R,); -1 where none is there yet.

    Parameters
    ----------
    values
        Shape (R,), NaN where missing.
    offsets
        Shape (N + 1,), as in `Panel.offsets`.
    """
    newest = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    return np.asarray(np.where(newest >= np.repeat(offsets[:-1], np.diff(offsets)), newest, -1))


def filled_values(values: Floats, offsets: Integers, how: Fill) -> Floats:
    """Return `values` with NaN replaced inside each series; see `filled`."""
    there = ~np.isnan(values)
    if how == "zero":
        return np.where(there, values, 0.0)
    rows = np.arange(len(values))
    before = newest_rows(values, offsets)
    after = np.minimum.accumulate(np.where(there, rows, len(values))[::-1])[::-1]
    has_before, has_after = before >= 0, after < np.repeat(offsets[1:], np.diff(offsets))
    left = np.where(has_before, before, np.where(has_after, after, 0))
    right = np.where(has_after, after, left)
    made = values[left]
    if how != "forward":
        share = (rows - left) / np.maximum(right - left, 1)
        inside = has_before & has_after
        made = np.where(inside, made * (1 - share) + values[right] * share, made)
    made = np.where(has_before | has_after, made, 0.0)
    return np.where(there, values, made)


def _treatment(fill: Fill) -> str:
    """Return what becomes of what is missing, as a part of a sentence."""
    if fill == "keep":
        return "kept missing for models that read gaps, straight lines inside each origin for the others (keep)"
    return f"filled inside each origin ({fill})"


def _carried(covariates: Covariates, offsets: Integers) -> Covariates:
    if not np.isnan(covariates.values).any():
        return covariates
    columns = [filled_values(column, offsets, "forward") for column in covariates.values.T]
    return replace(covariates, values=np.column_stack(columns))


def _filled_known(panel: Panel) -> tuple[Covariates, Future | None]:
    """Carry known covariates through the rows of each series and on into its future."""
    if panel.future is None:
        return _carried(panel.known, panel.offsets), None
    future = panel.future
    after = np.repeat(panel.offsets[1:], np.diff(future.offsets))
    joined = np.insert(panel.known.values, after, future.covariates.values, axis=0)
    offsets = panel.offsets + future.offsets
    done = _carried(replace(panel.known, values=joined), offsets).values
    is_future = np.zeros(len(joined), dtype=bool)
    is_future[after + np.arange(len(after))] = True
    covariates = replace(future.covariates, values=done[is_future])
    return replace(panel.known, values=done[~is_future]), replace(future, covariates=covariates)


def _gap_trouble(rows: Rows, gaps: Integers, total: int, frequency: str) -> Trouble:
    row = int(gaps[0])
    share = total / (total + len(rows.times))
    said = f"{times_said(total, 'step is missing', 'steps are missing')} (the first after {rows.stamp(row)})"
    if share > 0.2:
        said += (
            f", {share:.0%} of the grid ({frequency}): if the gaps belong to the data, such as nights or holidays, "
            "--frequency 1 counts the rows as steps, and --resample sum --frequency D (or B) makes days of them"
        )
    at = np.empty(0, dtype=np.int64)
    if not rows.integer:
        at = to_local(rows.times[gaps], rows.timezone) + (rows.times[gaps + 1] - rows.times[gaps]) // 2
    return Trouble(said, rows.place(row + 1, rows.names[0]), {"fill": "interpolate"}, at)


def _with_rows(rows: Rows, made: Step, gaps: Integers, missing: Integers) -> Rows:
    """Insert rows of NaN; their origin is the row before the gap, made negative."""
    total = len(rows.times) + int(missing.sum())
    shift = np.zeros(len(rows.times), dtype=np.int64)
    shift[gaps + 1] = missing
    target = np.arange(len(rows.times)) + np.cumsum(shift)
    inserted = np.ones(total, dtype=bool)
    inserted[target] = False
    source = np.cumsum(~inserted) - 1
    since = np.arange(total) - target[source]
    times = rows.times[source]
    new = np.flatnonzero(inserted)
    times[new] = _later(times[new], since[new], made, rows.timezone)
    offsets = np.append(target[np.minimum(rows.offsets[:-1], len(target) - 1)], total)
    origin = source if rows.origin is None else rows.origin[source]
    return replace(
        rows, offsets=offsets, times=times, values=_blank(rows.values[source], inserted),
        known=replace(rows.known, values=_blank(rows.known.values[source], inserted)),
        past=replace(rows.past, values=_blank(rows.past.values[source], inserted)),
        static=rows.static.take(source), origin=np.where(inserted, -1 - origin, origin),
    )  # fmt: skip


def _blank(values: Floats, inserted: Mask) -> Floats:
    values[inserted] = np.nan
    return values


def _later(times: Integers, steps: Integers, made: Step, timezone: str | None) -> Integers:
    if not made.daily_or_longer:
        return times + steps * made.size
    local = to_local(times, timezone)
    return to_utc(stamps_at(positions(local, made) + steps * made.size, made, local % DAY), timezone)
