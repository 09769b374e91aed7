"""Which seasons a panel has: the calendar proposes, the agreement between cycles decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.tsa.stattools import acf

from tidegate.analysis.cycles import Agreement, agreement, moving_average, standardised
from tidegate.analysis.wording import number, percent, span, steps_in_a_year
from tidegate.data.calendar import seasons_of
from tidegate.data.gaps import filled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

SAMPLE = 50
NEWEST = 5_000
SHARE = 0.25
USUAL_CYCLES = (4, 5, 7, 12, 24, 48, 52, 96, 144, 168, 288, 336, 365)
_DETECTED_CORRELATION = 0.3
_DETECTED_ERRORS = 4.0


@dataclass(frozen=True)
class SeasonEvidence:
    """What the data say about one season.

    Parameters
    ----------
    season
        Steps in a cycle.
    cycles
        Full cycles in the series of median length.
    strength
        Median correlation between two cycles of a series, from 0 to 1, of what shorter seasons leave.
    explained
        Median share of the variance of a series that this season explains, from 0 to 1.
    share
        Fraction of the series looked at whose cycles agree beyond chance.
    kept
        Whether the season is used.
    sentence
        The same in words.
    """

    season: int
    cycles: float
    strength: float
    explained: float
    share: float
    kept: bool
    sentence: str


def resolved(panel: Panel) -> Panel:
    """Return the panel with its seasons set: the convincing ones, the one that explains most first; (1,) for none.

    A panel whose seasons are set is returned as it is. The decision depends on nothing but the rows of the panel:
    at most 50 series spread evenly over it and the newest 5,000 values of each.
    """
    if panel.seasons:
        return panel
    return replace(panel, seasons=seasons_in(evidence(panel)))


def seasons_in(weighed: tuple[SeasonEvidence, ...]) -> tuple[int, ...]:
    """Return the seasons kept, the one that explains most first; (1,) for none."""
    kept = sorted((found for found in weighed if found.kept), key=lambda found: -found.explained)
    return tuple(found.season for found in kept) or (1,)


def evidence(panel: Panel) -> tuple[SeasonEvidence, ...]:
    """Weigh the seasons that the calendar proposes, those already set, or, for integer time, those the data propose.

    A season is kept if the typical series holds two full cycles and the cycles of at least a quarter of the series
    agree beyond chance (`tidegate.analysis.cycles.agreement`). A longer season counts by what the kept shorter ones
    leave.

    Returns
    -------
    tuple of SeasonEvidence
        Shortest season first; empty if there is nothing to weigh.
    """
    chosen = sample(len(panel), SAMPLE)
    series = _values(panel.take(chosen))
    calendar = tuple(season for season in (*seasons_of(panel.frequency), *panel.seasons) if season > 1)
    candidates = sorted(set(calendar)) if calendar else _detected(series)
    length = float(np.median(panel.lengths))
    weighed: list[SeasonEvidence] = []
    for season in candidates:
        shorter = [found.season for found in weighed if found.kept]
        found = [agreement(values, season, without=shorter) for values in series]
        weighed.append(_weigh(panel, season, length / season, found))
    return tuple(weighed)


def sample(n_series: int, size: int) -> NDArray[np.int64]:
    """Return at most `size` series spread evenly over the panel, shape (S,)."""
    return np.unique(np.linspace(0, n_series - 1, min(size, n_series)).astype(np.int64))


def long_cycle(values: Floats, seasons: tuple[int, ...], frequency: str) -> int | None:
    """Return the length of a cycle longer than the seasons that comes back at least five times, or None.

    It need not be exact, as the eleven years of sunspots are not: the autocorrelation of the smoothed series must
    fall below -0.15, rise to a peak that k cycles rarely show by chance (above 0.25 and ``0.85 / sqrt(k)``: under 1 %
    of random walks and autocorrelated noise of 100 to 2,000 values), and come back at twice the length.

    Parameters
    ----------
    values
        Shape (T,), no NaN.
    seasons
        Seasons already known.
    frequency
        As in `Panel.frequency`: a cycle within 2 % of a year is taken for the year.
    """
    shortest = 2 * max(seasons) if max(seasons) > 1 else 8
    smooth = moving_average(standardised(values), max(*seasons, 3)) if len(values) > 2 * shortest else values[:0]
    if len(smooth) < 5 * shortest or not smooth.any():
        return None
    line = np.polynomial.Polynomial.fit(np.arange(len(smooth)), smooth, 1)(np.arange(len(smooth)))
    found = acf(smooth - line, nlags=len(smooth) * 2 // 5, fft=True)
    below = np.flatnonzero(found < -0.15)
    longest = len(smooth) // 5
    if len(below) == 0 or below[0] >= longest:
        return None
    peak = int(below[0] + np.argmax(found[below[0] : longest + 1]))
    twice = found[2 * peak - peak // 4 : 2 * peak + peak // 4 + 1]
    threshold = max(0.25, 0.85 * np.sqrt(peak / len(smooth)))
    real = shortest <= peak < longest and found[peak] > threshold and twice.max(initial=-1.0) > 0.1
    year = steps_in_a_year(frequency)
    return None if not real else year if abs(peak - year) <= 0.02 * year else peak


def _values(panel: Panel) -> list[Floats]:
    whole = filled(panel)
    return [whole.series(n)[-NEWEST:] for n in range(len(whole))]


def _weigh(panel: Panel, season: int, cycles: float, found: list[Agreement]) -> SeasonEvidence:
    share = float(np.mean([one.convincing for one in found]))
    strength = max(float(np.median([one.correlation for one in found])), 0.0)
    explained = float(np.median([one.explained for one in found]))
    supported = cycles >= 2 and share >= SHARE
    kept = season in panel.seasons if panel.seasons else supported
    made = SeasonEvidence(season, cycles, strength, explained, share, kept, "")
    return replace(made, sentence=_sentence(made, panel, supported=supported))


def _sentence(found: SeasonEvidence, panel: Panel, *, supported: bool) -> str:
    length = span(found.season, panel.frequency)
    if found.cycles < 2:
        reason = f"the series holds {number(found.cycles, 2)} cycles of {length}, and two are needed to see a season"
    elif len(panel) == 1:
        agree = "agree" if supported else "do not agree"
        reason = f"cycles of {length} {agree} (mean correlation {found.strength:.2f})"
    else:
        reason = f"cycles of {length} agree beyond chance in {percent(found.share)} of the series"
    if found.kept:
        conclusion = "used as a season" if supported else "used as a season because it is set"
    else:
        conclusion = "not used as a season"
    return f"{reason[0].upper()}{reason[1:]}: {conclusion}."


def _detected(series: list[Floats]) -> list[int]:
    """Propose seasons where no calendar does: one that stands out, and multiples of it."""
    lengths = [len(values) for values in series]
    longest = min(int(np.median(lengths)) // 3, 1_000)
    tested = {season: _explained(series, season) for season in _peaks(series, longest)}
    real = {season: explained for season, explained in tested.items() if explained > 0}
    if not real:
        return []
    main = min(season for season, explained in real.items() if explained >= 0.6 * max(real.values()))
    return [season for season in sorted(real) if season % main == 0 and (season == main or season in USUAL_CYCLES)]


def _explained(series: list[Floats], season: int) -> float:
    """Return the median share of variance a season explains; 0 unless at least half of the series clearly show it."""
    found = [agreement(values, season) for values in series]
    clear = [
        one.cycles >= 3 and one.correlation >= max(_DETECTED_CORRELATION, _DETECTED_ERRORS * one.error) for one in found
    ]
    return float(np.median([one.explained for one in found])) if np.mean(clear) >= 0.5 else 0.0


def _peaks(series: list[Floats], longest: int) -> list[int]:
    """Return lags worth testing: usual cycles, and the highest peaks of the mean autocorrelation of the series."""
    usual = {season for season in USUAL_CYCLES if season <= longest}
    long_enough = [values for values in series if len(values) >= 3 * longest and np.ptp(values) > 0]
    if longest < 3 or not long_enough:
        return sorted(usual)
    proposed: set[int] = set()
    for difference in (0, 1):
        curves = [_correlations(values, longest, difference) for values in long_enough]
        mean = np.mean(curves, axis=0)
        top = np.flatnonzero((mean[1:-1] > mean[:-2]) & (mean[1:-1] >= mean[2:])) + 1
        proposed |= {int(lag) for lag in top[np.argsort(-mean[top], kind="stable")][:8] if lag >= 2}
    return sorted(usual | proposed)


def _correlations(values: Floats, longest: int, difference: int) -> Floats:
    changes = np.diff(standardised(values), n=difference)
    if difference == 0:
        changes = changes - moving_average(changes, len(changes) // 2)
    if not np.any(np.abs(changes - changes.mean()) > 1e-9):
        return np.zeros(longest + 2)
    found: Floats = acf(changes, nlags=longest + 1, fft=True)
    return found
