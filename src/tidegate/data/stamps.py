"""Text to time stamps: find how the dates are written, then read all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.data.formats import FORMATS, MONTH_NAMES, Format
from tidegate.data.steps import DAY, SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

FIRST_YEAR, LAST_YEAR = 1678, 2261
ISO = "Write all stamps in one way, best as 2020-01-31 or 2020-01-31 13:00:00."


class Stamps(NamedTuple):
    """Stamps that were read.

    Attributes
    ----------
    times
        Nanoseconds since 1970: UTC if `aware`, else of the local clock.
    aware
        Whether the text named an offset from UTC.
    note
        What had to be decided, as a sentence; empty if nothing.
    """

    times: Integers
    aware: bool
    note: str = ""


class UnreadableError(ValueError):
    """A stamp cannot be read.

    Parameters
    ----------
    index
        Position of the offending text.
    problem, repair
        For the message to the user.
    """

    def __init__(self, index: int, problem: str, repair: str = ISO) -> None:
        self.index, self.problem, self.repair = index, problem, repair
        super().__init__(problem)


def looks_like_stamps(texts: pa.Array) -> bool:
    """Return whether most of `texts` are written in one of the known ways, a bare year excepted."""
    filled = texts.drop_null()
    if not len(filled):
        return False
    return any(_share(filled, one) > 0.5 for one in FORMATS if one.name != "year")


def read_stamps(texts: pa.Array) -> Stamps:
    """Return the stamps that `texts` name.

    Parameters
    ----------
    texts
        String array without nulls, all written in one way.

    Raises
    ------
    UnreadableError
        If a text is no stamp, if the texts are written in several ways, or if day and month cannot be told apart.
    """
    chosen = _chosen(texts)
    parts = pc.extract_regex(texts, pattern=chosen.pattern)
    fields = {field.name: parts.field(field.name) for field in parts.type}
    year = _numbers(fields["year"])
    _check(texts, (year >= FIRST_YEAR) & (year <= LAST_YEAR), f"years must lie from {FIRST_YEAR} to {LAST_YEAR}")
    month, day, note = _month_and_day(texts, fields)
    _check(texts, (month >= 1) & (month <= 12), "there is no such month")
    first = (year * 12 + month - 1 - 1970 * 12).astype("M8[M]")
    length = ((first + 1).astype("M8[D]") - first.astype("M8[D]")).astype(np.int64)
    _check(texts, (day >= 1) & (day <= length), "there is no such day")
    local = (first.astype("M8[D]").astype(np.int64) + day - 1) * DAY
    if "week" in fields:
        local = _week_starts(texts, year, _numbers(fields["week"])) * DAY
    if chosen.coarse:
        return Stamps(local, aware=False, note=note)
    shift, aware = _shifts(texts, fields["zone"])
    return Stamps(local + _clock(texts, fields) - shift, aware, note)


def _share(texts: pa.Array, chosen: Format) -> float:
    return (pc.sum(pc.match_substring_regex(texts, chosen.pattern)).as_py() or 0) / len(texts)


def _chosen(texts: pa.Array) -> Format:
    """Return the way that all texts are written in."""
    shares = {}
    for one in FORMATS:
        shares[one] = _share(texts, one)
        if shares[one] == 1.0:
            return one
    best = max(shares, key=lambda one: shares[one])
    if shares[best] == 0.0:
        raise UnreadableError(0, f"{texts[0].as_py()!r} is not a time stamp that can be read")
    odd = np.flatnonzero(~np.asarray(pc.match_substring_regex(texts, best.pattern)))[0]
    if any(_share(texts[int(odd) : int(odd) + 1], one) for one in FORMATS):
        raise UnreadableError(int(odd), f"{texts[int(odd)].as_py()!r} is written unlike the others ({best.name})")
    raise UnreadableError(int(odd), f"{texts[int(odd)].as_py()!r} is not a time stamp that can be read ({best.name})")


def _check(texts: pa.Array, good: NDArray[np.bool_], problem: str) -> None:
    if not good.all():
        index = int(np.argmin(good))
        raise UnreadableError(index, f"{texts[index].as_py()!r} is not a time stamp: {problem}")


def _numbers(texts: pa.Array) -> Integers:
    """Return whole numbers; empty text counts as 0."""
    padded = pc.if_else(pc.equal(texts, ""), "0", texts)
    return np.asarray(pc.cast(padded, pa.int64()), dtype=np.int64)


def _month_and_day(texts: pa.Array, fields: dict[str, pa.Array]) -> tuple[Integers, Integers, str]:
    one_each = np.ones(len(texts), dtype=np.int64)
    if "one" in fields:
        return _ordered(texts, fields)
    if "quarter" in fields:
        return (_numbers(fields["quarter"]) - 1) * 3 + 1, one_each, "Quarters stand for their first day."
    day = _numbers(fields["day"]) if "day" in fields else one_each
    if "name" in fields:
        return _named_months(texts, fields["name"]), day, ""
    month = _numbers(fields["month"]) if "month" in fields else one_each
    return month, day, ""


def _ordered(texts: pa.Array, fields: dict[str, pa.Array]) -> tuple[Integers, Integers, str]:
    """Tell day and month apart by values above 12, or by the dots of 31.01.2020."""
    one, two = _numbers(fields["one"]), _numbers(fields["two"])
    late_one, late_two = np.flatnonzero(one > 12), np.flatnonzero(two > 12)
    if len(late_one) and len(late_two):
        index = int(max(late_one[0], late_two[0]))
        raise UnreadableError(
            index, f"{texts[index].as_py()!r} has day and month in another order than the stamps before"
        )
    if len(late_one):
        return two, one, "Dates are written day first."
    if len(late_two):
        return one, two, "Dates are written month first."
    if fields["mark"][0].as_py() == ".":
        return two, one, "Dates with dots are taken as day.month.year."
    raise UnreadableError(0, f"{texts[0].as_py()!r} may be day/month or month/day, and no stamp in the data settles it")


def _named_months(texts: pa.Array, names: pa.Array) -> Integers:
    lowered = pc.utf8_lower(names).dictionary_encode()
    numbers = np.array([MONTH_NAMES.get(name, 0) for name in lowered.dictionary.to_pylist()], dtype=np.int64)
    month: Integers = numbers[np.asarray(lowered.indices)]
    _check(texts, month > 0, "the name of the month is not English")
    return month


def _week_starts(texts: pa.Array, year: Integers, week: Integers) -> Integers:
    """Return the Monday of ISO weeks in days since 1970."""
    fourth = (year - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) + 3
    monday = fourth - (fourth + 3) % 7
    following = (year - 1969).astype("M8[Y]").astype("M8[D]").astype(np.int64) + 3
    weeks = (following - (following + 3) % 7 - monday) // 7
    _check(texts, (week >= 1) & (week <= weeks), "there is no such week")
    return np.asarray(monday + (week - 1) * 7)


def _clock(texts: pa.Array, fields: dict[str, pa.Array]) -> Integers:
    """Return nanoseconds since midnight."""
    hour, minute, second = (_numbers(fields[name]) for name in ("hour", "minute", "second"))
    half = np.asarray(pc.utf8_lower(fields["half"]).to_numpy(zero_copy_only=False), dtype=str)
    has_half = half != ""
    _check(texts, (hour <= 23) & (minute <= 59) & (second <= 59), "there is no such time of day")
    _check(texts, ~has_half | ((hour >= 1) & (hour <= 12)), "with AM or PM the hour must lie from 1 to 12")
    hour = np.where(has_half, hour % 12 + 12 * (half == "pm"), hour)
    fraction = _numbers(pc.utf8_rpad(fields["fraction"], 9, "0"))
    return np.asarray(((hour * 60 + minute) * 60 + second) * SECOND + fraction)


def _shifts(texts: pa.Array, zones: pa.Array) -> tuple[Integers, bool]:
    """Return offsets from UTC in nanoseconds, and whether there are any."""
    encoded = zones.dictionary_encode()
    named = encoded.dictionary.to_pylist()
    if "" in named and len(named) > 1:
        odd = np.flatnonzero(np.asarray(encoded.indices) != 0)[0]
        raise UnreadableError(
            int(odd),
            f"{texts[int(odd)].as_py()!r} differs from the stamps before: some name an offset from UTC, some do not",
        )
    table = np.array([_offset(zone) for zone in named], dtype=np.int64)
    return table[np.asarray(encoded.indices)], named != [""]


def _offset(zone: str) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:] if len(zone) > 3 else 0)
    return (-1 if zone[0] == "-" else 1) * minutes * 60 * SECOND
