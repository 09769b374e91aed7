"""`tidegate predict`: forecast with a saved model, from where it was fitted or from newer observations."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import folders, results
from tidegate.cli.app import Invocation, command
from tidegate.cli.observations import observations
from tidegate.cli.options import Coverage, Folder, Source, Speech
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

EXAMPLE = """
tidegate predict sales-gru
tidegate predict sales-gru newer.csv --levels 80,95
"""


@dataclass(frozen=True)
class Saved:
    """Which model to use."""

    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that fit or forecast wrote.")]


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    saved: Saved
    source: Source
    coverage: Coverage
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        levels = list(self.coverage.percent())
        return {**self.source.recorded(), "model": str(self.saved.directory), "levels": levels}


@command("predict", example=EXAMPLE)
def predict(request: Request) -> int:
    """Forecast with a saved model.

    Goes on from the end of the data that the model was fitted on, or from the end of newer DATA without fitting again.
    """
    model = saved(request.saved.directory)
    place = folders.place("predict", request.saved.directory.resolve().name, request.folder)
    if place.state == "finished":
        results.check_same(place.folder, request.recorded())
    else:
        _write(model, request, place)
    document = results.read(place.folder)
    if request.speech.json:
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    screen.show_prediction(document)
    return 0


def _write(model: Forecaster, request: Request, place: folders.Place) -> None:
    from tidegate.report.files import csv, plain_json
    from tidegate.report.provenance import Occasion

    started, clock = datetime.now().astimezone(), time.monotonic()
    source = request.source
    panel = newer(source, model) if source.data or source.example else None
    future = source.future if panel is None else None
    frame = model.predict(panel, levels=request.coverage.percent(), future=future)
    name, spent = str(request.saved.directory), time.monotonic() - clock
    occasion = Occasion(name, request.typed.line, started, spent, request.recorded())
    facts = {
        **occasion.facts(),
        "model": model.name,
        "notes": [*(panel.notes if panel is not None else ()), *([model.shortage_] if model.shortage_ else [])],
    }
    folders.write(place, {"forecast.csv": csv(frame), "run.json": plain_json(facts)})


def saved(directory: Path) -> Forecaster:
    """Return the model that a folder holds.

    Raises
    ------
    SettingError
        If the folder holds no model.
    StorageError
        If the model is damaged.
    """
    from tidegate.forecasters.storage import is_model, load

    if not is_model(directory):
        why = "it holds no config.json" if directory.is_dir() else "there is no such folder"
        raise SettingError(f"{directory} is not a saved model: {why}. Name a folder that fit, forecast or tune wrote.")
    return load(directory)


def newer(source: Source, model: Forecaster) -> Panel:
    """Return the panel of the newer data, read with the covariates and the clock that the model was fitted on."""
    history = model.history_
    return observations(
        replace(
            source,
            known=source.known or ",".join(history.known.names),
            past=source.past or ",".join(history.past.names),
            static=source.static or ",".join(history.static.names),
            frequency=source.frequency or history.frequency,
            timezone=source.timezone or history.timezone,
        )
    )
