"""Autocorrelation and partial autocorrelation with the bounds that noise would stay within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, norm
from statsmodels.tsa.stattools import acf, pacf

from tidegate.analysis.cycles import standardised
from tidegate.analysis.stationarity import AS_OBSERVED, Stationarity
from tidegate.analysis.wording import listing, number, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

NEWEST = 10_000
MOST_LAGS = 400
MINIMUM_LENGTH = 8
_CONFIDENCE = float(norm.ppf(0.975))


@dataclass(frozen=True, eq=False)
class Correlogram:
    """Both functions of one version of the series.

    Parameters
    ----------
    label
        What was done to the series before: "as observed", "after one difference", ...
    lags
        Shape (K,), int64: 1 to K.
    acf, pacf
        Shape (K,), -1 to 1.
    acf_bound
        Shape (K,): 95 % half-width around 0 if nothing is left from this lag on (Bartlett 1946).
    pacf_bound
        Shape (K,): 95 % half-width around 0, ``1.96 / sqrt(T)`` (Quenouille 1949).
    """

    label: str
    lags: Integers
    acf: Floats
    acf_bound: Floats
    pacf: Floats
    pacf_bound: Floats

    @property
    def outside(self) -> Integers:
        """Lags whose autocorrelation exceeds its bound."""
        return self.lags[np.abs(self.acf) > self.acf_bound]


@dataclass(frozen=True, eq=False)
class Autocorrelations:
    """The series as observed and after the suggested differencing.

    Parameters
    ----------
    observed
        As observed.
    differenced
        After the differences that `Stationarity` suggests; None if it suggests none.
    statement
        What stands out, in words.
    """

    observed: Correlogram
    differenced: Correlogram | None
    statement: str


def autocorrelations(
    values: Floats, season: int, stationary: Stationarity | None, frequency: str
) -> Autocorrelations | None:
    """Return the correlograms of the newest 10,000 values, as observed and differenced.

    Parameters
    ----------
    values
        Shape (T,), no NaN.
    season
        Steps in the main season, 1 for none.
    stationary
        The suggested differencing; None for none.
    frequency
        As in `Panel.frequency`, for the wording.

    Returns
    -------
    Autocorrelations or None
        None for fewer than eight values or a constant series.
    """
    newest = standardised(values[-NEWEST:])
    observed = correlogram(newest, season)
    if observed is None:
        return None
    differenced = None
    if stationary is not None and stationary.d + stationary.seasonal_d > 0:
        changes = newest[season:] - newest[:-season] if stationary.seasonal_d else newest
        differenced = correlogram(np.diff(changes, n=stationary.d), season, label=stationary.readings[-1].label)
    return Autocorrelations(observed, differenced, _statement(observed, differenced, season, frequency))


def correlogram(values: Floats, season: int, *, label: str = AS_OBSERVED) -> Correlogram | None:
    """Return ACF and PACF up to three seasons (at least 24 lags, at most 400 and a third of the series).

    None for fewer than eight values or a constant series.
    """
    scaled = standardised(values)
    if len(scaled) < MINIMUM_LENGTH or not scaled.any():
        return None
    n_lags = min(max(3 * season, 24), MOST_LAGS, max(len(scaled) // 3, 2))
    found = acf(scaled, nlags=n_lags, fft=True)[1:]
    sums = np.concatenate([[0.0], np.cumsum(found[:-1] ** 2)])
    bound = _CONFIDENCE * np.sqrt((1 + 2 * sums) / len(scaled))
    partial = pacf(scaled, nlags=n_lags, method="ldb")[1:]
    flat = np.full(n_lags, _CONFIDENCE / np.sqrt(len(scaled)))
    return Correlogram(label, np.arange(1, n_lags + 1, dtype=np.int64), found, bound, partial, flat)


def _statement(observed: Correlogram, differenced: Correlogram | None, season: int, frequency: str) -> str:
    said = [_reading(observed, season, frequency)]
    if differenced is not None:
        said.append(_reading(differenced, season, frequency))
    return " ".join(said)


def _reading(found: Correlogram, season: int, frequency: str) -> str:
    """Say which lags matter: the first, the seasonal one, or whichever stand out most."""
    label = found.label.capitalize()
    outside = found.outside
    by_chance = binom.ppf(0.95, len(found.lags), 0.05)
    if len(outside) <= by_chance and 1 not in outside and season not in outside:
        return (
            f"{label}, the autocorrelation stays within what noise would show: neighbours say little about each other."
        )
    inside = np.flatnonzero(np.abs(found.acf) <= found.acf_bound)
    if len(inside) == 0 or inside[0] >= min(10, len(found.lags)):
        until = "at every lag looked at" if len(inside) == 0 else f"up to lag {inside[0]:,}"
        reach = f"{label}, neighbouring values resemble each other {until} ({_at(found, 1)})"
        peak = season in found.lags and season > 1 and _is_peak(found, season)
        return (
            f"{reach}, with a seasonal peak at {span(season, frequency)} ({_at(found, season)})."
            if peak
            else f"{reach}."
        )
    strongest = outside[np.argsort(-np.abs(found.acf[outside - 1]), kind="stable")][:4]
    lags = listing([_at(found, int(lag)) for lag in np.sort(strongest)])
    return f"{label}, what stands out beyond the bounds of noise is {lags}."


def _at(found: Correlogram, lag: int) -> str:
    return f"lag {lag}: {number(float(found.acf[lag - 1]), 2)}"


def _is_peak(found: Correlogram, lag: int) -> bool:
    if not 2 <= lag < len(found.lags):
        return False
    before, here, after = found.acf[lag - 2 : lag + 1]
    return bool(here > before and here > after and here > found.pacf_bound[lag - 1])
