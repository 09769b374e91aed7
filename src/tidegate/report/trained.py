"""From an estimator of a task that was tried to its report: one HTML file that opens without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.report import blocks, wording
from tidegate.report.page import render

if TYPE_CHECKING:
    from tidegate.tasks.trial import Trial


class Told(NamedTuple):
    """What a report says that is of its task alone.

    Attributes
    ----------
    done
        What became of the data: "classified".
    subtitle
        What was judged on what.
    tiles
        From `tile`, at most four.
    sections
        In their order; the first is what the page begins with.
    """

    done: str
    subtitle: str
    tiles: list[blocks.Block]
    sections: list[blocks.Block]


def tile(label: str, value: str, note: str) -> blocks.Block:
    """Return a number that is read first: what it is, the number, and a remark."""
    return {"label": label, "value": value, "note": note}


def page(told: Told, trial: Trial, run: dict[str, Any]) -> str:
    """Return the report of a trial as HTML.

    Parameters
    ----------
    told
        What is of its task alone.
    trial
        What came out.
    run
        How it was made: ``name`` of the data, ``command``, ``started``, ``seconds``, ``versions``, ``notes``.
    """
    return render(summarise(told, trial, run))


def summarise(told: Told, trial: Trial, run: dict[str, Any]) -> blocks.Block:
    """Return the report as a dictionary, of the form that `summary.summarise` gives.

    Takes what `page` does.
    """
    first, *rest = trial.sentences()
    begin = told.sections[0]
    return {
        "kind": "training",
        "begin": {"anchor": begin["name"], "text": f"Skip to the {begin['short'].lower()}"},
        "title": f"{run['name']}, {told.done}",
        "subtitle": told.subtitle,
        "verdict": {
            "heading": "The verdict",
            "statement": first,
            "sentences": [*rest, *run["notes"]],
            "tiles": told.tiles,
        },
        "sections": [*told.sections, _circumstances(trial, run)],
        "made": wording.signed(run),
    }


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
