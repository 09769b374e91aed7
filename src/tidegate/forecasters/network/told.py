"""Quantile tables: what networks say of each future value, and how to read a value or a probability from it.

A table holds the quantiles at `nn.heads.QUANTILES`. Between and beyond them a forecast is a straight line over the
normal quantile of the probability, its place: 0 at the median, -1.96 and 1.96 around 95 %. A table of a normal
distribution is thus exact everywhere.

Axis letters: B origins, F future steps, Q quantiles, L levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tidegate.nn.heads import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MIDDLE = QUANTILES.index(0.5)
PLACES: NDArray[np.float64] = np.asarray(norm.ppf(QUANTILES))
_LEAST_GAP = 1e-6
_ROUNDING = 5e-7  # values and tables come from 32-bit numbers
_FARTHEST = 30.0
_KNOTS: NDArray[np.float64] = np.concatenate([[-_FARTHEST], PLACES, [_FARTHEST]])


def middle(tables: Floats) -> Floats:
    """Return the median, shape (B, F), of tables of shape (B, F, Q)."""
    return tables[..., MIDDLE]


def together(tables: Sequence[Floats]) -> Floats:
    """Return the median of several tables, quantile by quantile; they stay in order."""
    if len(tables) == 1:
        return tables[0]
    return np.asarray(np.median(np.stack(tables), axis=0))


def shrunk(tables: Floats, base: Floats, factor: float) -> Floats:
    """Return tables (B, F, Q) moved so that their middle lies `factor` of the way from `base` (B, F)."""
    return tables + ((factor - 1) * (middle(tables) - base))[..., None]


def values_at(tables: Floats, places: Floats) -> Floats:
    """Return the values at `places`, shape (B, F, L).

    Parameters
    ----------
    tables
        Shape (B, F, Q).
    places
        Normal quantiles of the probabilities, of a shape that goes with (B, F, L); from -30 to 30.
    """
    wanted = np.broadcast_to(np.clip(places, -_FARTHEST, _FARTHEST), (*tables.shape[:-1], places.shape[-1]))
    right = np.clip(np.searchsorted(_KNOTS, wanted), 1, len(_KNOTS) - 1)
    low, high = (np.take_along_axis(_with_ends(tables), side, axis=-1) for side in (right - 1, right))
    share = (wanted - _KNOTS[right - 1]) / (_KNOTS[right] - _KNOTS[right - 1])
    return np.asarray(low + share * (high - low))


def places_of(tables: Floats, values: Floats) -> Floats:
    """Return where `values` (B, F) lie in tables (B, F, Q), as normal quantiles from -30 to 30; NaN where missing.

    A value that several quantiles of a table share, as 0 of counts may be, lies at the innermost of them.
    """
    known, near = _with_ends(tables), (_ROUNDING * (1 + np.abs(values)))[..., None]
    below = (known < values[..., None] - near).sum(axis=-1)
    up_to = (known <= values[..., None] + near).sum(axis=-1)
    right = np.clip(below, 1, len(_KNOTS) - 1)
    low, high = (np.take_along_axis(known, side[..., None], axis=-1)[..., 0] for side in (right - 1, right))
    share = (values - low) / np.maximum(high - low, _LEAST_GAP)
    between = np.clip(_KNOTS[right - 1] + share * (_KNOTS[right] - _KNOTS[right - 1]), -_FARTHEST, _FARTHEST)
    shared = np.clip(0.0, _KNOTS[np.minimum(below, len(_KNOTS) - 1)], _KNOTS[up_to - 1])
    return np.asarray(np.where(up_to > below, shared, between))


def _with_ends(tables: Floats) -> Floats:
    """Return tables with what lies at the farthest places on both sides, shape (B, F, 1 + Q + 1).

    Beyond the outermost quantile a table goes on as steeply as before it, but at least as on its whole side, since a
    last piece may be flat.
    """
    whole = (tables[..., -1] - tables[..., 0]) / (PLACES[-1] - PLACES[0])
    ends = []
    for outer, inner in ((0, 1), (-1, -2)):
        side = (tables[..., outer] - tables[..., MIDDLE]) / PLACES[outer]
        last = (tables[..., outer] - tables[..., inner]) / (PLACES[outer] - PLACES[inner])
        slope = np.where(side > 0, np.maximum(side, last), whole)
        ends.append(tables[..., outer] + slope * (np.sign(PLACES[outer]) * _FARTHEST - PLACES[outer]))
    return np.concatenate([ends[0][..., None], tables, ends[1][..., None]], axis=-1)


def narrowing(before: Floats, after: Floats) -> float:
    """Return how many times as wide the tables `before` are as those `after`: the median ratio from 10 to 90 %.

    Parameters
    ----------
    before, after
        Tables of the same steps, shape (B, F, Q).
    """
    wide, narrow = (np.asarray(tables[..., -2] - tables[..., 1]) for tables in (before, after))
    usable = (wide > 0) & (narrow > 0)
    return float(np.median(wide[usable] / narrow[usable])) if usable.any() else 1.0


def shrinkage(made: Floats, wanted: Floats) -> float:
    """Return the factor from 0 to 1 that brings the corrections `made` nearest to those `wanted` in least squares.

    Below 1 where the networks promise more than held-out values keep; 1 for no values, 0 where they only harm.
    Source: James & Stein (1961) for the idea; the factor is the slope of a regression through the origin.

    Parameters
    ----------
    made, wanted
        The same shape, in units of the windows; NaN where missing.
    """
    there = np.isfinite(wanted)
    power = float((made[there] ** 2).sum())
    if power == 0:
        return 1.0
    return float(np.clip((made[there] * wanted[there]).sum() / power, 0.0, 1.0))
