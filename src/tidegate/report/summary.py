"""From a study to the whole report as one JSON-able dictionary: the template prints it and computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes, blocks, wording
from tidegate.report.sections import (
    cells,
    evidence,
    folds,
    inside,
    intervals,
    models,
    origin,
    outlook,
    residuals,
    seal,
    series,
)
from tidegate.report.view import View

if TYPE_CHECKING:
    from tidegate.evaluation.study import Study
    from tidegate.insight.glimpse import Glimpse
    from tidegate.panel import Forecast


def summarise(study: Study, run: dict[str, Any], look: Glimpse | None = None) -> blocks.Block:
    """Return the report of `study` as a dictionary.

    Parameters
    ----------
    study
        Profile, backtest, verdict, fitted model and forecast.
    run
        How it was made, as from `provenance.run_facts`; with ``cells`` and ``seal`` where those were made.
    look
        A look into the best recurrent model; None leaves it out.

    Returns
    -------
    dict
        ``kind``, ``begin`` (where to skip to), ``title``, ``subtitle``, ``verdict``, ``sections`` made of the bricks in
        `blocks`, and ``made``.
    """
    view = View(study.backtest, study.verdict)
    return {
        "kind": "forecast report",
        "begin": {"anchor": "forecast", "text": "Skip to the forecast"},
        "title": _title(view, str(run["name"])),
        "subtitle": _subtitle(view),
        "verdict": verdict(view, study.forecast),
        "sections": [section for section in _sections(view, study, run, look) if section is not None],
        "made": wording.signed(run),
    }


def _sections(view: View, study: Study, run: dict[str, Any], look: Glimpse | None) -> list[blocks.Block | None]:
    """Return the sections in their order; those about the final forecast are None if there was only a comparison."""
    notes = (*study.notes, *study.profile.notes, *study.backtest.notes)
    return [
        None if study.forecast is None else outlook.section(view, study.forecast, study.intervals),
        seal.section(run.get("seal")),
        models.section(view),
        cells.section(run.get("cells"), view.measure),
        evidence.section(view, study.evidence),
        intervals.section(view, study.evidence),
        folds.section(view),
        None if study.model is None else residuals.section(view, study.model),
        inside.section(look),
        series.section(study.profile, view.panel),
        origin.data(view, notes),
        origin.reproduction(view, run),
    ]


def _title(view: View, name: str) -> str:
    return f"{name}: {wording.everyday(view.horizon, view.panel.frequency)} ahead"


def _subtitle(view: View) -> str:
    panel = view.panel
    first, last = axes.moments(panel.times[[panel.times.argmin(), panel.times.argmax()]], panel)
    what = f"{len(panel):,} series, " if len(panel) > 1 else ""
    return f"{panel.target}: {what}{len(panel.times):,} observations, {first} to {last}"


def verdict(view: View, forecast: Forecast | None = None) -> blocks.Block:
    """Return the conclusion: its statement, the sentences behind it and the figures that matter.

    Parameters
    ----------
    view
        The backtest and its verdict.
    forecast
        What comes next, for the tile that says the first step; None leaves it out.
    """
    said = view.verdict
    tiles = [_tile("Recommended", said.recommended, _why(view)), _error(view), *_interval(view)]
    if forecast is not None and len(forecast.ids) == 1:
        tiles.append(_next(view, forecast))
    return {"heading": "The verdict", "statement": said.headline, "sentences": _reasons(view), "tiles": tiles}


def _reasons(view: View) -> list[str]:
    """Return the sentences behind the statement, without those that stand in sections of their own."""
    backtest = view.backtest
    named = {f"{name}: {result.note}" for name, result in backtest.results.items()}
    named |= {f"{name} failed: {why}" for name, why in backtest.failures.items()}
    named |= {f"{name} was left out: {why}" for name, why in backtest.left_out.items()}
    apart = {view.verdict.headline, *named, *backtest.notes}
    return [sentence for sentence in view.verdict.sentences if sentence not in apart]


def _tile(label: str, value: str, note: str) -> blocks.Block:
    return {"label": label, "value": value, "note": note}


def _why(view: View) -> str:
    if view.verdict.recommended == view.verdict.winner:
        return "lowest error of all"
    return f"cheapest not clearly worse than {view.verdict.winner}"


def _error(view: View) -> blocks.Block:
    own = view.score(view.verdict.recommended, view.measure)
    base = view.score(view.verdict.baseline, view.measure)
    note = f"{view.verdict.baseline}: {wording.number(base)}"
    if view.verdict.recommended != view.verdict.baseline and base > 0:
        note += f" ({wording.change(own / base - 1)} against it)"
    return _tile(f"Error ({view.measure})", wording.number(own), note)


def _interval(view: View) -> list[blocks.Block]:
    level = next(iter(view.backtest.levels), None)
    share = view.score(view.verdict.recommended, f"coverage-{level}") if level else float("nan")
    if not np.isfinite(share):
        return []
    n_outcomes = int(np.isfinite(view.backtest.actual).sum())
    return [_tile(f"{level} % interval held", f"{100 * share:.0f} %", f"of {n_outcomes:,} outcomes in the backtest")]


def _next(view: View, forecast: Forecast) -> blocks.Block:
    when = axes.moments(forecast.times[0, :1], view.panel)[0]
    note = ""
    if forecast.intervals is not None:
        low, high = forecast.intervals.lower[0, 0, 0], forecast.intervals.upper[0, 0, 0]
        note = f"{forecast.intervals.levels[0]} %: {wording.number(low, 4)} to {wording.number(high, 4)}"
    return _tile(f"Next, {when}", wording.number(forecast.mean[0, 0], 4), note)
