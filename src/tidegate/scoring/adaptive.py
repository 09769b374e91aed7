"""Adaptive intervals: a model's own, wider after misses and narrower after hits, so that they hold while things drift.

Axis letters: K origins, N series, F steps ahead, Q levels, G rates of learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tidegate.scoring.conformal import edge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.scoring.rolling import Rolling

    Floats = NDArray[np.float64]

RATES = 0.08 * 2.0 ** np.arange(7)
"""Rates of learning that run side by side, gamma in units of the target share of misses, or of 0.2 if that is smaller:
0.016 to 1.024 for 80 %. The papers' absolute ones, up to 0.128, are for thousands of steps that are heard one by one;
within the tens of origins of a backtest, at each of which the mean over all steps is heard, they would hardly move.
Where outcomes are known only D origins later, all are divided by the longest D: what is done about a miss shows that
much later, and quicker rates would swing."""

STRETCH = 100
"""Origins over which the weights of the rates look back, I in the paper."""

SMALLEST = 0.001
"""The share of misses below which no interval is made wider: without end it would hold everything and say nothing."""


RECENT = 400
"""Places that intervals are made of, at least: of as many of the newest origins as hold them, and of never fewer than
twice as many as the longest delay, since of the newest only the next steps are known, which miss otherwise than the
last ones do."""

TRUST = 19
"""Outcomes that the model's own intervals count for, as if they had been held as often as they say."""


def adaptive_bounds(rolling: Rolling, own: tuple[Floats, Floats], levels: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the lower and upper bounds at each origin, each of shape (K, N, F, Q), in the unit of the data.

    Every outcome has a place in its own interval: the normal quantile at which the bound, on its side, would reach it.
    Conformal intervals of 1 - alpha are made of the newest places that are known at an origin, of all steps and series,
    and of `TRUST` that lie where the model says: so the first intervals are the model's own, and the known ones soon
    count for more. Every series and level has an alpha, which follows what became of its past intervals: alpha +=
    gamma (target - missed), equation 2 of Gibbs and Candes (2021), with the share of misses among its outcomes that
    became known at the origin. Their result depends on gamma, which nobody knows beforehand; so each of `RATES` runs
    beside the others, and the alpha used is their mean, weighted by how well each would have done of late (DtACI of
    2024, with the weighted mean in place of a random draw, so that the same data give the same bits). The outcome of
    step s from an earlier origin is known `rolling.delays[s]` origins later, and is held against the interval that was
    then made. The alphas begin at the target.

    Between two levels, and beyond the outermost, the distance of a bound from the forecast follows the normal quantile
    linearly, on each side by itself. Where an alpha asks for more than the known places hold, the largest is stretched
    as for normal errors, at most to 0.1 % of misses; and no bound but the model's own lies beyond the largest error of
    its series that is known, since one wild outcome makes places of hundreds. The guarantee of the papers, in the long
    run as many misses as asked for whatever the data do, asks for intervals without end and holds approximately here.

    Parameters
    ----------
    rolling
        The forecasts, K origins in the order of time; those of the future may have outcomes of NaN. Their scale is not
        used.
    own
        The model's bounds at the levels, lower and upper, each of shape (K, N, F, Q); where they are NaN so is what is
        returned, and nothing is learned.
    levels
        Coverage in percent, Q of them, ascending.

    Source: Gibbs & Candes (2021), Adaptive conformal inference under distribution shift, NeurIPS, equation 2; Gibbs &
    Candes (2024), Conformal inference for online prediction with arbitrary distribution shifts, JMLR 25 (DtACI); for
    places in the model's own intervals Romano, Patterson & Candes (2019), Conformalized quantile regression, NeurIPS.
    """
    target = 1 - np.asarray(levels) / 100
    knots = np.concatenate([[0.0], norm.isf(target / 2)])
    below, above = _sides(rolling.mean, *own)
    places = _places(rolling, below, above, knots)
    state = _State.at(target, places.shape[1], int(rolling.delays.max()))
    beta, errors = np.empty(places.shape), np.abs(rolling.actual - rolling.mean)
    issued: list[Floats] = []
    lower, upper = np.empty(own[0].shape), np.empty(own[1].shape)
    for origin, mean in enumerate(rolling.mean):
        for judged in range(max(0, origin - int(rolling.delays.max())), origin):
            known = rolling.delays == origin - judged
            if known.any():
                state = state.after(beta[judged][:, known], issued[judged], target)
        issued.append(state.alphas)
        pool = _pool(rolling.known(places, origin), 2 * int(rolling.delays.max()))
        beta[origin] = _beta(pool, places[origin])
        wanted = _place(pool, state.alpha)[:, None]
        farthest = np.nan_to_num(rolling.known(errors, origin)).max(axis=(0, 2), initial=0.0)[:, None, None]
        lower[origin] = mean[..., None] - _reach(below[origin], wanted, knots, farthest)
        upper[origin] = mean[..., None] + _reach(above[origin], wanted, knots, farthest)
    return lower, upper


@dataclass(frozen=True, eq=False)
class _State:
    """The alphas of all rates, shape (N, Q, G), the weight of each rate, summing to 1 over G, and the rates, (G,)."""

    alphas: Floats
    weights: Floats
    rates: Floats

    @classmethod
    def at(cls, target: Floats, n_series: int, longest_delay: int) -> _State:
        alphas = np.broadcast_to(target[:, None], (n_series, len(target), len(RATES))).copy()
        return cls(alphas, np.full(alphas.shape, 1 / len(RATES)), RATES / longest_delay)

    @property
    def alpha(self) -> Floats:
        """The alpha used, shape (N, Q)."""
        return np.asarray((self.weights * self.alphas).sum(axis=-1))

    def after(self, beta: Floats, then: Floats, target: Floats) -> _State:
        """Return the state after outcomes.

        Parameters
        ----------
        beta
            Shape (N, S): the largest alpha whose interval held each of S outcomes; NaN where it is missing.
        then
            Shape (N, Q, G): the alphas when those intervals were made.
        target
            Shape (Q,): the shares that may be missed.
        """
        heard = np.asarray(np.isfinite(beta))
        aim, counted = target[:, None], np.maximum(heard.sum(axis=1), 1)[:, None, None]
        away = (
            np.where(heard, beta, np.nan)[:, :, None, None] - np.maximum(then, 0.0)[:, None]
        )  # none is wider than 0's
        loss = np.nansum(aim * away - np.minimum(away, 0.0), axis=1) / counted
        missed = np.sum(away <= _SAME, axis=1) / counted
        mixing = 1 / (2 * STRETCH)
        weights = self.weights * np.exp(-_eta(aim) * loss)
        total = weights.sum(axis=-1, keepdims=True)
        weights = (1 - mixing) * weights + mixing * total / len(RATES)
        alphas = np.clip(self.alphas + self.rates * np.minimum(aim, 0.2) * (aim - missed), 0.0, 1.0)
        some = np.asarray(heard.any(axis=1))[:, None, None]
        return _State(
            np.where(some, alphas, self.alphas),
            np.where(some, weights / weights.sum(axis=-1, keepdims=True), self.weights),
            self.rates,
        )


_SAME = 1e-9


def _eta(aim: Floats) -> Floats:
    """Return how fast the weights follow the losses (eta of Gibbs & Candes 2024), in the shape of `aim`."""
    spread = (1 - aim) ** 2 * aim**3 + aim**2 * (1 - aim) ** 3
    return np.asarray(np.sqrt(3 / STRETCH * (np.log(len(RATES) * STRETCH) + 2) / spread))


def _sides(mean: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Return how far the bounds of no level, 0, and of each lie below and above the mean, (K, N, F, 1 + Q)."""
    sides = []
    for reach in (mean[..., None] - lower, upper - mean[..., None]):
        grown = np.maximum.accumulate(np.maximum(reach, 0.0), axis=-1)
        sides.append(np.concatenate([np.zeros((*mean.shape, 1)), grown], axis=-1))
    return sides[0], sides[1]


def _places(rolling: Rolling, below: Floats, above: Floats, knots: Floats) -> Floats:
    """Return the normal quantile at which a bound reaches each outcome, (K, N, F); inf if none does, NaN for NaN."""
    error = rolling.actual - rolling.mean
    side = np.where((error > 0)[..., None], above, below)
    size = np.abs(error)
    right = np.clip((side < size[..., None]).sum(axis=-1), 1, len(knots) - 1)
    low, high = (np.take_along_axis(side, k[..., None], axis=-1)[..., 0] for k in (right - 1, right))
    outside = np.where(size > low, np.inf, 0.0)
    share = np.divide(size - low, high - low, out=outside, where=high > low)
    known = np.isfinite(size) & np.isfinite(side[..., -1])
    return np.where(known, knots[right - 1] + share * (knots[right] - knots[right - 1]), np.nan)


def _pool(known: Floats, fewest: int) -> Floats:
    """Return the newest places that are finite, ascending, with those that the model's own word counts for.

    Parameters
    ----------
    known
        Shape (C, N, F): of the origins before, NaN where not known.
    fewest
        Origins that are looked back on, at least, where there are as many.
    """
    counts = np.isfinite(known).sum(axis=(1, 2))[::-1].cumsum()
    known = known[max(0, len(known) - max(1 + int(np.searchsorted(counts, RECENT)), fewest)) :]
    said = norm.ppf(0.5 + np.arange(1, TRUST + 1) / (TRUST + 1) / 2)
    return np.sort(np.concatenate([said, known[np.isfinite(known)]]))


def _place(pool: Floats, alpha: Floats) -> Floats:
    """Return the place that a share of alpha exceeds, by its rank among the pool, in the shape of alpha."""
    n = len(pool)
    rank = np.maximum(np.ceil((n + 1) * (1 - alpha) - 1e-9), 0).astype(np.int64)
    within = np.where(rank > 0, pool[np.clip(rank, 1, n) - 1], 0.0)
    beyond = pool[-1] * norm.isf(np.maximum(alpha, SMALLEST) / 2) / edge(n)
    return np.asarray(np.where(rank > n, np.maximum(beyond, pool[-1]), within))


def _beta(pool: Floats, places: Floats) -> Floats:
    """Return the largest alpha whose interval holds each outcome, by its place; 0 where none does, NaN for NaN."""
    n = len(pool)
    inside = 1 - np.searchsorted(pool, places) / (n + 1)
    tail = 2 * norm.sf(places / pool[-1] * edge(n))
    found = np.where(places <= pool[-1], inside, np.where(tail >= SMALLEST, tail, 0.0))
    return np.where(np.isnan(places), np.nan, found)


def _reach(side: Floats, places: Floats, knots: Floats, farthest: Floats) -> Floats:
    """Return how far the bounds at normal quantiles lie from the forecast, shape (N, F, Q).

    Parameters
    ----------
    side
        Shape (N, F, 1 + Q): how far those at the `knots` do.
    places
        Shape (N, 1, Q): the quantiles, at least 0.
    knots
        Shape (1 + Q,), from 0.
    farthest
        Shape (N, 1, 1): the largest error that is known, which none goes beyond but the model's own.
    """
    right = np.broadcast_to(
        np.clip(np.searchsorted(knots, places), 1, len(knots) - 1), (*side.shape[:2], places.shape[-1])
    )
    low, high = (np.take_along_axis(side, k, axis=-1) for k in (right - 1, right))
    share = (places - knots[right - 1]) / (knots[right] - knots[right - 1])
    grown = np.maximum.accumulate(low + share * (high - low), axis=-1)
    return np.minimum(grown, np.maximum(side[..., 1:], farthest))
