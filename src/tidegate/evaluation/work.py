"""One piece of a backtest: fit one model, forecast from one or more origins. Runs in any process."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from tidegate.errors import DataError, MissingExtraError, TidegateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Forecast, Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Job:
    """What one task needs, and nothing that lies after its newest origin.

    Parameters
    ----------
    model
        Settings only; the task fits a copy.
    panel
        N series up to the newest of the origins.
    ends
        Shape (G, N): observations before each origin, oldest first.
    horizon, gap
        Steps to judge, and steps to skip before them.
    window
        Newest values to train on; None for all.
    levels
        Coverage of the intervals in percent, Q of them.
    fits
        Which origins the model is fitted at, the first always: with the others it goes on from the fit before, if it
        can.
    """

    model: Forecaster
    panel: Panel
    ends: Integers
    horizon: int
    gap: int
    window: int | None
    levels: tuple[int, ...]
    fits: tuple[int, ...] = (0,)

    @property
    def reach(self) -> int:
        """Steps to forecast."""
        return self.gap + self.horizon

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """The origins that share a fit: the first of them, and the one after the last."""
        return tuple(pairwise((*self.fits, len(self.ends))))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one task found.

    Parameters
    ----------
    mean
        Shape (G, N, F).
    lower, upper
        Shape (G, N, F, Q); NaN where the model gave no intervals.
    fit_seconds, predict_seconds
        Shape (G,): a fit stands at the first of its origins.
    parameters
        Numbers learned from the data.
    peak_memory
        Most memory, in bytes, that the process had used by the end; 0 where the system does not say.
    note
        What a reader should know, or "".
    failure
        Why there is no forecast, or "".
    missing
        Which extra must be installed first, or "".
    """

    mean: Floats
    lower: Floats
    upper: Floats
    fit_seconds: Floats
    predict_seconds: Floats
    parameters: int = 0
    peak_memory: int = 0
    note: str = ""
    failure: str = field(default="", kw_only=True)
    missing: str = field(default="", kw_only=True)


def judge(job: Job) -> Outcome:
    """Fit and forecast; a model that cannot says why in the outcome instead of stopping the others."""
    try:
        return _judged(job)
    except MissingExtraError as error:
        return _without_forecast(job, missing=str(error))
    except TidegateError as error:
        return _without_forecast(job, failure=str(error))


def _judged(job: Job) -> Outcome:
    model = clone(job.model)
    outcome = _without_forecast(job)
    note = ""
    for first, stop in job.stretches:
        model.fit(job.panel.before(job.ends[first], job.reach, window=job.window), horizon=job.reach)
        outcome.fit_seconds[first] = model.fit_seconds_
        said = _rolled(model, job, slice(first, stop), outcome)
        note = note or said
    return Outcome(
        outcome.mean,
        outcome.lower,
        outcome.upper,
        outcome.fit_seconds,
        outcome.predict_seconds,
        model.n_parameters,
        peak_memory(),
        note,
    )


def _rolled(model: Forecaster, job: Job, origins: slice, outcome: Outcome) -> str:
    """Put the forecasts from `origins`, at the first of which `model` was fitted, into `outcome`; return its note."""
    here, note = forecast(model, None, job.levels)
    outcome.predict_seconds[origins.start] = model.predict_seconds_
    levels = job.levels if here.intervals is not None else ()
    later = job.ends[origins][1:]
    made = [here]
    if len(later):
        made += model.forecast_at(job.panel, later, levels=levels, window=job.window)
        outcome.predict_seconds[origins][1:] = model.predict_seconds_ / len(later)
    for g, one in enumerate(made, origins.start):
        outcome.mean[g] = one.mean[:, job.gap :]
        if one.intervals is not None:
            outcome.lower[g] = one.intervals.lower[:, job.gap :]
            outcome.upper[g] = one.intervals.upper[:, job.gap :]
    return note


def forecast(model: Forecaster, data: Panel | None, levels: tuple[int, ...]) -> tuple[Forecast, str]:
    """Forecast with intervals; without, and saying so, where the training part is too short to calibrate them.

    Parameters
    ----------
    model
        Fitted.
    data
        Series to continue; None for the training series.
    levels
        Coverage of the intervals in percent.

    Returns
    -------
    Forecast
        With intervals if there are any.
    str
        Why there are none or how they had to be made, or "".
    """
    try:
        return model.forecast(data, levels=levels), model.shortage_
    except DataError as error:
        if not levels:
            raise
        return model.forecast(data), f"No intervals: {error}"


def _without_forecast(job: Job, *, failure: str = "", missing: str = "") -> Outcome:
    shape = (*job.ends.shape, job.horizon)
    bounds = (*shape, len(job.levels))
    origins = len(job.ends)
    return Outcome(
        np.full(shape, np.nan),
        np.full(bounds, np.nan),
        np.full(bounds, np.nan),
        np.zeros(origins),
        np.zeros(origins),
        failure=failure,
        missing=missing,
    )


def peak_memory() -> int:
    """Return the most memory this process has held, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
