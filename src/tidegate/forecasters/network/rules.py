"""Rules that choose from the data what a network reads, where nobody chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.features.lags import year_lag
from tidegate.forecasters.network.defaults import SHORTEST, seasons_read, window_steps
from tidegate.forecasters.network.windows import Layout

if TYPE_CHECKING:
    from tidegate.forecasters.network.windows import Shift
    from tidegate.panel import Panel


def layout(panel: Panel, horizon: int, *, window: int | None, shift: Shift, by_series: bool) -> Layout:
    """Return what of the past to read.

    Seasons and the window are those of `defaults`. The decoder sees two of the longest season, of the newest values, as
    far as the window reaches. The value of a year before is read where half a year of such values can be learned from.

    Parameters
    ----------
    panel
        The training panel, N series.
    horizon
        Steps ahead.
    window
        Past steps, or None for the rule.
    shift, by_series
        As in `Layout`.
    """
    longest = int(panel.lengths.max())
    seasons = seasons_read(panel, horizon)
    steps = window_steps(panel, horizon, window)
    tail = min(steps, 2 * seasons[-1] if seasons else SHORTEST)
    year = year_lag(panel.frequency)
    lags = (year,) if year and year not in seasons and longest >= 1.5 * year + horizon else ()
    gaps = bool(np.isnan(panel.values).any())
    return Layout(steps, seasons, lags, tail, shift, by_series, gaps)
