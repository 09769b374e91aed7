"""Long tables of recordings: a row for each step, and a column that says which recording it is of.

Axis letters: N recordings, T steps, I channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.data.cells import floats
from tidegate.data.cells import labels as labels_of
from tidegate.data.columns import ID_NAMES, TIME_NAMES
from tidegate.data.reading import open_source
from tidegate.data.source import check_columns, refusal
from tidegate.data.times import clock
from tidegate.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.data.columns import Kind
    from tidegate.data.source import Source

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

NAMES = ("id", *ID_NAMES)
"""What a column is called that says which recording a row is of."""

_LABEL = "label"
_LEAVE = "Fill it in, or leave the recording out."


class LongColumns(NamedTuple):
    """Names of the columns that are no channels; None goes by how they are called.

    Attributes
    ----------
    id
        Which recording a row is of.
    time
        Stamps or whole steps, by which the rows of a recording are sorted; without it they stand in their order.
    label
        What each recording is, the same in all its rows.
    """

    id: str | None = None
    time: str | None = None
    label: str | None = None


class _Roles(NamedTuple):
    """The columns that are no channels, as they were found."""

    id: str
    time: str | None
    label: str | None


class LongTable(NamedTuple):
    """Recordings of a table, in the order in which they begin.

    Attributes
    ----------
    ids
        N names.
    values
        N arrays of shape (T, I).
    labels
        N labels as text; None without.
    """

    ids: list[str]
    values: list[Floats]
    labels: list[str] | None


def read_long(file: Path, columns: LongColumns, *, labels: bool) -> LongTable:
    """Return the recordings that a long CSV file holds: every column without another role is a channel.

    Parameters
    ----------
    file
        The file.
    columns
        Names of the columns that are no channels.
    labels
        Whether labels are read; False passes over their column.

    Raises
    ------
    DataError
        If a column or a cell is missing or cannot be used, a stamp stands twice in a recording, or a recording has
        several labels, with the row and the repair.
    """
    source = open_source(file)
    roles = _roles(source, columns)
    channels = [name for name in source.kinds() if name not in roles]
    if not channels:
        raise DataError(f"{source.name} has no column of numbers", repair="Give a column for each channel.")
    told = roles.label if labels else None
    wanted: dict[str, Any] = dict.fromkeys(channels, "number")
    wanted |= {name: role for name, role in ((roles.id, "id"), (roles.time, "time"), (told, "id")) if name is not None}
    fetched = source.fetch(wanted)
    codes, names = _coded(source, roles.id, fetched[roles.id], "id")
    values = np.stack([_numbers(source, name, fetched[name]) for name in channels], axis=1)
    rows = _ordered(source, roles, fetched, codes)
    _, begins = np.unique(codes, return_index=True)
    order = np.argsort(begins)
    ids = [str(names[k]) for k in order]
    said = None if told is None else _labels(source, told, fetched[told], (codes, begins))
    return LongTable(ids, [values[rows[k]] for k in order], None if said is None else [said[k] for k in order])


def _roles(source: Source, given: LongColumns) -> _Roles:
    """Return the columns by their roles, found by how they are called where nobody named them."""
    kinds = source.kinds()
    check_columns(source, given._asdict())
    free = {name: kind for name, kind in kinds.items() if name not in given}
    by_name = {name.strip().lower(): name for name in reversed(free)}
    found = given.id or next((by_name[name] for name in NAMES if name in by_name), None)
    if found is None:
        raise DataError(
            f"no column of {source.name} says which recording a row is of; it has {', '.join(map(repr, kinds))}",
            repair="Name the column with --id.",
        )
    label = given.label or by_name.get(_LABEL)
    time = given.time or _time({name: kind for name, kind in free.items() if name not in (found, label)})
    return _Roles(found, time, label)


def _time(free: dict[str, Kind]) -> str | None:
    """Return the one column that holds stamps or is called as those of times are."""
    found = [name for name, kind in free.items() if kind == "time" or name.strip().lower() in TIME_NAMES]
    if len(found) > 1:
        raise DataError(
            f"several columns could be the time: {', '.join(map(repr, found))}",
            repair="Name the one that counts: --time.",
        )
    return found[0] if found else None


def _numbers(source: Source, name: str, column: Any) -> Floats:
    """Return the values of a channel, none of them missing."""
    made = floats(source, name, column, lambda _row: None, repair="Correct it, or leave the column out of the table.")
    missing = np.isnan(made)
    if missing.any():
        raise refusal(source, "the value is missing", int(missing.argmax()), name, repair=_LEAVE)
    return made


def _coded(source: Source, name: str, column: Any, what: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Return codes and distinct texts of a column, none of them empty."""
    codes, names = labels_of(column)
    empty = np.array([not str(one).strip() for one in names])[codes]
    if empty.any():
        raise refusal(source, f"the row has no {what}", int(empty.argmax()), name, repair="Fill it in, or remove it.")
    return codes, names


def _ordered(source: Source, roles: _Roles, fetched: dict[str, Any], codes: NDArray[np.int32]) -> list[Integers]:
    """Return the rows of each recording, by time where there is one."""
    times = np.arange(len(codes)) if roles.time is None else clock(source, roles.time, fetched[roles.time]).times
    order = np.lexsort((times, codes))
    twice = np.flatnonzero((np.diff(codes[order]) == 0) & (np.diff(times[order]) == 0))
    if len(twice):
        row = int(order[twice + 1].min())
        raise refusal(
            source, "the stamp stands twice in its recording", row, str(roles.time),
            repair="Leave one of the rows out, or correct the stamp.", series=fetched[roles.id][row].as_py(),
        )  # fmt: skip
    return np.split(order, np.bincount(codes).cumsum()[:-1])


def _labels(source: Source, name: str, column: Any, recordings: tuple[NDArray[np.int32], Integers]) -> list[str]:
    """Return the label of each recording; `recordings` holds the number of each row's, and the first row of each."""
    told, labels = _coded(source, name, column, "label")
    codes, begins = recordings
    other = told != told[begins][codes]
    if other.any():
        row = int(other.argmax())
        first = labels[told[begins[codes[row]]]]
        raise refusal(
            source, f"the label is {labels[told[row]]!s}, but that of the same recording began as {first!s}", row, name,
            repair="Give all rows of a recording one label, or name the column of the recordings with --id.",
        )  # fmt: skip
    return [str(one).strip() for one in column.take(begins).to_pylist()]
