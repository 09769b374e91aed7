"""Step by step ahead: where on the horizon one model is better than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import ttest_1samp
from statsmodels.tsa.stattools import diebold_mariano_test

from tidegate.evaluation.significance import FEWEST, FEWEST_SERIES, block_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.scoring.folds import Folds

    Floats = NDArray[np.float64]


def by_step(first: Floats, second: Floats, folds: Folds) -> Floats:
    """Return for each step ahead the p-value of equal errors, shape (F,); NaN where there are too few blocks.

    On fewer than ten series the blocks are the folds, and the test is Diebold and Mariano's with the correction of
    Harvey, Leybourne and Newbold: errors f steps ahead from origins s steps apart are correlated over the next
    ceil(f / s) - 1 origins. From ten series on the blocks are the series, and the test is the paired t-test.

    Parameters
    ----------
    first, second
        Shape (K, N, F): scaled absolute errors, oldest fold first; NaN where there is none.
    folds
        Where the origins lie.

    Source: Diebold & Mariano (1995), J. Business & Economic Statistics 13, 253-263; Harvey, Leybourne & Newbold (1997),
    Testing the equality of prediction mean squared errors, Int. J. of Forecasting 13, 281-291; statsmodels.
    """
    differences = first - second
    n_steps = differences.shape[-1]
    by_series = int(np.isfinite(differences).any(axis=(0, 2)).sum()) >= FEWEST_SERIES
    made = np.full(n_steps, np.nan)
    for step in range(n_steps):
        blocks = block_means(differences[..., step], axis=0 if by_series else 1)
        ahead = 1 if by_series else -(-(folds.gap + step + 1) // folds.step)
        made[step] = _p(blocks, ahead)
    return made


def _p(blocks: Floats, ahead: int) -> float:
    """Return the two-sided p of a mean of 0, where errors are `ahead` blocks ahead."""
    n = len(blocks)
    if -(-n // ahead) < FEWEST:
        return float("nan")
    if np.ptp(blocks) <= 1e-12 * np.abs(blocks).max():
        return 1.0 if np.abs(blocks).max() == 0 else 0.0
    if ahead == 1:
        return float(ttest_1samp(blocks, 0.0).pvalue)
    found = diebold_mariano_test(
        np.zeros(n), blocks, np.zeros(n), lags=ahead - 1, criterion=_loss, harvey_adj=True, horizon=ahead
    )
    return float(found.pvalue)


def _loss(_: Floats, loss: Floats) -> Floats:
    return loss
