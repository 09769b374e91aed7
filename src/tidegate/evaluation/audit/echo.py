"""Echo: whether the forecast of the next value is a copy of the newest one.

Two curves that look alike may be the same curve one step apart. What tells them apart are changes: a forecast that
repeats has changes that follow those of the series by one step, is no better than the naive forecast, and guesses the
direction no better than a coin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from tidegate.analysis.wording import probability
from tidegate.evaluation.audit.finding import Finding, times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.audit.material import Material
    from tidegate.evaluation.audit.subject import Judged

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LAGS = np.arange(-2, 5)
"""By how many steps the changes of the forecast are compared later than those of the series."""
ALIKE, SKILLED, WORSE, CHANCE = 0.8, 0.02, 0.5, 0.05
"""An echo: how alike changes are, the skill that it lacks, the error beyond which it is no copy, and what is luck."""
_LEAST = 10


@dataclass(frozen=True, eq=False)
class Echo:
    """How the forecasts one step ahead follow the series.

    Parameters
    ----------
    finding
        The verdict.
    correlations
        Shape (7,): of the changes of the forecast with those of the series, `LAGS` steps before; NaN if unknown.
    skill
        1 minus the mean absolute error over that of the naive forecast: 0 is as good, 1 is perfect.
    direction
        Share of steps whose direction was right, of those where both moved.
    n_steps
        Steps that were judged, over all series.
    ends, forecast
        Shape (G,): values before each origin, and what was forecast one step ahead, of the first series.
    """

    finding: Finding
    correlations: Floats
    skill: float
    direction: float
    n_steps: int
    ends: Integers
    forecast: Floats


def echo(material: Material, made: Judged, *, declared: bool = False) -> Echo:
    """Return whether forecasts one step ahead repeat the newest value.

    Parameters
    ----------
    material
        The data.
    made
        Forecasts at origins one step apart.
    declared
        Whether the model is the naive forecast itself, which may echo.
    """
    panel = material.panel
    rows = panel.offsets[:-1] + made.ends
    newest, actual, ahead = panel.values[rows - 1], panel.values[rows], made.mean[..., 0]
    base = np.nanmean(np.abs(actual - newest) / material.spread)
    skill = float(1 - np.nanmean(np.abs(actual - ahead) / material.spread) / base) if base > 0 else np.nan
    moved = (ahead != newest) & (actual != newest) & ~np.isnan(ahead)
    right = int(np.sum(moved & (np.sign(ahead - newest) == np.sign(actual - newest))))
    direction = right / moved.sum() if moved.any() else np.nan
    correlations = _correlations(material, made.ends, ahead)
    p = float(binomtest(right, int(moved.sum()), alternative="greater").pvalue) if moved.any() else 1.0
    n_steps = int(np.isfinite(ahead).sum())
    finding = _judged(correlations, skill, (direction, p), counts=(n_steps, len(made.ends)))
    if declared and finding.outcome == "warned":
        finding = replace(finding, outcome="passed", statement="It is the naive forecast: an echo by definition.")
    return Echo(finding, correlations, skill, float(direction), n_steps, made.ends[:, 0], ahead[:, 0])


def _correlations(material: Material, ends: Integers, ahead: Floats) -> Floats:
    """Return the correlation of forecast changes with the changes of the series, pooled over series, at `LAGS`."""
    panel, found = material.panel, np.full(len(LAGS), np.nan)
    if len(ends) < 2:
        return found
    changes = np.diff(ahead, axis=0) / material.spread
    for k, lag in enumerate(LAGS):
        place = ends[1:] - lag
        there = (place >= 1) & (place < panel.lengths) & np.isfinite(changes)
        rows = panel.offsets[:-1] + np.clip(place, 1, panel.lengths - 1)
        own = (panel.values[rows] - panel.values[rows - 1]) / material.spread
        a, b = changes[there], own[there]
        if len(a) > 2 and a.std() > 0 and b.std() > 0:
            found[k] = np.corrcoef(a, b)[0, 1]
    return found


def _judged(correlations: Floats, skill: float, direction: tuple[float, float], *, counts: tuple[int, int]) -> Finding:
    """Return the verdict: an echo follows by one step, and is no better than repeating."""
    n_steps, n_origins = counts
    if n_origins < _LEAST or not np.isfinite(correlations).any() or np.isnan(skill):
        why = "the forecasts or the series never change" if n_origins >= _LEAST else f"{_LEAST} origins are needed"
        return Finding("echo", "unchecked", f"Not checked: {times(n_origins, 'origin')}; {why}.")
    share, p = direction
    peak = int(np.nanargmax(correlations))
    said = (
        f"One step ahead its error is {_against(skill)} that of the naive forecast, over {times(n_steps, 'forecast')}.",
        "It never moves away from the newest value."
        if np.isnan(share)
        else f"It guesses the direction right in {100 * share:.0f} % of the cases "
        f"({'more than chance' if p < CHANCE else 'no more than chance'}, {probability(p)}).",
        f"Its changes go most with the series' own {_when(int(LAGS[peak]))} (correlation {correlations[peak]:.2f}).",
    )
    copies = LAGS[peak] == 1 and correlations[peak] >= ALIKE and -WORSE < skill < SKILLED
    if copies:
        statement = "The forecast one step ahead is an echo: it repeats the newest value and knows no more."
        hint = "On a series that wanders at random nothing better exists; elsewhere the model has learned nothing."
        return Finding("echo", "warned", statement, (*said, hint))
    return Finding("echo", "passed", "The forecast one step ahead is more than a copy of the newest value.", said)


def _when(lag: int) -> str:
    if lag == 0:
        return "at the same step"
    return f"{times(abs(lag), 'step')} {'before' if lag > 0 else 'later'}"


def _against(skill: float) -> str:
    """Say an error beside another one: "10 % below", "as large as", "4 % above"."""
    percent = round(100 * skill)
    return "as large as" if not percent else f"{abs(percent)} % {'below' if percent > 0 else 'above'}"
