"""ADF and KPSS read together, the differencing they suggest, and the rolling mean and variance beside them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from statsmodels.tools.sm_exceptions import InterpolationWarning, SingularMatrixWarning
from statsmodels.tsa.stattools import adfuller, kpss

from tidegate.analysis.cycles import standardised
from tidegate.analysis.wording import number, probability, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Case = Literal["stationary", "unit root", "level moves", "unclear"]

NEWEST = 5_000
MINIMUM_LENGTH = 12
SIGNIFICANT = 0.05
MOST_DIFFERENCES = 2
STRONG_SEASON = 0.64
_KPSS_FLOOR, _KPSS_CEILING = 0.01, 0.1
AS_OBSERVED = "as observed"

_MEANING: dict[Case, str] = {
    "stationary": "ADF rejects a unit root and KPSS finds no sign against a constant level: stationary",
    "unit root": "ADF cannot reject a unit root and KPSS rejects a constant level: not stationary, the level wanders",
    "level moves": (
        "ADF rejects a unit root, yet KPSS rejects a constant level: the level moves (a trend, a shift or long memory) "
        "without being a random walk"
    ),
    "unclear": "ADF cannot reject a unit root and KPSS cannot reject a constant level: too little information to tell",
}


@dataclass(frozen=True)
class Reading:
    """Both tests on one version of the series.

    Parameters
    ----------
    label
        "as observed", "around a straight line", "after seasonal differencing", ...
    adf, adf_p
        Statistic and p-value of the augmented Dickey-Fuller test (null: unit root), lags by AIC.
    kpss, kpss_p
        Statistic and p-value of the KPSS test (null: constant level), lags by Hobijn, Franses & Ooms (2004). The
        p-value is tabulated between 0.01 and 0.1 only.
    adf_p_text, kpss_p_text
        The p-values in words, "p < 0.01" and "p > 0.1" beyond the table.
    case
        "stationary", "unit root", "level moves" (both reject) or "unclear" (neither rejects), at 5 %.
    statement
        The case in words.
    """

    label: str
    adf: float
    adf_p: float
    adf_p_text: str
    kpss: float
    kpss_p: float
    kpss_p_text: str
    case: Case
    statement: str


@dataclass(frozen=True, eq=False)
class Stationarity:
    """What the tests say and the differencing they suggest.

    Parameters
    ----------
    readings
        As observed first, then around a straight line (if the level is not constant) and after each difference.
    d, seasonal_d
        Ordinary differences (0 to 2) and seasonal ones (0 or 1) suggested.
    statement
        The suggestion in words.
    window
        Steps in the rolling window.
    rolling_mean, rolling_variance
        Shape (T,): NaN for the first ``window - 1`` values.
    rolling_statement
        What they show.
    """

    readings: tuple[Reading, ...]
    d: int
    seasonal_d: int
    statement: str
    window: int
    rolling_mean: Floats
    rolling_variance: Floats
    rolling_statement: str


def stationarity(values: Floats, season: int, seasonal_strength: float, frequency: str) -> Stationarity | None:
    """Test the newest 5,000 values and suggest how often to difference them.

    A seasonal difference is suggested if the season's strength exceeds 0.64 (Wang, Smith & Hyndman 2006), then
    ordinary differences while KPSS rejects a constant level, at most two (Hyndman & Khandakar 2008), the second only if
    ADF does not reject a unit root. Where neither test rejects, KPSS with the fewer lags of Kwiatkowski et al. (1992),
    which has more power, decides.

    Parameters
    ----------
    values
        Shape (T,), no NaN.
    season
        Steps in the main season, 1 for none.
    seasonal_strength
        From 0 to 1, see `tidegate.analysis.decomposition`.
    frequency
        As in `Panel.frequency`, for the wording.

    Returns
    -------
    Stationarity or None
        None for fewer than twelve values or a constant series.
    """
    newest = standardised(values[-NEWEST:])
    if len(newest) < MINIMUM_LENGTH or not newest.any():
        return None
    readings = [read(newest, AS_OBSERVED)]
    if readings[0].case in ("unit root", "level moves"):
        readings.append(read(newest, "around a straight line", around="ct"))
    seasonal_d = int(season > 1 and seasonal_strength > STRONG_SEASON and len(newest) >= 2 * season + MINIMUM_LENGTH)
    current, latest = newest, readings[0]
    if seasonal_d:
        current = current[season:] - current[:-season]
        latest = read(current, _label(0, 1))
        readings.append(latest)
    d = 0
    while d < MOST_DIFFERENCES and _wants_difference(current, latest, d) and len(current) > MINIMUM_LENGTH:
        d += 1
        current = np.diff(current)
        latest = read(current, _label(d, seasonal_d))
        readings.append(latest)
    window = rolling_window(len(values), season)
    frame = pd.Series(values).rolling(window)
    mean, variance = frame.mean().to_numpy(), frame.var().to_numpy()
    rolling_words = _rolling_statement(mean, variance, window, frequency)
    if rolling_words.endswith("it grows with the level.") and values.min() > 0:
        rolling_words = f"{rolling_words[:-1]}, as a logarithm would even out."
    suggestion = _suggestion(readings, d, seasonal_d, span(season, frequency))
    return Stationarity(tuple(readings), d, seasonal_d, suggestion, window, mean, variance, rolling_words)


def read(values: Floats, label: str, *, around: Literal["c", "ct"] = "c") -> Reading:
    """Run both tests around a constant level ("c") or a straight line ("ct").

    Parameters
    ----------
    values
        Shape (T,), no NaN.
    label
        What was done to the series before.
    around
        What both tests allow for.
    """
    scaled = standardised(values)
    if not scaled.any():
        words = "Nothing is left but a constant, which is stationary."
        return Reading(label, np.nan, np.nan, "p unknown", np.nan, np.nan, "p unknown", "stationary", words)
    adf, adf_p = _adf(scaled, around)
    kpss_value, kpss_p = _kpss(scaled, around)
    case = _case(adf_p, kpss_p)
    text = probability(kpss_p)
    if kpss_p <= _KPSS_FLOOR or kpss_p >= _KPSS_CEILING:
        text = "p < 0.01" if kpss_p <= _KPSS_FLOOR else "p > 0.1"
    meaning = _MEANING[case] if around == "c" else _MEANING[case].replace("constant level", "steady straight line")
    tests = f"(ADF {number(adf)}, {probability(adf_p)}; KPSS {number(kpss_value)}, {text})"
    statement = f"{label.capitalize()}: {meaning} {tests}."
    return Reading(label, adf, adf_p, probability(adf_p), kpss_value, kpss_p, text, case, statement)


def rolling_window(length: int, season: int) -> int:
    """Return the steps of the rolling window: whole seasons, at least twelve steps, at most a third of the series."""
    cycles = -(-12 // season)
    return max(2, min(cycles * season, length // 3))


def _adf(values: Floats, around: str) -> tuple[float, float]:
    """Return statistic and p-value.

    A series without noise is fitted exactly by enough lags, which leaves nothing to test with: then no lag is used, and
    if even that fits exactly, there is no unit root.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SingularMatrixWarning)
        found = adfuller(values, regression=around, autolag="AIC", result_object=True)
        if any(issubclass(one.category, SingularMatrixWarning) for one in caught):
            found = adfuller(values, maxlag=0, regression=around, autolag=None, result_object=True)
    return (float(found[0]), float(found[1])) if np.isfinite(found[0]) else (-np.inf, 0.0)


def _wants_difference(values: Floats, reading: Reading, d: int) -> bool:
    """Tell whether a reading asks for a difference after `d` of them."""
    if reading.case != "unclear":
        return reading.case == "unit root" or (reading.case == "level moves" and d == 0)
    return _kpss(values, "c", int(4 * (len(values) / 100) ** 0.25))[1] < SIGNIFICANT


def _kpss(values: Floats, around: str, lags: int | Literal["auto"] = "auto") -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)
        found = kpss(values, regression=around, nlags=lags, result_object=True)
    return float(found[0]), float(found[1])


def _case(adf_p: float, kpss_p: float) -> Case:
    if adf_p < SIGNIFICANT:
        return "level moves" if kpss_p < SIGNIFICANT else "stationary"
    return "unit root" if kpss_p < SIGNIFICANT else "unclear"


def _label(d: int, seasonal_d: int) -> str:
    ordinary = {0: "", 1: "one difference", 2: "two differences"}[d]
    if not seasonal_d:
        return f"after {ordinary}"
    return f"after seasonal differencing{' and ' + ordinary if d else ''}"


def _suggestion(readings: list[Reading], d: int, seasonal_d: int, season: str) -> str:
    """Say which differences make the series stationary, and what else would."""
    if d + seasonal_d == 0:
        return "No differencing is needed (d = 0)."
    words = [f"one seasonal difference over {season} (D = 1)"] if seasonal_d else []
    if d:
        words.append(f"{'one ordinary difference' if d == 1 else 'two ordinary differences'} (d = {d})")
    said = f"Suggested: {' and '.join(words)}"
    if not d:
        said += ", and no ordinary one (d = 0)"
    lines = [one for one in readings if one.label == "around a straight line"]
    if d and lines and lines[0].case == "stationary":
        said += "; a straight-line trend in the model would do as well as differencing"
    if readings[-1].kpss_p < SIGNIFICANT:
        said += "; even then KPSS sees the level move, so look for a break in the series"
    return said + "."


def _rolling_statement(mean: Floats, variance: Floats, window: int, frequency: str) -> str:
    """Say how far the rolling mean and variance move, and whether they move together."""
    level, spread = mean[window - 1 :], variance[window - 1 :]
    low, high = np.maximum(np.quantile(spread, [0.05, 0.95]), 0)
    said = (
        f"Over {span(window, frequency)} at a time, the mean runs from {number(level.min())} to {number(level.max())}"
    )
    if high <= 0:
        return f"{said} and the variance stays at 0."
    ratio = high / low if low > 0 else np.inf
    times = f"{number(ratio, 2)} times" if ratio < 1_000 else "over 1,000 times"
    if ratio < 4:
        return f"{said} and the variance changes little (its 95th percentile is {times} its 5th)."
    said = f"{said} and the variance changes (its 95th percentile is {times} its 5th)"
    if np.ptp(level) > 0 and float(spearmanr(level, spread).statistic) > 0.6:
        said += ": it grows with the level"
    return said + "."
