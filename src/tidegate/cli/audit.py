"""`tidegate audit`: what a forecaster does not see, sees though it must not, or merely repeats."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import folders
from tidegate.cli.app import Invocation, command
from tidegate.cli.interruption import resumable
from tidegate.cli.observations import observations
from tidegate.cli.options import SET, Ahead, Chance, Folder, Source, Speech, split
from tidegate.cli.results import check_same
from tidegate.cli.settings import configured
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.evaluation.audit.audit import Audit

EXAMPLE = """
tidegate audit gru sales.csv --horizon 12
tidegate audit sales-gru sales.csv --horizon 12
tidegate audit mymodule:predict sales.csv --horizon 12
"""


@dataclass(frozen=True)
class Target:
    """What to audit."""

    subject: Annotated[
        str, typer.Argument(metavar="TARGET", help="A model's name, the folder of a saved model, or module:function.")
    ]


@dataclass(frozen=True)
class Given:
    """How the model differs from its defaults."""

    settings: Annotated[list[str] | None, SET] = None


@dataclass(frozen=True)
class Leniency:
    """What is not held against it."""

    allow: Annotated[
        str,
        typer.Option("--allow", metavar="A,B", help="Checks that may fail: blind-spots, leaks, points, sameness."),
    ] = ""


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    target: Target
    source: Source
    ahead: Ahead
    leniency: Leniency
    given: Given
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        own: dict[str, Any] = {"audited": self.target.subject, "horizon": self.ahead.horizon, "seed": self.chance.seed}
        return {
            **self.source.recorded(),
            **own,
            "allow": list(split(self.leniency.allow)),
            "set": list(self.given.settings or ()),
        }


@command("audit", example=EXAMPLE)
def audit(request: Request) -> int:
    """Find what a forecaster does not see, or must not see.

    Blind spots, leaks, echoes, points left out, and what must not matter. TARGET is a model's name, the folder of a
    saved model, or a function of yours: predict(history, horizon) or backtest(frame, horizon, folds). Exits with 1 if
    a check failed.
    """
    from tidegate.evaluation.audit.finding import checked_names

    allow = checked_names(split(request.leniency.allow))
    name = request.target.subject.rstrip("/").rpartition("/")[2].replace(":", "-").removesuffix(".py")
    place = folders.place("audit", f"{request.source.name}-{name}", request.folder)
    if place.state == "finished":
        check_same(place.folder, request.recorded())
    else:
        with resumable(place, request.typed):
            _write(request, allow, place)
    return _show(place, request.speech)


def _write(request: Request, allow: tuple[str, ...], place: folders.Place) -> None:
    """Audit, and write everything that was found."""
    from tidegate.report.audited import page
    from tidegate.report.files import plain_json
    from tidegate.report.provenance import Occasion

    started, clock = datetime.now().astimezone(), time.monotonic()
    found = _found(request, allow)
    spent = time.monotonic() - clock
    occasion = Occasion(request.source.name, request.typed.line, started, spent, request.recorded())
    run = occasion.facts(seed=request.chance.seed)
    texts = {"audit.json": plain_json(found.to_dict()), "run.json": plain_json(run), "report.html": page(found, run)}
    folders.write(place, texts)


def _found(request: Request, allow: tuple[str, ...]) -> Audit:
    """Return the audit; what a function prints goes to stderr, where it cannot be taken for a result."""
    from tidegate.evaluation.audit.audit import audit as examine

    with contextlib.redirect_stdout(sys.stderr):
        target = _target(request)
        panel = observations(request.source)
        horizon, seed = request.ahead.horizon, request.chance.seed
        return examine(target, panel, horizon=horizon, allow=allow, seed=seed, watch=_watch(request.speech))


def _target(request: Request) -> Any:
    """Return what is named, as a forecaster where settings are given for it."""
    from tidegate.forecasters import registry

    name, words = request.target.subject, request.given.settings or ()
    if not words:
        return name
    if name not in {entry.name for entry in registry.entries()}:
        raise SettingError(f"--set goes with a model's name, and {name!r} is none. Leave it out.")
    return configured(registry.entry(name), words, seed=request.chance.seed, horizon=request.ahead.horizon)


def _watch(speech: Speech) -> Callable[[str], None] | None:
    if speech.quiet:
        return None
    return lambda what: typer.echo(f"Audit: {what}", err=True)


def _show(place: folders.Place, speech: Speech) -> int:
    """Print what was found; return 1 if a check failed."""
    document = json.loads((Path(place.folder) / "audit.json").read_text(encoding="utf-8"))
    if speech.json:
        typer.echo(json.dumps({"output": str(place.folder), **document}, indent=1, ensure_ascii=False))
    else:
        from tidegate.cli import screen

        files = sorted(path.name for path in place.folder.iterdir())
        screen.show_audit(document, str(place.folder), files)
    return 0 if document["passed"] else 1
