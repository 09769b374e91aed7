"""Trend, seasons and remainder, additive and multiplicative, and which of the two fits the data better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import spearmanr
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.tsa.seasonal import MSTL, STL, seasonal_decompose

from tidegate.analysis.wording import number, percent, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Kind = Literal["additive", "multiplicative"]
Method = Literal["stl", "mstl", "classical", "lowess"]

NEWEST = 10_000
NEWEST_OF_SEVERAL = 3_000
MINIMUM_LENGTH = 8
_EVERY_POINT = 2_000
_LOWESS_FRACTION = 1 / 3
_CLEARLY_SMALLER = 0.95
_FOLLOWS = 0.5
_MULTIPLICATIVE = "multiplicative"


@dataclass(frozen=True, eq=False)
class Decomposition:
    """One way to split a series.

    Additive: observed = trend + sum of seasonal + residual. Multiplicative: their product.

    Parameters
    ----------
    method
        "stl" for one season, "mstl" for several, "classical" moving averages, "lowess" where there is no season.
    kind
        "additive" or "multiplicative".
    seasons
        Shape (S,): the seasons taken out.
    trend, residual
        Shape (W,): the newest W values; classical ones are NaN where the moving average does not reach.
    seasonal
        Shape (S, W).
    trend_strength, seasonal_strengths
        From 0 to 1: ``max(0, 1 - var(R) / var(C + R))`` for the component C, on logs if multiplicative (Wang, Smith &
        Hyndman 2006; Hyndman & Athanasopoulos 2021, section 4.3).
    spread
        Standard deviation of the remainder on the scale of the data: for a multiplicative one that of the logs times
        the geometric mean of the data, which makes the two kinds comparable (Box & Cox 1964, equation 7).
    """

    method: Method
    kind: Kind
    seasons: tuple[int, ...]
    trend: Floats
    seasonal: Floats
    residual: Floats
    trend_strength: float
    seasonal_strengths: tuple[float, ...]
    spread: float

    @property
    def season_effect(self) -> Floats:
        """All seasons together: their sum, or product if multiplicative, shape (W,)."""
        together = self.seasonal.prod(axis=0) if self.kind == _MULTIPLICATIVE else self.seasonal.sum(axis=0)
        effect: Floats = together
        return effect

    def adjusted(self, values: Floats) -> Floats:
        """Return the newest W of `values` without the seasons, shape (W,)."""
        newest = values[-len(self.trend) :]
        if not self.seasons:
            return newest
        return newest / self.season_effect if self.kind == _MULTIPLICATIVE else newest - self.season_effect


@dataclass(frozen=True, eq=False)
class Decompositions:
    """Every decomposition tried, and the choice between additive and multiplicative.

    Parameters
    ----------
    candidates
        STL (MSTL, or lowess without a season) of each kind that the data allow, then classical ones.
    kind
        The kind that fits better.
    statement
        Why, in one or two sentences.
    amplitude_correlation
        Spearman's correlation between the level and the spread of successive cycles, from -1 to 1; None for fewer
        than five cycles.
    """

    candidates: tuple[Decomposition, ...]
    kind: Kind
    statement: str
    amplitude_correlation: float | None

    @property
    def chosen(self) -> Decomposition:
        """The first candidate of the chosen kind."""
        return next(candidate for candidate in self.candidates if candidate.kind == self.kind)


def decompose(values: Floats, seasons: tuple[int, ...], frequency: str) -> Decompositions | None:
    """Decompose the newest values (see `cap`) and choose between additive and multiplicative.

    Multiplicative is chosen if all values are positive and it leaves a clearly smaller remainder (`spread` smaller by
    more than 5 %), so that a tie goes to the simpler additive form. The remainders compared are those of the classical
    decompositions, whose season keeps its shape: STL's season adapts and would hide the difference.

    Parameters
    ----------
    values
        Shape (T,), no NaN, any unit.
    seasons
        Lengths of the seasons in steps, (1,) for none; those with fewer than two full cycles are left out.
    frequency
        As in `Panel.frequency`, for the wording.

    Returns
    -------
    Decompositions or None
        None for fewer than eight values or a constant series.
    """
    newest = values[-cap(seasons) :]
    if len(newest) < MINIMUM_LENGTH or np.ptp(newest) <= 1e-9 * np.max(np.abs(newest)):
        return None
    usable = tuple(sorted(season for season in seasons if 1 < season <= len(newest) // 2))
    kinds: tuple[Kind, ...] = ("additive", "multiplicative") if newest.min() > 0 else ("additive",)
    smooth = [_smooth(newest, usable, kind) for kind in kinds]
    classical = [_classical(newest, season, kind) for season in usable[:1] for kind in kinds]
    correlation = _amplitude_correlation(newest, smooth[0])
    kind, statement = _choice(classical or smooth, newest, correlation, frequency)
    return Decompositions((*smooth, *classical), kind, statement, correlation)


def cap(seasons: tuple[int, ...]) -> int:
    """Return how many of the newest values are decomposed: 10,000; for several seasons 3,000 or four of the longest."""
    return NEWEST if len(seasons) == 1 else max(NEWEST_OF_SEVERAL, 4 * max(seasons))


def _smooth(values: Floats, seasons: tuple[int, ...], kind: Kind) -> Decomposition:
    """STL (Cleveland et al. 1990), MSTL (Bandara, Hyndman & Bergmeir 2021), or lowess where there is no season."""
    unit, level = _unit(values, kind)
    scaled = np.log(values) if kind == _MULTIPLICATIVE else (values - level) / unit
    method: Method = "lowess"
    seasonal = np.empty((0, len(values)))
    if len(seasons) > 1 and 2 * seasons[-1] < len(values):
        found = MSTL(scaled, periods=seasons, stl_kwargs=_jumps(seasons[0], len(values))).fit()
        method, trend, seasonal = "mstl", found.trend, np.atleast_2d(found.seasonal.T)
    elif seasons:
        found = STL(scaled, period=seasons[0], seasonal=11, **_jumps(seasons[0], len(values))).fit()
        method, trend, seasonal, seasons = "stl", found.trend, found.seasonal[None], seasons[:1]
    else:
        steps = np.arange(len(values), dtype=np.float64)
        fraction = max(_LOWESS_FRACTION, min(1.0, 7 / len(values)))
        trend = lowess(scaled, steps, frac=fraction, it=0, delta=len(values) / 200, return_sorted=False)
    return _described(
        method, kind, seasons, (trend, seasonal, scaled - trend - seasonal.sum(axis=0)), scale=(unit, level)
    )


def _jumps(season: int, n_values: int) -> dict[str, int]:
    """On long series, evaluate the smoothers of STL at every tenth of a window and interpolate, as R's stl does."""
    jump = max(1, season // 10) if n_values > _EVERY_POINT else 1
    return {"trend_jump": jump, "low_pass_jump": jump}


def _classical(values: Floats, season: int, kind: Kind) -> Decomposition:
    """Moving-average decomposition (Hyndman & Athanasopoulos 2021, section 3.4)."""
    unit, level = _unit(values, kind)
    scaled = values / unit if kind == _MULTIPLICATIVE else (values - level) / unit
    found = seasonal_decompose(scaled, model=kind, period=season)
    parts = (found.trend, found.seasonal[None], found.resid)
    if kind == _MULTIPLICATIVE:
        parts = tuple(np.log(part) for part in parts)
        unit, level = float(np.exp(np.mean(np.log(values)))), float(np.log(unit))
        parts = (parts[0] + level, parts[1], parts[2])
    return _described("classical", kind, (season,), parts, scale=(unit, level))


def _unit(values: Floats, kind: Kind) -> tuple[float, float]:
    """Return the scale and the level that the arithmetic is done in, so that no unit overflows or underflows."""
    if kind == _MULTIPLICATIVE:
        return float(np.exp(np.mean(np.log(values)))), 0.0
    size = float(np.max(np.abs(values)))
    return float(np.std(values / size) * size), float(np.mean(values / size) * size)


def _described(
    method: Method,
    kind: Kind,
    seasons: tuple[int, ...],
    parts: tuple[Floats, Floats, Floats],
    *,
    scale: tuple[float, float],
) -> Decomposition:
    """Measure the components on the additive scale and return them in the units of the data."""
    trend, seasonal, residual = parts
    unit, level = scale
    strengths = tuple(_strength(one, residual) for one in seasonal)
    spread = float(np.nanstd(residual)) * unit
    trend_strength = _strength(trend, residual)
    if kind == _MULTIPLICATIVE:
        trend, seasonal, residual = np.exp(trend), np.exp(seasonal), np.exp(residual)
    else:
        trend, seasonal, residual = trend * unit + level, seasonal * unit, residual * unit
    return Decomposition(method, kind, seasons, trend, seasonal, residual, trend_strength, strengths, spread)


def _strength(component: Floats, residual: Floats) -> float:
    """Return ``max(0, 1 - var(R) / var(C + R))``."""
    both = float(np.nanvar(component + residual))
    return max(0.0, 1 - float(np.nanvar(residual)) / both) if both > 0 else 0.0


def _amplitude_correlation(values: Floats, additive: Decomposition) -> float | None:
    """Return Spearman's correlation between the level of each cycle and its spread around the trend."""
    length = _stretch(additive)
    n_cycles = len(values) // length
    if n_cycles < 5:
        return None
    newest = slice(len(values) - n_cycles * length, None)
    levels = additive.trend[newest].reshape(n_cycles, length).mean(axis=1)
    spreads = (values - additive.trend)[newest].reshape(n_cycles, length).std(axis=1)
    if np.ptp(levels) == 0 or np.ptp(spreads) == 0:
        return None
    return float(spearmanr(levels, spreads).statistic)


def _choice(tried: list[Decomposition], values: Floats, correlation: float | None, frequency: str) -> tuple[Kind, str]:
    if len(tried) == 1:
        count = int(np.sum(values <= 0))
        are = "value is" if count == 1 else "values are"
        return "additive", f"Additive: {count:,} {are} zero or negative, and a product needs positive components."
    additive, multiplicative = (one.spread for one in tried)
    what = "with a season of fixed shape, the remainder" if tried[0].seasons else "the remainder"
    kind: Kind = "additive"
    if multiplicative < _CLEARLY_SMALLER * additive:
        kind = "multiplicative"
        measured = f"{what} is {percent(1 - multiplicative / additive)} smaller than that of an additive decomposition"
    elif additive < _CLEARLY_SMALLER * multiplicative:
        measured = f"{what} is {percent(1 - additive / multiplicative)} smaller than that of a multiplicative one"
    else:
        measured = f"{what} is about the same either way, so the simpler form is taken"
    return kind, f"{kind.capitalize()}: {measured}{_swings(tried[0], correlation, kind, frequency)}."


def _swings(tried: Decomposition, correlation: float | None, kind: Kind, frequency: str) -> str:
    """Say whether the swings follow the level, which is what a multiplicative form expects."""
    if correlation is None:
        return ""
    grow = correlation > _FOLLOWS
    verb = "grow with the level" if grow else "do not clearly grow with the level"
    if correlation < -_FOLLOWS:
        verb = "shrink as the level rises"
    joint = ";" if grow == (kind == _MULTIPLICATIVE) else ", although"
    subject = "the seasonal swings" if tried.seasons else "the swings around the trend"
    stretch = span(_stretch(tried), frequency)
    return f"{joint} {subject} {verb} (rank correlation {number(correlation, 2)} over stretches of {stretch})"


def _stretch(tried: Decomposition) -> int:
    """Return the steps over which level and spread are compared: the shortest season of four steps or more, or 8."""
    return next((season for season in tried.seasons if season >= 4), 8)
