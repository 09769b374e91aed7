"""`tidegate advise`: where to start with some data, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.app import Invocation, command
from tidegate.cli.observations import observations
from tidegate.cli.options import Source, Speech

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.evaluation.advice.advice import Advice

EXAMPLE = """
tidegate advise sales.csv --horizon 12
tidegate advise --example retail --memory 512 --latency 20
"""
_OWN = ("--horizon", "--memory", "--latency")
_SPOKEN = ("--json", "--quiet")


@dataclass(frozen=True)
class Needs:
    """What the forecast is for and what it may take."""

    horizon: Annotated[int | None, typer.Option("--horizon", metavar="N", help="Steps ahead to forecast.")] = None
    memory: Annotated[
        float | None, typer.Option("--memory", metavar="MB", help="Memory that the process may take, in megabytes.")
    ] = None
    latency: Annotated[
        float | None,
        typer.Option("--latency", metavar="MS", help="Time that a forecast of one series may take, in milliseconds."),
    ] = None


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    source: Source
    needs: Needs
    speech: Speech
    typed: Invocation


@command("advise", example=EXAMPLE)
def advise(request: Request) -> int:
    """Say which model to start with and why, without training any.

    From the number of series, their length, season, gaps and covariates, the horizon and the allowed memory and
    latency, by documented rules and by figures that were measured on public data; each is cited.
    """
    from tidegate.evaluation.advice.advice import advise as asked

    needs = request.needs
    panel = observations(request.source)
    found = asked(panel, horizon=needs.horizon, memory=needs.memory, latency=needs.latency)
    words = repeated(request.typed.arguments)
    if request.speech.json:
        typer.echo(json.dumps(document(request, found, words), indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    screen.show_advice(request.source.name, found.sections(words))
    return 0


def document(request: Request, found: Advice, words: Sequence[str]) -> dict[str, Any]:
    """Return what `--json` prints."""
    said = {"next": found.command(words), "sentences": [one for part in found.sections(words).values() for one in part]}
    return {"name": request.source.name, "command": request.typed.line, **found.to_dict(), **said}


def repeated(arguments: Sequence[str]) -> list[str]:
    """Return those of the words typed that say which data and how to read them.

    >>> repeated(["sales.csv", "--horizon", "12", "--fill", "zero", "--memory=512", "--json"])
    ['sales.csv', '--fill', 'zero']
    """
    words, value = [], False
    for word in arguments:
        if value:
            value = False
        elif word in _OWN:
            value = True
        elif word not in _SPOKEN and not word.startswith(tuple(f"{name}=" for name in _OWN)):
            words.append(word)
    return words
