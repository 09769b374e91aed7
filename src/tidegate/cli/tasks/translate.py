"""The task translate: a text into another of any length."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.tasks.task import Answer, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.data.parallel import Parallel
    from tidegate.report.trained import Told
    from tidegate.tasks.places import Origin
    from tidegate.tasks.translation.translator import SequenceTranslator, Translation
    from tidegate.tasks.translation.trial import TranslatorTrial

ESTIMATOR = "SequenceTranslator"
DEFAULT_EXAMPLE = "dates"
EMPTY = None

_SCORES = ("simple_score", "score")
_BETWEEN = ","
_AT_ONCE = 64


def example(name: str) -> Parallel:
    """Return sources and targets of ours."""
    from tidegate.data.paired import parallel_example

    return parallel_example(name)


def read(path: Path) -> Parallel:
    """Return the pairs of a file of two columns, or of two files between which stands a comma."""
    from tidegate.data.parallel import read_parallel

    return read_parallel(*_files(path))


def origin(path: Path) -> Origin:
    """Return what messages call the pairs of a file or two: by their lines."""
    from tidegate.data.parallel import parallel_lines
    from tidegate.tasks.places import Origin

    files = _files(path)
    return Origin(" and ".join(one.name for one in files), partial(parallel_lines, *files))


def tried(
    model: SequenceTranslator, given: Parallel, test: Parallel | None, *, epochs: int | None, batch_size: int | None
) -> TranslatorTrial:
    """Return the translator fitted and judged."""
    from tidegate.tasks.translation import trial

    return trial.tried(model, given, test, epochs=epochs, batch_size=batch_size)


def told(trial: TranslatorTrial) -> Told:
    """Return what the report says."""
    from tidegate.report.tasks import translate

    return translate.told(trial)


def listing(scores: Mapping[str, Any]) -> Listing:
    """Return the scores of short, middling and long sources."""
    from tidegate.report.sections.lengths import shown

    columns = ("source", "sequences", "simple model", "translator")
    rows = [
        [row["label"], f"{row['sequences']:,}", *(shown(row[name], scores["measure"]) for name in _SCORES)]
        for row in scores["lengths"]
    ]
    unit = "BLEU" if scores["measure"] == "bleu" else "Exact matches"
    return Listing(f"{unit} by the length of the source", columns, rows, "lengths")


def sequence(line: str) -> str:
    """Return the line: a source."""
    return line


def sequences(path: Path) -> Sequence[str | None]:
    """Return the sources of a file, None for an empty line; targets are not looked at."""
    from tidegate.data.parallel import read_sources

    return read_sources(_files(path)[0])


def answers(model: SequenceTranslator, sequences: Sequence[str]) -> Iterator[Answer]:
    """Yield the best target; in the document also the others that the search kept, and how sure each is."""
    for start in range(0, len(sequences), _AT_ONCE):
        for found in model.decode(sequences[start : start + _AT_ONCE]):
            best, *others = map(_document, found)
            target = best["target"]
            line = target if isinstance(target, str) else " ".join(target)
            yield Answer(line, {**best, "alternatives": others})


def _document(found: Translation) -> dict[str, Any]:
    return {"target": found.target, "probability": math.exp(found.score), "finished": found.finished}


def _files(path: Path) -> tuple[Path, ...]:
    """Return the file, or the two between whose names a comma stands; no file's own name is taken apart."""
    names = str(path).split(_BETWEEN)
    if len(names) == 1 or path.exists():
        return (path,)
    if len(names) > 2 or not all(names):
        from tidegate.errors import DataError

        raise DataError(
            f"{str(path)!r} are not two files",
            repair="Name the file of the sources and that of the targets, with a comma between: train.de,train.en.",
        )
    return tuple(map(Path, names))
