"""`tidegate models`: every model, what it can take and what it needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from tidegate.cli.app import command
from tidegate.cli.options import JSON, Flag


@dataclass(frozen=True)
class Form:
    """How to print the list."""

    json: Annotated[Flag, JSON] = False


@command("models", example="tidegate models\ntidegate models --json")
def models(form: Form) -> int:
    """List every model with what it can take and needs."""
    from tidegate.cli import screen
    from tidegate.forecasters.catalogue import models as catalogue

    found = catalogue()
    if form.json:
        typer.echo(json.dumps(list(found), indent=1))
        return 0
    screen.show_models(found)
    return 0
