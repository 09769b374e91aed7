"""A classifier tried out: part of the data set aside, a simple model beside it, and what it looked at.

Axis letters: N sequences, T steps.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.data.labelled import Labelled
from tidegate.errors import DataError
from tidegate.tasks.judging import Judgement
from tidegate.tasks.labels import Known, classes_of, following
from tidegate.tasks.network import spoken
from tidegate.tasks.sequences import check_alike, taken, width
from tidegate.tasks.simple import linear_on_summaries, linear_on_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.classifier import SequenceClassifier

    Floats = NDArray[np.float64]

_SET_ASIDE = 0.2
_EXAMPLES = 4


class Example(NamedTuple):
    """One test sequence, looked at closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    tokens
        Its tokens; None for values.
    values
        Shape (T, I); None for tokens.
    wanted, said
        Its label, and what the classifier says.
    probability
        Of what it says.
    contributions
        How much less probable that is once a step is hidden, shape (T,).
    """

    number: int
    tokens: list[str] | None
    values: Floats | None
    wanted: Any
    said: Any
    probability: float
    contributions: Floats


@dataclass(frozen=True)
class Trial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sequences.
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
    numbers: NDArray[np.int64]
    probability: Floats
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    notes: list[str]

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
        parameters = self.model.n_parameters_
        return {**self.judgement.to_dict(), "parameters": parameters, "history": self.model.history_}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the classifier and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceClassifier,
    given: Labelled,
    test: Labelled | None = None,
    *,
    epochs: int | None = None,
    batch_size: int = 32,
) -> Trial:
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
    known = Known.of(taken(given.sequences, model.unit), given.labels)
    learned, judged, notes = _parted(known, given, test, model)
    started = time.perf_counter()
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
    ours = spoken(model.cell, model.convolution, model.n_members) + (" and counted words" if model.counted else "")
    usual = Counter(np.asarray(learned[1]).tolist()).most_common(1)[0][0]
    told = Judgement(ours, name, model.classes_, usual, judged.labels, said, np.asarray(simple_said))
    most = probabilities.max(axis=1)
    order = np.argsort(-most, kind="stable")
    right, wrong = (
        [_looked(model, judged, k, (said[k], most[k])) for k in _surest(order[told.right[order] == is_right], said)]
        for is_right in (True, False)
    )
    return Trial(model, told, judged.numbers, most, simple_seconds, seconds, right, wrong, notes)


def _surest(order: NDArray[np.int64], said: NDArray[Any]) -> list[int]:
    """Return the first four of `order`, no more of what was said to be one class than of another if it can be."""
    turns: dict[Any, int] = {}
    ranked = []
    for rank, k in enumerate(order.tolist()):
        turns[said[k]] = turns.get(said[k], 0) + 1
        ranked.append((turns[said[k]], rank, k))
    return [k for _, _, k in sorted(ranked)[:_EXAMPLES]]


class _Judged(NamedTuple):
    """What to judge by: sequences as they were given, their labels, and their places in their file."""

    sequences: list[Any]
    labels: NDArray[Any]
    numbers: NDArray[np.int64]


def _parted(
    known: Known, given: Labelled, test: Labelled | None, model: SequenceClassifier
) -> tuple[tuple[list[Any], NDArray[Any]], _Judged, list[str]]:
    """Return what to learn from, as sequences and labels, what to judge by, and what to say of it."""
    if test is not None:
        other = Known.of(taken(test.sequences, model.unit, name="the test"), test.labels)
        check_alike(other.sequences, known.sequences.kind, width(known.sequences), name="the sequences of the test")
        labels = following(other.labels, classes_of(known.labels), "the test")
        told = _shared(given.sequences, test.sequences)
        return (given.sequences, known.labels), _Judged(test.sequences, labels, other.numbers), told
    learned, judged = known.parted(_SET_ASIDE, model.seed)
    if judged is None:
        raise DataError(
            "there are too few sequences to set a fifth of each class aside",
            repair="Give more, or a file to judge by with --test.",
        )
    first, second = ([given.sequences[k] for k in side.numbers] for side in (learned, judged))
    return (first, learned.labels), _Judged(second, judged.labels, judged.numbers), _shared(first, second)


def _shared(learned: list[Any], judged: list[Any]) -> list[str]:
    """Return a warning where test sequences were learned from too."""
    seen = {_key(one) for one in learned}
    n_both = sum(_key(one) in seen for one in judged)
    if not n_both:
        return []
    part = f"{n_both:,} of {len(judged):,}"
    same = ", word for word" if isinstance(judged[0], str) else ""
    return [f"{part} test sequences are among those learned from too{same}: the scores may flatter by up to {part}."]


def _key(one: Any) -> Any:
    return one if isinstance(one, str) else (np.shape(one), np.ascontiguousarray(one).tobytes())


def _looked(model: SequenceClassifier, judged: _Judged, k: int, said: tuple[Any, float]) -> Example:
    """Return what mattered in test sequence `k`."""
    sequence = judged.sequences[k]
    item = taken([sequence], model.unit).items[0]
    tokens, values = (item, None) if isinstance(item, list) else (None, item)
    mattered = model.contributions([sequence])[0]
    number = int(judged.numbers[k])
    return Example(number, tokens, values, judged.labels[k], said[0], float(said[1]), mattered)
