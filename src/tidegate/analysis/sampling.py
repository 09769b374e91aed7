"""Whether the series is sampled often enough: how much of its power lies near half the sampling rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import detrend, welch
from scipy.stats import beta, f

from tidegate.analysis.cycles import standardised
from tidegate.analysis.wording import percent, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEWEST = 20_000
MINIMUM_LENGTH = 32
NEAR_LIMIT = 0.4
TOO_MUCH = 0.3
LIKE_NOISE = 0.15
RISING = 3.0
_RARE = 0.99


@dataclass(frozen=True, eq=False)
class Sampling:
    """The spectrum and what it says about the sampling rate.

    Parameters
    ----------
    frequencies
        Shape (M,): cycles per step, above 0 to 0.5.
    power
        Shape (M,): power spectral density of the series without its seasons and straight-line trend, in units squared
        per cycle per step (Welch 1967).
    share_near_limit
        Share of the power above 0.4 cycles per step, from 0 to 1; white noise has 0.2.
    coarse
        Whether the sampling looks too coarse: a share above 0.3, or a density there three times that of the band
        from 0.2 to 0.4; more in short series, where one in a hundred of pure noise would exceed it.
    statement
        The same in words.
    """

    frequencies: Floats
    power: Floats
    share_near_limit: float
    coarse: bool
    statement: str


def sampling(values: Floats, frequency: str) -> Sampling | None:
    """Return the spectrum of the newest 20,000 values and whether it still has power at half the sampling rate.

    A movement faster than half the rate is folded to a slower one (Nyquist 1928, Shannon 1949) and cannot be told from
    it afterwards; power that does not fall off towards that limit is the sign.

    Parameters
    ----------
    values
        Shape (T,), no NaN, seasonally adjusted.
    frequency
        As in `Panel.frequency`, for the wording.

    Returns
    -------
    Sampling or None
        None for fewer than 32 values or a constant series.
    """
    newest = values[-NEWEST:]
    scaled = standardised(newest)
    if len(scaled) < MINIMUM_LENGTH or not scaled.any():
        return None
    segment = min(len(scaled), max(MINIMUM_LENGTH, 2 ** int(np.log2(len(scaled) / 4))), 4_096)
    frequencies, density = welch(scaled, nperseg=segment, detrend=detrend)
    frequencies, density = frequencies[1:], density[1:]
    total = float(density.sum())
    if total <= 0:
        return None
    most_share, most_rise = _limits(len(scaled))
    near, middle = frequencies > NEAR_LIMIT, (frequencies > NEAR_LIMIT / 2) & (frequencies <= NEAR_LIMIT)
    share = float(density[near].sum()) / total
    rising = share > 0.02 and float(density[near].mean()) > most_rise * float(density[middle].mean())
    coarse = share > most_share or rising
    variance = float(np.var(newest))
    return Sampling(frequencies, density * variance, share, coarse, _statement(share, coarse, frequency))


def _limits(length: int) -> tuple[float, float]:
    """Return the share and the rise that are too much: fixed ones, or what noise of this length exceeds rarely."""
    share = float(beta.ppf(_RARE, 0.2 * length / 2, 0.8 * length / 2))
    rise = float(f.ppf(_RARE, 0.2 * length, 0.4 * length))
    return max(TOO_MUCH, share), max(RISING, rise)


def _statement(share: float, coarse: bool, frequency: str) -> str:  # noqa: FBT001 (private)
    measured = f"{percent(share)} of the power lies near half the sampling rate"
    two = span(2, frequency)
    if coarse:
        return (
            f"Warning: {measured}, in swings of about {two}. Anything faster is folded into slower swings at this "
            "rate; sample more often, or add up or average over longer steps, before trusting short cycles."
        )
    if share > LIKE_NOISE:
        return (
            f"{measured}, about what pure noise has (20 %): from one step to the next there is mostly noise, or "
            "movement faster than the sampling shows."
        )
    return f"The sampling is fine enough: {measured}, so little happens faster than {two}."
