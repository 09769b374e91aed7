"""Mean ranks of the models, and how far apart two of them must lie: Friedman's test and Nemenyi's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from tidegate.evaluation.significance import ALPHA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 10
"""Blocks below which ranks are not tested."""


@dataclass(frozen=True)
class Ranks:
    """How the models rank, 1 being the best, over blocks that count the same whatever the size of their errors.

    Parameters
    ----------
    mean
        By model, from the best to the worst: its mean rank.
    p
        Friedman's: the chance of ranks this unequal if the models were equally good.
    critical
        Two models differ at 5 % if their mean ranks lie further apart than this (Nemenyi).
    groups
        The largest groups of models that cannot be told apart, each from the best to the worst; of two or more.
    n
        Blocks: series, or folds.
    """

    mean: dict[str, float]
    p: float
    critical: float
    groups: tuple[tuple[str, ...], ...]
    n: int


def ranks(blocks: Mapping[str, Floats]) -> Ranks | None:
    """Return the ranks of the models; None for fewer than three models or ten blocks.

    Parameters
    ----------
    blocks
        By model, shape (m,): mean error on each block, the same ones for all.

    Source: Friedman (1937), J. American Statistical Association 32, 675-701; Nemenyi (1963), Distribution-free multiple
    comparisons, Princeton; Demsar (2006), Statistical comparisons of classifiers over multiple data sets, J. Machine
    Learning Research 7, section 3.2.
    """
    names = list(blocks)
    matrix = np.stack([blocks[name] for name in names], axis=1)
    n, k = matrix.shape
    if k < 3 or n < FEWEST:
        return None
    means = rankdata(matrix, axis=1).mean(axis=0)
    equal = bool((matrix == matrix[:, :1]).all())
    p = 1.0 if equal else float(friedmanchisquare(*matrix.T).pvalue)
    critical = float(studentized_range.ppf(1 - ALPHA, k, np.inf) * np.sqrt(k * (k + 1) / (12 * n)))
    order = np.argsort(means, kind="stable")
    ranked = {names[k]: float(means[k]) for k in order}
    return Ranks(ranked, p, critical, _groups(ranked, critical), n)


def _groups(ranked: Mapping[str, float], critical: float) -> tuple[tuple[str, ...], ...]:
    """Return the runs of neighbours that lie within the critical difference, none inside another."""
    names, made = list(ranked), []
    reached = 0
    for first, name in enumerate(names):
        within = [other for other in names[first:] if ranked[other] - ranked[name] <= critical]
        if len(within) > 1 and first + len(within) > reached:
            made.append(tuple(within))
        reached = max(reached, first + len(within))
    return tuple(made)
