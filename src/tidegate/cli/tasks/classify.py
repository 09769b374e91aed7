"""The task classify: one label for each sequence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.cli.tasks.task import Answer, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tidegate.data.labelled import Labelled
    from tidegate.report.trained import Told
    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.places import Origin
    from tidegate.tasks.trials.classifier import ClassifierTrial

ESTIMATOR = "SequenceClassifier"
DEFAULT_EXAMPLE = "reviews"
EMPTY = None

_SCORES = ("precision", "recall", "F1")


class Named(NamedTuple):
    """A recording of a long table, which is answered by its id."""

    id: str
    steps: Any


def example(name: str) -> Labelled:
    """Return labelled sequences of ours."""
    from tidegate.data.sentences import labelled_example

    return labelled_example(name)


def read(path: Path, *, id: str | None = None, time: str | None = None, label: str | None = None) -> Labelled:
    """Return labelled sequences of a file; of a long table by the columns that are named, if any are."""
    from tidegate.data.labelled import read_labelled
    from tidegate.errors import DataError

    made = read_labelled(path, id=id, time=time, label=label)
    if made.labels is None:
        raise DataError(f"{path} holds no labels", repair="Give a file with a label for each sequence.")
    return made


def origin(path: Path, *, id: str | None = None, time: str | None = None, label: str | None = None) -> Origin:
    """Return what messages call the sequences of a file: by their lines where each has one of its own."""
    from tidegate.data.labelled import has_lines, labelled_lines
    from tidegate.tasks.places import Origin

    lined = (id, time, label) == (None, None, None) and has_lines(path)
    return Origin(path.name, partial(labelled_lines, path) if lined else None)


def tried(
    model: SequenceClassifier, given: Labelled, test: Labelled | None, *, epochs: int | None, batch_size: int | None
) -> ClassifierTrial:
    """Return the classifier fitted and judged."""
    from tidegate.tasks.trials import classifier

    return classifier.tried(model, given, test, epochs=epochs, batch_size=batch_size)


def told(trial: ClassifierTrial) -> Told:
    """Return what the report says."""
    from tidegate.report.tasks import classify

    return classify.told(trial)


def listing(scores: Mapping[str, Any]) -> Listing:
    """Return the scores of each class."""
    from tidegate.report.wording import percent

    rows = [
        [str(row["label"]), f"{row['sequences']:,}", *(percent(row[name]) for name in _SCORES)]
        for row in scores["classes"]
    ]
    return Listing("Class by class", ("label", "sequences", *_SCORES), rows, "classes")


def sequence(line: str) -> str:
    """Return the line: a text."""
    return line


def sequences(path: Path, *, id: str | None = None, time: str | None = None, label: str | None = None) -> Sequence[Any]:
    """Return the sequences of a file, its labels not looked at; of a long table with their ids."""
    from tidegate.data.labelled import identified

    found, ids = identified(path, id=id, time=time, label=label)
    return found if ids is None else list(map(Named, ids, found))


def answers(model: SequenceClassifier, sequences: Sequence[Any]) -> Iterator[Answer]:
    """Yield label and probability, apart by a tab, after the id if there is one; in the document every probability."""
    given = [one.steps if isinstance(one, Named) else one for one in sequences]
    for one, probabilities in zip(sequences, model.predict_proba(given), strict=True):
        label = model.classes_[probabilities.argmax()].item()
        every = dict(zip(map(str, model.classes_.tolist()), probabilities.tolist(), strict=True))
        line, document = f"{label}\t{probabilities.max():.4f}", {"label": label, "probabilities": every}
        named = isinstance(one, Named)
        yield Answer(f"{one.id}\t{line}", {"id": one.id, **document}) if named else Answer(line, document)
