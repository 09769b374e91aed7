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
from tidegate.cli.options import EXAMPLE, ID, LABEL, SET, TIME, Chance, Folder, Speech, check_source
from tidegate.cli.progress import training_bar
from tidegate.cli.settings import spoken
from tidegate.cli.tasks import table
from tidegate.cli.tasks.table import TASKS, Name
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.cli.tasks.task import Task
    from tidegate.tasks.estimator import SequenceEstimator
    from tidegate.tasks.places import Origin
    from tidegate.tasks.trial import Trial

TYPED = """
tidegate train classify questions.tsv --output questions
tidegate train classify train.ts --test test.ts --set convolution=beside
tidegate train classify steps.csv --id recording --label activity
tidegate train tag names.conll --output names
tidegate train transcribe recordings/ --output heard
tidegate train translate train.de,train.en --test test.de,test.en
tidegate train generate tales.txt --set layers=2 --output tales
tidegate run questions new.txt
"""


@dataclass(frozen=True)
class Lesson:
    """What to learn from what."""

    task: Annotated[
        Name,
        typer.Argument(
            metavar="TASK",
            help="classify: one label per sequence. generate: write on. tag: one tag per token of a sentence. "
            "transcribe: what is said in each recording. translate: a text of any length for each text.",
        ),
    ]
    labelled: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="To classify: .tsv or .csv of texts, .npz, .ts or long .csv (id, time, label) of channels. To tag: a "
            "token a line with its tag, as in CoNLL or CoNLL-U. To generate: .txt, .tsv or .csv of texts, .npz of "
            "melodies. To transcribe: a folder of WAV files and a .tsv of what each says, or .npz. To translate: .tsv "
            "of source and target, or a file of each: train.de,train.en.",
        ),
    ] = None
    example: Annotated[str | None, EXAMPLE] = None
    test: Annotated[
        Path | None, typer.Option("--test", metavar="FILE", help="What to judge by; else a part of DATA, set aside.")
    ] = None
    by: Annotated[
        Literal["text", "line"] | None,
        typer.Option("--by", metavar="text|line", help="To generate: .txt as one long text, or a text a line; text."),
    ] = None
    id: Annotated[str | None, ID] = None
    time: Annotated[str | None, TIME] = None
    label: Annotated[str | None, LABEL] = None

    @property
    def about(self) -> Task:
        """What the task says of itself."""
        return TASKS[self.task]

    @property
    def chosen(self) -> str | None:
        """The example that was asked for, by its name."""
        return self.about.DEFAULT_EXAMPLE if self.example == "" else self.example

    @property
    def name(self) -> str:
        """What the results are called after."""
        if self.chosen is not None:
            return self.chosen
        return self.labelled.resolve().name.split(".")[0] if self.labelled else "data"

    def recorded(self) -> dict[str, str | None]:
        """Return what decides what is read, as it stands in run.json."""
        read = {**vars(self), "example": self.chosen}
        return {name: None if value is None else str(value) for name, value in read.items()}

    def read(self) -> tuple[Any, Any]:
        """Return what to learn from, and what to judge by if it has a file of its own, else None.

        Raises
        ------
        SettingError, DataError
            If there is nothing to read, or it cannot be read or does not hold what is wanted.
        """
        check_source(self.labelled, self.example, "a file to learn from")
        own = self._own()
        if own and self.chosen is not None:
            raise SettingError(f"--{next(iter(own))} says how DATA is read; leave it out for an example.")
        about = self.about
        given = about.read(self.labelled, **own) if self.labelled is not None else about.example(str(self.chosen))
        return given, None if self.test is None else about.read(self.test, **own)

    def origin(self, file: Path | None) -> Origin | None:
        """Return what messages call the sequences of DATA or of --test; None without a file."""
        return None if file is None else self.about.origin(file, **self._own())

    def _own(self) -> dict[str, Any]:
        """Return the options of the task's own for reading."""
        return table.own(self.about, "read", {name: getattr(self, name) for name in ("by", "id", "time", "label")})


@dataclass(frozen=True)
class Course:
    """How long and how to train."""

    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="Times that all is seen, at most; else by its size.")
    ] = None
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="N", help="Sequences per update; else by the task.")
    ] = None
    settings: Annotated[list[str] | None, SET] = None


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    lesson: Lesson
    course: Course
    chance: Chance
    folder: Folder
    speech: Speech
    typed: Invocation

    def recorded(self, seed: int) -> dict[str, Any]:
        """Return what decides the result, as it stands in run.json, with the seed that the model has."""
        own = {"epochs": self.course.epochs, "batch_size": self.course.batch_size, "seed": seed}
        return {**self.lesson.recorded(), **own, "set": list(self.course.settings or ())}


@command("train", example=TYPED, default_example="")
def train(request: Request) -> int:
    """Learn a sequence task, judged beside a simple model.

    A fifth of the data, to generate a tenth, is set aside, or --test is read, and never learned from. Writes the model,
    what it says of every test sequence, its scores and a report. Use the model with tidegate run.
    """
    lesson = request.lesson
    place = folders.place(request.typed.command, f"{lesson.task}-{lesson.name}", request.folder)
    model = _model(request)
    if place.state == "finished":
        results.check_same(place.folder, request.recorded(model.seed))
    else:
        with resumable(place, request.typed):
            _write(request, model, place)
        place.clear()
    return _show(place, lesson.about, request.speech)


def _model(request: Request) -> SequenceEstimator[Any]:
    """Return the estimator that was asked for, its settings checked before any work."""
    import tidegate
    from tidegate.tasks.fitting import TRAINING, elsewhere

    estimator = getattr(tidegate, request.lesson.about.ESTIMATOR)
    known = estimator().get_params(deep=False)
    given = spoken(request.course.settings or (), known, estimator.__name__, TRAINING, refused=elsewhere)
    made: SequenceEstimator[Any] = estimator(**{"seed": request.chance.seed, **given})
    made._check_settings()  # noqa: SLF001 (before any work)
    return made


def _write(request: Request, model: SequenceEstimator[Any], place: folders.Place) -> None:
    """Learn, judge, and write everything that came out."""
    from tidegate.report.files import csv, plain_json
    from tidegate.report.provenance import Occasion
    from tidegate.report.trained import page

    started, clock = datetime.now().astimezone(), time.monotonic()
    found = _tried(request, model, place)
    spent = time.monotonic() - clock
    occasion = Occasion(request.lesson.name, request.typed.line, started, spent, request.recorded(model.seed))
    run = {**occasion.facts(seed=model.seed), **found.clocks(), "notes": list(found.notes)}
    texts = {
        "scores.json": plain_json(found.to_dict()),
        "predictions.csv": csv(found.frame()),
        "run.json": plain_json(run),
        "report.html": page(request.lesson.about.told(found), found, run),
    }
    folders.write(place, texts, also=lambda draft: found.model.save(draft / "model"))


def _tried(request: Request, model: SequenceEstimator[Any], place: folders.Place) -> Trial:
    from tidegate.tasks.places import located
    from tidegate.training.checkpoints import kept_in

    lesson = request.lesson
    given, test = lesson.read()
    places = located(*map(lesson.origin, (lesson.labelled, lesson.test)))
    with kept_in(place.store), places, training_bar(quiet=request.speech.quiet):
        return lesson.about.tried(
            model, given, test, epochs=request.course.epochs, batch_size=request.course.batch_size
        )


def _show(place: folders.Place, task: Task, speech: Speech) -> int:
    scores = json.loads((place.folder / "scores.json").read_text(encoding="utf-8"))
    run = results.read(place.folder)["run"]
    files = sorted(path.name for path in place.folder.iterdir())
    if speech.json:
        document = {"output": str(place.folder), "files": files, "run": run, **scores}
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return 0
    from tidegate.cli import screen

    screen.show_trial(task.listing(scores), scores["sentences"], run, (str(place.folder), files))
    return 0
