"""Bootstrap intervals: how far a score could lie elsewhere on other series and folds of the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 2_000
"""Resamples of series and folds."""

FEWEST = 5
"""Folds, or series, below which resampling them says too little to be shown."""


@dataclass(frozen=True)
class Interval:
    """A score and the range in which 95 % of the resampled scores lie.

    Parameters
    ----------
    value
        The score over everything.
    lower, upper
        The 2.5 and 97.5 % points; NaN where there is too little to resample.
    """

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """How often each fold and each series is drawn.

    Parameters
    ----------
    folds
        Shape (draws, K).
    series
        Shape (draws, N).
    """

    folds: Floats
    series: Floats

    def interval(self, sums: Floats, counts: Floats, finish: Callable[[Floats], Floats] = np.asarray) -> Interval:
        """Return a score that is a ratio of two sums over folds and series, and its interval.

        Parameters
        ----------
        sums, counts
            Shape (R, K, N): in each of R runs, sum of the errors of each pair of fold and series, and how many they
            are. The score is the mean over the runs.
        finish
            Of the ratio makes the score, such as the square root.
        """
        whole = float(np.mean(finish(_ratio(sums.sum(axis=(1, 2)), counts.sum(axis=(1, 2))))))
        if not len(self.folds):
            return Interval(whole, float("nan"), float("nan"))
        pair = [((self.folds @ part) * self.series).sum(axis=-1) for part in (sums, counts)]
        made = np.mean(finish(_ratio(*pair)), axis=0)
        if not np.isfinite(made).any():
            return Interval(whole, float("nan"), float("nan"))
        lower, upper = np.nanquantile(made, [0.025, 0.975])
        return Interval(whole, float(lower), float(upper))


def resamples(n_folds: int, n_series: int, *, run: int = 1, seed: int = 0, draws: int = DRAWS) -> Resamples:
    """Draw folds and series with replacement, each by themselves: what one origin does to all series stays together.

    Of fewer than `FEWEST` series all stay in, and likewise of folds; where both are fewer, nothing is drawn.

    Parameters
    ----------
    n_folds, n_series
        K and N.
    run
        How many folds in a row are drawn together: one more than overlap; so many count as one.
    seed
        Of the draws, at least 0.
    draws
        How many.

    Source: Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1, 386-411.
    """
    n_apart = -(-n_folds // run)
    if max(n_apart, n_series) < FEWEST:
        return Resamples(np.empty((0, n_folds)), np.empty((0, n_series)))
    rng = np.random.default_rng(seed)
    return Resamples(
        drawn(rng, n_folds, run=run, draws=draws) if n_apart >= FEWEST else np.ones((draws, n_folds)),
        drawn(rng, n_series, run=1, draws=draws) if n_series >= FEWEST else np.ones((draws, n_series)),
    )


def drawn(rng: np.random.Generator, n: int, *, run: int, draws: int) -> Floats:
    """Return how often each of n is drawn, shape (draws, n), runs of them together, the last followed by the first.

    Source: Kuensch (1989), Annals of Statistics 17, 1217-1241; Politis & Romano (1992), A circular block-resampling
    procedure for stationary data.
    """
    starts = rng.integers(0, n, size=(draws, -(-n // run)))
    rows = ((starts[..., None] + np.arange(run)) % n).reshape(draws, -1)[:, :n]
    return np.stack([np.bincount(row, minlength=n) for row in rows]).astype(np.float64)


def _ratio(sums: Floats, counts: Floats) -> Floats:
    return np.asarray(np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=np.asarray(counts) > 0))
