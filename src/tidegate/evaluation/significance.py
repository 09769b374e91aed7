"""Whether two models differ by more than luck: a paired test that is honest about how little a few folds can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.stats import t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 3
"""Differences below which no test is made: two of them bound nothing."""

FEWEST_SERIES = 10
"""Series from which on each series, not each fold, counts as one observation."""

ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """The tested difference between two models.

    Parameters
    ----------
    difference
        Mean error of the first minus that of the second; positive: the first is worse. NaN without a common pair.
    p
        Two-sided probability of a mean difference this large if the models were equally good; NaN where no test is
        possible.
    n
        How many independent differences the test rests on.
    unit
        What one of them is: "fold" (the mean over its steps and series) or "series" (the mean over its folds).
    """

    difference: float
    p: float
    n: int
    unit: Literal["fold", "series"]

    @property
    def counted(self) -> str:
        """What the test rests on, in words: "5 folds"."""
        return f"{self.n:,} {self.unit}{'' if self.unit == 'series' or self.n == 1 else 's'}"

    @property
    def tested(self) -> bool:
        """Whether a test was possible."""
        return bool(np.isfinite(self.p))

    @property
    def significant(self) -> bool:
        """Whether the difference is unlikely to be luck, at 5 %."""
        return self.tested and self.p < ALPHA


class Luck(NamedTuple):
    """What the mean error of a model owes to the seeds of its runs.

    Attributes
    ----------
    variance
        Of the mean over the runs.
    freedom
        Degrees of freedom with which it is known: one less than the runs.
    """

    variance: float
    freedom: int


NO_LUCK = Luck(0.0, 0)
"""Of a model without chance, or run once: what a seed contributes is unknown then, and in no test."""


def luck_of(errors: Floats) -> Luck:
    """Return the luck in the mean of `errors`, shape (S,): the mean error of each run."""
    return Luck(float(np.var(errors, ddof=1)) / len(errors), len(errors) - 1)


def compare(
    first: Floats, second: Floats, *, overlap: int = 0, luck: tuple[Luck, Luck] = (NO_LUCK, NO_LUCK)
) -> Comparison:
    """Test whether two models have the same mean error, on the pairs that both have.

    One number per block enters the test. With at least `FEWEST_SERIES` series that have a pair the blocks are the
    series; with fewer they are the folds, so that whatever the errors of one origin share (steps of one path, a shock
    to every series) stays inside one observation. On m block means the test is the paired t-test with m - 1 degrees
    of freedom, which stays valid at 5 % for few blocks of unequal variance. Where folds overlap, the variance of
    their mean is the average of the B lowest-frequency cosine weights, with B degrees of freedom and B + 1 the number
    of folds that would fit without overlap; without overlap this is the t-test again. Few blocks make the test weak,
    not wrong: five folds show a difference only if it is much the same in all of them. Fewer than `FEWEST` give no
    test.

    Parameters
    ----------
    first, second
        Shape (K, N): the mean scaled error of each model per fold (oldest first) and series; NaN where there is none.
    overlap
        How many following folds judge some of the same steps (`Folds.overlap`): their errors are correlated, and the
        variance allows for it.
    luck
        Of each model that was run with several seeds, whose errors are means over the runs: another seed would move all
        blocks, so its variance is added to that between blocks, and the degrees of freedom are Welch and
        Satterthwaite's, but never more than without.

    Returns
    -------
    Comparison

    Source: Diebold & Mariano (1995), Comparing predictive accuracy, J. Business & Economic Statistics 13, 253-263
    (tests on loss differences); Ibragimov & Mueller (2010), t-statistic based correlation and heterogeneity robust
    inference, same journal 28, 453-468 (few block means); Lazarus, Lewis, Stock & Watson (2018), HAR inference, same
    journal 36, 541-559, equations 4 and 10 (cosine weights).
    """
    differences = first - second
    by_series = int(np.isfinite(differences).any(axis=0).sum()) >= FEWEST_SERIES
    blocks = block_means(differences, axis=0 if by_series else 1)
    n = len(blocks) if by_series else _without_overlap(len(blocks), overlap)
    difference = float(np.mean(differences[np.isfinite(differences)])) if len(blocks) else float("nan")
    return Comparison(difference, _p(blocks, n, luck), n, "series" if by_series else "fold")


def block_means(differences: Floats, axis: int) -> Floats:
    """Return the means along `axis` of what is there, shape (m,), without the blocks where nothing is."""
    present = np.isfinite(differences)
    counts = present.sum(axis=axis)
    sums = np.where(present, differences, 0.0).sum(axis=axis)
    return np.asarray(sums[counts > 0] / counts[counts > 0])


def _without_overlap(n_folds: int, overlap: int) -> int:
    """Return how many of `n_folds` folds in a row share no steps."""
    return -(-n_folds // (overlap + 1))


def _p(blocks: Floats, n: int, luck: tuple[Luck, Luck]) -> float:
    """Two-sided p-value of the mean of `blocks`, which hold as much as `n` independent ones."""
    if n < FEWEST:
        return float("nan")
    if np.ptp(blocks) <= 1e-12 * np.abs(blocks).max() and not any(one.variance for one in luck):
        return 1.0 if np.abs(blocks).max() == 0 else 0.0
    positions = (np.arange(len(blocks)) + 0.5) / len(blocks)
    waves = np.sqrt(2 / len(blocks)) * np.cos(np.pi * np.arange(1, n)[:, None] * positions)
    between = float(np.mean((waves @ blocks) ** 2)) / len(blocks)
    parts = [Luck(between, n - 1), *(one for one in luck if one.variance)]
    variance = sum(one.variance for one in parts)
    freedom = min(n - 1, variance**2 / sum(one.variance**2 / one.freedom for one in parts))
    return float(2 * t.sf(np.abs(blocks.mean()) / np.sqrt(variance), freedom))
