"""`tidegate run`: use a trained sequence model on a file, or on standard input line by line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.app import command
from tidegate.cli.options import JSON, Flag
from tidegate.cli.tasks.table import task_of
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.cli.tasks.task import Task

EXAMPLE = """
tidegate run questions new.txt
tail -f incoming.log | tidegate run questions
ls calls/*.wav | tidegate run heard
"""

_AT_ONCE = 1_024


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    trained: Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that tidegate train wrote.")]
    file: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A file as for train, without a look at its labels, tags, transcripts or targets; .txt: one text, or "
            "file name of a recording, a line; -: lines of standard input.",
        ),
    ] = "-"
    json: Annotated[Flag, JSON] = False


@command("run", example=EXAMPLE)
def run(request: Request) -> int:
    """Use a trained sequence model.

    Prints one line for each sequence, in their order: of a classifier label and probability, apart by a tab; of a
    tagger each word with its tag, word/tag; of a transcriber what is said in a recording; of a translator the target.
    Lines of standard input are answered as they come. With --json each answer is a document on a line of its own, with
    probabilities.
    """
    model, task = _model(request.trained)
    parts = _lines(sys.stdin.buffer, task) if request.file == "-" else _parts(request.file, task)
    for part in parts:
        for line in _told(model, task, part, whole=request.json):
            typer.echo(line)
    return 0


def _model(directory: Path) -> tuple[Any, Task]:
    """Return the model of a folder, and the task that it is for."""
    from tidegate.archive import is_there
    from tidegate.tasks.estimator import SequenceEstimator
    from tidegate.tasks.storage import load

    if not any(is_there(folder) for folder in (directory, directory / "model")):
        why = "it holds no config.json" if directory.is_dir() else "there is no such folder"
        raise SettingError(f"{directory} is not a saved model: {why}. Name a folder that tidegate train wrote.")
    made = load(directory)
    task = task_of(made)
    if task is None:
        other = "in Python, by tidegate.load" if isinstance(made, SequenceEstimator) else "by tidegate predict"
        raise SettingError(f"{directory} holds a {type(made).__name__}, which run cannot use: use it {other}.")
    return made, task


def _lines(stream: Iterable[bytes], task: Task) -> Iterator[list[Any]]:
    """Yield the sequence of each line, as they come; None for an empty line."""
    from tidegate.data.lines import decoded

    for number, raw in enumerate(stream, start=1):
        yield [_sequence(decoded(raw, number, Path("standard input")), task)]


def _parts(name: str, task: Task) -> Iterator[Sequence[Any]]:
    """Yield the sequences of a file, several at a time; of plain text every line, so that answers stand beside them."""
    from tidegate.data.lines import lines

    path = Path(name)
    plain = path.name.removesuffix(".gz").lower().endswith(".txt")
    sequences = [_sequence(line, task) for _, line in lines(path)] if plain else task.sequences(path)
    for start in range(0, len(sequences), _AT_ONCE):
        yield sequences[start : start + _AT_ONCE]


def _sequence(line: str, task: Task) -> Any:
    return task.sequence(line) if line.strip() else None


def _told(model: Any, task: Task, part: Sequence[Any], *, whole: bool) -> Iterator[str]:
    """Yield what is said of each sequence; an empty line of text, None, is answered by an empty line."""
    there = [one for one in part if one is not None]
    found = iter(task.answers(model, there)) if there else iter(())
    for one in part:
        if one is None:
            yield ""
            continue
        answer = next(found)
        yield json.dumps(answer.document, ensure_ascii=False) if whole else answer.line
