"""`tidegate detect`: learn what is normal in recordings, and say when they are not, and which channels are to blame."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tidegate.cli import folders, results
from tidegate.cli.app import Invocation, command
from tidegate.cli.interruption import resumable
from tidegate.cli.options import EXAMPLE, ID, TIME, Chance, Folder, Speech, check_source
from tidegate.cli.progress import training_bar
from tidegate.cli.settings import spoken
from tidegate.cli.train import Course
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.detector import AnomalyDetector
    from tidegate.tasks.anomalies.trial import Trial

TYPED = """
tidegate detect pump.csv
tidegate detect normal.csv --watch today.csv --false-alarms 1 --per day
tidegate detect pump.csv --labels fault --set method=reconstruct
"""

DEFAULT = "pump"
"""What ``--example`` stands for."""

_NORMAL = 0.5


@dataclass(frozen=True)
class Recorded:
    """What to learn from, and what to watch."""

    recorded: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Recordings: CSV or Parquet, a column of numbers for each channel."),
    ] = None
    example: Annotated[str | None, EXAMPLE] = None
    watch: Annotated[
        Path | None,
        typer.Option("--watch", metavar="FILE", help="What to watch, all of DATA being normal; else the rest of DATA."),
    ] = None
    normal: Annotated[
        float | None,
        typer.Option("--normal", metavar="FRACTION", help="First part of each recording that is normal; else half."),
    ] = None
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="COLUMN", help="Column of 0 and 1, which steps are odd: only to judge by."),
    ] = None
    id: Annotated[str | None, ID] = None
    time: Annotated[str | None, TIME] = None

    @property
    def name(self) -> str:
        """What the results are called after."""
        if self.example is not None:
            return self.example
        return self.recorded.resolve().name.split(".")[0] if self.recorded else "data"

    @property
    def learned(self) -> float | None:
        """Fraction of each recording that is learned from; None where it is all of DATA."""
        return self.normal if self.watch is not None else self._fraction

    @property
    def _fraction(self) -> float:
        return _NORMAL if self.normal is None else self.normal

    def read(self) -> tuple[list[Recording], list[Recording], list[str]]:
        """Return what to learn from, what to watch, and what to say of them.

        Raises
        ------
        SettingError, DataError
            If there is nothing to read, or it cannot be used.
        """
        from tidegate.tasks.anomalies.trial import parted

        check_source(self.recorded, self.example, "a file of recordings")
        self._check()
        if self.watch is None:
            given = _example(self.example) if self.example is not None else self._file(self.recorded, self.labels)
            return *parted(given, self._fraction), []
        known, told = self._column(self.watch), []
        if self.labels is not None and known is None:
            told.append(f"{self.watch} has no column {self.labels!r}: nothing says which of its steps are odd.")
        if self.example is not None:
            return _example(self.example), self._file(self.watch, known), told
        # labels of what is learned from only warn: they may be missing where what is watched has them
        own = self.labels if known is None else self._column(self.recorded)
        return self._file(self.recorded, own), self._file(self.watch, known), told

    def _check(self) -> None:
        """Refuse options that would not count."""
        if self.watch is not None:
            if self.normal is not None:
                raise SettingError("--normal does not count beside --watch: all of DATA is normal. Leave one out.")
            return
        for name in ("labels", "id", "time"):
            if self.example is not None and getattr(self, name) is not None:
                raise SettingError(
                    f"--{name} does not count for --example {self.example}, whose columns are known: leave it out."
                )

    def _file(self, path: Path | None, labels: str | None) -> list[Recording]:
        from tidegate.data.recorded import read_recorded

        return read_recorded(str(path), id=self.id, time=self.time, labels=labels)

    def _column(self, path: Path | None) -> str | None:
        """Return the column of labels if a file has it, else None."""
        from tidegate.data.reading import open_source

        return self.labels if self.labels is not None and self.labels in open_source(str(path)).kinds() else None


@dataclass(frozen=True)
class Alarms:
    """How many false alarms may be."""

    false_alarms: Annotated[
        float, typer.Option("--false-alarms", metavar="RATE", help="False alarms that may be, for each step or day.")
    ] = 0.001
    per: Annotated[Literal["step", "day"], typer.Option("--per", help="What --false-alarms counts.")] = "step"


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    data: Recorded
    alarms: Alarms
    course: Course
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self, seed: int) -> dict[str, Any]:
        """Return what decides the result, as it stands in run.json, with the seed that the model has."""
        read = {name: _text(value) for name, value in vars(self.data).items()} | {"normal": self.data.learned}
        own = {**vars(self.alarms), "epochs": self.course.epochs, "batch_size": self.course.batch_size, "seed": seed}
        return {**read, **own, "set": list(self.course.settings or ())}


@command("detect", example=TYPED, default_example=DEFAULT)
def detect(request: Request) -> int:
    """Find what is odd in recordings of one or many channels.

    Learns from the first half of each recording, or from all of DATA where --watch names another file, and watches the
    rest: alarms at a stated rate of false ones, with the channels to blame. Labels are never learned from.
    """
    place = folders.place(request.typed.command, request.data.name, request.folder)
    model = _model(request)
    if place.state == "finished":
        results.check_same(place.folder, request.recorded(model.seed))
    else:
        with resumable(place, request.typed):
            _write(request, model, place)
        place.clear()
    return _show(place, request.speech)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _example(name: str) -> list[Recording]:
    from tidegate.data.recorded import read_recorded
    from tidegate.data.watched import LABEL, watched_example

    table = watched_example(name)
    return read_recorded(table, id="card" if "card" in table else None, time="time", labels=LABEL)


def _model(request: Request) -> AnomalyDetector:
    """Return the detector that was asked for."""
    from tidegate.tasks.anomalies.detector import AnomalyDetector
    from tidegate.tasks.fitting import TRAINING, elsewhere

    known = AnomalyDetector().get_params(deep=False)
    given = spoken(request.course.settings or (), known, "AnomalyDetector", TRAINING, refused=elsewhere)
    made = AnomalyDetector(**{"seed": request.chance.seed, **vars(request.alarms), **given})
    made._check_settings()  # noqa: SLF001 (before any work)
    return made


def _write(request: Request, model: AnomalyDetector, place: folders.Place) -> None:
    """Learn, watch, judge, and write everything that came out."""
    from tidegate.report.detected import page
    from tidegate.report.files import csv, plain_json
    from tidegate.report.provenance import Occasion

    started, clock = datetime.now().astimezone(), time.monotonic()
    found, said = _tried(request, model, place)
    spent = time.monotonic() - clock
    occasion = Occasion(request.data.name, request.typed.line, started, spent, request.recorded(model.seed))
    run = {**occasion.facts(seed=model.seed), **found.clocks(), "notes": [*said, *found.notes]}
    texts = {
        "alarms.csv": csv(found.alarms.frame()),
        "steps.csv": csv(found.frame()),
        "scores.json": plain_json(found.to_dict()),
        "run.json": plain_json(run),
        "report.html": page(found, run),
    }
    folders.write(place, texts, also=lambda draft: found.model.save(draft / "model"))


def _tried(request: Request, model: AnomalyDetector, place: folders.Place) -> tuple[Trial, list[str]]:
    """Return what came out, and what to say of the data."""
    from tidegate.tasks.anomalies.trial import tried
    from tidegate.training.checkpoints import kept_in

    normal, watched, said = request.data.read()
    epochs, batch_size = request.course.epochs, request.course.batch_size
    with kept_in(place.store), training_bar(quiet=request.speech.quiet):
        found = tried(model, normal, watched, epochs=epochs, batch_size=batch_size)
    return found, said


def _show(place: folders.Place, speech: Speech) -> int:
    scores = json.loads((place.folder / "scores.json").read_text(encoding="utf-8"))
    run = results.read(place.folder)["run"]
    files = sorted(path.name for path in place.folder.iterdir())
    if speech.json:
        document = {"output": str(place.folder), "files": files, "run": run, **scores}
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    _print(scores, run, str(place.folder), files)
    return 0


def _print(scores: dict[str, Any], run: dict[str, Any], folder: str, files: list[str]) -> None:
    """Print verdict, alarms and detectors beside each other."""
    from rich.padding import Padding

    from tidegate.cli import screen

    out = screen.console()
    screen.show_sentences(out, f"Data: {run['name']}", run["notes"])
    screen.show_sentences(out, "Verdict", scores["sentences"])
    if scores["alarms"]:
        several = any(one["recording"] for one in scores["alarms"])
        screen.heading(out, "Alarms, oddest first")
        table = screen.table_of(*(["recording"] if several else []), "start", "steps", "score", "to blame")
        for one in sorted(scores["alarms"], key=lambda row: -row["score"])[:SHOWN]:
            cells = (one["start"].removesuffix(".000000000"), f"{one['steps']:,}", f"{one['score']:.1f}")
            table.add_row(*([one["recording"]] if several else []), *cells, one["channels"])
        out.print(Padding(table, (0, 0, 0, 2), expand=False))
        if len(scores["alarms"]) > SHOWN:
            out.print(f"  and {len(scores['alarms']) - SHOWN:,} more in alarms.csv")
    if "detectors" in scores:
        screen.heading(out, "Beside simple detectors")
        table = screen.table_of("detector", "VUS-PR", "events met", "false alarm steps")
        for one in scores["detectors"]:
            met = f"{100 * one['event recall']:.0f} %"
            table.add_row(one["detector"], f"{one['VUS-PR']:.2f}", met, f"{one['false alarms']:,}")
        out.print(Padding(table, (0, 0, 0, 2), expand=False))
    screen.show_files(out, folder, files)


SHOWN = 12
"""Alarms that are printed."""
