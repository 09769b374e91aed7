"""The face of the regressions: one model over all series, direct over the horizon."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from tidegate.errors import SettingError
from tidegate.features.design import LEAST_ROOM, Design
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import OriginIndex, Origins, last_origins, training_origins
from tidegate.forecasters.base import Forecaster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.panel import Intervals, Panel

    Floats = NDArray[np.float64]

BATCH = 100_000
"""Pairs of origin and step that are predicted at a time, about."""


class Regression(Forecaster):
    """A model that predicts changes from the newest value, from the columns of `features.design`.

    Attributes
    ----------
    design_ : Design
        The columns that are read.
    """

    lags: int | Sequence[int] | None
    design_: Design

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        chosen = self._given_lags()
        if chosen is not None and (not chosen or chosen[0] < 1):
            raise SettingError(f"lags is {self.lags!r}; give a whole number or numbers of at least 1, or None.")

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (the face of every family)
        chosen = self._given_lags()
        return horizon + max(LEAST_ROOM, max(chosen, default=0) + 3 if chosen else 0)

    def _given_lags(self) -> tuple[int, ...] | None:
        if self.lags is None:
            return None
        if isinstance(self.lags, int | np.integer):
            return tuple(range(1, int(self.lags) + 1))
        return tuple(sorted({int(lag) for lag in self.lags}))

    def _prepare(self, panel: Panel, horizon: int) -> Inputs:
        """Learn the encoding and choose the design; return the training panel as arrays."""
        room = int(np.median(panel.lengths)) - horizon
        self.design_ = Design.fitting(panel.seasons, room=room, lags=self._given_lags())
        self._encoding = Encoding.learn(panel)
        return Inputs(panel, self._encoding, horizon)

    def _origins(self, panel: Panel, horizon: int) -> OriginIndex:
        return training_origins(panel.lengths, past_steps=self.design_.past_steps, future_steps=horizon)

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:  # noqa: ARG002
        inputs = Inputs(panel, self._encoding, self.horizon_)
        ends = last_origins(panel.lengths)
        size = max(1, BATCH // self.horizon_)
        batches = [Origins(*(part[at : at + size] for part in ends)) for at in range(0, len(panel), size)]
        return np.concatenate([self._continue(inputs, batch) for batch in batches]), None

    @abstractmethod
    def _continue(self, inputs: Inputs, origins: Origins) -> Floats:
        """Return means (B, F) after `origins`, in the units of the panel."""

    def _state(self) -> Tree:
        design = {name: getattr(self.design_, name) for name in Design.__dataclass_fields__}
        return {"design": design, "encoding": self._encoding.state(), "learned": self._learned()}

    def _restore(self, state: Tree) -> None:
        self.design_ = Design(**state["design"])
        self._encoding = Encoding.from_state(state["encoding"])
        self._relearn(state["learned"])

    @abstractmethod
    def _learned(self) -> Tree:
        """Return the fitted model as a tree for storage."""

    @abstractmethod
    def _relearn(self, learned: Tree) -> None:
        """Take back what `_learned` returned."""
