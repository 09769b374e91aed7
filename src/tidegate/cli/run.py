"""`tidegate run`: use a trained sequence model on a file, or on standard input line by line."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tidegate.cli.app import command, failed
from tidegate.cli.options import ID, JSON, LABEL, TIME, Flag
from tidegate.cli.tasks import table
from tidegate.cli.tasks.generate import Writing
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.cli.tasks.task import Answer, Task
    from tidegate.tasks.anomalies.detector import AnomalyDetector
    from tidegate.tasks.places import Origin

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


class Asked(NamedTuple):
    """A sequence that is asked about.

    Attributes
    ----------
    origin, number
        Where it is from, and its number there.
    sequence
        None for an empty line, which is answered by an empty line.
    error
        Why there is none.
    """

    origin: Origin
    number: int
    sequence: Any
    error: DataError | None = None


class Said(NamedTuple):
    """What is printed for a sequence, and why it is no answer."""

    line: str
    error: DataError | None = None


@command("run", example=EXAMPLE)
def run(request: Request) -> int:
    """Use a trained sequence model.

    Prints one line for each sequence, in their order: of a classifier label and probability, apart by a tab, after the
    id of a long .csv; of a tagger each word with its tag, word/tag; of a generator the line and what it goes on with,
    of an empty line a whole text; of a transcriber what is said in a recording; of a translator the target. Lines of
    standard input are answered as they come. What cannot be used is said on stderr with its line, has an empty line for
    an answer, and makes the exit code 2; a file of which nothing can be used is refused. With --json each answer is a
    document on a line of its own, with probabilities, or with the error. Of a detector, the folder model/ that tidegate
    detect wrote, it prints a line for each alarm: the recording if there are several, first and last step, number of
    steps, score, and the channels to blame.
    """
    made = _loaded(request.trained)
    if type(made).__name__ == "AnomalyDetector":
        return _watch(made, request)
    model, task = _of_task(made, request.trained)
    own = table.own(task, "answers", {"writing": request.writing})
    code = 0
    try:
        for said in _every(model, task, request, own):
            if said.error is not None:
                code = failed(str(said.error), said.error.exit_code)
            typer.echo(said.line)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        return 130
    return code


def _every(model: Any, task: Task, request: Request, own: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what is said of all sequences."""
    from tidegate.data.lines import is_plain

    columns = table.own(task, "sequences", {name: getattr(request, name) for name in ("id", "time", "label")})
    if columns and (request.file == "-" or is_plain(Path(request.file))):
        raise SettingError(f"--{next(iter(columns))} names a column of a long .csv; leave it out for lines of text.")
    if request.file != "-":
        parts = (_told(model, task, part, own, whole=request.json) for part in _parts(request.file, task, columns))
        return itertools.chain(_usable(next(parts, iter(()))), itertools.chain.from_iterable(parts))
    if sys.stdin is None:
        raise SettingError("There is no standard input. Name a file as INPUT.")
    lines = _lines(sys.stdin.buffer, task)
    return (said for one in lines for said in _told(model, task, [one], own, whole=request.json))


def _usable(part: Iterator[Said]) -> Iterator[Said]:
    """Yield what is said of the first part of a file, which is refused if nothing in it can be used."""
    held: list[Said] = []
    errors: list[DataError] = []
    for said in part:
        held.append(said)
        if said.error is None:
            break
        errors.append(said.error)
    if errors and len(errors) == len(held):
        raise errors[0]
    yield from itertools.chain(held, part)


def _loaded(directory: Path) -> Any:
    """Return the model of a folder."""
    from tidegate.archive import is_there
    from tidegate.tasks.storage import load

    if not any(is_there(folder) for folder in (directory, directory / "model")):
        there = "it is a file" if directory.exists() else "there is no such folder"
        why = "it holds no config.json" if directory.is_dir() else there
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
    from tidegate.data.lines import is_plain
    from tidegate.data.recorded import read_recorded

    if request.file == "-" or is_plain(Path(request.file)):
        raise SettingError("A detector watches recordings: name a file of them, CSV or Parquet, as INPUT.")
    if request.label is not None or request.writing != Writing():
        raise SettingError("A detector takes --id and --time alone; leave the other options out.")
    found = detector.alarms(read_recorded(request.file, id=request.id, time=request.time)).frame()
    found[["start", "end", "time"]] = found[["start", "end", "time"]].astype(str)
    for row in found.to_dict("records"):
        cells = [row["recording"], row["start"], row["end"], row["steps"], f"{row['score']:.1f}", row["channels"]]
        typer.echo(json.dumps(row, ensure_ascii=False) if request.json else "\t".join(map(str, cells[not cells[0] :])))
    return 0


def _lines(stream: Iterable[bytes], task: Task) -> Iterator[Asked]:
    """Yield the sequence of each line, as they come."""
    return (_line(raw, number, Path("standard input"), task) for number, raw in enumerate(stream, start=1))


def _parts(name: str, task: Task, columns: Mapping[str, Any] = MappingProxyType({})) -> Iterator[list[Asked]]:
    """Yield the sequences of a file, several at a time; of plain text every line, so that answers stand beside them."""
    from tidegate.data.lines import is_plain, raw_lines
    from tidegate.tasks.places import Origin

    path = Path(name)
    if is_plain(path):
        asked = (_line(raw, number, path, task) for number, raw in raw_lines(path))
    else:
        asked = (Asked(Origin(path.name), k, one) for k, one in enumerate(task.sequences(path, **columns)))
    while part := list(itertools.islice(asked, _AT_ONCE)):
        yield part


def _line(raw: bytes, number: int, file: Path, task: Task) -> Asked:
    """Return the sequence of a line, or why it is none."""
    from tidegate.data.lines import decoded
    from tidegate.tasks.places import Origin

    asked = Asked(Origin(file.name, lambda: [number]), 0, None)
    try:
        line = decoded(raw, number, file)
        return asked._replace(sequence=task.sequence(line) if line.strip() else task.EMPTY)
    except DataError as error:
        return asked._replace(error=_placed(error, asked))


def _told(
    model: Any, task: Task, part: Sequence[Asked], own: Mapping[str, Any] = MappingProxyType({}), *, whole: bool
) -> Iterator[Said]:
    """Yield what is said of each sequence, by options of the task's own."""
    found = _answers(model, task, [one for one in part if one.sequence is not None], own)
    for one in part:
        answer = one.error if one.sequence is None else next(found)
        if answer is None:
            yield Said("")
        elif isinstance(answer, DataError):
            yield Said(json.dumps({"error": str(answer)}, ensure_ascii=False) if whole else "", answer)
        else:
            yield Said(json.dumps(answer.document, ensure_ascii=False) if whole else answer.line)


def _answers(model: Any, task: Task, part: Sequence[Asked], own: Mapping[str, Any]) -> Iterator[Answer | DataError]:
    """Yield the answer for each sequence, or why there is none; where one of them fails, the rest are asked singly."""
    n_answers = 0
    try:
        for answer in task.answers(model, [one.sequence for one in part], **own) if part else ():
            n_answers += 1
            yield answer
    except DataError:
        for one in part[n_answers:]:
            yield _answer(model, task, one, own)


def _answer(model: Any, task: Task, one: Asked, own: Mapping[str, Any]) -> Answer | DataError:
    """Return the answer for a sequence, or why there is none."""
    import numpy as np

    from tidegate.tasks.places import counted_as, located

    try:
        with located(one.origin), counted_as(np.array([one.number])):
            return next(task.answers(model, [one.sequence], **own))
    except DataError as error:
        return _placed(error, one)


def _placed(error: DataError, one: Asked) -> DataError:
    """Return an error that says which sequence it is about."""
    where = one.origin.called(one.number)
    if where in error.problem:
        return error
    place = replace(error.place, row=one.origin.number(one.number))
    return DataError(f"{where}: {error.problem}", place=place, repair=error.repair)
