"""The entry point of `tidegate`."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from tidegate.cli import (
    advise,
    analyse,
    audit,
    cells,
    compare,
    detect,
    fit,
    forecast,
    inspect,
    models,
    predict,
    run,
    train,
    tune,
)
from tidegate.cli.app import app, exit_code

COMMANDS = (forecast, analyse, advise, compare, audit, fit, tune, predict, inspect, train, run, detect, models, cells)
"""The modules of the commands, in the order of the help; importing one registers its command."""


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tidegate {version('tidegate')}")
        raise typer.Exit


app.registered_commands.sort(
    key=lambda one: [module.__name__.split(".")[-1] for module in COMMANDS].index(one.name or "")
)


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            is_eager=True,
            callback=lambda value: _print_version(wanted=value),
        ),
    ] = False,
) -> None:
    """Forecast time series, judged honestly against simple models."""


def main() -> None:
    """Run the command that was typed and exit with its code."""
    sys.exit(exit_code(_run))


def _run() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a letter shows "?" for it
    try:
        app()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0
