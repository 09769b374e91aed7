"""The local clock and UTC, as int64 nanoseconds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from tidegate.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def check_zone(timezone: str) -> None:
    """Refuse a name that is neither a time zone nor an offset from UTC such as +01:00.

    Raises
    ------
    SettingError
        If the zone is not known.
    """
    if OFFSET.fullmatch(timezone):
        return
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise SettingError(
            f"timezone {timezone!r} is not known; give a name such as Europe/Berlin, America/New_York or UTC."
        ) from unknown


def to_local(times: Integers, timezone: str | None) -> Integers:
    """Return what a clock in `timezone` shows at the UTC instants `times`; `times` itself without a zone."""
    if timezone is None:
        return times
    index = _index(times).tz_localize("UTC").tz_convert(timezone)
    return index.tz_localize(None).asi8.reshape(times.shape)


def to_utc(local: Integers, timezone: str | None, second: NDArray[np.bool_] | None = None) -> Integers:
    """Return the UTC instants at which a clock in `timezone` shows `local`.

    Parameters
    ----------
    local
        Nanoseconds of the local clock, any shape.
    timezone
        Zone; None returns `local` itself.
    second
        True where a stamp that occurs twice in autumn is the later of the two. Without it the first is meant.

    Returns
    -------
    ndarray of int64
        A stamp that the clock skips in spring becomes the first instant after the skip.
    """
    if timezone is None:
        return local
    index = _index(local)
    first = ~second.ravel() if second is not None else (index == index)
    return index.tz_localize(timezone, ambiguous=first, nonexistent="shift_forward").asi8.reshape(local.shape)


def skipped(local: Integers, timezone: str) -> NDArray[np.bool_]:
    """Return where `local` is a stamp that the clock in `timezone` never shows (skipped in spring)."""
    index = _index(local)
    made = index.tz_localize(timezone, ambiguous=(index == index), nonexistent="NaT")
    return np.asarray(made.isna())


def _index(times: Integers) -> pd.DatetimeIndex:
    import pandas as pd  # only where a zone is named: it costs memory and time to load

    return pd.DatetimeIndex(np.ascontiguousarray(times).ravel().view("M8[ns]"))
