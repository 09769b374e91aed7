"""Ctrl-C: stop at once, keep what was finished, say where and how to go on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.cli.app import Invocation
    from tidegate.cli.folders import Place


@contextmanager
def resumable(place: Place, typed: Invocation) -> Iterator[None]:
    """Run the body; on Ctrl-C exit with 130 and the command that goes on; leave no empty store behind.

    Parameters
    ----------
    place
        Where the run writes; what is finished waits in its store.
    typed
        The command as it was typed.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        place.discard_empty()
        kept = sum(path.is_file() for path in place.store.rglob("*")) if place.store.exists() else 0
        if kept:
            count = "1 file" if kept == 1 else f"{kept} files"
            typer.echo(f"Stopped. What was finished is kept in {place.store} ({count}).", err=True)
            typer.echo(f"Go on with: {typed.resumed(str(place.folder))}", err=True)
        else:
            typer.echo("Stopped. Nothing was finished yet, so nothing is kept.", err=True)
        raise typer.Exit(130) from stop
    finally:
        place.discard_empty()
