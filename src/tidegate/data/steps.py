"""The step between two observations: reading its name, counting steps, moving along them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

Unit = Literal["count", "tick", "business", "month"]

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
TICKS = {"D": DAY, "h": 3_600 * SECOND, "min": 60 * SECOND, "s": SECOND, "ms": 1_000_000, "us": 1_000, "ns": 1}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_RULES = {"MS": "start", "ME": "end", "BMS": "business start", "BME": "business end"}
EITHER_END = {"M": "M", "Q": "Q", "Y": "Y", "A": "Y", "monthly": "M", "quarterly": "Q", "yearly": "Y", "annual": "Y"}
SAME = {
    "H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "N": "ns", "d": "D", "AS": "YS", "BM": "BME",
    "M": "ME", "Q": "QE", "Y": "YE", "A": "YE",
    "hourly": "h", "daily": "D", "weekly": "W", "monthly": "ME", "quarterly": "QE", "yearly": "YE", "annual": "YE",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of a regular time grid.

    Parameters
    ----------
    unit
        What is counted: integer steps, fixed spans of time, business days or calendar months.
    size
        How many of them make one step; nanoseconds for "tick".
    rule
        For months, where in the month the stamp stands.
    anchor
        Weekday (0 Monday) of weekly stamps; month modulo the step of quarterly and yearly ones; None for any.
    """

    unit: Unit
    size: int
    rule: str = ""
    anchor: int | None = None

    @property
    def daily_or_longer(self) -> bool:
        """Whether steps follow the local calendar, so that a day of 23 hours is one step."""
        return self.unit in ("business", "month") or (self.unit == "tick" and self.size % DAY == 0)


@lru_cache(maxsize=256)
def step(frequency: str) -> Step:
    """Return the step that a frequency names.

    Raises
    ------
    SettingError
        If the name is not known.

    Examples
    --------
    >>> step("QS-FEB")
    Step(unit='month', size=3, rule='start', anchor=1)
    """
    text = frequency.strip()
    if text.isdigit() and int(text) > 0:
        return Step("count", int(text))
    match = re.fullmatch(r"(\d*)\s*([A-Za-z]+)(?:-([A-Za-z]{3}))?", text)
    made = None
    if match and int(match[1] or 1) > 0:
        made = _named(int(match[1] or 1), SAME.get(match[2], match[2]), (match[3] or "").upper())
    if made is None:
        raise SettingError(
            f"frequency {frequency!r} is not known; use s, min, h, D, B, W, MS, ME, QS, QE, YS or YE, with a number "
            "before it if needed (15min, 2W), or a whole number for integer steps."
        )
    return made


def _named(count: int, name: str, anchor: str) -> Step | None:
    if name == "W" and (not anchor or anchor in WEEKDAYS):
        return Step("tick", 7 * DAY * count, anchor=WEEKDAYS.index(anchor) if anchor else None)
    if name in ("QS", "QE", "YS", "YE") and (not anchor or anchor in MONTHS):
        size = 3 if name[0] == "Q" else 12
        rule = "start" if name[1] == "S" else "end"
        return Step("month", size * count, rule, MONTHS.index(anchor) % size if anchor else None)
    if anchor:
        return None
    if name in TICKS:
        return Step("tick", TICKS[name] * count)
    if name in MONTH_RULES:
        return Step("month", count, MONTH_RULES[name])
    return Step("business", count) if name == "B" else None


def alias(made: Step, first: int = 0) -> str:
    """Return the pandas alias of a step; `first` is a local stamp on the grid, which settles the anchor."""
    if made.unit == "count":
        return str(made.size)
    if made.unit == "month":
        return _month_alias(made, first)
    if made.unit == "business":
        return _counted(made.size, "B")
    if made.size % (7 * DAY) == 0:
        return f"{_counted(made.size // (7 * DAY), 'W')}-{WEEKDAYS[int(weekdays(np.asarray(first)))]}"
    name, size = next((name, size) for name, size in TICKS.items() if made.size % size == 0)
    return _counted(made.size // size, name)


def _month_alias(made: Step, first: int) -> str:
    month = int(months(np.asarray(first)))
    if made.rule in ("start", "end"):
        letter = made.rule[0].upper()
        if made.size % 12 == 0:
            return f"{_counted(made.size // 12, 'Y' + letter)}-{MONTHS[month % 12]}"
        if made.size == 3:
            anchor = month % 3 + (9 if letter == "E" else 0)
            return f"Q{letter}-{MONTHS[anchor]}"
    name = next(name for name, rule in MONTH_RULES.items() if rule == made.rule)
    return _counted(made.size, name)


def _counted(count: int, name: str) -> str:
    return name if count == 1 else f"{count}{name}"


def days(local: Integers) -> Integers:
    """Return whole days since 1970 of local stamps."""
    return local // DAY


def weekdays(local: Integers) -> Integers:
    """Return the weekday of local stamps, 0 for Monday."""
    return (days(local) + 3) % 7


def months(local: Integers) -> Integers:
    """Return whole months since January 1970 of local stamps."""
    return np.asarray(local, order="C").view("M8[ns]").astype("M8[M]").view(np.int64)


def month_stamps(counted: Integers, rule: str) -> Integers:
    """Return the stamps (midnight) of months counted since January 1970, by the rule of the step."""
    start = counted.astype("M8[M]")
    if rule == "start":
        made = start.astype("M8[D]")
    elif rule == "end":
        made = (start + 1).astype("M8[D]") - 1
    elif rule == "business start":
        made = np.busday_offset(start.astype("M8[D]"), 0, roll="forward")
    else:
        made = np.busday_offset((start + 1).astype("M8[D]"), -1, roll="forward")
    return made.astype(np.int64) * DAY


def business_days(local: Integers) -> Integers:
    """Return business days since Monday 1970-01-05; Saturday and Sunday count as the Friday before."""
    week, weekday = np.divmod(days(local) - 4, 7)
    return week * 5 + np.minimum(weekday, 4)


def positions(local: Integers, made: Step) -> Integers:
    """Return where local stamps stand, in the step's unit: neighbours on the grid differ by ``made.size``."""
    if made.unit == "month":
        return months(local)
    return business_days(local) if made.unit == "business" else local


def stamps_at(position: Integers, made: Step, time_of_day: Integers | int = 0) -> Integers:
    """Return the local stamps at `position`: the inverse of `positions` on the grid."""
    if made.unit == "month":
        return month_stamps(position, made.rule) + time_of_day
    if made.unit == "business":
        week, weekday = np.divmod(position, 5)
        return np.asarray((week * 7 + weekday + 4) * DAY + time_of_day, dtype=np.int64)
    return position


def on_rule(local: Integers, made: Step) -> NDArray[np.bool_]:
    """Return which local stamps may stand on the grid, as far as weekday, month and day of month tell."""
    if made.unit == "month":
        counted = months(local)
        right = local - local % DAY == month_stamps(counted, made.rule)
        base = 12 if made.size % 12 == 0 else 3
        return np.asarray(right if made.anchor is None else right & (counted % base == made.anchor))
    if made.unit == "business":
        return weekdays(local) < 5
    if made.anchor is not None:
        return np.asarray(weekdays(local) == made.anchor)
    return np.ones(local.shape, dtype=bool)
