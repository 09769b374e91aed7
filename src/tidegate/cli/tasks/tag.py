"""The task tag: one tag for each token of a sentence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tidegate.cli.tasks.task import Answer, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tidegate.data.tagged import Tagged
    from tidegate.report.trained import Told
    from tidegate.tasks.places import Origin
    from tidegate.tasks.tagger import SequenceTagger
    from tidegate.tasks.trials.tagger import TaggerTrial

ESTIMATOR = "SequenceTagger"
DEFAULT_EXAMPLE = "journeys"
EMPTY = None

_SCORES = ("precision", "recall", "F1")


def example(name: str) -> Tagged:
    """Return tagged sentences of ours."""
    from tidegate.data.journeys import tagged_example

    return tagged_example(name)


def read(path: Path) -> Tagged:
    """Return tagged sentences of a file."""
    from tidegate.data.tagged import read_tagged
    from tidegate.errors import DataError

    made = read_tagged(path)
    if made.tags is None:
        raise DataError(f"{path} holds tokens without tags", repair="Give each token its tag in another column.")
    return made


def origin(path: Path) -> Origin:
    """Return what messages call the sentences of a file: by the lines that they begin at."""
    from tidegate.data.tagged import tagged_lines
    from tidegate.tasks.places import Origin

    return Origin(path.name, partial(tagged_lines, path), "the sentence that begins at line")


def tried(
    model: SequenceTagger, given: Tagged, test: Tagged | None, *, epochs: int | None, batch_size: int | None
) -> TaggerTrial:
    """Return the tagger fitted and judged."""
    from tidegate.tasks.trials import tagger

    return tagger.tried(model, given, test, epochs=epochs, batch_size=batch_size)


def told(trial: TaggerTrial) -> Told:
    """Return what the report says."""
    from tidegate.report.tasks import tag

    return tag.told(trial)


def listing(scores: Mapping[str, Any]) -> Listing:
    """Return the scores of each kind of entity, or of each tag where tags mark none."""
    from tidegate.report.wording import percent

    rows, unit = (scores["kinds"], "entities") if scores["kinds"] else (scores["tags"], "tokens")
    cells = [[row["label"] or "any", f"{row[unit]:,}", *(percent(row[name]) for name in _SCORES)] for row in rows]
    if scores["kinds"]:
        return Listing("Kind by kind", ("kind", unit, *_SCORES), cells, "kinds")
    return Listing("Tag by tag", ("tag", unit, *_SCORES), [[str(cell) for cell in row] for row in cells], "tags")


def sequence(line: str) -> list[str]:
    """Return the tokens of a line, which blanks part."""
    return line.split()


def sequences(path: Path) -> Sequence[list[str]]:
    """Return the sentences of a file, its tags not looked at."""
    from tidegate.data.tagged import read_tagged

    return read_tagged(path, tags=False).sequences


def answers(model: SequenceTagger, sequences: Sequence[list[str]]) -> Iterator[Answer]:
    """Yield each word with its tag, ``word/tag``; in the document probabilities, and entities where tags mark some."""
    from tidegate.tasks.entities import forbidden

    kinds = model.classes_.dtype.kind == "U" and forbidden(model.classes_.tolist()) is not None
    places = {tag: k for k, tag in enumerate(model.classes_.tolist())}
    for tokens, tags, made in zip(sequences, model.predict(sequences), model.predict_proba(sequences), strict=True):
        sure = [float(row[places[tag]]) for row, tag in zip(made, tags, strict=True)]
        found = {"entities": _entities(tokens, tags)} if kinds else {}
        line = " ".join(f"{token}/{tag}" for token, tag in zip(tokens, tags, strict=True))
        yield Answer(line, {"tokens": tokens, "tags": tags, "probabilities": sure, **found})


def _entities(tokens: list[str], tags: list[str]) -> list[dict[str, Any]]:
    """Return the entities of a sentence: kind, first token, the one after the last, and text."""
    from tidegate.tasks.entities import spans

    return [{**one._asdict(), "text": " ".join(tokens[one.start : one.end])} for one in spans(tags)]
