"""A translator tried out: part of the pairs set aside, a simple model beside it, and where it looked.

Axis letters: N sequences.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.errors import DataError
from tidegate.scoring.bleu import of_counts
from tidegate.tasks.translation.judging import SPOKEN, Judgement, measured
from tidegate.tasks.translation.pairs import Pairs
from tidegate.tasks.translation.simple import Dictionary, Nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.parallel import Parallel
    from tidegate.tasks.translation.alignment import Alignment
    from tidegate.tasks.translation.judging import Measure
    from tidegate.tasks.translation.translator import SequenceTranslator

    Floats = NDArray[np.float64]

_SET_ASIDE, _CHOSEN_ON = 0.2, 0.1
_EXAMPLES = 4


class Example(NamedTuple):
    """One test source, looked at closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    source, wanted, said
        The source, its target, and what the translator says.
    probability
        Of a token of what it says: the geometric mean.
    alignment
        Where it looked.
    """

    number: int
    source: Any
    wanted: Any
    said: Any
    probability: float
    alignment: Alignment


@dataclass(frozen=True)
class Trial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sources.
    sources
        The test sources, N.
    numbers
        Their places in the file that they are from, counted from 0, shape (N,).
    probability
        Of a token of what is said of each: the geometric mean, shape (N,).
    simple_seconds, seconds
        To choose and fit the simple model, and to fit the translator.
    right, wrong
        Test sources it did best, and worst.
    notes
        What one should know of the data and of the simple model.
    """

    model: SequenceTranslator
    judgement: Judgement
    sources: list[Any]
    numbers: NDArray[np.int64]
    probability: Floats
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    notes: list[str]

    def frame(self) -> pd.DataFrame:
        """Return one row for each test source: its target, what was said, how surely, and what simply."""
        told = self.judgement
        return pd.DataFrame({
            "sequence": self.numbers,
            "source": self.sources,
            "target": told.wanted,
            "said": told.said,
            "probability": self.probability,
            "simple": told.simple_said,
        })  # fmt: skip

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        return self.judgement.sentences()

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        parameters = self.model.n_parameters_
        return {**self.judgement.to_dict(), "parameters": parameters, "history": self.model.history_}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the translator and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceTranslator,
    given: Parallel,
    test: Parallel | None = None,
    *,
    epochs: int | None = None,
    batch_size: int = 64,
) -> Trial:
    """Fit a translator, and judge it beside a simple model on sources that neither has seen.

    Parameters
    ----------
    model
        Not fitted yet.
    given
        Sources and targets.
    test
        What to judge by; None for a fifth of the sources of `given`, drawn by the model's seed, which is not learned
        from.
    epochs, batch_size
        As for `SequenceTranslator.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `SequenceTranslator.fit`; or if nothing can be set aside. All of that before any work.
    """
    learned, judged, notes = _parted(Pairs.of(*given), test, model.seed)
    started = time.perf_counter()
    model.fit(learned.sources, learned.targets, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    found = [found[0] for found in model.decode(judged.sources)]
    said, surely = [one.target for one in found], np.exp([one.score for one in found])
    started = time.perf_counter()
    simple, note = simplest(learned, model.measure_, model.seed, lowercase=model.lowercase)
    simple_said = simple.predict(judged.sources)
    simple_seconds = time.perf_counter() - started
    ours = f"the {model.cell} translator with attention"
    told = Judgement(ours, simple.name, model.measure_, judged.targets, said, simple_said, model.lowercase, model.seed)
    right, wrong = (
        [_looked(model, judged, k, (said[k], float(surely[k]))) for k in chosen] for chosen in _ranked(told, surely)
    )
    clocks, notes = (simple_seconds, seconds), [*notes, note]
    return Trial(model, told, judged.sources, judged.numbers, surely, *clocks, right, wrong, notes)


def simplest(learned: Pairs, measure: Measure, seed: int, *, lowercase: bool) -> tuple[Dictionary | Nearest, str]:
    """Return the better of the simple models, fitted, and a sentence that says why.

    Parameters
    ----------
    learned
        Pairs to learn from; a tenth of the sources, held out, decides.
    measure
        By what.
    seed
        Of what is held out.
    lowercase
        Whether texts are put in lower case.
    """
    models: tuple[Dictionary | Nearest, ...] = (Dictionary(lowercase=lowercase), Nearest(lowercase=lowercase))
    rest, held = learned.parted(_CHOSEN_ON, seed)
    judged = learned if held is None else held
    scores = [
        measured(
            one.fit(rest.sources, rest.targets).predict(judged.sources), judged.targets, measure, lowercase=lowercase
        )
        for one in models
    ]
    chosen = models[int(np.argmax(scores))]
    where = "on the training pairs themselves" if held is None else "on a tenth of the training sources, held out"
    told = " and ".join(f"{one.name} {score:.1f}" for one, score in zip(models, scores, strict=True))
    note = f"The simple model is {chosen.name}: of {told} ({SPOKEN[measure]}, {where}), the better one."
    return chosen.fit(learned.sources, learned.targets), note


def _parted(known: Pairs, test: Parallel | None, seed: int) -> tuple[Pairs, Pairs, list[str]]:
    """Return what to learn from, what to judge by, and what to say of it."""
    if test is not None:
        judged = Pairs.of(*test, names=("the sources of the test", "the targets of the test"))
        return known, judged, _shared(known, judged)
    learned, aside = known.parted(_SET_ASIDE, seed)
    if aside is None:
        raise DataError(
            "there are too few different sources to set a fifth of them aside",
            repair="Give more, or a file to judge by with --test.",
        )
    return learned, aside, []


def _shared(learned: Pairs, judged: Pairs) -> list[str]:
    """Return a warning where test sources were learned from too."""
    seen = set(map(repr, learned.sources))
    n_both = sum(repr(one) in seen for one in judged.sources)
    if not n_both:
        return []
    part = f"{n_both:,} of {len(judged.sources):,}"
    return [f"{part} test sources are among those learned from too: the scores may flatter."]


def _ranked(told: Judgement, surely: Floats) -> tuple[list[int], list[int]]:
    """Return the four best and the four worst: by BLEU of the sequence alone, then by how sure the translator was."""
    quality = np.array([of_counts(one).score for one in told.counts])
    order = np.lexsort((-surely, -np.where(told.right, 100.0, quality)))
    lowest = np.lexsort((-surely, quality))
    good = order if told.measure == "bleu" else order[told.right[order]]
    return good[:_EXAMPLES].tolist(), lowest[~told.right[lowest]][:_EXAMPLES].tolist()


def _looked(model: SequenceTranslator, judged: Pairs, k: int, said: tuple[Any, float]) -> Example:
    """Return where the translator looked in test source `k`."""
    source = judged.sources[k]
    number = int(judged.numbers[k])
    return Example(number, source, judged.targets[k], *said, model.inspect(source))
