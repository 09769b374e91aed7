"""The profile of whatever the user hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.analysis.profile import profile
from tidegate.data.intake import as_panel

if TYPE_CHECKING:
    from tidegate.analysis.profile import Profile
    from tidegate.data.columns import Columns, Options


def analyse(
    data: Any, *, series: object = None, columns: Columns | None = None, options: Options | None = None
) -> Profile:
    """Return what one series is like: trend, seasons, stationarity, what is left over.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame or series.
    series
        Identifier of the series to study; None for a typical one.
    columns, options
        How to read a frame; a Panel has its own.

    Returns
    -------
    Profile
        Figures, and the same in words with ``sentences()``; draws itself with ``plot()``.

    Raises
    ------
    DataError
        If the data cannot be used.
    SettingError
        If there is no such series.

    >>> import tidegate
    >>> tidegate.analyse(tidegate.example("air-passengers")).trend.direction
    'rising'
    """
    return profile(as_panel(data, columns, options), series)
