"""From an estimator of a task that was tried to its report: one HTML file that opens without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tidegate.report import blocks, wording
from tidegate.report.page import render
from tidegate.training.settings import Training

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
        "sections": [*told.sections, circumstances(trial.model, run)],
        "made": wording.signed(run),
    }


class Fitted(Protocol):
    """An estimator that was fitted, of any task."""

    n_parameters_: int
    n_learned_: int
    n_held_out_: int

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's own face
        """Return its settings by name."""


def circumstances(model: Fitted, run: dict[str, Any]) -> blocks.Block:
    """Return what was trained, and how to do it again: the section that each report of a task ends with."""
    settings = sorted(model.get_params(deep=False).items())
    pairs = [
        ("Learned from", _learned(model)),
        ("Numbers learned", f"{model.n_parameters_:,}"),
        ("Settings", ", ".join(said for name, value in settings if value is not None for said in _typed(name, value))),
        ("Made on", f"{run['started']}, in {run['seconds']:.1f} s"),
        *((name, version) for name, version in run["versions"].items()),
    ]
    command = {"kind": "code", "title": "The exact command", "text": run["command"]}
    return blocks.section("reproduce", "How this was made", [command, blocks.facts(pairs)], short="Reproduce")


def _learned(model: Fitted) -> str:
    """Return from how many a model learned, and how many more stopped it.

    Detectors learn from windows of recordings, which have a setting of that name.
    """
    unit = "window" if "window" in model.get_params(deep=False) else "sequence"
    learned = f"{model.n_learned_:,} {unit}{'' if model.n_learned_ == 1 else 's'}"
    return f"{learned}; {model.n_held_out_:,} more stop training" if model.n_held_out_ else learned


def _typed(name: str, value: Any) -> list[str]:
    """Return a setting as ``--set`` takes it; of how training goes only what is not as usual.

    >>> _typed("layers", 2), _typed("bidirectional", True), _typed("signals", ("error", "level"))
    (['layers=2'], ['bidirectional=true'], ['signals=error,level'])
    """
    if isinstance(value, Training):
        changed = {part: one for part, one in value._asdict().items() if one != getattr(Training(), part)}
        return [said for part, one in changed.items() for said in _typed(f"{name}.{part}", one)]
    if isinstance(value, bool):
        return [f"{name}={str(value).lower()}"]
    return [f"{name}={','.join(map(str, value)) if isinstance(value, list | tuple) else value}"]
