"""`tidegate tune`: find good settings of a model on past origins, and fit it with them."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import folders, results
from tidegate.cli.app import Invocation, command
from tidegate.cli.fit import Choice
from tidegate.cli.interruption import resumable
from tidegate.cli.observations import observations
from tidegate.cli.options import Ahead, Chance, Folder, Source, Speech
from tidegate.cli.progress import training_bar

if TYPE_CHECKING:
    from tidegate.evaluation.trials import Finished
    from tidegate.evaluation.tuning import Search, Tuning
    from tidegate.panel import Panel

EXAMPLE = """
tidegate tune sales.csv --model gru --horizon 12
tidegate tune sales.csv --model xgboost --horizon 12 --trials 50 --budget 600 --held-out 1
"""


@dataclass(frozen=True)
class Effort:
    """How long to search, and by what to judge."""

    trials: Annotated[int, typer.Option("--trials", metavar="N", help="Settings to try, the defaults among them.")] = 30
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget", metavar="SECONDS", help="End at about this time: give up what is under way, and say what."
        ),
    ] = None
    folds: Annotated[int, typer.Option("--folds", metavar="K", help="Origins of the backtest.")] = 5
    held_out: Annotated[
        int,
        typer.Option("--held-out", metavar="K", help="Newest horizons kept out of the choice, to judge it by after."),
    ] = 0


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    source: Source
    choice: Choice
    ahead: Ahead
    effort: Effort
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        asked = {"model": self.choice.model, "horizon": self.ahead.horizon, "seed": self.chance.seed}
        return {**self.source.recorded(), **asked, **asdict(self.effort)}


class Lines:
    """One line per trial on stderr."""

    def __init__(self) -> None:
        self._best: Finished | None = None

    def ended(self, trial: Finished, n_trials: int) -> None:
        """Say how the trial did, and which is the best so far."""
        best = self._best
        if trial.state == "complete" and (best is None or trial.score < best.score):
            self._best = best = trial
        told = {
            "complete": f"error {trial.score:.4f}",
            "pruned": f"pruned at {trial.score:.4f}",
            "failed": f"failed: {trial.failure}",
        }[trial.state]
        so_far = f"; best {best.score:.4f}, trial {best.number}" if best else ""
        typer.echo(f"  trial {trial.number} ({trial.number + 1} of {n_trials}): {told}{so_far}", err=True)


@command("tune", example=EXAMPLE)
def tune(request: Request) -> int:
    """Find good settings of a model on past origins, and fit it with them.

    Each trial is fitted anew before every origin and sees nothing after it; the defaults are the first trial.
    """
    started, clock = datetime.now().astimezone(), time.monotonic()
    from tidegate.evaluation.trials import library
    from tidegate.forecasters import registry

    library()
    entry = registry.entry(request.choice.model)
    place = folders.place("tune", f"{request.source.name}-{entry.name}", request.folder)
    if place.state == "finished":
        results.check_same(place.folder, request.recorded())
        if not request.speech.quiet:
            typer.echo(f"{place.folder} is finished already.", err=True)
        return _show(place, request.speech)
    how = _search(request, place)
    panel = observations(request.source)
    if how.budget is not None:
        how = replace(how, budget=max(how.budget - (time.monotonic() - clock), 1e-3))
    with resumable(place, request.typed):
        place.store.mkdir(parents=True, exist_ok=True)
        with training_bar(quiet=request.speech.quiet):
            found = _tuned(request, panel, how)
        facts = _facts(found, request, started, time.monotonic() - clock)
        _write(found, place, facts | {"notes": list(panel.notes)})
    return _show(place, request.speech)


def _search(request: Request, place: folders.Place) -> Search:
    from tidegate.evaluation.tuning import Search

    watch = None if request.speech.quiet else Lines()
    return Search(**asdict(request.effort), store=place.store, watch=watch)


def _tuned(request: Request, panel: Panel, how: Search) -> Tuning:
    from tidegate.evaluation.tuning import search

    return search(panel, request.choice.model, how, horizon=request.ahead.horizon, seed=request.chance.seed)


def _facts(found: Tuning, request: Request, started: datetime, seconds: float) -> dict[str, Any]:
    """Return what run.json holds."""
    from tidegate.forecasters.storage import fingerprint
    from tidegate.report.provenance import Occasion

    occasion = Occasion(request.source.name, request.typed.line, started, seconds, request.recorded())
    return {
        **occasion.facts(seed=request.chance.seed),
        "fingerprint": fingerprint(found.model.history_),
        "sentences": list(found.sentences),
    }


def _write(found: Tuning, place: folders.Place, facts: dict[str, Any]) -> None:
    """Write everything into the store, which becomes the folder by one rename: the journal is in it already."""
    from tidegate.report.files import csv, plain_json

    store = place.store
    shutil.rmtree(store / "model", ignore_errors=True)
    found.model.save(store / "model")
    for name, text in (
        ("settings.json", plain_json(found.to_dict())),
        ("trials.csv", csv(found.trials)),
        ("run.json", plain_json(facts)),
    ):
        (store / name).write_text(text, encoding="utf-8", newline="")
    for fold in store.glob("*.fold"):
        fold.unlink()
    if place.folder.exists():
        shutil.rmtree(place.folder)
    store.rename(place.folder)


def _show(place: folders.Place, speech: Speech) -> int:
    document = results.read(place.folder)
    document["chosen"] = json.loads((place.folder / "settings.json").read_text(encoding="utf-8"))
    document["trials"] = results.rows(place.folder / "trials.csv")
    if speech.json:
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    out, run = screen.console(), document["run"]
    screen.show_sentences(out, f"Data: {run['name']}", run.get("notes", []))
    settings = document["chosen"]["settings"]
    flat = {**settings, **settings.get("training", {})}
    told = [f"{name}: {'by rule' if value is None else value}" for name, value in flat.items() if name != "training"]
    screen.show_sentences(out, f"Best settings of {document['chosen']['model']}", told)
    screen.show_sentences(out, "What tuning gained", run["sentences"])
    screen.show_files(out, document["output"], document["files"])
    typer.echo(f"\nForecast with: tidegate predict {document['output']}")
    return 0
