"""A column of time stamps or steps, whatever its type, as int64."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.data.cells import encoded, is_text, plain
from tidegate.data.gathering import values_of
from tidegate.data.source import Source, refusal
from tidegate.data.stamps import FIRST_YEAR, ISO, LAST_YEAR, UnreadableError, read_stamps
from tidegate.data.steps import DAY, SECOND
from tidegate.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

YEAR_NAMES = ("year", "years", "yr")
EPOCHS = (("seconds", SECOND), ("milliseconds", SECOND // 1_000), ("microseconds", 1_000), ("nanoseconds", 1))


class Clock(NamedTuple):
    """What a time column holds.

    Attributes
    ----------
    times
        Nanoseconds since 1970 (UTC if `timezone` is set, else of the local clock), or integer steps.
    integer
        Whether they are steps.
    timezone
        Zone of the column; None without one.
    note
        What had to be decided, as a sentence; empty if nothing.
    """

    times: Integers
    integer: bool = False
    timezone: str | None = None
    note: str = ""


def clock(source: Source, name: str, column: pa.ChunkedArray, *, yearly: bool = False) -> Clock:
    """Return the stamps or steps that a column holds.

    Parameters
    ----------
    source, name
        For the message; a column named year holds years.
    column
        Time stamps, dates, whole numbers, or text.
    yearly
        Whether whole numbers are years (the user said that the frequency is yearly).

    Raises
    ------
    DataError
        At the first cell that is empty or cannot be read.
    """
    if column.null_count:
        index = int(np.argmax(column.is_null().to_numpy()))
        raise refusal(source, "the time stamp is missing", index, name, repair="Write the stamp or remove the row.")
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if is_text(kind):
        return _from_text(source, name, column, yearly=yearly)
    column = plain(column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _from_stamps(source, name, column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _from_numbers(source, name, column, yearly=yearly)
    raise DataError(
        f"the column {name!r} holds {kind}, which is neither a time stamp nor a whole number of steps",
        repair="Name another column with --time NAME.",
    )


def _contiguous(source: Source, column: pa.ChunkedArray) -> Integers:
    """Return int64 values, copied unless the source leaves the column to us."""
    if source.owned and column.num_chunks == 1:
        return values_of(column.chunk(0).cast(pa.int64(), safe=False), np.dtype(np.int64))
    values = np.empty(len(column), dtype=np.int64)
    start = 0
    for chunk in column.chunks:
        values[start : start + len(chunk)] = values_of(chunk.cast(pa.int64(), safe=False), np.dtype(np.int64))
        start += len(chunk)
    return values


def _from_stamps(source: Source, name: str, column: pa.ChunkedArray) -> Clock:
    zone = getattr(column.type, "tz", None)
    if getattr(column.type, "unit", "") != "ns":
        year = pc.year(column)
        far = pc.or_(pc.less(year, FIRST_YEAR), pc.greater(year, LAST_YEAR)).to_numpy()
        if far.any():
            index = int(np.argmax(far))
            raise refusal(
                source, f"the year {year[index].as_py()} lies outside {FIRST_YEAR} to {LAST_YEAR}", index, name,
                repair="Correct the stamp, or count the rows as whole numbers in a column of steps.",
            )  # fmt: skip
        column = column.cast(pa.timestamp("ns", zone))
    return Clock(_contiguous(source, column), timezone=zone)


def _from_numbers(source: Source, name: str, column: pa.ChunkedArray, *, yearly: bool) -> Clock:
    if pa.types.is_floating(column.type):
        uneven = pc.not_equal(pc.floor(column), column).to_numpy()
        if uneven.any():
            index = int(np.argmax(uneven))
            raise refusal(
                source, f"the time is {column[index].as_py()}, no stamp and no whole number", index, name,
                repair="Write dates, or whole numbers 1, 2, 3, ...",
            )  # fmt: skip
    numbers = _contiguous(source, column)
    if not len(numbers):
        return Clock(numbers, integer=True)
    return (
        _as_years(numbers, name, yearly=yearly)
        or _as_dates(numbers)
        or _as_epoch(numbers)
        or Clock(numbers, integer=True)
    )


def _as_years(numbers: Integers, name: str, *, yearly: bool) -> Clock | None:
    in_range = numbers.min() >= FIRST_YEAR and numbers.max() <= LAST_YEAR
    if not in_range or not (yearly or name.strip().lower() in YEAR_NAMES):
        return None
    stamps = (numbers - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) * DAY
    return Clock(stamps, note=f"Whole numbers in {name!r} are years.")


def _as_dates(numbers: Integers) -> Clock | None:
    """Read 20200131, and 202001 where a run of steps would have met a month 13."""
    low, high = numbers.min(), numbers.max()
    full = low >= FIRST_YEAR * 10_000 and high < (LAST_YEAR + 1) * 10_000
    short = low >= FIRST_YEAR * 100 and high < (LAST_YEAR + 1) * 100 and high - low > 12
    if not full and not short:
        return None
    year, rest = np.divmod(numbers, 10_000 if full else 100)
    month, day = np.divmod(rest, 100) if full else (rest, np.ones_like(rest))
    if not ((month >= 1) & (month <= 12)).all():
        return None
    first = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    length = ((first + 1).astype("M8[D]") - first.astype("M8[D]")).astype(np.int64)
    if not ((day >= 1) & (day <= length)).all():
        return None
    stamps = (first.astype("M8[D]").astype(np.int64) + day - 1) * DAY
    return Clock(stamps, note=f"Whole numbers such as {numbers[0]} are dates ({'YYYYMMDD' if full else 'YYYYMM'}).")


def _as_epoch(numbers: Integers) -> Clock | None:
    """Read seconds since 1970, or a finer unit, by their size: the years 1980 to 2100."""
    for unit, size in EPOCHS:
        if numbers.min() >= 10 * 365 * DAY // size and numbers.max() <= 130 * 365 * DAY // size:
            return Clock(
                numbers * size, timezone="UTC", note=f"Whole numbers such as {numbers[0]} are {unit} since 1970."
            )
    return None


def _from_text(source: Source, name: str, column: pa.ChunkedArray, *, yearly: bool) -> Clock:
    indices, distinct = encoded(column)
    empty = np.asarray(pc.equal(pc.utf8_trim_whitespace(distinct), ""))
    if empty.any():
        index = int(np.argmax(empty[indices]))
        raise refusal(source, "the time stamp is missing", index, name, repair="Write the stamp or remove the row.")
    if pc.all(pc.match_substring_regex(distinct, r"^\s*-?\d{1,18}\s*$")).as_py():
        numbers = pc.cast(pc.utf8_trim_whitespace(distinct), pa.int64())
        made = _from_numbers(source, name, pa.chunked_array([numbers]), yearly=yearly)
        return made._replace(times=made.times[indices])
    try:
        stamps = read_stamps(distinct)
    except UnreadableError as unreadable:
        index = int(np.argmax(indices == unreadable.index))
        raise refusal(source, unreadable.problem, index, name, repair=unreadable.repair or ISO) from unreadable
    return Clock(stamps.times[indices], timezone="UTC" if stamps.aware else None, note=stamps.note)
