"""Naive2, the reference of the overall weighted average: the last value, seasonally adjusted where a season shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_Z_90_PERCENT = 1.645


def naive2(values: Floats, season: int, horizon: int) -> Floats:
    """Return the Naive2 forecast, shape (F,): the naive forecast of the seasonally adjusted series, adjusted back.

    Parameters
    ----------
    values
        Shape (T,): what is known at the origin. Missing values are interpolated between their neighbours; where all
        are missing, the forecast is.
    season
        Steps of one cycle, 1 for none.
    horizon
        Steps ahead, F.

    The indices are those of the classical multiplicative decomposition, applied where `is_seasonal` says so. A
    series that is not positive throughout has no multiplicative indices: it is left as it is. Source: Makridakis,
    Spiliotis & Assimakopoulos (2020), The M4 Competition, appendix A, and its published R code.
    """
    if np.isnan(values).all():
        return np.full(horizon, np.nan)
    known = _interpolated(values)
    if not is_seasonal(known, season) or known.min() <= 0:
        return np.full(horizon, known[-1])
    indices = seasonal_decompose(known, model="multiplicative", period=season).seasonal
    ahead = indices[len(known) - season + np.arange(horizon) % season]
    return np.asarray(known[-1] / indices[-1] * ahead, dtype=np.float64)


def is_seasonal(values: Floats, season: int) -> bool:
    """Return whether the autocorrelation at the season is significant at 90 %: M4's test.

    |r_m| > 1.645 sqrt((1 + 2 sum_{i<m} r_i^2) / T); no season below three cycles or in a constant series.

    Parameters
    ----------
    values
        Shape (T,), none missing.
    season
        m, in steps.
    """
    if season < 2 or len(values) < 3 * season or np.ptp(values) == 0:
        return False
    correlations = acf(values, nlags=season, fft=True)[1:]
    limit = _Z_90_PERCENT * np.sqrt((1 + 2 * np.sum(correlations[:-1] ** 2)) / len(values))
    return bool(np.abs(correlations[-1]) > limit)


def _interpolated(values: Floats) -> Floats:
    present = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), present, values[present])
