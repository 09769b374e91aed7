"""A classifier tried out: part of the data set aside, a simple model beside it, and what it looked at.

Axis letters: N sequences.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.analysis.wording import probability
from tidegate.data.labelled import Labelled
from tidegate.errors import DataError
from tidegate.tasks.judging import Judgement
from tidegate.tasks.labels import Known, classes_of, following
from tidegate.tasks.leaks import leaks
from tidegate.tasks.network import spoken
from tidegate.tasks.places import counted_as
from tidegate.tasks.sequences import check_alike, taken, width
from tidegate.tasks.simple import linear_on_summaries, linear_on_words
from tidegate.tasks.trial import SET_ASIDE, in_turns, left, shared, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.inspection import Inspection

    Floats = NDArray[np.float64]

_EXCHANGED = 10
"""Sequences from which on as many labels are not taken for a small example."""


class Example(NamedTuple):
    """One test sequence, looked at closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    wanted
        Its label.
    probability
        Of what the classifier says.
    inspection
        What it says, and what it looked at.
    """

    number: int
    wanted: Any
    probability: float
    inspection: Inspection


@dataclass(frozen=True)
class ClassifierTrial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sequences.
    alone
        Of the same by the networks alone, where counted words or patterns have a share of the say; else None.
    numbers
        Places of the test sequences in the file that they are from, counted from 0, shape (N,).
    probability
        That the model gives to what it says of each, shape (N,).
    simple_seconds, seconds
        To fit the simple model, and the classifier.
    right, wrong
        Test sequences it was surest of, and was right or wrong on.
    notes
        What one should know of the data.
    """

    model: SequenceClassifier
    judgement: Judgement
    alone: Judgement | None
    numbers: NDArray[np.int64]
    probability: Floats
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    notes: list[str]

    def sentences(self) -> list[str]:
        """Return what came out in words, also of the networks alone."""
        if self.alone is None:
            return self.judgement.sentences()
        alone, certainty = self.alone, probability(self.alone.p_value)
        beside = self.judgement.name.removeprefix(f"{alone.name} and ").capitalize()
        unclear = "with no evidence of a difference from"
        than = {"better": "better than", "worse": "worse than"}.get(alone.verdict, unclear)
        return [
            *self.judgement.sentences(),
            f"{beside} have {100 * self.model.counted_:.0f} % of the say. With {alone.name} alone, "
            f"{100 * alone.accuracy:.1f} % are right, {than} {alone.simple_name} ({certainty}).",
        ]

    def frame(self) -> pd.DataFrame:
        """Return one row for each test sequence: its number, label, what was said, how surely, and what simply."""
        told = self.judgement
        return pd.DataFrame({
            "sequence": self.numbers,
            "label": told.wanted,
            "said": told.said,
            "probability": self.probability,
            "simple": told.simple_said,
        })  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        alone = {} if self.alone is None else {"networks_accuracy": self.alone.accuracy}
        own = {"parameters": self.model.n_parameters_, "history": self.model.history_}
        return {**self.judgement.to_dict(), "sentences": self.sentences(), **alone, **own}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the classifier and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceClassifier,
    given: Labelled,
    test: Labelled | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> ClassifierTrial:
    """Fit a classifier, and judge it beside a linear model on sequences that neither has seen.

    Parameters
    ----------
    model
        Not fitted yet.
    given
        Labelled sequences.
    test
        What to judge by; None for a fifth of each class of `given`, drawn by the model's seed, which is not learned
        from.
    epochs, batch_size
        As for `SequenceClassifier.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `SequenceClassifier.fit`; or if nothing can be set aside, or the test holds what training does not: a label,
        or sequences of another kind or width. All of that before any work.
    """
    known = Known.of(taken(given.sequences, model.unit, frames=True), given.labels)
    learned, judged, notes = _parted(known, given, test, model)
    started = time.perf_counter()
    with counted_as(left(len(given.sequences), judged.numbers, test)):
        model.fit(*learned, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    probabilities = model.predict_proba(judged.sequences)
    said = model.classes_[probabilities.argmax(axis=1)]
    tokens = known.sequences.kind == "tokens"
    simple = linear_on_words(model.unit) if tokens else linear_on_summaries()
    started = time.perf_counter()
    simple_said = simple.fit(*learned).predict(judged.sequences)
    simple_seconds = time.perf_counter() - started
    name = f"logistic regression on {'counted ' + model.unit if tokens else 'summaries of the channels'}"
    usual = Counter(np.asarray(learned[1]).tolist()).most_common(1)[0][0]
    ours = spoken(model.cell, model.convolution, model.n_members)
    told = Judgement(ours, name, model.classes_, usual, judged.labels, said, np.asarray(simple_said))
    told, alone = _apart(model, judged.sequences, told, f"counted {model.unit if tokens else 'patterns'}")
    most = probabilities.max(axis=1)
    order = np.argsort(-most, kind="stable")
    right, wrong = (
        [
            _looked(model, judged, k, float(most[k]))
            for k in in_turns(order[told.right[order] == is_right].tolist(), said)
        ]
        for is_right in (True, False)
    )
    return ClassifierTrial(model, told, alone, judged.numbers, most, simple_seconds, seconds, right, wrong, notes)


def _apart(
    model: SequenceClassifier, sequences: list[Any], told: Judgement, beside: str
) -> tuple[Judgement, Judgement | None]:
    """Return what is to be told of all that is said, and of what the networks say where what is counted has a share."""
    if not model.counted_:
        return told, None
    own = model.classes_[model.networks_proba(sequences).argmax(axis=1)]
    return replace(told, name=f"{told.name} and {beside}"), replace(told, said=own)


class _Judged(NamedTuple):
    """What to judge by: sequences as they were given, their labels, and their places in their file."""

    sequences: list[Any]
    labels: NDArray[Any]
    numbers: NDArray[np.int64]


def _parted(
    known: Known, given: Labelled, test: Labelled | None, model: SequenceClassifier
) -> tuple[tuple[list[Any], NDArray[Any]], _Judged, list[str]]:
    """Return what to learn from, as sequences and labels, what to judge by, and what to say of it."""
    classes = classes_of(known.labels)
    if test is not None:
        other = Known.of(taken(test.sequences, model.unit, name="the test", frames=True), test.labels)
        own = known.sequences
        check_alike(other.sequences, own.kind, width(own), name="the sequences of the test", frame=own.frame)
        labels = following(other.labels, classes, "the test")
        told = [*leaks(known, model.unit), *shared(given.sequences, test.sequences)]
        return (given.sequences, known.labels), _Judged(test.sequences, labels, other.numbers), told
    learned, judged = known.parted(SET_ASIDE, model.seed)
    if judged is None:
        raise _too_few(len(classes), len(known.labels))
    first, second = ([given.sequences[k] for k in side.numbers] for side in (learned, judged))
    told = [*leaks(learned, model.unit), *shared(first, second)]
    return (first, learned.labels), _Judged(second, judged.labels, judged.numbers), told


def _too_few(n_classes: int, n_sequences: int) -> DataError:
    """Return the error that nothing can be set aside, with what may be behind it where most labels occur once."""
    if n_sequences < _EXCHANGED or 2 * n_classes < n_sequences:
        return too_few("sequences to set a fifth of each class aside")
    return DataError(
        f"{n_sequences:,} sequences have {n_classes:,} different labels, too many to set a fifth of each class aside",
        repair="Are the columns of labels and of texts exchanged? Else give more of each, or a file to judge by with "
        "--test.",
    )


def _looked(model: SequenceClassifier, judged: _Judged, k: int, probability: float) -> Example:
    """Return what mattered in test sequence `k`."""
    return Example(int(judged.numbers[k]), judged.labels[k], probability, model.inspect(judged.sequences[k]))
