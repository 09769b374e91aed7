"""Observations on their way to a Panel: in order of series and time, each row still knowing where it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.data.zones import to_local
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.source import Source
    from tidegate.panel import Covariates

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]


BLOCK = 1 << 19


@dataclass(frozen=True, eq=False)
class Rows:
    """R rows of N series, ascending by series and time; a stamp may occur twice and steps may be missing.

    Parameters
    ----------
    source
        Where the rows come from.
    names
        Names of the time and target columns.
    ids
        Shape (N,), ascending.
    offsets
        Shape (N + 1,): series n owns rows ``offsets[n]:offsets[n + 1]``.
    times
        Shape (R,): UTC nanoseconds if `timezone` is set, nanoseconds of the local clock, or integer steps.
    values
        Shape (R,): the target, NaN where missing.
    known, past, static
        Covariates over the R rows.
    origin
        Shape (R,): the row's number in the source; None if nothing was moved.
    """

    source: Source
    names: tuple[str, str]
    ids: NDArray[np.object_]
    offsets: Integers
    times: Integers
    values: Floats
    known: Covariates
    past: Covariates
    static: Covariates
    integer: bool
    timezone: str | None
    origin: NDArray[np.signedinteger[Any]] | None = None

    @property
    def lengths(self) -> Integers:
        """Rows per series, shape (N,)."""
        return np.diff(self.offsets)

    def where(self, kept: NDArray[np.bool_]) -> Rows:
        """Return the rows where `kept` is True; a series may end up without rows."""
        return self.take(np.flatnonzero(kept))

    def take(self, rows: NDArray[np.signedinteger[Any]]) -> Rows:
        """Return the rows at the positions `rows`; only if they ascend do the offsets follow."""
        return replace(
            self,
            offsets=np.searchsorted(rows, self.offsets).astype(np.int64) if _rising(rows) else self.offsets,
            times=_picked(self.times, rows),
            values=_picked(self.values, rows),
            known=_chosen(self.known, rows),
            past=_chosen(self.past, rows),
            static=_chosen(self.static, rows),
            origin=rows if self.origin is None else self.origin[rows],
        )

    def without_empty_series(self) -> Rows:
        """Return the rows with series of no rows removed from `ids`."""
        there = self.lengths > 0
        return replace(self, ids=self.ids[there], offsets=np.append(self.offsets[:-1][there], self.offsets[-1]))

    def series_of(self, row: int) -> int:
        """Return the series that owns a row."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1

    def stamp(self, row: int) -> str:
        """Return the time of a row as text, local clock."""
        return as_text(int(self.times[row]), integer=self.integer, timezone=self.timezone)

    def place(self, row: int, column: str | None = None) -> Place:
        """Return where a row came from."""
        origin = row if self.origin is None else int(self.origin[row])
        return Place(
            row=self.source.row(origin), column=column, series=str(self.ids[self.series_of(row)]), time=self.stamp(row)
        )


def as_text(time: int, *, integer: bool, timezone: str | None) -> str:
    """Return a stamp as text: an integer, a date, or a date and time of the local clock."""
    if integer:
        return str(time)
    local = to_local(np.array([time]), timezone).view("M8[ns]")[0]
    text = str(local.astype("M8[s]")) if time % 1_000_000_000 == 0 else str(local)
    return text.removesuffix("T00:00:00").replace("T", " ")


def static_of(rows: Rows) -> Covariates:
    """Return the static covariates over the N series.

    Raises
    ------
    DataError
        If a static column changes within a series or holds no value there.
    """
    made = np.full((len(rows.ids), len(rows.static.names)), np.nan)
    for position, name in enumerate(rows.static.names):
        values = rows.static.values[:, position]
        there = np.flatnonzero(~np.isnan(values))
        owners = np.searchsorted(rows.offsets, there, side="right") - 1
        made[owners[::-1], position] = values[there[::-1]]
        differs = values[there] != made[owners, position]
        if differs.any():
            row = int(there[np.argmax(differs)])
            before = _said(rows, name, made[owners[np.argmax(differs)], position])
            raise DataError(
                f"a static column must be constant within a series, but changes from {before} to "
                f"{_said(rows, name, values[row])}",
                place=rows.place(row, name),
                repair="Name it with --known or --past instead, or correct it.",
            )
        empty = np.isnan(made[:, position])
        if empty.any():
            raise DataError(
                "a static column holds no value for this series",
                place=Place(column=name, series=str(rows.ids[np.argmax(empty)])),
                repair="Give the value, or leave the column out.",
            )
    return replace(rows.static, values=made)


def _said(rows: Rows, name: str, value: Any) -> str:
    found = rows.static.categories.get(name)
    return repr(found[int(value)]) if found else f"{value:g}"


def _picked(array: NDArray[Any], rows: NDArray[np.signedinteger[Any]]) -> NDArray[Any]:
    """Return ``array[rows]``, picked in blocks because numpy widens positions of 32 bits all at once."""
    made = np.empty(len(rows), dtype=array.dtype)
    for start in range(0, len(rows), BLOCK):
        made[start : start + BLOCK] = array[rows[start : start + BLOCK]]
    return made


def _chosen(covariates: Covariates, rows: NDArray[np.signedinteger[Any]]) -> Covariates:
    if not covariates.names:
        return replace(covariates, values=np.empty((len(rows), 0)))
    return replace(covariates, values=covariates.values[rows])


def _rising(rows: NDArray[np.signedinteger[Any]]) -> bool:
    return bool((rows[1:] > rows[:-1]).all())
