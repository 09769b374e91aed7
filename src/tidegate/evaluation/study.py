"""The main job as one call: look at the data, judge the models on past origins, decide, forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from tidegate.analysis.profile import profile
from tidegate.data.frames import to_frame
from tidegate.data.intake import as_panel
from tidegate.display import Displayed
from tidegate.errors import DataError, SettingError
from tidegate.evaluation.affordable import affordable
from tidegate.evaluation.backtest import Backtest, Settings, backtest
from tidegate.evaluation.evidence.evidence import Evidence, evidence
from tidegate.evaluation.intervals import check, remade
from tidegate.evaluation.outlay import Clock, within
from tidegate.evaluation.selection import Verdict, verdict
from tidegate.evaluation.work import forecast
from tidegate.forecasters import registry
from tidegate.scoring.folds import Folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.analysis.profile import Profile
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Forecast, Panel

MOST_JUDGED = 200
"""Series of a panel that are judged by default."""

_JUDGING, _LEAST_JUDGING, _FIXED = 0.5, 0.25, 1.5
"""Models under way are given up after half of a budget less 1.5 seconds, but never before a quarter of it."""
_AFTER = 4.0
"""Seconds kept for the evidence and for what is written of a study."""


@dataclass(frozen=True, eq=False)
class Study(Displayed):
    """Everything that was learned about some data and what comes next.

    Parameters
    ----------
    profile
        What the data look like.
    backtest
        Every model's forecasts from past origins.
    verdict
        Which model to trust.
    evidence
        What the backtest proves: intervals of scores, tests of all pairs and steps, ranks, the set of the best models.
    model
        The recommended forecaster, fitted on everything; None if only a comparison was asked for.
    forecast
        What it says comes next, with intervals; None likewise.
    frame
        The same as a frame of the input's kind: unique_id, ds, the model, its bounds; None likewise.
    notes
        What was decided about the data and the forecast, in sentences.
    intervals
        Where the intervals of the forecast come from, if they are not the model's own; else "".
    """

    profile: Profile
    backtest: Backtest
    verdict: Verdict
    evidence: Evidence
    model: Forecaster | None = None
    forecast: Forecast | None = None
    frame: Any = None
    notes: tuple[str, ...] = ()
    intervals: str = ""


def study(
    data: Any,
    *,
    horizon: int,
    models: Sequence[str | Forecaster] | None = None,
    folds: Folds | None = None,
    settings: Settings | None = None,
    judged: int = MOST_JUDGED,
) -> Study:
    """Judge the models on past origins, then forecast with the recommended one.

    A budget is for all of it: judging gets half, training of the recommended model what is left but for a few seconds,
    and a model whose last fit to all series would take longer than that is left out, aloud.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame.
    horizon
        Steps ahead to forecast, at least 1.
    models
        Registry names or forecasters; None for the whole ladder, from naive to the recurrent networks.
    folds
        Where the origins lie; None for five, one horizon apart.
    settings
        Levels, kind of intervals, seed, processes, budget, store and watch.
    judged
        Most series to judge the models on, drawn by seed; the forecast is for all. At least 1.

    Returns
    -------
    Study

    Raises
    ------
    DataError
        If the data cannot be used.
    SettingError
        If a setting is outside its limits, `folds` judges another horizon, or intervals from the errors of the backtest
        are wanted without levels or with a gap.
    TidegateError
        If no model could forecast.
    """
    clock = Clock(None if settings is None else settings.budget)
    panel = as_panel(data)
    chosen, origins = settings or Settings(), folds or Folds(horizon=horizon)
    check(chosen.intervals, origins, chosen.levels)
    judging = chosen if chosen.budget is None else replace(chosen, budget=_to_judge(chosen.budget))
    made = _judged(panel, horizon, (models, origins, judging, judged), clock)
    fitted, ahead, notes = _final(panel, made, chosen.levels if chosen.intervals != "split" else (), clock)
    said = ""
    if chosen.intervals != "own":
        ahead, said = remade(ahead, panel, made.backtest, model=made.verdict.recommended, kind=chosen.intervals)
    frame = to_frame(ahead, panel)
    return replace(made, model=fitted, forecast=ahead, frame=frame, notes=(*made.notes, *notes), intervals=said)


def compare(
    data: Any,
    *,
    horizon: int,
    models: Sequence[str | Forecaster] | None = None,
    folds: Folds | None = None,
    settings: Settings | None = None,
    judged: int = MOST_JUDGED,
) -> Study:
    """Judge the models on past origins without a final forecast.

    Takes and raises what `study` does; `model`, `forecast` and `frame` of the result are None. Of a budget judging gets
    all but a few seconds.
    """
    chosen = settings or Settings()
    if chosen.budget is not None:
        chosen = replace(chosen, budget=max(chosen.budget - _AFTER, _LEAST_JUDGING * chosen.budget))
    asked = (models, folds or Folds(horizon=horizon), chosen, judged)
    return _judged(as_panel(data), horizon, asked, Clock(None))


def _to_judge(budget: float) -> float:
    """Return the seconds that judging may take."""
    return max(_JUDGING * budget - _FIXED, _LEAST_JUDGING * budget)


_Asked = tuple["Sequence[str | Forecaster] | None", Folds, Settings, int]


def _judged(panel: Panel, horizon: int, asked: _Asked, clock: Clock) -> Study:
    """Judge the models that were asked for, without those that a last fit cannot be paid for."""
    models, origins, chosen, judged = asked
    if origins.horizon != horizon:
        raise SettingError(
            f"folds judge {origins.horizon} steps ahead, but the horizon is {horizon}. Give both the same number."
        )
    sample, notes = _sampled(panel, origins, judged, chosen.seed)
    tried = registry.ladder() if models is None else models
    found = backtest(sample, tried, folds=origins, settings=chosen)
    found = affordable(found, len(panel), clock.left(_AFTER))
    shape, pinned = profile(panel), found.panel.seasons
    if not panel.seasons and shape.seasons != pinned:
        notes = (*notes, _other_season(pinned, shape.seasons))
        shape = profile(replace(panel, seasons=pinned))
    said = verdict(found)
    return Study(shape, found, said, evidence(found, said, seed=chosen.seed), notes=(*panel.notes, *notes))


def _other_season(pinned: tuple[int, ...], later: tuple[int, ...]) -> str:
    """Say that what lies before the first origin and everything together suggest different seasons."""
    before, whole = (
        "no season" if seasons == (1,) else f"a season of {' and '.join(map(str, seasons))} steps"
        for seasons in (pinned, later)
    )
    return (
        f"What lies before the first origin shows {before}, all values together {whole}: the models are judged and "
        f"forecast with {before}. To use the other, set the season to {','.join(map(str, later))}."
    )


def _sampled(panel: Panel, folds: Folds, judged: int, seed: int) -> tuple[Panel, tuple[str, ...]]:
    """Draw at most `judged` of the series that are long enough; keep the panel's order."""
    if judged < 1:
        raise SettingError(f"judged is {judged} series; it must be at least 1.")
    if len(panel) <= judged:
        return panel, ()
    candidates = np.flatnonzero(panel.lengths >= folds.span + 2)
    if not len(candidates):
        return panel, ()
    drawn = np.random.default_rng(seed).permutation(candidates)[:judged]
    note = f"The models are judged on {len(drawn):,} of {len(panel):,} series, drawn with seed {seed}."
    return panel.take(np.sort(drawn)), (note,)


def _final(
    panel: Panel, made: Study, levels: tuple[int, ...], clock: Clock
) -> tuple[Forecaster, Forecast, tuple[str, ...]]:
    """Fit the recommended model on everything and forecast; series that are too short for it are left out, aloud."""
    name, horizon = made.verdict.recommended, made.backtest.folds.horizon
    settings = within(clone(made.backtest.results[name].model), clock.left(_AFTER))
    seasons = made.backtest.panel.seasons
    whole, notes = replace(panel, seasons=panel.seasons or seasons), []
    try:
        fitted = clone(settings).fit(whole, horizon=horizon)
    except DataError as error:
        enough = np.flatnonzero(panel.lengths >= made.backtest.ends.min())
        if len(enough) in (0, len(panel)):
            raise
        fitted = clone(settings).fit(whole.take(enough), horizon=horizon)
        n_short = len(panel) - len(enough)
        notes.append(f"Too short to forecast and left out: {n_short:,} of {len(panel):,} series. {error}")
    ahead, said = forecast(fitted, None, levels)
    return fitted, ahead, (*notes, *_remarks(fitted), *([said] if said else []))


def _remarks(fitted: Forecaster) -> tuple[str, ...]:
    """Return what a user should know of the final fit: its caps, and covariates that the model cannot use."""
    unused = f"{fitted.name} cannot use these covariates: {', '.join(fitted.ignored_)}."
    return (*fitted.notes_, *([unused] if fitted.ignored_ else []))
