"""The model confidence set: the models among which the best one is, as far as the data tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.evidence.resampling import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 10
"""Blocks below which there is no set: resampling fewer tells too little."""

LEVEL = 0.9
"""Confidence with which the set holds the best model."""

DRAWS = 2_000


def confidence_set(
    blocks: Mapping[str, Floats], *, run: int = 1, seed: int = 0, draws: int = DRAWS
) -> dict[str, float]:
    """Return by model the p-value with which it stays in the set: it is in at 90 % if that is at least 0.1.

    Models are tested for equal errors; where they are not equal, the one that lies furthest above the mean, in units of
    its own error, goes, and the rest are tested again. A model's p-value is the largest of the tests up to the one
    that removed it; the last model has 1. Distributions come from resampled blocks.

    Parameters
    ----------
    blocks
        By model, shape (m,): mean error on each block, in their order in time where they are folds.
    run
        How many blocks in a row are drawn together: 1 for series, one more than the overlap for folds.
    seed
        Of the draws, at least 0.
    draws
        How many.

    Returns
    -------
    dict
        In the order of elimination, the first to go first; empty for fewer than `FEWEST` blocks or two models.

    Source: Hansen, Lunde & Nason (2011), The model confidence set, Econometrica 79, 453-497, section 3.1.2 (T_max) and
    the bootstrap of its appendix; Kuensch (1989), Annals of Statistics 17, 1217-1241 (blocks).
    """
    names = list(blocks)
    losses = np.stack([blocks[name] for name in names], axis=1)
    n = len(losses)
    if n < FEWEST or len(names) < 2:
        return {}
    counts = drawn(np.random.default_rng(seed), n, run=run, draws=draws)
    means, resampled = losses.mean(axis=0), counts @ losses / n
    left, found, p = np.arange(len(names)), {}, 0.0
    while len(left) > 1:
        own = means[left] - means[left].mean()
        spread = resampled[:, left] - resampled[:, left].mean(axis=1, keepdims=True) - own
        error = np.sqrt(np.mean(spread**2, axis=0))
        scale = np.where(error > 1e-12 * np.abs(means[left]).max(), error, np.inf)
        statistics = own / scale
        worst = int(np.argmax(statistics))
        p = max(p, float(np.mean(np.max(spread / scale, axis=1) >= statistics[worst])))
        found[names[left[worst]]] = p
        left = np.delete(left, worst)
    return {**found, names[left[0]]: 1.0}
