"""Made-up pairs of texts to try translating on without data of one's own."""

from __future__ import annotations

import datetime

import numpy as np

from tidegate.data.parallel import Parallel
from tidegate.errors import SettingError

EXAMPLES: dict[str, str] = {
    "dates": "Dates as people write them, in one of six ways, and as ISO 8601 has them",
}

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_N_PAIRS, _SEED = 2_000, 7
_FIRST, _LAST = datetime.date(1950, 1, 1).toordinal(), datetime.date(2050, 1, 1).toordinal()


def parallel_example(name: str) -> Parallel:
    """Return an example of sources and targets, the same on every call.

    Parameters
    ----------
    name
        One of `EXAMPLES`.

    Raises
    ------
    SettingError
        If there is no such example.
    """
    if name not in EXAMPLES:
        raise SettingError(f"There is no example {name!r}; there are {', '.join(EXAMPLES)}.")
    rng = np.random.default_rng(_SEED)
    days = [datetime.date.fromordinal(int(one)) for one in rng.integers(_FIRST, _LAST, _N_PAIRS)]
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
