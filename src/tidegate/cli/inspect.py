"""`tidegate inspect`: look into a trained recurrent network: gates, gradient through time, memory."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tidegate.cli import folders
from tidegate.cli.app import Invocation, command
from tidegate.cli.observations import observations
from tidegate.cli.options import Chance, Folder, Source, Speech, Subject
from tidegate.cli.predict import newer, saved
from tidegate.cli.progress import training_bar
from tidegate.cli.results import check_same
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.insight.result import Insight
    from tidegate.panel import Panel

EXAMPLE = """
tidegate inspect sales-gru
tidegate inspect sales-gru newer.csv --series shop-07
tidegate inspect --example
"""

ADDING = "adding"
_HIDDEN, _SHORTEST = 32, 12
_NAMED = 3
"""Series of a panel that are named."""


@dataclass(frozen=True)
class Inspected:
    """Which model to look into."""

    directory: Annotated[Path | None, typer.Argument(metavar="MODEL", help="A folder that fit or forecast wrote.")] = (
        None
    )


@dataclass(frozen=True)
class Looking:
    """Where to look."""

    member: Annotated[int, typer.Option("--member", metavar="N", help="Which of the model's networks, from 1.")] = 1
    origins: Annotated[
        int | None,
        typer.Option("--origins", metavar="K", help="Windows to take gradients over; else 64 / steps ahead."),
    ] = None
    steps: Annotated[
        str | None,
        typer.Option("--steps", metavar="LIST", help="Steps ahead to look at: all, or 1,6,12; else 24 at most."),
    ] = None

    def chosen(self) -> tuple[int, ...] | str | None:
        """Return the steps ahead to look at one by one: numbers, "all", or None."""
        if self.steps is None or self.steps == "all":
            return self.steps
        try:
            return tuple(int(part) for part in self.steps.split(","))
        except ValueError as error:
            raise SettingError(
                f"--steps is {self.steps!r}; it must be all, or steps ahead separated by commas, such as 1,6,12."
            ) from error


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    inspected: Inspected
    source: Source
    subject: Subject
    looking: Looking
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    @property
    def name(self) -> str:
        """What the results are called after: the model, else the example."""
        directory = self.inspected.directory
        return directory.resolve().name if directory is not None else self.source.name

    def recorded(self) -> dict[str, Any]:
        """Return the settings that decide the result, as they stand in run.json."""
        where = {**vars(self.subject), **vars(self.looking), "seed": self.chance.seed}
        return {**self.source.recorded(), "model": str(self.inspected.directory or ""), **where}


@command("inspect", example=EXAMPLE, default_example=ADDING)
def inspect(request: Request) -> int:
    """Look into a recurrent network: gates, gradient through time, memory.

    Reads a saved rnn, lstm, gru, recurrent or hybrid on the data it was fitted on, or on DATA; of an auto or ensemble
    the heaviest of these that it holds. With --example alone it trains elman, lstm and gru on the adding problem and
    shows them side by side; with the name of bundled data it fits a small gru to them first.
    """
    _check(request)
    place = folders.place("inspect", request.name, request.folder)
    if place.state == "finished":
        check_same(place.folder, request.recorded())
    else:
        _write(request, place)
    document = json.loads((place.folder / "insight.json").read_text(encoding="utf-8"))
    if request.speech.json:
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    document["files"] = sorted(path.name for path in place.folder.iterdir())
    screen.show_insight(document, place.folder)
    return 0


def _check(request: Request) -> None:
    """Refuse what names nothing to look into, or two things."""
    directory, example = request.inspected.directory, request.source.example
    if directory is None and example is None:
        raise SettingError(
            "No model: name a folder that fit or forecast wrote, or give --example to see the adding problem."
        )
    if request.source.future is not None and request.source.data is None:
        raise SettingError("--future goes with DATA, whose known columns it continues: name the data as well.")
    if directory is not None and example == ADDING:
        raise SettingError("--example adding trains networks of its own: leave MODEL out, or name bundled data.")


def _write(request: Request, place: folders.Place) -> None:
    from tidegate.report.files import plain_json
    from tidegate.report.insight import summarise
    from tidegate.report.page import render
    from tidegate.report.provenance import Occasion

    started, clock = datetime.now().astimezone(), time.monotonic()
    with training_bar(quiet=request.speech.quiet):
        insights, notes, name = _looked(request)
    occasion = Occasion(name, request.typed.line, started, time.monotonic() - clock, request.recorded())
    facts = {**occasion.facts(seed=request.chance.seed), "notes": notes}
    networks = [{**one.to_dict(), "sentences": one.sentences()} for one in insights]
    document = {"name": name, "command": request.typed.line, "notes": notes, "networks": networks}
    files: dict[str, str | bytes] = {
        "insight.json": plain_json(document),
        "run.json": plain_json(facts),
        "report.html": render(summarise(insights, facts)),
        "arrays.npz": _packed(insights),
    }
    folders.write(place, files)


class _Looked(NamedTuple):
    """What was seen, what was said of the data on the way, and what the data are called."""

    insights: Sequence[Insight]
    notes: list[str]
    name: str


def _looked(request: Request) -> _Looked:
    from tidegate.insight.adding import adding

    directory, source, looking = request.inspected.directory, request.source, request.looking
    if directory is None and source.example == ADDING:
        if request.subject.series is not None or looking != Looking():
            raise SettingError(
                "--series, --member, --origins and --steps go with a model; the adding problem has none of them."
            )
        return _Looked(adding(seed=request.chance.seed), [], ADDING)
    if directory is None:
        model, notes = _fitted(request)
        return _seen(request, model, None, _Looked((), notes, source.name))
    model = saved(directory)
    if source.data or source.example:
        panel = newer(source, model)
        return _seen(request, model, panel, _Looked((), list(panel.notes), source.name))
    history = model.history_
    said = f"The data that the model was fitted on: {len(history.times):,} observations"
    said += f" of {len(history):,} series." if len(history) > 1 else "."
    return _seen(request, model, None, _Looked((), [said], _named(history)))


def _seen(request: Request, model: Any, panel: Panel | None, told: _Looked) -> _Looked:
    from tidegate.insight.inspection import inspect as look_into

    looking = request.looking
    one = look_into(
        model,
        panel,
        series=request.subject.series,
        member=looking.member,
        origins=looking.origins,
        steps=looking.chosen(),
    )
    return told._replace(insights=(one,))


def _named(panel: Panel) -> str:
    """Return what the series of a panel are called, a few of them by name."""
    names = [str(one) for one in panel.ids[:_NAMED]]
    left = len(panel) - len(names)
    return f"{', '.join(names)} and {left:,} more" if left else ", ".join(names)


def _fitted(request: Request) -> tuple[Any, list[str]]:
    """Return a small gru fitted to bundled data, and what was said of them."""
    from tidegate.forecasters.recurrent import GRU

    panel = observations(request.source)
    season = panel.season if panel.season > 1 else _SHORTEST
    model = GRU(hidden_size=_HIDDEN, n_members=1, seed=request.chance.seed).fit(
        panel, horizon=min(season, 2 * _SHORTEST)
    )
    said = f"A gru of {_HIDDEN} hidden units was fitted to {request.source.name} for {model.horizon_} steps ahead."
    return model, [*panel.notes, said]


def _packed(insights: Sequence[Insight]) -> bytes:
    """Return every array as an .npz file; of several networks with the name of each before its arrays."""
    import numpy as np

    several = len(insights) > 1
    arrays = {
        f"{one.scene.name}.{name}" if several else name: values
        for one in insights
        for name, values in one.arrays().items()
    }
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)  # type: ignore[arg-type]  # its flag allow_pickle
    return written.getvalue()
