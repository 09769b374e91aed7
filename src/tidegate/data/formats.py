"""The ways people write dates: one regular expression per order of day, month and year."""

from __future__ import annotations

from typing import NamedTuple

MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december"), 1,
    )
    for name in (names, names[:3])
} | {"sept": 9}  # fmt: skip

_TIME = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"


class Format(NamedTuple):
    """One way to write a stamp.

    Attributes
    ----------
    name
        For messages.
    pattern
        Regular expression (RE2) with the named groups that it fills.
    coarse
        Whether it names a whole month, quarter, week or year, read as its first day.
    """

    name: str
    pattern: str
    coarse: bool = False


def _format(name: str, date: str, *, timed: bool = True) -> Format:
    return Format(name, rf"^\s*{date}{_TIME if timed else ''}\s*$", not timed)


FORMATS = (
    _format("year-month-day", r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    _format("day and month in figures", r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})[-/.](?P<year>\d{4})"),
    _format("YYYYMMDD", r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    _format("day, month name, year", rf"(?P<day>\d{{1,2}})[- /.]+{_NAME}[-, /]+(?P<year>\d{{4}})"),
    _format("month name, day, year", rf"{_NAME}[- ]+(?P<day>\d{{1,2}}),?[- ]+(?P<year>\d{{4}})"),
    _format("year-month", r"(?P<year>\d{4})(?:[-/. ]|[ -]?[Mm])(?P<month>\d{1,2})", timed=False),
    _format("month/year", r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})", timed=False),
    _format("month name and year", rf"{_NAME}[-, /]+(?P<year>\d{{4}})", timed=False),
    _format("year and month name", rf"(?P<year>\d{{4}})[- /]+{_NAME}", timed=False),
    _format("year and quarter", r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])", timed=False),
    _format("quarter and year", r"[Qq](?P<quarter>[1-4])[- /]?(?P<year>\d{4})", timed=False),
    _format("year and week", r"(?P<year>\d{4})-?[Ww](?P<week>\d{1,2})", timed=False),
    _format("year", r"(?P<year>\d{4})", timed=False),
)
