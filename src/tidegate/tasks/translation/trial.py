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
from tidegate.tasks.places import counted_as
from tidegate.tasks.translation.judging import SPOKEN, Judgement, measured
from tidegate.tasks.translation.pairs import Pairs
from tidegate.tasks.translation.simple import Dictionary, Nearest
from tidegate.tasks.trial import MOST_EXAMPLES, SET_ASIDE, shared, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.parallel import Parallel
    from tidegate.tasks.translation.alignment import Alignment
    from tidegate.tasks.translation.judging import Measure
    from tidegate.tasks.translation.translator import SequenceTranslator

    Floats = NDArray[np.float64]

_CHOSEN_ON = 0.1


class Example(NamedTuple):
    """One test source, looked at closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    source, wanted, said, simple
        The source, its target, what the translator says, and what the simple model says.
    probability
        Of a token of what it says: the geometric mean.
    alignment
        Where it looked.
    """

    number: int
    source: Any
    wanted: Any
    said: Any
    simple: Any
    probability: float
    alignment: Alignment


@dataclass(frozen=True, eq=False)
class TranslatorTrial:
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

    def by_length(self) -> list[dict[str, Any]]:
        """Return how either model did on short, middling and long sources, about a third of them each.

        Returns
        -------
        list of dict
            ``label``: how many words or tokens the sources have; ``sequences``: how many there are; ``score`` and
            ``simple_score``, in percent.
        """
        texts = isinstance(self.sources[0], str)
        lengths = np.array([len(one.split() if texts else one) for one in self.sources])
        edges = np.unique(np.quantile(lengths, (1 / 3, 2 / 3), method="lower"))
        groups = np.searchsorted(edges, lengths)
        return [self._part(lengths, groups == k, "word" if texts else "token") for k in np.unique(groups)]

    def _part(self, lengths: NDArray[np.int64], chosen: NDArray[np.bool_], unit: str) -> dict[str, Any]:
        """Return how either model did on some of the sources."""
        found, told = np.flatnonzero(chosen), self.judgement
        low, high = int(lengths[chosen].min()), int(lengths[chosen].max())
        wanted, said, simple = ([one[k] for k in found] for one in (told.wanted, told.said, told.simple_said))
        score, simple_score = (measured(one, wanted, told.measure, lowercase=told.lowercase) for one in (said, simple))
        label = f"{low} {unit}{'' if low == 1 else 's'}" if low == high else f"{low} to {high} {unit}s"
        return {"label": label, "sequences": len(found), "score": score, "simple_score": simple_score}

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        more = {"lengths": self.by_length(), "parameters": self.model.n_parameters_, "history": self.model.history_}
        return {**self.judgement.to_dict(), **more}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the translator and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceTranslator,
    given: Parallel,
    test: Parallel | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> TranslatorTrial:
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
        As `SequenceTranslator.fit`; or if nothing can be set aside, or sources are arrays. All of that before any work.
    """
    known = Pairs.of(*given)
    if isinstance(known.sources[0], np.ndarray):
        raise DataError(
            "the sources are arrays, and the simple models here are of words",
            repair="Fit and score the translator itself, beside a simple model of yours.",
        )
    learned, judged, notes = _parted(known, test, model.seed)
    started = time.perf_counter()
    with counted_as(learned.numbers):
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
        [_looked(model, judged, told, (k, float(surely[k]))) for k in chosen] for chosen in _ranked(told, surely)
    )
    clocks, notes = (simple_seconds, seconds), [*notes, note]
    return TranslatorTrial(model, told, judged.sources, judged.numbers, surely, *clocks, right, wrong, notes)


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
    ours, other = max(scores), min(scores)
    note = (
        f"The simple model is the better of two {where}: {chosen.name} ({SPOKEN[measure]} {ours:.1f}); "
        f"{models[1 - models.index(chosen)].name} has {other:.1f}."
    )
    return chosen.fit(learned.sources, learned.targets), note


def _parted(known: Pairs, test: Parallel | None, seed: int) -> tuple[Pairs, Pairs, list[str]]:
    """Return what to learn from, what to judge by, and what to say of it."""
    if test is not None:
        judged = Pairs.of(*test, names=("the sources of the test", "the targets of the test"))
        return known, judged, shared(known.sources, judged.sources)
    learned, aside = known.parted(SET_ASIDE, seed)
    if aside is None:
        raise too_few("different sources to set a fifth of them aside")
    return learned, aside, []


def _ranked(told: Judgement, surely: Floats) -> tuple[list[int], list[int]]:
    """Return the four best and the four worst: by BLEU of the sequence alone, then by how sure the translator was."""
    quality = np.array([of_counts(one).score for one in told.counts])
    order = np.lexsort((-surely, -np.where(told.right, 100.0, quality)))
    lowest = np.lexsort((-surely, quality))
    good = order if told.measure == "bleu" else order[told.right[order]]
    return good[:MOST_EXAMPLES].tolist(), lowest[~told.right[lowest]][:MOST_EXAMPLES].tolist()


def _looked(model: SequenceTranslator, judged: Pairs, told: Judgement, one: tuple[int, float]) -> Example:
    """Return where the translator looked in a test source, by its place and how sure the translator was."""
    k, surely = one
    texts = judged.sources[k], judged.targets[k], told.said[k], told.simple_said[k]
    return Example(int(judged.numbers[k]), *texts, surely, model.inspect(judged.sources[k]))
