"""`tidegate analyse`: study one series and say what it is like."""

from __future__ import annotations

import json
from dataclasses import dataclass

import typer

from tidegate.cli import folders
from tidegate.cli.app import Invocation, command
from tidegate.cli.observations import observations
from tidegate.cli.options import Chance, Folder, Source, Speech, Subject

EXAMPLE = """
tidegate analyse sales.csv
tidegate analyse --example retail --series shop-07
"""


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    source: Source
    subject: Subject
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation


@command("analyse", example=EXAMPLE)
def analyse(request: Request) -> int:
    """Study one series: trend, seasons, stationarity, remainder.

    Says in words and figures what the series is like: its trend, its seasons, whether its level and spread stay the
    same, what pattern is left over, and whether it was sampled often enough.
    """
    place = folders.place("analyse", request.source.name, request.folder)
    if place.state != "finished":
        _write(request, place)
    document = json.loads((place.folder / "profile.json").read_text(encoding="utf-8"))
    if request.speech.json:
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    document["files"] = sorted(path.name for path in place.folder.iterdir())
    screen.show_profile(document, place.folder)
    return 0


def _write(request: Request, place: folders.Place) -> None:
    from tidegate.analysis.intake import analyse as study
    from tidegate.report.files import plain_json

    panel = observations(request.source)
    found = study(panel, series=request.subject.series)
    document = {
        "name": request.source.name,
        "command": request.typed.line,
        "notes": list(panel.notes),
        "sentences": found.sentences(),
        "profile": found.to_dict(),
    }
    folders.write(place, {"profile.json": plain_json(document)})
