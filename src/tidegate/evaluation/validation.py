"""How one model does at past origins inside the training data, fold by fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from sklearn.base import clone

from tidegate.errors import MissingExtraError, ModelError
from tidegate.evaluation.plan import plan
from tidegate.evaluation.store import Store, fingerprint
from tidegate.evaluation.work import Job, judge
from tidegate.forecasters import storage
from tidegate.scoring import metrics
from tidegate.scoring.scaling import seasonal_scales

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

    Floats = NDArray[np.float64]


class Judged(NamedTuple):
    """One model at one origin.

    Attributes
    ----------
    errors
        Shape (N,): mean scaled error of each series, or mean absolute error where nothing can be scaled; NaN for none.
    seconds
        What fitting and forecasting took, whenever that was.
    """

    errors: Floats
    seconds: float


class Validation:
    """Past origins at which models are fitted anew and judged; what was judged once is remembered.

    Parameters
    ----------
    panel
        N series; those too short for the folds are left out.
    folds
        Where the origins lie.
    store
        Folder that keeps finished folds; None for memory alone.

    Attributes
    ----------
    panel
        The series that are judged, with the season pinned before the oldest origin.
    folds
        As given.
    score
        "MASE", or "MAE" where nothing can be scaled.

    Raises
    ------
    DataError
        If no series is long enough.
    """

    def __init__(self, panel: Panel, folds: Folds, store: str | Path | None = None) -> None:
        planned = plan(panel, folds)
        self.panel, self.folds = planned.panel, folds
        self._ends = planned.ends
        self._store = None if store is None else Store(store)
        self._known: dict[str, Judged] = {}
        rows = (self.panel.offsets[:-1] + self._ends)[..., None] + folds.gap + np.arange(folds.horizon)
        self._actual = self.panel.values[rows]
        parts = [self.panel.series(n)[:end] for ends in self._ends for n, end in enumerate(ends)]
        self._scales = seasonal_scales(parts, self.panel.season).absolute.reshape(self._ends.shape)
        self.score: Literal["MASE", "MAE"] = "MASE" if np.any(self._scales > 0) else "MAE"

    def judged(self, model: Forecaster, fold: int) -> Judged:
        """Return how a copy of `model`, fitted to what lies before the origin of `fold` (0 is the oldest), does there.

        Raises
        ------
        ModelError
            If it cannot be fitted or cannot forecast.
        MissingExtraError
            If what it needs is not installed.
        """
        ends, folds = self._ends[[fold]], self.folds
        known = self.panel.before(ends[0], folds.reach)
        job = Job(clone(model), known, ends, folds.horizon, folds.gap, folds.window, ())
        key = fingerprint(job)
        if key not in self._known:
            self._known[key] = self._found(job, key, fold)
        return self._known[key]

    def errors(self, model: Forecaster) -> Floats:
        """Return the errors of all folds, shape (K, N); raises what `judged` raises."""
        return np.stack([self.judged(model, fold).errors for fold in range(self.folds.count)])

    def about(self, model: Forecaster) -> str:
        """Return text that changes with the data, the folds, the model or the versions that the arithmetic rests on."""
        settings = sorted(model.get_params(deep=False).items())
        data = f"{storage.fingerprint(self.panel)} {self.panel.seasons} {self.folds}"
        return f"{data} {type(model).__qualname__} {settings} {storage.versions()}"

    def _found(self, job: Job, key: str, fold: int) -> Judged:
        outcome = self._store.read(key) if self._store else None
        if outcome is None:
            outcome = judge(job)
            if outcome.missing:
                raise MissingExtraError(job.model.name, job.model.traits.extra or "all")
            if outcome.failure:
                raise ModelError(outcome.failure)
            if self._store:
                self._store.write(key, outcome)
        actual, made = self._actual[fold], outcome.mean[0]
        scaled = self.score == "MASE"
        errors = metrics.mase(actual, made, self._scales[fold]) if scaled else metrics.mae(actual, made)
        return Judged(errors, float(outcome.fit_seconds[0] + outcome.predict_seconds[0]))
