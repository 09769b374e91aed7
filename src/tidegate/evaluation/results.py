"""What a backtest found: every forecast beside what happened, and the scores that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidegate.data.frames import frame_of, id_column, stamps
from tidegate.display import Displayed
from tidegate.evaluation.significance import NO_LUCK, Luck, luck_of
from tidegate.scoring import metrics
from tidegate.scoring.naive2 import naive2
from tidegate.scoring.scaling import Scales, seasonal_scales

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ModelResult:
    """What one model forecast, and what that cost.

    Parameters
    ----------
    mean
        Shape (K, N, F).
    lower, upper
        Shape (K, N, F, Q): interval bounds; NaN where the model gave none.
    fit_seconds, predict_seconds
        Shape (K,): wall-clock time per fold; 0 where nothing was refitted.
    parameters
        Numbers learned from the data at the newest fit.
    peak_memory
        Most memory, in bytes, of the process that ran it; shared with whatever ran there before. 0 if unknown.
    cost
        Cost class from the registry, 0 (instant) to 5 (a training run).
    note
        What a reader should know, or "".
    model
        The forecaster with its settings, not fitted.
    others
        The same model run with other seeds; scores are means over all runs, forecasts those of the first.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    fit_seconds: Floats
    predict_seconds: Floats
    parameters: int
    peak_memory: int
    cost: int = 0
    note: str = ""
    model: Forecaster | None = None
    others: tuple[ModelResult, ...] = ()

    @property
    def runs(self) -> tuple[ModelResult, ...]:
        """Every run: the first, then the others."""
        return (self, *self.others)


@dataclass(frozen=True, eq=False)
class Backtest(Displayed):
    """Forecasts from past origins, side by side with what happened.

    Parameters
    ----------
    panel
        The N series that were judged, with the season pinned.
    folds
        Where the origins lie.
    levels
        Coverage of the intervals in percent, Q of them.
    ends
        Shape (K, N): observations before each origin, oldest fold first.
    cutoffs
        Shape (K, N), int64: the time of each origin, as in `Panel.times`.
    times
        Shape (K, N, F), int64: the times judged.
    actual
        Shape (K, N, F): what happened; NaN where it is missing, which no score counts.
    results
        By model, in ladder order.
    failures
        By model: why it could not forecast.
    left_out
        By model: why it was not tried (budget, or an extra that is not installed).
    notes
        What was decided, in sentences.
    """

    panel: Panel
    folds: Folds
    levels: tuple[int, ...]
    ends: Integers
    cutoffs: Integers
    times: Integers
    actual: Floats
    results: dict[str, ModelResult]
    failures: dict[str, str]
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        n_folds, n_series = self.ends.shape
        return f"Backtest({len(self.results)} models, {n_folds} folds, {n_series} series, horizon={self.folds.horizon})"

    @cached_property
    def scales(self) -> Scales:
        """What scaled errors are divided by, per fold and series: arrays of shape (K, N).

        The in-sample errors of the seasonal naive forecast before each origin, with the pinned season. Where a scale
        is 0 (a constant series, say) MASE and RMSSE do not exist: such pairs are left out, and `notes` says so.
        """
        made = seasonal_scales(self._parts, self.panel.season)
        return Scales(made.absolute.reshape(self.ends.shape), made.squared.reshape(self.ends.shape))

    @cached_property
    def naive2(self) -> Floats:
        """The Naive2 forecasts that OWA compares with, shape (K, N, F)."""
        made = [naive2(part, self.panel.season, self.folds.reach)[self.folds.gap :] for part in self._parts]
        return np.array(made).reshape(self.actual.shape)

    def has_intervals(self, model: str) -> bool:
        """Return whether levels were asked for and any run of a model gave intervals that are more than points."""
        return bool(self.levels) and any(bool(np.any(run.upper > run.lower)) for run in self.results[model].runs)

    def scaled_errors(self, model: str) -> Floats:
        """Return MASE per fold and series, the mean over runs, shape (K, N); NaN where there is no scale."""
        runs = [metrics.mase(self.actual, run.mean, self.scales.absolute) for run in self.results[model].runs]
        return np.asarray(np.mean(runs, axis=0))

    def absolute_errors(self, model: str) -> Floats:
        """Return the mean absolute error per fold and series, the mean over runs, shape (K, N)."""
        runs = [metrics.mae(self.actual, run.mean) for run in self.results[model].runs]
        return np.asarray(np.mean(runs, axis=0))

    def luck(self, model: str) -> Luck:
        """Return what the mean error of a model owes to its seeds, in the unit of `scaled_errors`.

        In that of `absolute_errors` where nothing can be scaled.
        """
        return self._lucks[model]

    @cached_property
    def _lucks(self) -> dict[str, Luck]:
        """By model; every pair of models asks for two."""
        return {name: luck_of(self.by_run(name)) if one.others else NO_LUCK for name, one in self.results.items()}

    def by_run(self, model: str) -> Floats:
        """Return the mean error of each run of a model, shape (R,): MASE, or MAE where nothing can be scaled."""
        scale = self.scales.absolute
        scaled = bool(np.any(scale > 0))
        errors = [
            metrics.mase(self.actual, run.mean, scale) if scaled else metrics.mae(self.actual, run.mean)
            for run in self.results[model].runs
        ]
        return np.array([metrics.average(one, None) for one in errors])

    def to_frame(self) -> Any:
        """Return every forecast: unique_id, ds, cutoff, y, then per model its forecast, lower and upper bounds.

        Returns
        -------
        pandas or polars DataFrame
            As the panel's source; sorted by unique_id, cutoff and ds.
        """
        n_folds, _, horizon = self.actual.shape
        columns: dict[str, Any] = {
            "unique_id": np.repeat(id_column(self.panel.ids), n_folds * horizon),
            "ds": stamps(_rows(self.times), self.panel),
            "cutoff": stamps(_rows(np.repeat(self.cutoffs[..., None], horizon, axis=2)), self.panel),
            "y": _rows(self.actual),
        }
        for name, result in self.results.items():
            columns[name] = _rows(result.mean)
            for q, level in enumerate(self.levels):
                columns[f"{name}-lo-{level}"] = _rows(result.lower[..., q])
                columns[f"{name}-hi-{level}"] = _rows(result.upper[..., q])
        return frame_of(columns, self.panel.source)

    def scores(self) -> pd.DataFrame:
        """Return one row of scores per model, in ladder order.

        MAE and RMSE (in the unit of the data), MAPE (percent, without actual values of 0) and sMAPE (percent, 0 to
        200) are over all forecasts; MASE and RMSSE are averages of the scores per fold and series; coverage is a
        fraction. The folds scored here also choose the winner.
        """
        return self._table(None, [{}])

    def scores_by_step(self) -> pd.DataFrame:
        """Return the scores of each model at each step ahead, counted from 1."""
        return self._table((0, 1), [{"step": step} for step in range(1, self.folds.horizon + 1)])

    def scores_by_series(self) -> pd.DataFrame:
        """Return the scores of each model on each series."""
        return self._table((0, 2), [{"unique_id": series} for series in self.panel.ids])

    def scores_in_detail(self) -> pd.DataFrame:
        """Return further figures per model, over all forecasts.

        OWA (below 1 beats Naive2), pinball loss averaged over the bounds of all levels, mean width per level (both in
        the unit of the data), and what had to be left out: actual values of 0 from MAPE, pairs of fold and series
        without a scale from MASE.
        """
        rows = []
        reference = self._mean_smape(self.naive2), self._mean_mase(self.naive2)
        unscaled = int(np.sum(~(self.scales.absolute > 0)))
        for name, result in self.results.items():
            ours = [float(np.mean([of(run.mean) for run in result.runs])) for of in (self._mean_smape, self._mean_mase)]
            ratios = [our / their if their > 0 else np.nan for our, their in zip(ours, reference, strict=True)]
            row = {
                "model": name,
                "OWA": float(metrics.owa(*map(np.asarray, ratios))),
                "pinball": self._pinball(result.runs),
            }
            for q, level in enumerate(self.levels):
                widths = [metrics.width(run.lower[..., q], run.upper[..., q], None) for run in result.runs]
                row[f"width-{level}"] = float(np.mean(widths))
            row["zeros left out"] = int(metrics.mape(self.actual, result.mean, None).zeros)
            rows.append({**row, "unscaled left out": unscaled})
        return pd.DataFrame(rows)

    @cached_property
    def _parts(self) -> list[Floats]:
        """The training part before each origin, fold by fold."""
        window = self.folds.window
        return [
            self.panel.series(n)[max(0, end - window) if window else 0 : end]
            for ends in self.ends
            for n, end in enumerate(ends)
        ]

    def _table(self, axis: tuple[int, ...] | None, labels: list[dict[str, object]]) -> pd.DataFrame:
        """One row per model and label: the scores averaged over `axis` of (K, N, F), flattened."""
        rows = []
        for name, result in self.results.items():
            runs = [self._figures(run, axis) for run in result.runs]
            figures = {score: np.ravel(np.mean([one[score] for one in runs], axis=0)) for score in runs[0]}
            for k, label in enumerate(labels):
                row = {**label, "model": name, **{score: float(values[k]) for score, values in figures.items()}}
                if axis is None:
                    row |= {"parameters": result.parameters, "cost class": result.cost}
                rows.append(row)
        return pd.DataFrame(rows)

    def _figures(self, result: ModelResult, axis: tuple[int, ...] | None) -> dict[str, Floats]:
        """Every score, averaged over `axis` of (K, N, F)."""
        actual, mean, scales = self.actual, result.mean, self.scales
        if axis == (0, 1):
            mase = metrics.mase(actual, mean, scales.absolute, axis)
            rmsse = metrics.rmsse(actual, mean, scales.squared, axis)
        else:
            pairs = None if axis is None else 0
            mase = metrics.average(metrics.mase(actual, mean, scales.absolute), pairs)
            rmsse = metrics.average(metrics.rmsse(actual, mean, scales.squared), pairs)
        figures = {
            "MAE": metrics.mae(actual, mean, axis),
            "RMSE": metrics.rmse(actual, mean, axis),
            "MAPE": metrics.mape(actual, mean, axis).value,
            "sMAPE": metrics.smape(actual, mean, axis),
            "MASE": mase,
            "RMSSE": rmsse,
        }
        for q, level in enumerate(self.levels):
            inside = metrics.coverage(actual, result.lower[..., q], result.upper[..., q], axis)
            figures[f"coverage-{level}"] = inside
        return figures

    def _mean_smape(self, mean: Floats) -> float:
        return float(metrics.smape(self.actual, mean, None))

    def _mean_mase(self, mean: Floats) -> float:
        return float(metrics.average(metrics.mase(self.actual, mean, self.scales.absolute), None))

    def _pinball(self, runs: Sequence[ModelResult]) -> float:
        losses = [
            metrics.pinball(self.actual, bound[..., q], 0.5 + side * level / 200, None)
            for run in runs
            for q, level in enumerate(self.levels)
            for side, bound in ((-1, run.lower), (1, run.upper))
        ]
        return float(np.mean(losses)) if losses else float("nan")


def _rows(cells: NDArray[Any]) -> NDArray[Any]:
    """Bring (K, N, F) into the row order of the frame: series, then fold, then step."""
    return np.swapaxes(cells, 0, 1).reshape(-1)
