"""`tidegate run`: use a trained sequence model on a file, or on standard input line by line."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.app import command
from tidegate.cli.options import JSON, Flag
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.tasks.classifier import SequenceClassifier

EXAMPLE = """
tidegate run questions new.txt
tail -f incoming.log | tidegate run questions
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
            help="A file as for train, its labels not looked at; .txt: one text a line; -: lines of standard input.",
        ),
    ] = "-"
    json: Annotated[Flag, JSON] = False


@command("run", example=EXAMPLE)
def run(request: Request) -> int:
    """Use a trained sequence model.

    Prints one line for each sequence, in their order: label and probability, apart by a tab. Lines of standard input
    are answered as they come. With --json each answer is a document on a line of its own, with every probability.
    """
    model = _model(request.trained)
    parts = _lines(sys.stdin.buffer) if request.file == "-" else _parts(request.file)
    for part in parts:
        for line in _told(model, part, whole=request.json):
            if not _printed(line):
                return 0
    return 0


def _printed(line: str) -> bool:
    """Print a line; return whether someone still reads: nobody does after ``| head`` has what it wants."""
    try:
        typer.echo(line)
    except BrokenPipeError:  # no failure: and what is left in the buffer must not raise once more at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _model(directory: Path) -> SequenceClassifier:
    from tidegate.archive import is_there
    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.estimator import SequenceEstimator
    from tidegate.tasks.storage import load

    if not any(is_there(folder) for folder in (directory, directory / "model")):
        why = "it holds no config.json" if directory.is_dir() else "there is no such folder"
        raise SettingError(f"{directory} is not a saved model: {why}. Name a folder that tidegate train wrote.")
    made = load(directory)
    if not isinstance(made, SequenceClassifier):
        other = "in Python, by tidegate.load" if isinstance(made, SequenceEstimator) else "by tidegate predict"
        raise SettingError(f"{directory} holds a {type(made).__name__}, not a SequenceClassifier: use it {other}.")
    return made


def _lines(stream: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield lines one by one, as they come."""
    from tidegate.data.lines import decoded

    for number, raw in enumerate(stream, start=1):
        yield [decoded(raw, number, Path("standard input"))]


def _parts(name: str) -> Iterator[Sequence[Any]]:
    """Yield the sequences of a file, several at a time; of plain text every line, so that answers stand beside them."""
    from tidegate.data.labelled import read_labelled
    from tidegate.data.lines import lines

    path = Path(name)
    plain = path.name.removesuffix(".gz").lower().endswith(".txt")
    sequences = [line for _, line in lines(path)] if plain else read_labelled(path, labels=False).sequences
    for start in range(0, len(sequences), _AT_ONCE):
        yield sequences[start : start + _AT_ONCE]


def _told(model: SequenceClassifier, part: Sequence[Any], *, whole: bool) -> Iterator[str]:
    """Yield what is said of each sequence; an empty line of text is answered by an empty line."""
    there = [one for one in part if not isinstance(one, str) or one.strip()]
    found = iter(model.predict_proba(there)) if there else iter(())
    for one in part:
        if isinstance(one, str) and not one.strip():
            yield ""
            continue
        probabilities = next(found)
        label = model.classes_[probabilities.argmax()].item()
        if whole:
            names = map(str, model.classes_.tolist())
            yield json.dumps({"label": label, "probabilities": dict(zip(names, probabilities.tolist(), strict=True))})
        else:
            yield f"{label}\t{probabilities.max():.4f}"
