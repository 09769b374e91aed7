"""Settle the step between rows: as the user names it, or as it is found; refuse rows that are off the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.calendar import describe
from tidegate.data.frequency import find_step, off_grid, within
from tidegate.data.mixture import refuse_mixture
from tidegate.data.steps import DAY, EITHER_END, Step, alias, month_stamps, months, on_rule, step
from tidegate.data.zones import to_local, to_utc
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.rows import Rows


def settled(rows: Rows, frequency: str | None) -> tuple[Rows, str, list[str]]:
    """Return the rows, their frequency, and sentences on what was done.

    Parameters
    ----------
    rows
        One row per series and stamp.
    frequency
        As the user gave it; None infers it.

    Returns
    -------
    rows
        Monthly stamps that stand on other days than the first or last are moved to the first.
    frequency
        As in `Panel.frequency`.
    said
        Sentences.

    Raises
    ------
    DataError
        At the first row that is not a whole number of steps after its predecessor.
    """
    if frequency is None:
        grid = find_step(rows.times, rows.offsets, integer=rows.integer, timezone=rows.timezone)
        rows, said = _moved(rows, grid.step) if grid.moved else (rows, [])
        made = grid.step
    else:
        rows, made, said = _as_given(rows, frequency)
    wrong = off_grid(rows.times, rows.offsets, made, timezone=rows.timezone)
    if len(wrong):
        refuse_mixture(rows)
        _refuse(rows, made, wrong, frequency)
    name = alias(made, _first(rows) if made.unit != "count" else 0)
    return rows, name, [*said, _sentence(name, inferred=frequency is None)]


def counted(rows: Rows) -> tuple[Rows, list[str]]:
    """Return the rows of each series numbered 1, 2, 3, ... with the clock left aside."""
    steps = np.arange(len(rows.times), dtype=np.int64) - np.repeat(rows.offsets[:-1], rows.lengths) + 1
    made = replace(rows, times=steps, integer=True, timezone=None)
    return made, ["Rows are counted as steps 1, 2, 3; their time stamps are left aside."]


def _first(rows: Rows) -> int:
    return int(to_local(rows.times[:1], rows.timezone)[0])


def _sentence(name: str, *, inferred: bool) -> str:
    words = describe(name)
    how = "inferred from the stamps" if inferred else "as given"
    return f"Frequency: {words}, {how}." if name.isdigit() else f"Frequency: {words} ({name}), {how}."


def _as_given(rows: Rows, frequency: str) -> tuple[Rows, Step, list[str]]:
    made = step(frequency)
    if rows.integer != (made.unit == "count"):
        raise SettingError(f"frequency {frequency!r} does not fit whole-number steps; give --frequency 1.")
    local = to_local(rows.times, rows.timezone)
    if made.unit == "month" and not on_rule(local, made).all():
        start = replace(made, rule="start", anchor=None)
        either = frequency.strip().lstrip("0123456789 ") in EITHER_END
        if either and on_rule(local, start).all():
            return rows, start, []
        if (np.diff(months(local))[within(rows.offsets)] > 0).all() and not _on_other_end(rows, made):
            rows, said = _moved(rows, made)
            return rows, made, said
    return rows, made, []


def _on_other_end(rows: Rows, made: Step) -> bool:
    """Whether all stamps stand at the other end of the month, so that the other alias is meant."""
    local = to_local(rows.times, rows.timezone)
    return any(bool(on_rule(local, replace(made, rule=rule)).all()) for rule in ("start", "end"))


def _moved(rows: Rows, made: Step) -> tuple[Rows, list[str]]:
    local = to_local(rows.times, rows.timezone)
    stamps = month_stamps(months(local), made.rule)
    where = {"start": "first", "end": "last"}.get(made.rule, made.rule)
    said = f"Stamps stand on other days than the {where} of the month: moved to the {where} day."
    return replace(rows, times=to_utc(stamps, rows.timezone)), [said]


def _refuse(rows: Rows, made: Step, wrong: NDArray[np.int64], frequency: str | None) -> None:
    first, count = int(wrong[0]), len(wrong)
    name = alias(made, _first(rows) if made.unit != "count" else 0)
    share = f"{count:,} of {len(rows.times):,} rows are off the grid"
    if frequency is not None:
        problem = f"the stamp does not fit the frequency {frequency!r} ({describe(name)}); {share}"
        repair = f"Leave --frequency out to infer it, or gather rows with --resample mean --frequency {frequency}."
    else:
        before = f" after {rows.stamp(first - 1)}" if first > rows.offsets[rows.series_of(first)] else ""
        problem = f"the spacing is irregular: most rows are {describe(name)}, but this one does not follow{before} "
        problem += f"by a whole number of steps; {share}"
        repair = f"Put the rows on a grid with --resample mean --frequency {_coarser(made)} (or sum, last), "
        repair += "remove the rows that do not fit, or count the rows as steps with --frequency 1."
    raise DataError(problem, place=rows.place(first, rows.names[0]), repair=repair)


def _coarser(made: Step) -> str:
    """Return a common frequency in which irregular rows can be gathered."""
    if made.unit == "count":
        return str(made.size)
    if made.unit != "tick":
        return alias(made)
    for name, size in (("min", 60_000_000_000), ("h", 3_600_000_000_000), ("D", DAY), ("W", 7 * DAY)):
        if made.size <= size:
            return name
    return "MS"
