"""From a detector that was tried out to its report: one HTML file that opens without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.report import blocks, wording
from tidegate.report.page import render
from tidegate.report.sections import alarms, learning
from tidegate.report.trained import circumstances
from tidegate.tasks.anomalies.trial import spoken

if TYPE_CHECKING:
    from tidegate.tasks.anomalies.trial import Trial


def page(trial: Trial, run: dict[str, Any]) -> str:
    """Return the report of a detector as HTML.

    Parameters
    ----------
    trial
        What came out.
    run
        How it was made: ``name`` of the data, ``command``, ``started``, ``seconds``, ``versions``, ``notes``.
    """
    return render(summarise(trial, run))


def summarise(trial: Trial, run: dict[str, Any]) -> blocks.Block:
    """Return the report as a dictionary, of the form that `summary.summarise` gives.

    Takes what `page` does.
    """
    first, *rest = trial.sentences()
    return {
        "kind": "training",
        "begin": {"anchor": "alarms", "text": "Skip to the alarms"},
        "title": f"{run['name']}, watched",
        "subtitle": f"{spoken(trial.model)}, {len(trial.model.channels_)} channels, over {trial.n_steps:,} steps that "
        "it learned nothing from",
        "verdict": {
            "heading": "The verdict",
            "statement": first,
            "sentences": [*rest, *run["notes"]],
            "tiles": _tiles(trial),
        },
        "sections": [
            alarms.section(trial),
            alarms.examples(trial),
            learning.section(trial.model, "Mean Huber loss of the standardised values, per step and channel."),
            circumstances(trial.model, run),
        ],
        "made": wording.signed(run),
    }


def _tiles(trial: Trial) -> list[blocks.Block]:
    told = trial.model.threshold_
    tiles = [
        {"label": "Alarms", "value": f"{len(trial.alarms):,}", "note": f"in {trial.n_steps:,} steps"},
        {
            "label": "False alarms allowed",
            "value": f"1 in {1 / told.rate:,.0f}",
            "note": f"normal steps; threshold {told.value:.2f}, {told.method}",
        },
    ]
    if trial.judgement is None:
        return tiles
    ours, simple = trial.judgement.rows[0], trial.judgement.simple
    return [
        *tiles,
        {
            "label": "Events met",
            "value": wording.percent(ours["event recall"]),
            "note": f"of {trial.judgement.n_events:,} labelled",
        },
        {
            "label": "VUS-PR",
            "value": f"{ours['VUS-PR']:.2f}",
            "note": f"{simple['detector']}: {simple['VUS-PR']:.2f}; {trial.judgement.verdict}",
        },
    ]
