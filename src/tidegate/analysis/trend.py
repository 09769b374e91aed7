"""Whether the level rises, falls or holds: Theil-Sen slope and a Mann-Kendall test that allows for autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import kendalltau, norm, rankdata, theilslopes
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import acf

from tidegate.analysis.wording import number, percent, probability, span, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Direction = Literal["rising", "falling", "stable"]

MINIMUM_BLOCKS = 8
MAXIMUM_BLOCKS = 1_000
SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Trend:
    """The direction of a series.

    Parameters
    ----------
    direction
        "rising" or "falling" if the test rejects at 5 %, else "stable".
    slope
        Theil-Sen slope in units of the series per step.
    per_cycle
        The slope over one season (one step if there is none).
    start, end
        Mean of the first and of the last tenth of the tested values.
    percent
        Change from start to end, in percent of the start; None unless both are positive.
    tau
        Kendall's rank correlation with time, -1 to 1.
    p_value
        Of the Mann-Kendall test with the variance of Hamed & Rao (1998).
    drift_p_value
        Of the t test that successive means change by nothing on average, with Newey-West errors: where the level
        wanders, this is the stricter question.
    line
        Shape (T,): the fitted straight line.
    statement
        The same in words.
    """

    direction: Direction
    slope: float
    per_cycle: float
    start: float
    end: float
    percent: float | None
    tau: float
    p_value: float
    drift_p_value: float
    line: Floats
    statement: str


def trend(
    values: Floats, seasons: tuple[int, ...], frequency: str, *, wanders: bool = False, most: int = MAXIMUM_BLOCKS
) -> Trend | None:
    """Test a series for a steady rise or fall.

    Means over whole seasons, the longest of which there are at least eight, are tested, which takes out the season and
    most of the autocorrelation.

    Parameters
    ----------
    values
        Shape (T,), no NaN; seasonally adjusted if it holds fewer than eight seasons.
    seasons
        Lengths of the seasons in steps, (1,) for none.
    frequency
        As in `Panel.frequency`, for the wording.
    wanders
        Whether the stationarity tests find a wandering level; the statement then says whether the rise or fall is
        more than such a level could show without a trend.
    most
        Means tested at most; longer series are averaged over more steps. The work grows with its square.

    Returns
    -------
    Trend or None
        None for fewer than eight values.
    """
    if len(values) < MINIMUM_BLOCKS:
        return None
    size = _block(len(values), seasons, most)
    n_blocks = len(values) // size
    first = len(values) - n_blocks * size
    means = values[first:].reshape(n_blocks, size).mean(axis=1)
    at = np.arange(n_blocks, dtype=np.float64) * size + first + (size - 1) / 2
    slope, intercept, tau, p_value = _tested(at, means)
    line = intercept + slope * np.arange(len(values), dtype=np.float64)
    direction: Direction = "stable"
    if p_value < SIGNIFICANT:
        direction = "rising" if tau > 0 else "falling"
    tenth = max(1, n_blocks // 10)
    start, end = float(means[:tenth].mean()), float(means[-tenth:].mean())
    change = 100 * (end / start - 1) if min(start, end) > 0 else None
    drift = _drift(means)
    tested = f"{n_blocks:,} values" if size == 1 else f"{n_blocks:,} means of {span(size, frequency)}"
    words = "Stable: no steady rise or fall beyond what chance and autocorrelation explain"
    if direction != "stable":
        words = f"{direction.capitalize()}: {_movement(direction, slope, frequency)}, {_ends(direction, start, end)}"
    words += f" (Mann-Kendall test on {tested}, tau {number(tau, 2)}, {probability(p_value)})."
    if wanders and direction != "stable":
        words += _caution(direction, drift)
    return Trend(direction, slope, slope * seasons[0], start, end, change, tau, p_value, drift, line, words)


def _block(length: int, seasons: tuple[int, ...], most: int) -> int:
    """Return the steps averaged into one tested value: whole seasons where eight or more fit."""
    size = max((season for season in seasons if length // season >= MINIMUM_BLOCKS), default=1)
    return size * max(1, -(-(length // size) // most))


def _tested(at: Floats, means: Floats) -> tuple[float, float, float, float]:
    """Return slope, intercept, Kendall's tau and the two-sided p-value."""
    n = len(means)
    if np.ptp(means) <= 1e-12 * np.max(np.abs(means)):
        return 0.0, float(means[0]), 0.0, 1.0
    fitted = theilslopes(means, at)
    tau = float(kendalltau(at, means).statistic)
    counts = np.unique(means, return_counts=True)[1].astype(np.float64)
    pairs = n * (n - 1) / 2
    score = tau * np.sqrt(pairs * (pairs - np.sum(counts * (counts - 1)) / 2))
    variance = (n * (n - 1) * (2 * n + 5) - np.sum(counts * (counts - 1) * (2 * counts + 5))) / 18
    variance *= _inflation(means - fitted.slope * at)
    z = max(abs(score) - 1, 0.0) / np.sqrt(variance)
    return float(fitted.slope), float(fitted.intercept), tau, float(2 * norm.sf(z))


def _inflation(detrended: Floats) -> float:
    """Return how much autocorrelation widens the variance of Kendall's score: Hamed & Rao (1998), never below 1."""
    n = len(detrended)
    ranks = rankdata(detrended)
    if np.ptp(ranks) == 0:
        return 1.0
    lags = np.arange(1, n - 2)
    found = acf(ranks, nlags=n - 3, fft=True)[1:]
    counted = np.where(np.abs(found) > norm.ppf(1 - SIGNIFICANT / 2) / np.sqrt(n), found, 0.0)
    weights = (n - lags) * (n - lags - 1.0) * (n - lags - 2.0)
    return max(1.0, float(1 + 2 * np.sum(weights * counted) / (n * (n - 1.0) * (n - 2.0))))


def _drift(means: Floats) -> float:
    """Return the two-sided p-value of a zero mean of the changes, with Newey & West (1987) errors."""
    changes = np.diff(means)
    if np.ptp(changes) <= 1e-9 * np.max(np.abs(changes), initial=0.0):
        return 1.0 if changes[0] == 0 else 0.0
    unit = changes / np.max(np.abs(changes))
    n_lags = int(4 * (len(unit) / 100) ** (2 / 9))
    fitted = OLS(unit, np.ones(len(unit))).fit(cov_type="HAC", cov_kwds={"maxlags": n_lags}, use_t=True)
    return float(fitted.pvalues[0])


def _caution(direction: Direction, drift: float) -> str:
    noun = "rise" if direction == "rising" else "fall"
    tested = f"average change, {probability(drift)}"
    if drift < SIGNIFICANT:
        return f" The {noun} is more than a wandering level would show by chance ({tested})."
    return f" A wandering level can drift this far by chance, so the {noun} need not go on ({tested})."


def _movement(direction: Direction, slope: float, frequency: str) -> str:
    if slope == 0:
        often = "more" if direction == "rising" else "less"
        return f"values above the usual one come {often} and {often} often"
    count, noun = step(frequency)
    return f"by about {number(abs(slope), 2)} per {noun if count == 1 else f'{count} {noun}s'}"


def _ends(direction: Direction, start: float, end: float) -> str:
    if (end > start) != (direction == "rising"):
        other = "above" if end > start else "below"
        return f"although the newest average, {number(end)}, is {other} the oldest, {number(start)}"
    said = f"from an average of {number(start)} at the start to {number(end)} at the end"
    if min(start, end) > 0 and 0.01 <= abs(end / start - 1) < 10:
        said += f" ({'+' if end > start else '-'}{percent(abs(end / start - 1))})"
    return said
