"""Dates as people write them, and as ISO 8601 has them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from tidegate.data.parallel import Parallel

if TYPE_CHECKING:
    import numpy as np

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_FIRST, _LAST = datetime.date(1950, 1, 1).toordinal(), datetime.date(2050, 1, 1).toordinal()


def dates(n: int, rng: np.random.Generator) -> Parallel:
    """Return `n` dates from 1950 to 2049 in one of six ways, and as ISO 8601 has them.

    Parameters
    ----------
    n
        At least 1.
    rng
        Of every choice.
    """
    days = [datetime.date.fromordinal(int(one)) for one in rng.integers(_FIRST, _LAST, n)]
    return Parallel([_written(day, int(rng.integers(6))) for day in days], [day.isoformat() for day in days])


def _written(day: datetime.date, form: int) -> str:
    """Return a date in one of six forms."""
    month, ending = _MONTHS[day.month - 1], _ENDINGS.get(day.day, "th")
    return (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{_DAYS[day.weekday()]}, the {day.day}{ending} of {month} {day.year}",
        f"{day.day} {month[:3]} {day.year % 100:02d}",
        f"{day.month}/{day.day}/{day.year}",
        f"{month[:3]} {day.day}{ending} {day.year}",
    )[form]
