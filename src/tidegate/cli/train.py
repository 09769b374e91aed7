"""`tidegate train`: learn a sequence task from labelled data, judged on sequences set aside, and saved."""

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
from tidegate.cli.options import EXAMPLE, SET, Chance, Folder, Speech
from tidegate.cli.settings import spoken
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from tidegate.data.labelled import Labelled
    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.trial import Trial

TYPED = """
tidegate train classify questions.tsv --output questions
tidegate train classify train.ts --test test.ts --set convolution=beside
tidegate run questions new.txt
"""

DEFAULT = "reviews"
"""What ``--example`` stands for."""


@dataclass(frozen=True)
class Task:
    """What to learn from what."""

    task: Annotated[Literal["classify"], typer.Argument(metavar="TASK", help="classify: one label per sequence.")]
    labelled: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Labelled sequences: .tsv or .csv of texts, .npz or .ts of channels."),
    ] = None
    example: Annotated[str | None, EXAMPLE] = None
    test: Annotated[
        Path | None,
        typer.Option("--test", metavar="FILE", help="What to judge by; else a fifth of each class of DATA, set aside."),
    ] = None

    @property
    def name(self) -> str:
        """What the results are called after."""
        if self.example is not None:
            return self.example
        return self.labelled.resolve().name.split(".")[0] if self.labelled else "data"

    def read(self) -> tuple[Labelled, Labelled | None]:
        """Return what to learn from, and what to judge by if it has a file of its own.

        Raises
        ------
        SettingError, DataError
            If there is nothing to read, or it cannot be read or holds no labels.
        """
        from tidegate.data.sentences import labelled_example

        if (self.labelled is None) is (self.example is None):
            raise SettingError("Name a file of labelled sequences, or give --example, and not both.")
        given = labelled_example(self.example) if self.example is not None else _labelled(self.labelled)
        return given, None if self.test is None else _labelled(self.test)


@dataclass(frozen=True)
class Course:
    """How long and how to train."""

    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="Times that all is seen, at most; else by its size.")
    ] = None
    batch_size: Annotated[int, typer.Option("--batch-size", metavar="N", help="Sequences per update.")] = 32
    settings: Annotated[list[str] | None, SET] = None


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    task: Task
    course: Course
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self, seed: int) -> dict[str, Any]:
        """Return what decides the result, as it stands in run.json, with the seed that the model has."""
        read = {name: None if value is None else str(value) for name, value in vars(self.task).items()}
        own = {"epochs": self.course.epochs, "batch_size": self.course.batch_size, "seed": seed}
        return {**read, **own, "set": list(self.course.settings or ())}


@command("train", example=TYPED, default_example=DEFAULT)
def train(request: Request) -> int:
    """Learn a sequence task, judged beside a simple model.

    A fifth of the data is set aside, or --test is read, and never learned from. Writes the model, what it says of every
    test sequence, its scores and a report. Use the model with tidegate run.
    """
    place = folders.place(request.typed.command, f"{request.task.task}-{request.task.name}", request.folder)
    model = _model(request)
    if place.state == "finished":
        results.check_same(place.folder, request.recorded(model.seed))
    else:
        with resumable(place, request.typed):
            _write(request, model, place)
        place.clear()
    return _show(place, request.speech)


def _labelled(path: Path | None) -> Labelled:
    from tidegate.data.labelled import read_labelled

    made = read_labelled(str(path))
    if made.labels is None:
        raise DataError(f"{path} holds no labels", repair="Give a file with a label for each sequence.")
    return made


def _model(request: Request) -> SequenceClassifier:
    """Return the classifier that was asked for."""
    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.fitting import ELSEWHERE, TRAINING, elsewhere

    for word in request.course.settings or ():
        name, _, value = word.partition("=")
        outer, _, inner = name.strip().partition(".")
        if outer == "training" and inner in ELSEWHERE:
            raise elsewhere(inner, value)
    known = SequenceClassifier().get_params(deep=False)
    given = spoken(request.course.settings or (), known, "the classifier", TRAINING)
    made = SequenceClassifier(**{"seed": request.chance.seed, **given})
    made._check_settings()  # noqa: SLF001 (before any work)
    return made


def _write(request: Request, model: SequenceClassifier, place: folders.Place) -> None:
    """Learn, judge, and write everything that came out."""
    from tidegate.report.files import csv, plain_json
    from tidegate.report.provenance import Occasion
    from tidegate.report.trained import page

    started, clock = datetime.now().astimezone(), time.monotonic()
    found = _tried(request, model, place)
    spent = time.monotonic() - clock
    occasion = Occasion(request.task.name, request.typed.line, started, spent, request.recorded(model.seed))
    run = {**occasion.facts(seed=model.seed), **found.clocks(), "notes": list(found.notes)}
    texts = {
        "scores.json": plain_json(found.to_dict()),
        "predictions.csv": csv(found.frame()),
        "run.json": plain_json(run),
        "report.html": page(found, run),
    }
    folders.write(place, texts, also=lambda draft: found.model.save(draft / "model"))


def _tried(request: Request, model: SequenceClassifier, place: folders.Place) -> Trial:
    from tidegate.tasks.trial import tried
    from tidegate.training.checkpoints import kept_in

    given, test = request.task.read()
    with kept_in(place.store):
        return tried(model, given, test, epochs=request.course.epochs, batch_size=request.course.batch_size)


def _show(place: folders.Place, speech: Speech) -> int:
    scores = json.loads((place.folder / "scores.json").read_text(encoding="utf-8"))
    run = results.read(place.folder)["run"]
    files = sorted(path.name for path in place.folder.iterdir())
    if speech.json:
        document = {"output": str(place.folder), "files": files, "run": run, **scores}
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    screen.show_trial(scores, run, str(place.folder), files)
    return 0
