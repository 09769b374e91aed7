"""Local clock stamps of a named zone become UTC: the repeated hour of autumn and the skipped one of spring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.duplicates import repeated
from tidegate.data.loading import in_order
from tidegate.data.steps import DAY
from tidegate.data.zones import check_zone, skipped, to_utc
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from tidegate.data.rows import Rows


def localised(rows: Rows, timezone: str | None) -> tuple[Rows, list[str]]:
    """Return the rows on the clock of `timezone`, and what was done.

    Of two rows with the same stamp in the hour that autumn repeats, the earlier row is summer time.

    Raises
    ------
    DataError
        If a stamp is one that the clock skips in spring.
    SettingError
        If the zone is not known or the rows are integer steps.
    """
    if timezone is None or rows.timezone == timezone:
        return rows, []
    check_zone(timezone)
    if rows.integer:
        raise SettingError(f"timezone is {timezone!r}, but the times are integer steps; leave it out.")
    if rows.timezone is not None:
        return replace(rows, timezone=timezone), [f"Stamps are converted from {rows.timezone} to {timezone}."]
    hour = rows.times % DAY
    if (hour != hour[0]).any():
        never = np.flatnonzero(skipped(rows.times, timezone))
        if len(never):
            raise DataError(
                f"clocks in {timezone} skip this stamp when summer time begins; {len(never):,} rows have such stamps",
                place=rows.place(int(never[0]), rows.names[0]),
                repair="Name the right zone, or leave --timezone out and choose --duplicates mean --fill interpolate.",
            )
    times = to_utc(rows.times, timezone, repeated(rows))
    codes = np.repeat(np.arange(len(rows.ids), dtype=np.int32), rows.lengths)
    ordered, _ = in_order(replace(rows, times=times, timezone=timezone), codes)
    return ordered, [f"Stamps are taken as the local clock of {timezone}."]
