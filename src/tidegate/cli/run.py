"""`tidegate run`: use a trained sequence model on a file, or on standard input line by line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.app import command
from tidegate.cli.options import ID, JSON, LABEL, TIME, Flag
from tidegate.cli.tasks import table
from tidegate.cli.tasks.generate import Writing
from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.cli.tasks.task import Task
    from tidegate.tasks.anomalies.detector import AnomalyDetector

EXAMPLE = """
tidegate run questions new.txt
tail -f incoming.log | tidegate run questions
tidegate run tidegate-detect-pump today.csv
ls calls/*.wav | tidegate run heard
echo "Once upon a time" | tidegate run tales --temperature 0.7 --count 3
"""

_AT_ONCE = 1_024


@dataclass(frozen=True)
class Request:
    """Everything that was asked for."""

    trained: Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that tidegate train or detect wrote.")]
    writing: Writing
    file: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A file as for train, without a look at its labels, tags, transcripts or targets; .txt: one text, or "
            "file name of a recording, a line; -: lines of standard input.",
        ),
    ] = "-"
    id: Annotated[str | None, ID] = None
    time: Annotated[str | None, TIME] = None
    label: Annotated[str | None, LABEL] = None
    json: Annotated[Flag, JSON] = False


@command("run", example=EXAMPLE)
def run(request: Request) -> int:
    """Use a trained sequence model.

    Prints one line for each sequence, in their order: of a classifier label and probability, apart by a tab, after the
    id of a long .csv; of a tagger each word with its tag, word/tag; of a generator the line and what it goes on with,
    of an empty line a whole text; of a transcriber what is said in a recording; of a translator the target. Lines of
    standard input are answered as they come. With --json each answer is a document on a line of its own, with
    probabilities. Of a detector, the folder model/ that tidegate detect wrote, it prints a line for each alarm: the
    recording if there are several, first and last step, number of steps, score, and the channels to blame.
    """
    made = _loaded(request.trained)
    if type(made).__name__ == "AnomalyDetector":
        return _watch(made, request)
    model, task = _of_task(made, request.trained)
    own = table.own(task, "answers", {"writing": request.writing})
    columns = table.own(task, "sequences", {name: getattr(request, name) for name in ("id", "time", "label")})
    if columns and (request.file == "-" or _is_plain(request.file)):
        raise SettingError(f"--{next(iter(columns))} names a column of a long .csv; leave it out for lines of text.")
    parts = _lines(sys.stdin.buffer, task) if request.file == "-" else _parts(request.file, task, columns)
    for part in parts:
        for line in _told(model, task, part, own, whole=request.json):
            typer.echo(line)
    return 0


def _loaded(directory: Path) -> Any:
    """Return the model of a folder."""
    from tidegate.archive import is_there
    from tidegate.tasks.storage import load

    if not any(is_there(folder) for folder in (directory, directory / "model")):
        why = "it holds no config.json" if directory.is_dir() else "there is no such folder"
        raise SettingError(
            f"{directory} is not a saved model: {why}. Name a folder that tidegate train or detect wrote."
        )
    return load(directory)


def _of_task(made: Any, directory: Path) -> tuple[Any, Task]:
    """Return a model, and the task that it is for."""
    from tidegate.tasks.estimator import SequenceEstimator

    task = table.task_of(made)
    if task is None:
        name = type(made).__name__
        other = "in Python, by tidegate.load" if isinstance(made, SequenceEstimator) else "by tidegate predict"
        article = "an" if name[0] in "AEIOU" else "a"
        raise SettingError(f"{directory} holds {article} {name}, which run cannot use: use it {other}.")
    return made, task


def _watch(detector: AnomalyDetector, request: Request) -> int:
    """Print the alarms of a detector on recordings, a line each."""
    from tidegate.data.recorded import read_recorded

    if request.file == "-" or _is_plain(request.file):
        raise SettingError("A detector watches recordings: name a file of them, CSV or Parquet, as INPUT.")
    if request.label is not None or request.writing != Writing():
        raise SettingError("A detector takes --id and --time alone; leave the other options out.")
    found = detector.alarms(read_recorded(request.file, id=request.id, time=request.time)).frame()
    found[["start", "end", "time"]] = found[["start", "end", "time"]].astype(str)
    for row in found.to_dict("records"):
        cells = [row["recording"], row["start"], row["end"], row["steps"], f"{row['score']:.1f}", row["channels"]]
        typer.echo(json.dumps(row, ensure_ascii=False) if request.json else "\t".join(map(str, cells[not cells[0] :])))
    return 0


def _lines(stream: Iterable[bytes], task: Task) -> Iterator[list[Any]]:
    """Yield the sequence of each line, as they come; None for one that is none."""
    from tidegate.data.lines import decoded

    for number, raw in enumerate(stream, start=1):
        yield [_sequence(decoded(raw, number, Path("standard input")), task)]


def _is_plain(name: str) -> bool:
    """Return whether each line of a file is a sequence."""
    return Path(name).name.removesuffix(".gz").lower().endswith(".txt")


def _parts(name: str, task: Task, columns: Mapping[str, Any] = MappingProxyType({})) -> Iterator[Sequence[Any]]:
    """Yield the sequences of a file, several at a time; of plain text every line, so that answers stand beside them."""
    from tidegate.data.lines import lines

    path = Path(name)
    plain = _is_plain(name)
    sequences = [_sequence(line, task) for _, line in lines(path)] if plain else task.sequences(path, **columns)
    for start in range(0, len(sequences), _AT_ONCE):
        yield sequences[start : start + _AT_ONCE]


def _sequence(line: str, task: Task) -> Any:
    return task.sequence(line) if line.strip() else task.EMPTY


def _told(
    model: Any, task: Task, part: Sequence[Any], own: Mapping[str, Any] = MappingProxyType({}), *, whole: bool
) -> Iterator[str]:
    """Yield what is said of each sequence, by options of the task's own; None is answered by an empty line."""
    there = [one for one in part if one is not None]
    found = iter(task.answers(model, there, **own)) if there else iter(())
    for one in part:
        if one is None:
            yield ""
            continue
        answer = next(found)
        yield json.dumps(answer.document, ensure_ascii=False) if whole else answer.line
