"""tidegate's own forecasters as subjects of an audit: fitted anew, or as they were saved."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from tidegate.data.frames import check_future
from tidegate.errors import ModelError
from tidegate.evaluation.audit.subject import Judged, Kind
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.forecasters.storage import load
from tidegate.scoring.folds import Folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Model:
    """A model that is fitted whenever its data change.

    Parameters
    ----------
    model
        With its settings, not fitted.
    horizon
        Steps ahead.
    """

    kind: Kind = "model"

    def __init__(self, model: Forecaster, horizon: int) -> None:
        self.model, self.horizon, self.name = model, horizon, model.name
        self.notes: list[str] = []
        self._fitted: tuple[Panel, Forecaster] | None = None

    def fitted(self, panel: Panel) -> Forecaster:
        """Return the model fitted to `panel`; the newest fit is kept."""
        if self._fitted is None or self._fitted[0] is not panel:
            self._fitted = panel, clone(self.model).fit(panel, horizon=self.horizon)
        return self._fitted[1]

    def learn(self, panel: Panel) -> None:
        """Fit to `panel`, so that `forecasts` are made by this fit until it learns again."""
        self.fitted(panel)

    def forecasts(self, histories: Sequence[Panel]) -> Floats:
        """Return forecasts by the newest fit, (V, N, F); see `Subject`."""
        made = self._fitted[1] if self._fitted else self.fitted(histories[0])
        return np.stack([made.forecast(panel).mean for panel in histories])

    def afresh(self, panel: Panel) -> Floats:
        """Return forecasts (N, F) by a fit of its own to `panel`."""
        return np.asarray(clone(self.model).fit(panel, horizon=self.horizon).forecast().mean)

    def judged(self, panel: Panel, origins: Integers) -> Judged:
        """Return forecasts of `tidegate.backtest` at `origins`, fitted once before the oldest; see `Subject`."""
        folds = Folds(self.horizon, count=len(origins), stride=1, refit=0)
        found = backtest(panel, [clone(self.model)], folds=folds, settings=Settings(levels=()))
        if self.name not in found.results:
            raise ModelError(f"{self.name} cannot be audited: {(found.failures | found.left_out)[self.name]}")
        where = {series: n for n, series in enumerate(found.panel.ids)}
        mean = np.full((*origins.shape, self.horizon), np.nan)
        for n, series in enumerate(panel.ids):
            if series in where:
                mean[:, n] = found.results[self.name].mean[:, where[series]]
        return Judged(origins, mean)

    def saved(self, panel: Panel) -> tuple[Floats, Floats]:
        """Return forecasts (N, F) before and after saving and loading."""
        return reloaded(self.fitted(panel), panel)


class Fitted:
    """A fitted model, of which only forecasting is audited.

    Parameters
    ----------
    model
        As `tidegate.load` returns it.
    """

    kind: Kind = "fitted"

    def __init__(self, model: Forecaster) -> None:
        self.model, self.horizon, self.name = model, model.horizon_, model.name
        self.notes: list[str] = [
            "The model was fitted before: how it forecasts is audited, not what it learned from. A leak into its "
            "training cannot show here; audit it by its name for that."
        ]

    def forecasts(self, histories: Sequence[Panel]) -> Floats:
        """Return forecasts (V, N, F); see `Subject`."""
        for panel in histories[:1]:
            check_future(panel, self.horizon)
        return np.stack([self.model.forecast(panel).mean for panel in histories])

    def afresh(self, panel: Panel) -> Floats:
        """Return forecasts (N, F); nothing is learned."""
        return np.asarray(self.model.forecast(panel).mean)

    def judged(self, panel: Panel, origins: Integers) -> Judged:
        """Return forecasts of `forecast_at` at `origins`; see `Subject`."""
        return Judged(origins, np.stack([one.mean for one in self.model.forecast_at(panel, origins)]))

    def saved(self, panel: Panel) -> tuple[Floats, Floats]:
        """Return forecasts (N, F) before and after saving and loading."""
        return reloaded(self.model, panel)


def reloaded(model: Forecaster, panel: Panel) -> tuple[Floats, Floats]:
    """Return the forecasts (N, F) from `panel` of a fitted model, and of the same model saved and loaded."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        again = load(Path(folder) / "model")
    return np.asarray(model.forecast(panel).mean), np.asarray(again.forecast(panel).mean)
