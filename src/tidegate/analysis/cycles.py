"""How well the cycles of a series agree with one another: the evidence for a season of a given length."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import fftconvolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MINIMUM_CORRELATION = 0.05
CERTAIN_CORRELATION = 0.65


class Agreement(NamedTuple):
    """Agreement of the cycles of one series at one season.

    Attributes
    ----------
    correlation
        Mean correlation between two different cycles, after the trend is taken out: 1 if all cycles have one shape,
        near 0 if there is no season, whatever the autocorrelation within a cycle.
    error
        Its standard error when there is no season.
    explained
        Share of the variance of the series that the common shape explains, from 0 to 1.
    cycles
        Full cycles compared.
    """

    correlation: float
    error: float
    explained: float
    cycles: int

    @property
    def convincing(self) -> bool:
        """Whether the correlation exceeds twice its error and 0.05, or 0.65 where few cycles make the error large."""
        return self.correlation >= min(max(2 * self.error, MINIMUM_CORRELATION), CERTAIN_CORRELATION)


NONE = Agreement(0.0, np.inf, 0.0, 0)


def agreement(values: Floats, season: int, *, without: Sequence[int] = ()) -> Agreement:
    """Return how well the newest full cycles agree; `NONE` for fewer than two cycles or a constant series.

    Parameters
    ----------
    values
        Shape (T,), no NaN.
    season
        Steps in a cycle, at least 2.
    without
        Shorter seasons whose mean shape is taken out first, so that only what they leave counts.

    Notes
    -----
    Random walks and autocorrelated noise agree within a cycle but not between cycles, so the mean correlation
    between cycles (an intraclass correlation, Shrout & Fleiss 1979) has mean zero for them. Its variance is
    ``2 / (k (k - 1) v)`` for k cycles of v effectively independent values,
    ``v = m / (1 + 2 sum_j (1 - j / m) r_j^2)`` (Bayley & Hammersley 1946).
    """
    n_cycles = len(values) // season
    centred = standardised(values)
    if season < 2 or n_cycles < 2 or not centred.any():
        return NONE
    detrended = centred - moving_average(centred, season)
    detrended = np.clip(detrended, *np.quantile(detrended, (0.01, 0.99)))
    for shorter in without:
        detrended = detrended - mean_shape(detrended, shorter)
    cycles = detrended[-n_cycles * season :].reshape(n_cycles, season)
    cycles = cycles - cycles.mean(axis=1, keepdims=True)
    size = np.sqrt(np.mean(cycles**2, axis=1, keepdims=True))
    varying = size[:, 0] > 1e-9
    if varying.sum() < 2:
        return NONE
    unit = np.divide(cycles, size, out=np.zeros_like(cycles), where=size > 1e-9)
    k = int(varying.sum())
    shared = float(np.mean(unit[varying].mean(axis=0) ** 2))
    correlation = (k * shared - 1) / (k - 1)
    error = float(np.sqrt(2 / (k * (k - 1) * _independent_values(unit.ravel(), season))))
    return Agreement(correlation, error, max(correlation, 0.0) * float(np.mean(size**2)), n_cycles)


def moving_average(values: Floats, window: int) -> Floats:
    """Return the centred moving average over `window` steps (2 x window if even), shape (T,).

    The ends are continued by reflection through the end points, so that a straight line stays a straight line.
    """
    weights = np.full(window + (window % 2 == 0), 1 / window)
    if window % 2 == 0:
        weights[[0, -1]] /= 2
    half = min(len(weights) // 2, len(values) - 1)
    padded = np.pad(values, half, mode="reflect", reflect_type="odd")
    if half < len(weights) // 2:
        padded = np.pad(padded, len(weights) // 2 - half, mode="edge")
    smooth: Floats = fftconvolve(padded, weights, mode="valid")
    return smooth


def mean_shape(values: Floats, season: int) -> Floats:
    """Return the mean at each phase of `season`, repeated over the series, shape (T,)."""
    phase = np.arange(len(values)) % season
    means = np.bincount(phase, weights=values, minlength=season) / np.bincount(phase, minlength=season)
    repeated: Floats = means[phase]
    return repeated


def standardised(values: Floats) -> Floats:
    """Return `values` with mean 0 and standard deviation 1, shape (T,); zeros for a constant series."""
    size = float(np.max(np.abs(values), initial=0.0))
    if size == 0:
        return np.zeros_like(values)
    scaled = values / 2.0 ** np.floor(np.log2(size))
    centred: Floats = scaled - scaled.mean()
    deviation = float(centred.std())
    return centred / deviation if deviation > 1e-9 else np.zeros_like(values)


def _independent_values(values: Floats, season: int) -> float:
    """Return how many effectively independent values a cycle holds, from 1 to `season`."""
    power = np.abs(np.fft.rfft(values, 2 * len(values))) ** 2
    covariance = np.fft.irfft(power)[:season]
    correlation = covariance[1:] / covariance[0]
    weight = 1 - np.arange(1, season) / season
    return max(season / (1 + 2 * float(np.sum(weight * correlation**2))), 1.0)
