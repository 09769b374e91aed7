"""From a trained classifier to its report: one HTML file that opens without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.report import blocks, wording
from tidegate.report.page import render
from tidegate.report.sections import classes, examples, learning

if TYPE_CHECKING:
    from tidegate.tasks.trial import Trial


def page(trial: Trial, run: dict[str, Any]) -> str:
    """Return the report of a classifier as HTML.

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
    told = trial.judgement
    first, *rest = told.sentences()
    return {
        "kind": "training",
        "begin": {"anchor": "classes", "text": "Skip to the classes"},
        "title": f"{run['name']}, classified",
        "subtitle": f"{told.name}: {len(told.classes)} classes, judged on {len(told.wanted):,} sequences that "
        "it never saw",
        "verdict": {
            "heading": "The verdict",
            "statement": first,
            "sentences": [*rest, *run["notes"]],
            "tiles": _tiles(trial),
        },
        "sections": [
            classes.section(trial),
            examples.section(trial),
            learning.section(trial),
            _circumstances(trial, run),
        ],
        "made": wording.signed(run),
    }


def _tiles(trial: Trial) -> list[blocks.Block]:
    told = trial.judgement
    return [
        {
            "label": "Right",
            "value": wording.percent(told.accuracy),
            "note": f"{told.name}, {trial.seconds:,.1f} s to train",
        },
        {"label": "Simple model", "value": wording.percent(told.simple_accuracy), "note": told.simple_name},
        {
            "label": "Most frequent label",
            "value": wording.percent(told.most_frequent),
            "note": "of training, always said",
        },
        {"label": "The difference", "value": told.verdict.capitalize(), "note": "McNemar's test on the same sequences"},
    ]


def _circumstances(trial: Trial, run: dict[str, Any]) -> blocks.Block:
    """Return what was trained, and how to do it again."""
    settings = trial.model.get_params(deep=False)
    pairs = [
        ("Numbers learned", f"{trial.model.n_parameters_:,}"),
        ("Settings", ", ".join(f"{name} {value}" for name, value in sorted(settings.items()) if value is not None)),
        ("Made on", f"{run['started']}, in {run['seconds']:.1f} s"),
        *((name, version) for name, version in run["versions"].items()),
    ]
    command = {"kind": "code", "title": "The exact command", "text": run["command"]}
    return blocks.section("reproduce", "How this was made", [command, blocks.facts(pairs)], short="Reproduce")
