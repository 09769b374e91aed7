"""A generator tried out: part of the data set aside, a simple model beside it, what it foresaw, and what it writes.

Axis letters: N sequences or blocks, T steps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.errors import DataError
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.generation.conditions import Conditions
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.judging import Judgement, blocks
from tidegate.tasks.generation.keys import LogisticKeys
from tidegate.tasks.generation.ngrams import NGrams
from tidegate.tasks.generation.read import check_keys
from tidegate.tasks.generation.sampling import Sampling
from tidegate.tasks.places import counted_as
from tidegate.tasks.sequences import check_alike, width
from tidegate.tasks.trial import MOST_EXAMPLES, left, shared, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.generator import SequenceGenerator
    from tidegate.tasks.generation.inspection import Inspection

    Floats = NDArray[np.float64]

TEMPERATURES = (0.5, 1.0)
"""At which the report shows what is written."""

SET_ASIDE = 0.1
"""What is set aside to judge by where there is no file for it; of one long text its end."""

_WRITTEN, _SEEN, _BEFORE = 4, 600, 200
_ORDERS = {"characters": 5, "words": 3}


class Example(NamedTuple):
    """One test sequence, or one block of a long text, looked at closely.

    Attributes
    ----------
    number
        Its place in what it is from, counted from 0.
    score, simple_score
        Bits per token, or of keys nats per step, of the generator and of the simple model.
    surprise
        At each step in the same unit, shape (T,): where it was caught out. A text that ends has a step more, its end.
    inspection
        What was seen of it, of a long block at its beginning.
    """

    number: int
    score: float
    simple_score: float
    surprise: Floats
    inspection: Inspection


class Sample(NamedTuple):
    """What is written from nothing.

    Attributes
    ----------
    temperature
        At which it was drawn.
    conditions
        What each is written for; None for nothing.
    sequences
        Of the kind of training.
    """

    temperature: float
    conditions: list[Any] | None
    sequences: list[Any]


@dataclass(frozen=True)
class GeneratorTrial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sequences, or of the blocks of a long text.
    numbers
        Their places in what they are from, counted from 0, shape (N,).
    simple_seconds, seconds
        To fit the simple model, and the generator.
    right, wrong
        What it foresaw best, and worst.
    written
        What it writes by itself, at each of `TEMPERATURES`.
    notes
        What one should know of the data.
    """

    model: SequenceGenerator
    judgement: Judgement
    numbers: NDArray[np.int64]
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    written: list[Sample]
    notes: list[str]

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        return self.judgement.sentences()

    def frame(self) -> pd.DataFrame:
        """Return one row for each test sequence or block: its number, its steps, and the scores of both models."""
        told = self.judgement
        return pd.DataFrame({
            told.block: self.numbers,
            "steps": [len(one) for one in told.nats],
            told.measure: [told.scored(one) for one in told.nats],
            f"simple_{told.measure}": [told.scored(one) for one in told.simple_nats],
        })  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        parameters = self.model.n_parameters_
        return {**self.judgement.to_dict(), "parameters": parameters, "history": self.model.history_}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the generator and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceGenerator,
    given: Corpus,
    test: Corpus | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> GeneratorTrial:
    """Fit a generator, and judge it beside n-grams, or a linear rule for each key, on steps that neither has seen.

    Parameters
    ----------
    model
        Not fitted yet.
    given
        What to learn from.
    test
        What to judge by; None for a tenth of `given`, of one long text its end, which is not learned from.
    epochs, batch_size
        As for `SequenceGenerator.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `SequenceGenerator.fit`; or if nothing can be set aside, or steps are neither tokens nor keys.
    """
    learned, judged, numbers = _parted(given, test, model)
    known = Given.of(judged.sequences, judged.conditions, model.unit)
    started = time.perf_counter()
    with counted_as(np.arange(1) if known.long else left(len(given.sequences), numbers, test)):
        model.fit(*learned, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    simple = _simple(model, texts=known.texts)
    started = time.perf_counter()
    simple.fit(*learned)
    simple_seconds = time.perf_counter() - started
    nats, simple_nats = model.surprises(*judged), simple.surprises(judged.sequences)
    if known.long:
        nats, simple_nats = blocks(nats[0]), blocks(simple_nats[0])
        numbers = np.arange(len(nats))
    step = model.unit.removesuffix("s") if known.texts else "token" if known.sequences.kind == "tokens" else "step"
    name = model.cell if model.n_members == 1 else f"{model.n_members}-member {model.cell}"
    told = Judgement(name, simple.name, step, "block" if known.long else "sequence", nats, simple_nats)
    order = np.argsort([one.mean() for one in nats], kind="stable")
    right, wrong = (
        [_looked(model, told, known, (k, int(numbers[k]))) for k in ks[:MOST_EXAMPLES].tolist()]
        for ks in (order, order[::-1])
    )
    written = _written(model, learned)
    notes = [] if known.long else shared(learned.sequences, judged.sequences)
    return GeneratorTrial(model, told, numbers, simple_seconds, seconds, right, wrong, written, notes)


def _written(model: SequenceGenerator, learned: Corpus) -> list[Sample]:
    """Return what is written at each temperature: once of one long text and for each usual label, else four times."""
    conditions = _usual(learned.conditions)
    n = 1 if isinstance(learned.sequences, str) else _WRITTEN if conditions is None else len(conditions)
    return [
        Sample(one, conditions, model.generate(n, condition=conditions, sampling=Sampling(temperature=one)))
        for one in TEMPERATURES
    ]


def _usual(conditions: NDArray[Any] | None) -> list[Any] | None:
    """Return the most frequent labels, the first of equals by its name, or the first vectors; None for none."""
    if conditions is None:
        return None
    if conditions.ndim > 1:
        return list(conditions[:_WRITTEN])
    labels, counts = np.unique(conditions, return_counts=True)
    return [labels[k].item() for k in np.argsort(-counts, kind="stable")[:_WRITTEN]]


def _simple(model: SequenceGenerator, *, texts: bool) -> NGrams | LogisticKeys:
    """Return what a fitted generator must beat, on the same tokens."""
    if model.tokens_ is None:
        return LogisticKeys(joint=model.joint)
    unit: Unit = model.unit if texts else "words"
    return NGrams(order=_ORDERS[unit], unit=unit, vocabulary=Vocabulary().restore(model.tokens_))


def _parted(given: Corpus, test: Corpus | None, model: SequenceGenerator) -> tuple[Corpus, Corpus, NDArray[np.int64]]:
    """Return what to learn from, what to judge by, and the places of the latter."""
    known = Given.of(given.sequences, given.conditions, model.unit)
    if known.kind == "values":
        raise DataError("steps of values have no simple model here", repair="Judge them with tidegate forecast.")
    if test is not None:
        return given, test, _alike(known, Given.of(test.sequences, test.conditions, model.unit, name="the test"))
    if isinstance(given.sequences, str):
        end = round((1 - SET_ASIDE) * len(given.sequences))
        first, second = given.sequences[:end], given.sequences[end:]
        if not first.strip() or not second.strip():
            raise too_few("characters to set the last tenth of the text aside")
        return Corpus(first, None), Corpus(second, None), np.arange(1)
    learned, judged = known.parted(SET_ASIDE, model.seed)
    if judged is None:
        raise too_few(f"sequences {'' if given.conditions is None else 'of a label '}to set a tenth of them aside")
    left, right = (Corpus([given.sequences[k] for k in side.numbers], side.conditions) for side in (learned, judged))
    return left, right, judged.numbers


def _alike(known: Given, test: Given) -> NDArray[np.int64]:
    """Return the places of the sequences of a test, which are refused if they are not like those to learn from."""
    if known.long is not test.long:
        kinds = ("one long text", "many sequences") if known.long else ("many sequences", "one long text")
        raise DataError(f"the test holds {kinds[1]}, the data {kinds[0]}", repair="Give both in the same form.")
    check_alike(test.sequences, known.sequences.kind, width(known.sequences), name="the sequences of the test")
    if known.kind == "notes":
        check_keys(test)
    if (known.conditions is None) is not (test.conditions is None):
        lacking = "the data" if known.conditions is None else "the test"
        raise DataError(
            f"{lacking} has no labels to write for, the other has", repair="Give both or none of them some."
        )
    if known.conditions is not None and test.conditions is not None:
        Conditions.learn(known.conditions).read(test.conditions)
    return test.numbers


def _looked(model: SequenceGenerator, told: Judgement, known: Given, place: tuple[int, int]) -> Example:
    """Return a test sequence or block, by its place among them and its number, with what surprised."""
    k, number = place
    nats = told.nats[k]
    if known.long:
        begin = sum(map(len, told.nats[:k]))
        start = max(begin - _BEFORE, 0)
        whole = known.sequences.items[0][start : begin + min(len(nats), _SEEN)]
        seen = model.inspect(whole).since(begin - start)
    else:
        condition = None if known.conditions is None else known.conditions[k]
        seen = model.inspect(known.sequences.items[k], condition)
    per_step = nats * told.per_nat
    return Example(number, told.scored(nats), told.scored(told.simple_nats[k]), per_step, seen)
