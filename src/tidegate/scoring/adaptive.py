"""Adaptive conformal intervals: they widen after misses and narrow after hits, so that they hold while things drift."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tidegate.scoring.conformal import edge, fewest, levelled, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.scoring.rolling import Rolling

    Floats = NDArray[np.float64]

RATES = np.array([0.04, 0.08, 0.16, 0.32, 0.64, 1.28])
"""Rates of learning that run side by side, gamma in units of the target share of misses, or of 0.2 if that is smaller:
0.008 to 0.256 for 80 %. The papers' absolute ones, up to 0.128, would spend an alpha of 0.05 on a single miss; their
slow ones, for thousands of steps, would not move within the tens of origins of a backtest."""

STRETCH = 100
"""Origins over which the weights of the rates look back, I in the paper."""

SMALLEST = 0.001
"""The share of misses below which no interval is made wider: without end it would hold everything and say nothing."""


def adaptive_widths(rolling: Rolling, levels: Sequence[int]) -> Floats:
    """Return the distance from forecast to bound at each origin, shape (K, N, F, Q), in the unit of the data.

    Split-conformal intervals of 1 - alpha, where every series, step ahead and level has an alpha of its own that
    follows what became of its past intervals: alpha += gamma (target - missed), equation 2 of Gibbs and Candes (2021).
    Their result depends on gamma, which nobody knows beforehand; so each of `RATES` runs beside the others, and
    the alpha used is their mean, weighted by how well each would have done of late (DtACI of 2024, with
    the weighted mean in place of a random draw, so that the same data give the same bits). At an origin count only
    the outcomes that are known there: that of step s from an earlier origin updates alpha `rolling.delays[s]` origins
    later, with the miss of the interval that was then made. The alphas begin at the target, so that the first
    intervals are split-conformal.

    Where an alpha asks for more than the past errors hold, the largest is stretched as for normal errors, at most to
    0.1 % of misses; the guarantee of the papers, in the long run as many misses as asked for whatever the data do,
    asks for intervals without end there and holds approximately here. NaN where no error is known.

    Parameters
    ----------
    rolling
        The forecasts, K origins in the order of time; those of the future may have outcomes of NaN.
    levels
        Coverage in percent, Q of them, ascending.

    Source: Gibbs & Candes (2021), Adaptive conformal inference under distribution shift, NeurIPS, equation 2; Gibbs &
    Candes (2024), Conformal inference for online prediction with arbitrary distribution shifts, JMLR 25 (DtACI).
    """
    scores, target = rolling.scores, 1 - np.asarray(levels) / 100
    n_origins, n_series, n_steps = scores.shape
    made = np.full((*scores.shape, len(levels)), np.nan)
    ranks = np.full(made.shape, np.nan)
    state = _State.at(target, (n_series, n_steps))
    issued: dict[int, Floats] = {}
    for origin in range(n_origins):
        beta, then = np.full(made.shape[1:], np.nan), state.alphas.copy()
        for judged in range(max(0, origin - int(rolling.delays.max())), origin):
            steps = rolling.delays == origin - judged
            beta[:, steps], then[:, steps] = ranks[judged][:, steps], issued[judged][:, steps]
        issued.pop(origin - int(rolling.delays.max()), None)
        state = state.after(beta, then, target)
        issued[origin] = state.alphas
        known = rolling.known(scores, origin)
        if not np.isfinite(known).any():
            continue
        growth, table = levelled(known)
        for step, (q, level) in product(range(n_steps), enumerate(levels)):
            pool = np.sort(nearest(table, step, fewest(level)))
            ranks[origin, :, step, q] = _rank(pool, scores[origin, :, step] / growth[step])
            reach = growth[step] * _reach(pool, state.alpha[:, step, q])
            made[origin, :, step, q] = rolling.scale[origin] * reach
    return np.maximum.accumulate(made, axis=-1)


@dataclass(frozen=True, eq=False)
class _State:
    """The alphas of all rates, shape (N, F, Q, G), and the weight of each rate, summing to 1 over G."""

    alphas: Floats
    weights: Floats

    @classmethod
    def at(cls, target: Floats, shape: tuple[int, int]) -> _State:
        alphas = np.broadcast_to(target[:, None], (*shape, len(target), len(RATES))).copy()
        return cls(alphas, np.full(alphas.shape, 1 / len(RATES)))

    @property
    def alpha(self) -> Floats:
        """The alpha used, shape (N, F, Q)."""
        return np.asarray((self.weights * self.alphas).sum(axis=-1))

    def after(self, beta: Floats, then: Floats, target: Floats) -> _State:
        """Return the state after outcomes.

        Parameters
        ----------
        beta
            Shape (N, F, Q): the smallest alpha whose interval missed each outcome; NaN where none became known.
        then
            Shape (N, F, Q, G): the alphas when those intervals were made.
        target
            Shape (Q,): the shares that may be missed.
        """
        heard = np.isfinite(beta)[..., None]
        away = np.where(heard, beta[..., None] - np.maximum(then, 0.0), 0.0)  # none is wider than that of 0
        aim = target[:, None]
        loss = aim * away - np.minimum(away, 0.0)
        mixing = 1 / (2 * STRETCH)
        weights = self.weights * np.exp(-_eta(aim) * loss)
        total = weights.sum(axis=-1, keepdims=True)
        weights = (1 - mixing) * weights + mixing * total / len(RATES)
        missed = away <= 1e-9
        alphas = self.alphas + np.where(heard, RATES * np.minimum(aim, 0.2) * (aim - missed), 0.0)
        return _State(alphas, np.where(heard, weights / weights.sum(axis=-1, keepdims=True), self.weights))


def _eta(aim: Floats) -> Floats:
    """Return how fast the weights follow the losses (eta of Gibbs & Candes 2024), in the shape of `aim`."""
    spread = (1 - aim) ** 2 * aim**3 + aim**2 * (1 - aim) ** 3
    return np.asarray(np.sqrt(3 / STRETCH * (np.log(len(RATES) * STRETCH) + 2) / spread))


def _reach(pool: Floats, alpha: Floats) -> Floats:
    """Return the score that a share of alpha exceeds, by its rank among `pool` (ascending), in the shape of alpha."""
    n = len(pool)
    rank = np.maximum(np.ceil((n + 1) * (1 - alpha) - 1e-9), 0).astype(np.int64)
    within = np.where(rank > 0, pool[np.clip(rank, 1, n) - 1], 0.0)
    beyond = pool[-1] * norm.isf(np.maximum(alpha, SMALLEST) / 2) / edge(n)
    return np.asarray(np.where(rank > n, np.maximum(beyond, pool[-1]), within))


def _rank(pool: Floats, scores: Floats) -> Floats:
    """Return the largest alpha whose `_reach` holds each score; NaN for NaN, 0 for a score that none holds."""
    n = len(pool)
    inside = 1 - np.searchsorted(pool, scores) / (n + 1)
    ratio = np.divide(scores, pool[-1], out=np.full(scores.shape, np.inf), where=pool[-1] > 0)
    tail = 2 * norm.sf(ratio * edge(n))
    made = np.where(scores <= pool[-1], inside, np.where(tail >= SMALLEST, tail, 0.0))
    return np.where(np.isfinite(scores), made, np.nan)
