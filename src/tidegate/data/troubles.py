"""What is not clean and which option accepts it; several troubles make one refusal that names every option at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.data.source import accepted
from tidegate.data.steps import DAY, months, weekdays
from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.data.rows import Rows
    from tidegate.errors import Place

CLOCK_HOURS = (0, 4 * DAY // 24)
"""Local hours of the day, in nanoseconds, between which clocks are changed."""


class Trouble(NamedTuple):
    """Something that an option would accept.

    Attributes
    ----------
    problem
        What is wrong, with the number of cases.
    place
        The first of them.
    options
        Option and value that accept it.
    at
        Local stamps of all cases, nanoseconds; empty for integer steps.
    """

    problem: str
    place: Place
    options: dict[str, str]
    at: NDArray[np.int64]


def refuse(rows: Rows, troubles: Sequence[Trouble]) -> None:
    """Raise one error for all troubles, if there are any.

    Raises
    ------
    DataError
        With the place of the first trouble and a repair that accepts all of them.
    """
    if not troubles:
        return
    options: dict[str, str] = {}
    for trouble in troubles:
        options |= trouble.options
    repair = accepted(rows.source, options)
    others = {"duplicates": "first or last", "fill": "zero, forward or keep"}
    also = [f"{words} for --{name}" for name, words in others.items() if name in options]
    repair += f"; or choose {', '.join(also)}." if also else "."
    if rows.timezone is None and not rows.integer and any(clock_change(trouble.at) for trouble in troubles):
        repair += (
            " These are hours at which clocks change between summer and winter time: if the stamps show a local clock, "
            "name its zone, such as --timezone Europe/Berlin."
        )
    raise DataError("; also ".join(trouble.problem for trouble in troubles), place=troubles[0].place, repair=repair)


def clock_change(at: NDArray[np.int64]) -> bool:
    """Return whether most of the local stamps fall into the night hours of a Sunday in spring or autumn."""
    if not len(at):
        return False
    hour, month = at % DAY, months(at) % 12
    night = (hour >= CLOCK_HOURS[0]) & (hour < CLOCK_HOURS[1]) & (weekdays(at) == 6)
    return bool(np.mean(night & np.isin(month, (2, 3, 8, 9, 10))) > 0.5)


def times_said(count: int, one: str, many: str) -> str:
    """Return "1 row" or "12,345 rows"."""
    return f"{count:,} {one if count == 1 else many}"
