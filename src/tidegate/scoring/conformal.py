"""Split-conformal intervals: how far past errors reached, step by step ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def half_widths(scores: Floats, levels: Sequence[int]) -> Floats:
    """Return the distance from forecast to interval bound for each step and level, shape (F, Q).

    With n exchangeable scores, the ceil((n + 1) level / 100)-th smallest covers a new one with at least that
    probability; it exists for n >= level / (100 - level): 4 scores for 80 %, 19 for 95 %. A step with fewer borrows
    those of its neighbours, nearest first, brought to its own size along the growth of the errors with the step.
    Where all steps together hold too few, the largest score is stretched as for normal errors; `shortage` says so.

    Parameters
    ----------
    scores
        Shape (C, N, F): absolute errors at C origins of N series, in units of each series; NaN where missing.
    levels
        Coverage in percent, Q of them, ascending.

    Source: Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, section 4.2; Lei et al. (2018),
    Distribution-free predictive inference for regression, theorem 2.2. Errors at neighbouring origins depend on each
    other, so the guarantee holds approximately here.
    """
    growth, level_ground = levelled(scores)
    n_steps = len(growth)
    widths = np.empty((n_steps, len(levels)))
    for step in range(n_steps):
        widths[step] = [growth[step] * _half_width(level_ground, step, level) for level in levels]
    return np.maximum.accumulate(widths, axis=1)


def shortage(scores: Floats, levels: Sequence[int]) -> str:
    """Return a sentence on the levels that the scores are too few for, even pooled over all steps; "" if none.

    Takes what `half_widths` takes.
    """
    n_scores = int(np.isfinite(scores).sum())
    short = [level for level in levels if _rank(n_scores, level) > n_scores]
    if not short:
        return ""
    named = " and ".join(f"{level} %" for level in short)
    return (
        f"Only {n_scores} past errors are known, too few for the {named} interval, which needs "
        f"{fewest(short[-1])}: it is stretched as for normal errors."
    )


def fewest(level: int) -> int:
    """Return how many scores the interval of `level` percent needs: level / (100 - level), rounded up."""
    return -(-level // (100 - level))


def levelled(scores: Floats) -> tuple[Floats, Floats]:
    """Return how the errors grow with the step, shape (F,), and the scores divided by it, shape (C N, F).

    Takes the scores that `half_widths` takes.
    """
    table = np.abs(scores.reshape(-1, scores.shape[-1]))
    growth = np.arange(1, table.shape[1] + 1) ** _growth(table)
    return growth, table / growth


def nearest(table: Floats, step: int, wanted: int) -> Floats:
    """Return the scores of `step` (from 0), joined by as many neighbours as `wanted` scores need; all if too few.

    Parameters
    ----------
    table
        Levelled scores, shape (C N, F).
    step
        Column.
    wanted
        Scores, at least 1.
    """
    for radius in range(table.shape[1]):
        near = table[:, max(0, step - radius) : step + radius + 1]
        found = near[np.isfinite(near)]
        if len(found) >= wanted:
            return found
    return table[np.isfinite(table)]


def edge(n_scores: int) -> float:
    """Return how far, in standard deviations of normal errors, the largest of n scores reaches."""
    return float(norm.ppf(0.5 + n_scores / (n_scores + 1) / 2))


def _growth(table: Floats) -> float:
    """Return the exponent b, from 0 to 1, with which the typical error grows: mean score ~ step^b, least squares."""
    present = np.isfinite(table)
    typical = np.where(present, table, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    usable = typical > 0
    if usable.sum() < 2:
        return 0.0
    x = np.log(np.arange(1, table.shape[1] + 1)[usable])
    y = np.log(typical[usable])
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    return float(np.clip(slope, 0.0, 1.0))


def _half_width(table: Floats, step: int, level: int) -> float:
    """Return the conformal rank among the scores of `step`, joined by as many neighbours as the level needs."""
    found = nearest(table, step, fewest(level))
    if not len(found):
        return float("nan")
    rank = _rank(len(found), level)
    if rank <= len(found):
        return float(np.partition(found, rank - 1)[rank - 1])
    return float(found.max() * norm.ppf(0.5 + level / 200) / edge(len(found)))


def _rank(n_scores: int, level: int) -> int:
    return -(-(n_scores + 1) * level // 100)
