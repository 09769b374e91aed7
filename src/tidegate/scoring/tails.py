"""How odd a number is beside normal ones: tail probabilities, and a threshold with a stated rate of false alarms.

Axis letters: N normal numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 20
"""Normal numbers below which nothing is said of a tail."""

_PEAKS, _LEAST, _MOST = 50, 0.02, 0.2
"""Peaks that a tail is fitted to, and the least and most share of the normal numbers that are taken for peaks."""

_HEAVIEST = 0.5
"""Largest shape of a tail: beyond it not even the variance exists."""

_COUNTED = 10
"""From how many expected false alarms in the normal numbers on they are counted instead of fitted."""


_DRAWS = 100
"""Times that blocks of the normal scores are drawn again for an interval."""


class Tail(NamedTuple):
    """What is known of the largest of normal numbers: their ranks, and a generalised Pareto tail beyond `start`.

    Attributes
    ----------
    normal
        The numbers, ascending, shape (N,).
    start
        Where the tail begins.
    share
        Part of the normal numbers beyond it.
    shape, scale
        Of the tail; shape from 0, exponential, to 0.5.
    """

    normal: Floats
    start: float
    share: float
    shape: float
    scale: float

    def surprise(self, values: Floats) -> Floats:
        """Return how odd values are: minus the decimal logarithm of the chance that a normal one is as large.

        2 stands for one in a hundred, 3 for one in a thousand; NaN stays NaN.

        Parameters
        ----------
        values
            Of any shape.
        """
        rank = len(self.normal) - np.searchsorted(self.normal, values, side="left")
        inside = -np.log10((rank + 1) / (len(self.normal) + 1))
        past = np.maximum(values - self.start, 0.0) / self.scale
        grown = np.log1p(self.shape * past) / self.shape if self.shape else past
        beyond = (grown - np.log(self.share)) / np.log(10)
        made: Floats = np.where(values > self.start, beyond, np.minimum(inside, -np.log10(self.share)))
        return np.where(np.isnan(values), np.nan, made)

    def reached(self, rate: float) -> float:
        """Return the value that a normal number exceeds at this rate, at most that of the tail's start."""
        grown = np.log(self.share / rate)
        return float(self.start + self.scale * (np.expm1(self.shape * grown) / self.shape if self.shape else grown))


def tail_of(normal: Floats, *, least_scale: float = 1e-9) -> Tail:
    """Return the tail of normal numbers, fitted by probability-weighted moments to the largest of them.

    Parameters
    ----------
    normal
        Shape (N,), at least 20; without NaN.
    least_scale
        Of the tail, where the numbers hardly differ.

    Raises
    ------
    DataError
        If there are too few.

    Source: Hosking & Wallis (1987), Parameter and quantile estimation for the generalized Pareto distribution,
    Technometrics 29, section 3; Siffer, Fouque, Termier & Largouet (2017), Anomaly detection in streams with extreme
    value theory, KDD, section 3, for its use.
    """
    if len(normal) < FEWEST:
        raise DataError(
            f"there are {len(normal):,} normal steps to fit a threshold to; it needs {FEWEST}",
            repair="Give longer recordings, or set more of them aside by validation.",
        )
    ascending = np.sort(normal)
    n_peaks = int(np.ceil(len(normal) * np.clip(_PEAKS / len(normal), _LEAST, _MOST)))
    start = float(ascending[-n_peaks - 1])
    peaks = ascending[-n_peaks:] - start
    mean = float(peaks.mean())
    ranks = np.arange(1, n_peaks + 1)
    weighted = float(np.mean(peaks * (n_peaks - ranks + 0.35) / n_peaks))
    shape = 2 - mean / (mean - 2 * weighted) if mean > 2 * weighted else 0.0
    shape = float(np.clip(shape, 0.0, _HEAVIEST))
    return Tail(ascending, start, n_peaks / len(normal), shape, max(mean * (1 - shape), least_scale))


class Threshold(NamedTuple):
    """Where alarms begin.

    Attributes
    ----------
    value
        Alarms are scores above it.
    method
        "counted": so many of the normal scores lie above (split conformal); "fitted": from a generalised Pareto tail,
        as there are too few normal scores to count alarms at so small a rate.
    rate
        False alarms per step that were asked for.
    low, high
        95 % interval of the rate that is got, allowing for normal scores that are high together.
    n_normal
        Normal scores that it rests on.
    """

    value: float
    method: Literal["counted", "fitted"]
    rate: float
    low: float
    high: float
    n_normal: int


def threshold_for(normal: Floats, rate: float) -> Threshold:
    """Return the threshold that normal scores exceed at a rate.

    Parameters
    ----------
    normal
        Shape (N,), at least 20 scores of normal steps that nothing was learned from.
    rate
        False alarms per step, above 0 and below 1.

    Raises
    ------
    DataError
        If there are too few scores.

    Source: counted: Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, proposition 2.4. Fitted:
    as `tail_of`. The interval: Politis & Romano (1992), A circular block-resampling procedure for stationary data.
    """
    value, method = placed(normal, rate)
    rates = [rate_above(drawn, value) for drawn in redrawn(normal, normal)]
    low, high = np.quantile(rates, [0.025, 0.975])
    return Threshold(value, method, rate, float(low), float(high), len(normal))


def placed(normal: Floats, rate: float) -> tuple[float, Literal["counted", "fitted"]]:
    """Return the value that normal scores exceed at a rate, and how it was found; takes what `threshold_for` does."""
    tail = tail_of(normal)
    n_above = int(rate * (len(normal) + 1))
    if n_above >= _COUNTED:
        return float(tail.normal[len(normal) - n_above]), "counted"
    return tail.reached(min(rate, tail.share)), "fitted"


def rate_above(normal: Floats, value: float) -> float:
    """Return the rate at which scores like these normal ones exceed a value."""
    return float(10 ** -tail_of(normal).surprise(np.array([value]))[0])


def redrawn(normal: Floats, scores: Floats) -> Iterator[Floats]:
    """Yield normal steps, shape (N, ...), drawn again and again in blocks, the same ones on every call.

    Blocks are as long as `scores` of the steps, shape (N,), stay high together, and at least the cube root of N.
    """
    generator = np.random.default_rng(0)
    length = max(round(len(normal) ** (1 / 3)), _run(scores))
    n_blocks = -(-len(normal) // length)
    for _ in range(_DRAWS):
        starts = generator.integers(0, len(normal), n_blocks)
        yield normal[(starts[:, None] + np.arange(length)).ravel()[: len(normal)] % len(normal)]


def _run(normal: Floats) -> int:
    """Return how long the scores of the tail stay together, twice the mean."""
    above = normal > np.quantile(normal, 0.9)
    starts = int((above[1:] & ~above[:-1]).sum()) + int(above[0])
    return round(2 * float(above.sum()) / max(starts, 1))
