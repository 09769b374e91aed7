"""The pairs of origin and step that a regression learns from, capped so that a fit stays quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.features.design import Design, target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.inputs import Inputs
    from tidegate.features.windows import OriginIndex, Origins

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LINEAR_PAIRS = 240_000
"""Pairs of origin and step that the linear model learns from, at most; but `LINEAR_ORIGINS` origins for each step."""

LINEAR_ORIGINS = 2_000

TREE_PAIRS = 40_000
"""Pairs of origin and step that the tree models learn from, at most."""

HARMONICS = 4


class LinearColumns:
    """What the linear model reads at B origins, step by step; the columns that all steps share are made once.

    Parameters
    ----------
    inputs, design
        The panel as arrays, and the columns to read.
    origins
        B of them.

    Attributes
    ----------
    frame : Frame
        Their units.
    """

    def __init__(self, inputs: Inputs, design: Design, origins: Origins) -> None:
        self._inputs, self._design, self._origins = inputs, design, origins
        self.frame = design.frame(inputs, origins)
        self._shared = design.shared(inputs, origins, self.frame)

    def columns(self, k: int) -> Floats:
        """Return the columns of step `k`, shape (B, P): known covariates also squared, the calendar as waves."""
        steps = np.full(len(self._shared), k)
        known = self._inputs.known_at(self._origins, steps[:, None])[:, 0]
        waves = self._inputs.waves_at(self._origins, steps[:, None], HARMONICS)[:, 0]
        ahead = self._design.ahead(self._inputs, self._origins, steps, self.frame)
        return np.concatenate([self._shared, ahead, known**2, waves], axis=1)

    def target(self, k: int) -> Floats:
        """Return the values at step `k` in units of their origin, shape (B,)."""
        return target(self._inputs, self._origins, np.full(len(self._shared), k), self.frame)


def sample(index: OriginIndex, most: int) -> Origins:
    """Return at most `most` origins of `index`, evenly over it but not in step with any season."""
    return index.take(drawn(len(index), most, seed=0))


def drawn(n_items: int, most: int, seed: int) -> Integers:
    """Return at most `most` of `n_items` numbers, ascending: one from each of as many equal stretches."""
    if n_items <= most:
        return np.arange(n_items, dtype=np.int64)
    edges = np.arange(most + 1, dtype=np.int64) * n_items // most
    inside = np.random.default_rng(seed).random(most) * np.diff(edges)
    return edges[:-1] + inside.astype(np.int64)


def spread_out(horizon: int, most: int = 12) -> Integers:
    """Return all steps, or `most` of them evenly from first to last."""
    return np.unique(np.linspace(1, horizon, min(horizon, most)).round().astype(np.int64))
