"""From a source to ordered rows: fetch the columns, turn them into arrays, sort by series and time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.data.cells import floats, is_text, labels
from tidegate.data.columns import Columns
from tidegate.data.frequency import within
from tidegate.data.rows import Rows
from tidegate.data.source import refusal
from tidegate.data.steps import DAY, SECOND, step
from tidegate.data.times import Clock, clock
from tidegate.errors import SettingError
from tidegate.panel import Covariates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tidegate.data.source import Role, Source

    Codes = NDArray[np.int32]


class _Table(NamedTuple):
    """Columns fetched from a source, to be taken out one by one."""

    source: Source
    chosen: Columns
    frequency: str | None
    columns: dict[str, Any]
    n_rows: int


def load_long(source: Source, chosen: Columns, *, frequency: str | None) -> tuple[Rows, list[str]]:
    """Return the ordered rows of a long table and sentences on what was decided.

    Parameters
    ----------
    source
        The table.
    chosen
        Columns with the target set (None for a table of future covariates); `id` None is one series.
    frequency
        As the user gave it.

    Raises
    ------
    DataError
        At the first cell that cannot be used.
    """
    table = _fetched(source, chosen, frequency)
    codes, ids = _series(table)
    read = _clock(table)

    def owner(row: int) -> Any:
        return ids[codes[row]] if chosen.id else None

    if chosen.target is None:
        values = np.full(table.n_rows, np.nan)
    else:
        values = floats(source, chosen.target, table.columns.pop(chosen.target), owner)
    known, past, static = (_covariates(table, names, owner) for names in (chosen.known, chosen.past, chosen.static))
    rows = Rows(
        source, (chosen.time or "", chosen.target or ""), ids, np.array([0, table.n_rows]), read.times, values,
        known, past, static, integer=read.integer, timezone=read.timezone,
    )  # fmt: skip
    ordered, moved = in_order(rows, codes)
    said = [read.note] if read.note else []
    return ordered, [*said, "Rows were not in time order: sorted."] if moved else said


def load_wide(source: Source, names: Sequence[str], time: str | None, frequency: str | None) -> tuple[Rows, list[str]]:
    """Return the ordered rows of a wide table, each of the numeric columns `names` one series.

    Empty cells before the first and after the last value of a column are not part of its series.

    Raises
    ------
    DataError
        At the first cell that cannot be used.
    """
    ids = np.array(sorted(names), dtype=object)
    table = _fetched(source, Columns(time=time), frequency, numbers=list(ids))
    read, n_rows = _clock(table), table.n_rows
    values = np.concatenate([floats(source, name, table.columns.pop(name), _named(name)) for name in ids])
    blank = Covariates((), np.empty((len(values), 0)))
    codes = np.repeat(np.arange(len(ids), dtype=np.int32), n_rows)
    rows = Rows(
        source, (time or "", "*"), ids, np.array([0, len(values)]), np.tile(read.times, len(ids)), values,
        blank, blank, blank, integer=read.integer, timezone=read.timezone,
        origin=np.tile(np.arange(n_rows, dtype=np.int64), len(ids)),
    )  # fmt: skip
    ordered, moved = in_order(rows, codes)
    kept = _without_empty_ends(ordered)
    said = [*([read.note] if read.note else []), f"Wide table: each of {len(kept.ids)} numeric columns is one series."]
    empty = [name for name in ids if name not in set(kept.ids)]
    if empty:
        said.append(f"Columns without any value are left out: {', '.join(empty)}.")
    return kept, [*said, "Rows were not in time order: sorted."] if moved else said


def _fetched(source: Source, chosen: Columns, frequency: str | None, *, numbers: Sequence[str] = ()) -> _Table:
    roles: dict[str, Role] = dict.fromkeys(chosen.covariates, "covariate")
    if chosen.id is not None:
        roles[chosen.id] = "id"
    if chosen.time is not None:
        roles[chosen.time] = "time"
    if chosen.target is not None:
        roles[chosen.target] = "number"
    columns = source.fetch(roles | dict.fromkeys(numbers, "number"))
    return _Table(source, chosen, frequency, columns, len(next(iter(columns.values()))))


def _named(name: str) -> Callable[[int], Any]:
    return lambda _: name


def _series(table: _Table) -> tuple[Codes, NDArray[np.object_]]:
    chosen = table.chosen
    if chosen.id is None:
        return np.broadcast_to(np.int32(0), table.n_rows), np.array([chosen.target or ""], dtype=object)
    codes, ids = labels(table.columns.pop(chosen.id))
    if len(ids) and ids[0] == "":
        index = int(np.argmax(codes == 0))
        repair = "Write the identifier or remove the row."
        raise refusal(table.source, "the identifier of the series is missing", index, chosen.id, repair=repair)
    return codes, ids


def _clock(table: _Table) -> Clock:
    name, frequency = table.chosen.time, table.frequency
    if name is None:
        steps = np.arange(1, table.n_rows + 1, dtype=np.int64)
        return Clock(steps, integer=True, note="No time column: rows are steps 1, 2, 3.")
    given = None if frequency is None else step(frequency)
    yearly = given is not None and given.unit == "month" and given.size % 12 == 0
    read = clock(table.source, name, table.columns.pop(name), yearly=yearly)
    if read.integer and given is not None and given.unit != "count":
        raise SettingError(
            f"frequency is {frequency!r}, but {name!r} holds whole numbers such as {read.times[0]}, not dates; "
            "give the step as a whole number, such as --frequency 1."
        )
    return read


def _covariates(table: _Table, names: tuple[str, ...], owner: Callable[[int], Any]) -> Covariates:
    """Return columns as numbers; text and booleans become codes of sorted labels."""
    values = np.empty((table.n_rows, len(names)))
    categories = {}
    for position, name in enumerate(names):
        column = table.columns.pop(name)
        if is_text(column.type) or str(column.type) == "bool":
            codes, found = labels(column)
            values[:, position] = codes
            categories[name] = tuple(str(label) for label in found)
        else:
            values[:, position] = floats(table.source, name, column, owner)
    return Covariates(names, values, categories)


def in_order(rows: Rows, codes: Codes) -> tuple[Rows, bool]:
    """Return the rows sorted by series, then time, equal stamps in their order, and whether time ran backwards.

    Parameters
    ----------
    rows
        Rows in any order; their `offsets` are not read.
    codes
        Shape (R,): position in ``rows.ids`` of each row.
    """
    offsets = _borders(codes, len(rows.ids))
    if _ascending(codes, rows.times):
        return replace(rows, offsets=offsets), False
    by_time = bool((rows.times[1:] >= rows.times[:-1]).all())
    order = np.argsort(codes, kind="stable") if by_time else _sorted_positions(codes, rows.times)
    if len(order) < np.iinfo(np.int32).max:
        order = order.astype(np.int32)
    moved = bool(((order[1:] < order[:-1]) & within(offsets)).any())
    return replace(rows.take(order), offsets=offsets), moved


def _borders(codes: Codes, n_series: int) -> NDArray[np.int64]:
    """Return where each series begins once the rows are sorted by `codes`."""
    if codes.strides == (0,):
        return np.array([0, len(codes)])
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=n_series))]).astype(np.int64)


def _sorted_positions(codes: Codes, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stable order by series, then time: by one number for both where 64 bits hold it."""
    low, high = int(times.min()), int(times.max())
    unit = next(size for size in (DAY, SECOND, 1) if not ((times - low) % size).any())
    span = (high - low) // unit + 1
    if span * (int(codes.max()) + 1) >= np.iinfo(np.int64).max:
        return np.lexsort((times, codes))
    key = times - low
    key //= unit
    key += codes.astype(np.int64) * span
    return np.argsort(key, kind="stable")


def _ascending(codes: Codes, times: NDArray[np.int64]) -> bool:
    later = times[1:] >= times[:-1]
    if codes.strides == (0,):
        return bool(later.all())
    return bool(((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & later)).all())


def _without_empty_ends(rows: Rows) -> Rows:
    there = np.flatnonzero(~np.isnan(rows.values))
    first, last = np.searchsorted(there, rows.offsets[:-1]), np.searchsorted(there, rows.offsets[1:])
    has_values = last > first
    starts, stops = rows.offsets[:-1].copy(), rows.offsets[:-1].copy()
    starts[has_values] = there[first[has_values]]
    stops[has_values] = there[last[has_values] - 1] + 1
    edges = np.zeros(len(rows.values) + 1, dtype=np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, stops, -1)
    return rows.where(np.cumsum(edges[:-1]) > 0).without_empty_series()
