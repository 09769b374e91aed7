"""A generator tried out: part of the data set aside, a simple model beside it, what it foresaw, and what it writes.

Axis letters: N sequences or blocks, T steps.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.errors import DataError
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.generation.corpus import Corpus
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.judging import Judgement, blocks
from tidegate.tasks.generation.keys import LogisticKeys
from tidegate.tasks.generation.ngrams import NGrams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit
    from tidegate.tasks.generation.generator import SequenceGenerator

    Floats = NDArray[np.float64]

_SET_ASIDE = 0.1
_EXAMPLES, _WRITTEN = 4, 3
_ORDERS = {"characters": 5, "words": 3}


class Example(NamedTuple):
    """One test sequence, or one block of a long text, looked at closely.

    Attributes
    ----------
    number
        Its place in what it is from, counted from 0.
    tokens
        Its tokens; None for steps of numbers.
    values
        Shape (T, K); None for tokens.
    bits, simple_bits
        Per step, of the generator and of the simple model.
    surprise
        Of each step in bits, shape (T,): where it was caught out. A text has a step more, its end.
    """

    number: int
    tokens: list[str] | None
    values: Floats | None
    bits: float
    simple_bits: float
    surprise: Floats


@dataclass(frozen=True)
class Trial:
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
        What it writes by itself.
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
    written: list[Any]
    notes: list[str]

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first, then what to know of the data."""
        return [*self.judgement.sentences(), *self.notes]

    def frame(self) -> pd.DataFrame:
        """Return one row for each test sequence or block: its number, steps, and bits per step of both models."""
        told = self.judgement
        return pd.DataFrame({
            told.block: self.numbers,
            "steps": [len(one) for one in told.nats],
            "bits": [one.mean() / math.log(2) for one in told.nats],
            "simple_bits": [one.mean() / math.log(2) for one in told.simple_nats],
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
    batch_size: int = 32,
) -> Trial:
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
    if known.sequences.kind == "values" and not _are_keys(Given.of(learned.sequences, None, model.unit)):
        raise DataError("steps of values have no simple model here", repair="Judge them with tidegate forecast.")
    started = time.perf_counter()
    model.fit(*learned, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    simple = _simple(model, texts=known.texts)
    started = time.perf_counter()
    simple.fit(*learned)
    simple_seconds = time.perf_counter() - started
    nats, simple_nats = model.surprises(*judged), simple.surprises(judged.sequences)
    items = known.sequences.items
    if known.long:
        items, nats, simple_nats = _blocks(items[0]), blocks(nats[0]), blocks(simple_nats[0])
        numbers = np.arange(len(nats))
    step = model.unit.removesuffix("s") if known.texts else "token" if known.sequences.kind == "tokens" else "step"
    told = Judgement(model.cell, simple.name, step, "block" if known.long else "sequence", nats, simple_nats)
    order = np.argsort([one.mean() for one in nats], kind="stable")
    right, wrong = ([_looked(told, items, numbers, int(k)) for k in ks[:_EXAMPLES]] for ks in (order, order[::-1]))
    conditions = known.conditions
    one = None if conditions is None else conditions[0]
    written = model.generate(_WRITTEN, condition=one)
    return Trial(model, told, numbers, simple_seconds, seconds, right, wrong, written, _notes(learned, judged))


def _simple(model: SequenceGenerator, *, texts: bool) -> NGrams | LogisticKeys:
    """Return what a fitted generator must beat, on the same tokens."""
    if model.tokens_ is None:
        return LogisticKeys()
    unit: Unit = model.unit if texts else "words"
    return NGrams(order=_ORDERS[unit], unit=unit, vocabulary=Vocabulary().restore(model.tokens_))


def _parted(given: Corpus, test: Corpus | None, model: SequenceGenerator) -> tuple[Corpus, Corpus, NDArray[np.int64]]:
    """Return what to learn from, what to judge by, and the places of the latter."""
    if test is not None:
        known = Given.of(test.sequences, test.conditions, model.unit, name="the test")
        return given, test, known.numbers
    known = Given.of(given.sequences, given.conditions, model.unit)
    if isinstance(given.sequences, str):
        end = round((1 - _SET_ASIDE) * len(given.sequences))
        first, second = given.sequences[:end], given.sequences[end:]
        if not first.strip() or not second.strip():
            raise DataError("the text is too short to set its last tenth aside", repair="Give more, or a text to test.")
        return Corpus(first, None), Corpus(second, None), np.arange(1)
    learned, judged = known.parted(_SET_ASIDE, model.seed)
    if judged is None:
        raise DataError("there are too few sequences to set a tenth aside", repair="Give more, or some to test.")
    left, right = (Corpus([given.sequences[k] for k in side.numbers], side.conditions) for side in (learned, judged))
    return left, right, judged.numbers


def _are_keys(given: Given) -> bool:
    return all(bool(np.isin(one, (0, 1)).all()) for one in given.sequences.items)


def _blocks(tokens: list[str]) -> list[list[str]]:
    """Return the tokens of each block of a long text."""
    ends = np.cumsum([len(one) for one in blocks(np.zeros(len(tokens)))]).tolist()
    return [tokens[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _looked(told: Judgement, items: Sequence[Any], numbers: NDArray[np.int64], k: int) -> Example:
    """Return test sequence or block `k` with what surprised."""
    surprise = told.nats[k] / math.log(2)
    tokens, values = (items[k], None) if isinstance(items[k], list) else (None, items[k])
    simple = float(told.simple_nats[k].mean()) / math.log(2)
    return Example(int(numbers[k]), tokens, values, float(surprise.mean()), simple, surprise)


def _notes(learned: Corpus, judged: Corpus) -> list[str]:
    """Return a warning where test sequences were learned from too."""
    if isinstance(judged.sequences, str) or isinstance(learned.sequences, str):
        return []
    seen = {_key(one) for one in learned.sequences}
    n_both = sum(_key(one) in seen for one in judged.sequences)
    if not n_both:
        return []
    part = f"{n_both:,} of {len(judged.sequences):,}"
    return [f"{part} test sequences are among those learned from too: both models may know them by heart."]


def _key(one: Any) -> Any:
    return one if isinstance(one, str) else (np.shape(one), np.ascontiguousarray(one).tobytes())
