"""`tidegate forecast`: the whole way from a file to a forecast that was judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import studying
from tidegate.cli.app import command
from tidegate.evaluation.kinds import IntervalKind  # typer reads it when it runs

if TYPE_CHECKING:
    from tidegate.cli import folders
    from tidegate.evaluation.backtest import Settings

EXAMPLE = """
tidegate forecast sales.csv --horizon 12
tidegate forecast sales.csv --horizon 12 --known price,promotion --levels 80,95
tidegate forecast --example retail --horizon 28 --models naive,ets,gru
tidegate forecast sales.csv --horizon 12 --folds 12 --intervals adaptive
"""


@dataclass(frozen=True)
class Origin:
    """Where the intervals of the forecast come from."""

    intervals: Annotated[
        IntervalKind,
        typer.Option(
            "--intervals",
            help="The model's own; split-conformal, from its errors in the backtest; or its own adapted to its misses "
            "there, for series that drift.",
        ),
    ] = "own"


@dataclass(frozen=True)
class Request(studying.Request):
    """Everything that was asked for."""

    origin: Origin

    def settings(self, place: folders.Place, clock: float) -> Settings:
        """Return how to run the backtest and what intervals the forecast gets."""
        return replace(super().settings(place, clock), intervals=self.origin.intervals)

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        return {**super().recorded(), "intervals": self.origin.intervals}


@command("forecast", example=EXAMPLE)
def forecast(request: Request) -> int:
    """Judge models, say which to trust, forecast, write a report.

    Reads and checks the data, studies them, tries models from the naive forecast to the LSTM on past origins, names
    the one to trust and why, and forecasts with it.
    """
    return studying.run(request)
