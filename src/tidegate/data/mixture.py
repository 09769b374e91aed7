"""Series of several frequencies in one panel: told apart and refused with what to do, as a panel has one frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.calendar import describe
from tidegate.data.frequency import find_step, off_grid
from tidegate.data.steps import alias, positions
from tidegate.data.zones import to_local
from tidegate.errors import DataError

if TYPE_CHECKING:
    from tidegate.data.rows import Rows

_LEAST_ROWS = 6
"""Rows from which on a series that is even at its own step has one: of fewer that may be chance."""
_LOOKED, _NAMED = 1_000, 3


def refuse_mixture(rows: Rows) -> None:
    """Refuse rows whose series are each even, but at several steps: asked once the rows do not fit one step.

    At most 1,000 series are looked at, evenly spread. Panels in which only a part of the series are even at a step of
    their own pass: their trouble is another.

    Raises
    ------
    DataError
        With the series of each frequency and how to split them.
    """
    found: dict[str, list[str]] = {}
    long_enough = np.flatnonzero(rows.lengths >= _LEAST_ROWS)
    chosen = long_enough[np.linspace(0, len(long_enough) - 1, min(_LOOKED, len(long_enough))).astype(np.int64)]
    for n in chosen:
        name = _own(rows, int(n))
        if name is None:
            return
        found.setdefault(name, []).append(repr(str(rows.ids[n])))
    if len(found) < 2:
        return
    parts = [f"{_called(name)}: {_some(ids)}" for name, ids in sorted(found.items(), key=lambda pair: -len(pair[1]))]
    first = next(iter(found.values()))[0]
    raise DataError(
        f"the series have {len(found)} frequencies, and one panel has one: {'; '.join(parts)}",
        repair=(
            f"Split the data by series, such as {first} and those like it, and read each part by itself; or bring "
            "all to the longest step with --resample sum (or mean, last) and --frequency."
        ),
    )


def _own(rows: Rows, n: int) -> str | None:
    """Return the frequency at which series n is even; None where it is at none."""
    times = rows.times[rows.offsets[n] : rows.offsets[n + 1]]
    bounds = np.array([0, len(times)])
    made = find_step(times, bounds, integer=rows.integer, timezone=rows.timezone).step
    if len(off_grid(times, bounds, made, timezone=rows.timezone)):
        return None
    local = to_local(times, rows.timezone) if made.daily_or_longer else times
    apart = np.diff(positions(local, made))
    return alias(made, int(local[0]) if made.unit != "count" else 0) if (apart == made.size).all() else None


def _called(name: str) -> str:
    return f"every {name} step{'s' if name != '1' else ''}" if name.isdigit() else f"{describe(name)} ({name})"


def _some(ids: list[str]) -> str:
    rest = len(ids) - _NAMED
    return f"{', '.join(ids[:_NAMED])} and {rest:,} more" if rest > 0 else ", ".join(ids)
