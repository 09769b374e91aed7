"""Whether a function forecasts the same when it is asked for the newest fold once more.

Axis letters: N series, F steps ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.audit.leaks import ROUNDING
from tidegate.evaluation.audit.subject import departures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.work import Outcome
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

NOT_TWICE = "not the same twice"
"""How the note of a function begins that forecasts otherwise when it is asked again."""


def asked_twice(model: Forecaster) -> bool:
    """Return whether a model says that nobody knows whether it forecasts the same twice: a function of others."""
    return bool(getattr(model, "asked_twice", False))


def twice(again: Outcome | None, first: NDArray[np.float64], panel: Panel) -> str:
    """Return what to note of a function: its scores are those of one draw, if the second forecast is another.

    Parameters
    ----------
    again
        What it said the second time; None if there was no time left to ask.
    first
        Shape (N, F): its forecast of the newest fold the first time.
    panel
        N series, whose standard deviation is the unit.

    Returns
    -------
    str
        "" where both are the same but for rounding.
    """
    if again is None:
        return "asked only once, since the time for judging was over: nobody knows whether it forecasts the same twice."
    if again.failure or again.missing:
        return f"{NOT_TWICE}: asked again for the newest fold it failed. {again.failure or again.missing}"
    spread = np.array([float(np.std(panel.series(n))) for n in range(len(panel))])
    apart = float(departures(again.mean[0], first, np.where(spread > 0, spread, 1.0)).max())
    if apart <= ROUNDING:
        return ""
    return (
        f"{NOT_TWICE}: asked again for the newest fold its forecast departs by up to {apart:.2g} standard deviations "
        "of the series. Its scores are those of one draw; give every random draw in it a seed."
    )
