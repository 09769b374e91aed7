"""`tidegate fit`: fit one model to all observations and save it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import folders
from tidegate.cli.app import Invocation, command
from tidegate.cli.interruption import resumable
from tidegate.cli.observations import observations
from tidegate.cli.options import SET, Ahead, Chance, Folder, Source, Speech
from tidegate.cli.progress import training_bar
from tidegate.cli.settings import configured
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

TRAINED = 5
"""Cost class from which a model is trained for so long that checkpoints pay."""

EXAMPLE = """
tidegate fit sales.csv --model gru --horizon 12 --output sales-gru
tidegate fit sales.csv --model gru --horizon 12 --set decoder=segment --set training.budget=60
tidegate predict sales-gru
"""


@dataclass(frozen=True)
class Choice:
    """Which model to fit."""

    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Registry name. See tidegate models.")]


@dataclass(frozen=True)
class Given:
    """How the model differs from its defaults."""

    settings: Annotated[list[str] | None, SET] = None


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    source: Source
    choice: Choice
    ahead: Ahead
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation
    given: Given = Given()


@command("fit", example=EXAMPLE)
def fit(request: Request) -> int:
    """Fit one model to all observations and save it."""
    from tidegate.forecasters import registry

    entry = registry.entry(request.choice.model)
    place = folders.place("fit", f"{request.source.name}-{entry.name}", request.folder)
    horizon = request.ahead.horizon
    model = configured(entry, request.given.settings or (), seed=request.chance.seed, horizon=horizon)
    if place.state == "finished":
        _check_same(place, model, horizon)
        return _report({"output": str(place.folder), "model": entry.name, "finished": "already"}, request.speech)
    panel = observations(request.source)
    with resumable(place, request.typed):
        _train(model, panel, horizon, place, quiet=request.speech.quiet)
        _save(model, place)
    place.clear()
    facts = {
        "output": str(place.folder),
        "model": entry.name,
        "series": len(panel),
        "observations": len(panel.times),
        "parameters": model.n_parameters,
        "seconds": round(model.fit_seconds_, 3),
        "ignored": list(model.ignored_),
        "notes": [*panel.notes, *model.notes_],
    }
    return _report(facts, request.speech)


def _train(model: Forecaster, panel: Panel, horizon: int, place: folders.Place, *, quiet: bool) -> None:
    """Fit; a model that is trained keeps checkpoints, from which an interrupted run goes on."""
    if model.traits.cost < TRAINED:
        model.fit(panel, horizon=horizon)
        return
    from tidegate.training.checkpoints import kept_in

    with kept_in(place.store), training_bar(quiet=quiet):
        model.fit(panel, horizon=horizon)


def _check_same(place: folders.Place, model: Forecaster, horizon: int) -> None:
    """Refuse to take the model that was fitted earlier for another one."""
    from tidegate.forecasters.storage import load

    found = load(place.folder)
    earlier, now = ((one.name, repr(one.get_params(deep=False))) for one in (found, model))
    if (*earlier, found.horizon_) != (*now, horizon):
        raise SettingError(
            f"{place.folder} holds {found!r} fitted for {found.horizon_} steps ahead, not {model!r} for {horizon}. "
            "Add --force instead of --resume to replace it, or name another folder with --output."
        )


def _save(model: Forecaster, place: folders.Place) -> None:
    """Save the model; what it replaces goes only once it is safely on disk."""
    if place.state != "replace":
        model.save(place.folder)
        return
    fresh, old = place.store / "model", place.store / "replaced"
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    model.save(fresh)
    place.folder.rename(old)
    fresh.rename(place.folder)


def _report(facts: dict[str, Any], speech: Speech) -> int:
    if speech.json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return 0
    for note in facts.get("notes", ()):
        typer.echo(note)
    if facts.get("finished"):
        typer.echo(f"{facts['output']} holds a fitted model already.")
    else:
        typer.echo(
            f"{facts['model']} fitted to {facts['series']:,} series, {facts['observations']:,} observations "
            f"in {facts['seconds']:.1f} s; {facts['parameters']:,} parameters."
        )
    if facts.get("ignored"):
        typer.echo(f"{facts['model']} cannot use {', '.join(facts['ignored'])}.")
    typer.echo(f"Forecast with: tidegate predict {facts['output']}")
    return 0
