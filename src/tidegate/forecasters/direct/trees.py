"""Ensembles of trees over all steps at once, the step being one of the columns."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.errors import SettingError
from tidegate.features.design import Design, Frame, target
from tidegate.features.windows import Origins
from tidegate.forecasters.direct import sampling
from tidegate.forecasters.direct.forecaster import Regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.inputs import Inputs
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_EXACT = 2.0**16


class Pairs(NamedTuple):
    """B pairs of origin and step, with the units of their origins."""

    origins: Origins
    steps: Integers
    frame: Frame


class Trees(Regression):
    """One ensemble of trees over all steps, the step being one of the columns."""

    n_trees: int
    seed: int

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.n_trees < 1:
            raise SettingError(f"n_trees is {self.n_trees}; it must be at least 1.")

    def _fit(self, panel: Panel, horizon: int) -> None:
        inputs = self._prepare(panel, horizon)
        every = self._origins(panel, horizon)
        n_pairs = len(every) * horizon
        if n_pairs > sampling.TREE_PAIRS:
            self.notes_ = (
                f"{self.name} learned from {sampling.TREE_PAIRS} of {n_pairs} pairs of origin and step, drawn by seed.",
            )
        numbers = sampling.drawn(n_pairs, sampling.TREE_PAIRS, self.seed)
        origins, steps = every.take(numbers // horizon), numbers % horizon + 1
        pairs = Pairs(origins, steps, self.design_.frame(inputs, origins))
        self._grow(tree_columns(self.design_, inputs, pairs), _exact(target(inputs, *pairs)))

    def _continue(self, inputs: Inputs, origins: Origins) -> Floats:
        horizon = self.horizon_
        steps = np.tile(np.arange(1, horizon + 1), len(origins.ends))
        each = Origins(*(np.repeat(part, horizon) for part in origins))
        pairs = Pairs(each, steps, self.design_.frame(inputs, each))
        changes = self._changes(tree_columns(self.design_, inputs, pairs))
        return (pairs.frame.level + changes * pairs.frame.spread).reshape(-1, horizon)

    @abstractmethod
    def _grow(self, columns: NDArray[np.float32], wanted: Floats) -> None:
        """Fit the ensemble to columns (B, P) and changes (B,)."""

    @abstractmethod
    def _changes(self, columns: NDArray[np.float32]) -> Floats:
        """Return the predicted changes, shape (B,)."""


def tree_columns(design: Design, inputs: Inputs, pairs: Pairs) -> NDArray[np.float32]:
    """Return what trees read at B pairs, shape (B, P): the step, the design's columns, the calendar as places."""
    blocks: list[NDArray[Any]] = [
        pairs.steps[:, None],
        design.shared(inputs, pairs.origins, pairs.frame),
        design.ahead(inputs, *pairs),
        inputs.fields_at(pairs.origins, pairs.steps[:, None])[:, 0],
    ]
    return _exact(np.concatenate(blocks, axis=1)).astype(np.float32)


def _exact(values: Floats) -> Floats:
    """Round to multiples of 2^-16, so that sums over a leaf are exact and equal splits tie whatever the level."""
    return np.asarray(np.round(values * _EXACT) / _EXACT)
