"""Known covariates after the last observation: from trailing rows, from a second table, and whether they suffice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.calendar import advance
from tidegate.data.columns import Columns, guess
from tidegate.data.loading import load_long
from tidegate.data.rows import Rows, as_text
from tidegate.data.steps import DAY, month_stamps, months, on_rule, step
from tidegate.data.zones import to_local, to_utc
from tidegate.errors import DataError, Place
from tidegate.panel import Covariates, Future, Panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.source import Source

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]


UNNAMED = Columns()


def check_future(panel: Panel, horizon: int) -> None:
    """Refuse a panel whose known covariates end before the horizon.

    Parameters
    ----------
    panel
        Panel to forecast from; without known covariates nothing is asked.
    horizon
        Steps ahead.

    Raises
    ------
    DataError
        At the first series with fewer than `horizon` rows of future covariates.
    """
    if not panel.known.names:
        return
    rows = np.zeros(len(panel), dtype=np.int64) if panel.future is None else np.diff(panel.future.offsets)
    short = np.flatnonzero(rows < horizon)
    if not len(short):
        return
    n = int(short[0])
    last = int(panel.times[panel.offsets[n + 1] - 1])
    needed = int(advance(np.array([last]), horizon, panel.frequency, timezone=panel.timezone)[0])
    names = ", ".join(panel.known.names)
    raise DataError(
        f"known covariates ({names}) reach {rows[n]} steps beyond the last observation, but the horizon is {horizon} "
        f"(until {_text(panel, needed)}); {len(short):,} of {len(panel):,} series are short",
        place=Place(series=str(panel.ids[n]), time=_text(panel, last)),
        repair="Add rows with an empty target, give them with --future FILE, shorten the horizon, or name the columns "
        "with --past instead.",
    )


def with_future(panel: Panel, source: Source, named: Columns = UNNAMED) -> Panel:
    """Return the panel with the future of its known covariates read from a table.

    Parameters
    ----------
    panel
        Panel with known covariates.
    source
        Table with an id (if the panel has several series), the time and the known columns. Rows up to the last
        observation and series that the panel does not have are passed over, aloud.
    named
        Columns of the observations: the id and the time of the table where it has columns of these names.

    Raises
    ------
    DataError
        If a column is missing, or the rows do not follow the last observation step by step.
    """
    made = step(panel.frequency)
    yearly = panel.frequency if made.unit == "month" and made.size % 12 == 0 else None
    rows, said = load_long(source, _future_columns(panel, source, named), frequency=yearly)
    rows = _same_clock(panel, rows)
    series = _matched(panel, rows)
    last = panel.times[panel.offsets[1:] - 1]
    owner = np.repeat(series, rows.lengths)
    kept = (owner >= 0) & (rows.times > last[owner])
    passed = len(kept) - int(kept.sum())
    if passed:
        said.append(f"{passed:,} rows of the future table lie before the end of their series or belong to others.")
    lengths = np.zeros(len(panel), dtype=np.int64)
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.argsort(owner[chosen], kind="stable")]
    taken, owner = rows.take(chosen), owner[chosen]
    np.add.at(lengths, owner, 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    _check_steps(panel, taken, owner, offsets)
    known, values = _recoded(panel.known, taken.known)
    _check_values(taken, known.names, values)
    future = Future(offsets, replace(known, values=values))
    return replace(panel, known=known, future=future, notes=(*panel.notes, *said))


def split(rows: Rows) -> tuple[Rows, Future | None, list[str]]:
    """Return the rows up to each series' last observation, the future that follows, and what was done.

    Raises
    ------
    DataError
        If a series has no value at all, or a known covariate is empty after the last observation.
    """
    stops = last_values(rows)
    if (stops == rows.offsets[1:]).all():
        return rows, None, []
    trailing = np.arange(len(rows.values)) >= np.repeat(stops, rows.lengths)
    count = int(np.count_nonzero(trailing))
    series = int(np.count_nonzero(stops < rows.offsets[1:]))
    said = f"{count:,} trailing rows without a target value in {series:,} series "
    if not rows.known.names:
        return rows.where(~trailing), None, [said + "are left out."]
    after = rows.where(trailing)
    _check_values(after, rows.known.names, after.known.values)
    future = Future(after.offsets, after.known)
    return rows.where(~trailing), future, [said + f"give the future of {', '.join(rows.known.names)}."]


def last_values(rows: Rows) -> Integers:
    """Return the row after the last value of each series, shape (N,).

    Raises
    ------
    DataError
        If a series has no value at all.
    """
    missing = np.isnan(rows.values)
    if not missing.any():
        return rows.offsets[1:]
    there = np.flatnonzero(~missing)
    counts = np.searchsorted(there, rows.offsets)
    empty = np.flatnonzero(np.diff(counts) == 0)
    if len(empty):
        raise DataError(
            f"the series has no value in {rows.names[1]!r}; {len(empty):,} of {len(rows.ids):,} series have none",
            place=rows.place(int(rows.offsets[empty[0]]), rows.names[1]),
            repair="Remove these series, or name another column with --target.",
        )
    return np.asarray(there[counts[1:] - 1] + 1)


def _text(panel: Panel, time: int) -> str:
    return as_text(time, integer=panel.integer_time, timezone=panel.timezone)


def _future_columns(panel: Panel, source: Source, named: Columns) -> Columns:
    kinds = source.kinds()
    missing = [name for name in panel.known.names if name not in kinds]
    if not panel.known.names or missing:
        problem = (
            f"the future table lacks the column {missing[0]!r}" if missing else "the panel has no known covariates"
        )
        raise DataError(
            problem, repair="Name the covariates with --known and give their future values in these columns."
        )
    rest = {
        name: kind
        for name, kind in kinds.items()
        if name not in panel.known.names and not name.startswith("__index_level_")  # a frame's index, in Parquet
    }
    identity, time = (name if name in rest else None for name in (named.id, named.time))
    chosen = guess({**rest, "\0": "number"}, Columns(id=identity, time=time, target="\0"))
    identity = chosen.id
    if identity is None and len(panel) > 1:
        others = [name for name in rest if name != chosen.time]
        if len(others) != 1:
            raise DataError(
                "the future table does not say which series a row belongs to",
                repair=f"Add the column {named.id or 'unique_id'} to it.",
            )
        identity = others[0]
    return Columns(id=identity, time=chosen.time, known=panel.known.names)


def _same_clock(panel: Panel, rows: Rows) -> Rows:
    """Return the rows on the panel's clock; days within months are moved as those of the observations were."""
    if rows.integer != panel.integer_time:
        raise DataError(
            f"the future table counts time in {'steps' if rows.integer else 'stamps'}, the observations do not",
            place=rows.place(0, rows.names[0]),
            repair="Write the same kind of time in both.",
        )
    if panel.timezone is not None and rows.timezone is None:
        rows = replace(rows, times=to_utc(rows.times, panel.timezone), timezone=panel.timezone)
    made = step(panel.frequency)
    local = to_local(rows.times, panel.timezone)
    if made.unit == "month" and not on_rule(local, made).all():
        stamps = month_stamps(months(local), made.rule) + local % DAY
        return replace(rows, times=to_utc(stamps, panel.timezone))
    return rows


def _matched(panel: Panel, rows: Rows) -> Integers:
    """Return the position in the panel of each series of `rows`, -1 for none."""
    if len(panel) == 1 and len(rows.ids) == 1 and rows.ids[0] == "":
        return np.zeros(1, dtype=np.int64)
    where = {str(series): n for n, series in enumerate(panel.ids)}
    return np.array([where.get(str(series), -1) for series in rows.ids], dtype=np.int64)


def _check_steps(panel: Panel, rows: Rows, owner: Integers, offsets: Integers) -> None:
    """Refuse future rows that are not one step after the other from the last observation on."""
    last = panel.times[panel.offsets[1:] - 1]
    ahead = np.arange(len(owner)) - offsets[owner] + 1
    expected = advance(last[owner], ahead, panel.frequency, timezone=panel.timezone)
    wrong = np.flatnonzero(rows.times != expected)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"this row of the future table should be at {_text(panel, int(expected[row]))}, "
            f"{ahead[row]} steps after the last observation",
            place=rows.place(row, rows.names[0]),
            repair="Give one row for each step after the last observation, without gaps or repeats.",
        )


def _check_values(rows: Rows, names: tuple[str, ...], values: Floats) -> None:
    empty = np.isnan(values)
    if empty.any():
        row, column = (int(found[0]) for found in np.nonzero(empty))
        raise DataError(
            "a known covariate is empty after the last observation",
            place=rows.place(row, names[column]),
            repair="Give its value, remove the row, or name the column with --past.",
        )


def _recoded(known: Covariates, fresh: Covariates) -> tuple[Covariates, Floats]:
    """Return the panel's columns with labels joined on at the end, and the fresh values in their codes."""
    values = fresh.values.copy()
    categories = dict(known.categories)
    for position, name in enumerate(known.names):
        found = fresh.categories.get(name, ())
        if (name in known.categories) != (name in fresh.categories):
            kinds = ("text", "numbers") if name in fresh.categories else ("numbers", "text")
            raise DataError(
                f"the column holds {kinds[0]} in the future table and {kinds[1]} among the observations",
                place=Place(column=name),
                repair="Write it in the same way in both.",
            )
        if found:
            have = categories[name]
            categories[name] = (*have, *(label for label in found if label not in have))
            where = {label: code for code, label in enumerate(categories[name])}
            values[:, position] = np.array([where[label] for label in found])[values[:, position].astype(np.int64)]
    return replace(known, categories=categories), values
