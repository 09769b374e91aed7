"""A tagger tried out: part of the sentences set aside, a simple model beside it, and what it looked at.

Axis letters: N sentences, T tokens of one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.data import tagged as files
from tidegate.errors import DataError
from tidegate.tasks.entities import is_bio
from tidegate.tasks.judging_tags import Answers, TagJudgement
from tidegate.tasks.labels import classes_of
from tidegate.tasks.leaks import copied
from tidegate.tasks.places import counted_as
from tidegate.tasks.sequences import check_alike, taken, width
from tidegate.tasks.simple import LinearOnNeighbours, MostFrequentTag
from tidegate.tasks.tags import Tagged
from tidegate.tasks.trial import MOST_EXAMPLES, SET_ASIDE, shared, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.inspection import Inspection
    from tidegate.tasks.tagger import SequenceTagger

    Floats = NDArray[np.float64]

_SIMPLE = "logistic regression on words and their neighbours"
_NAMED = 3
_LONG = 60
"""Tokens of a sentence above which sentences are likely not told apart."""

_SLIPS = 0.05
"""Share of the tags of entities up to which those of another scheme are taken for slips."""


class Example(NamedTuple):
    """One test sentence, looked at closely.

    Attributes
    ----------
    number
        Its place in the file that it is from, counted from 0.
    wanted
        Its tags.
    step
        The token that is looked at: of a wrong sentence the surest mistake.
    inspection
        What the tagger says, and what it looked at.
    """

    number: int
    wanted: list[Any]
    step: int
    inspection: Inspection


@dataclass(frozen=True, eq=False)
class TaggerTrial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    judgement
        Of the test sentences.
    tokens
        Of each test sentence.
    numbers
        Places of the test sentences in the file that they are from, counted from 0, shape (N,).
    probability
        That the model gives to each tag it says, N arrays of shape (T,).
    simple_seconds, seconds
        To fit the simple model, and the tagger.
    right, wrong
        Sentences that it tagged without a mistake, of the most different tags, and those of its surest mistakes.
    notes
        What one should know of the data.
    """

    model: SequenceTagger
    judgement: TagJudgement
    tokens: list[list[str]]
    numbers: NDArray[np.int64]
    probability: list[Floats]
    simple_seconds: float
    seconds: float
    right: list[Example]
    wrong: list[Example]
    notes: list[str]

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        return self.judgement.sentences()

    def frame(self) -> pd.DataFrame:
        """Return one row for each test token: its sentence, step, tag, what was said, how surely, and what simply."""
        answers = self.judgement.answers
        lengths = list(map(len, self.tokens))
        return pd.DataFrame({
            "sequence": np.repeat(self.numbers, lengths),
            "step": np.concatenate([np.arange(n) for n in lengths]),
            "token": [token for one in self.tokens for token in one],
            "tag": np.concatenate(answers.wanted),
            "said": np.concatenate(answers.said),
            "probability": np.concatenate(self.probability),
            "simple": np.concatenate(answers.simple),
        })  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""
        parameters = self.model.n_parameters_
        return {**self.judgement.to_dict(), "parameters": parameters, "history": self.model.history_}

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the tagger and the simple model."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}


def tried(
    model: SequenceTagger,
    given: files.Tagged,
    test: files.Tagged | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> TaggerTrial:
    """Fit a tagger, and judge it beside a linear model on sentences that neither has seen.

    Parameters
    ----------
    model
        Not fitted yet.
    given
        Tagged sentences.
    test
        What to judge by; None for a fifth of the sentences of `given`, drawn by the model's seed, which is not learned
        from.
    epochs, batch_size
        As for `SequenceTagger.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `SequenceTagger.fit`; or if nothing can be set aside, or the test does not hold tokens and their tags. All of
        that before any work.
    """
    learned, judged = _parted(given, test, model.seed)
    pairs = learned.sequences.items, [one.tolist() for one in learned.tags]
    started = time.perf_counter()
    with counted_as(learned.numbers):
        model.fit(*pairs, epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    tokens = judged.sequences.items
    started = time.perf_counter()
    simple = LinearOnNeighbours().fit(*pairs).predict(tokens)
    simple_seconds = time.perf_counter() - started
    answers = _answers(model, judged, simple, MostFrequentTag().fit(*pairs))
    classes = np.unique(np.concatenate([model.classes_, judged.every]))
    told = TagJudgement(_called(model), _SIMPLE, classes, answers)
    sure = _sure(model, tokens, answers.said)
    right, wrong = ([_looked(model, judged, *one) for one in chosen] for chosen in (_right(told), _wrong(told, sure)))
    notes = [
        *copied(learned),
        *_slips(given, test),
        *shared(pairs[0], tokens),
        *_new_tags(judged, model.classes_),
        *_held_back(model),
    ]
    return TaggerTrial(model, told, tokens, judged.numbers, sure, simple_seconds, seconds, right, wrong, notes)


def _answers(model: SequenceTagger, judged: Tagged, simple: list[list[Any]], usual: MostFrequentTag) -> Answers:
    """Return what is said of the test sentences."""
    tokens = judged.sequences.items
    said, often = model.predict(tokens), usual.predict(tokens)
    unseen = [np.array([token not in usual.tags_ for token in one]) for one in tokens]
    ours, linear, frequent = (list(map(np.array, one)) for one in (said, simple, often))
    return Answers(judged.tags, ours, linear, frequent, unseen)


def _parted(given: files.Tagged, test: files.Tagged | None, seed: int) -> tuple[Tagged, Tagged]:
    """Return what to learn from, and what to judge by."""
    known = _known(given, "X")
    if test is not None:
        other = _known(test, "the test")
        check_alike(other.sequences, known.sequences.kind, width(known.sequences), name="the sequences of the test")
        return known, other
    learned, judged = known.parted(SET_ASIDE, seed)
    if judged is None and len(known.tags) == 1 and len(known.every) > _LONG:
        raise DataError(
            f"there is one sentence of {len(known.every):,} tokens, of which no fifth can be set aside",
            repair="Leave an empty line after each sentence, or give a file to judge by with --test.",
        )
    if judged is None:
        raise too_few("sentences to set a fifth of them aside")
    classes_of(known.every, "tags")
    return learned, judged


def _known(given: files.Tagged, name: str) -> Tagged:
    """Return tagged sentences, checked."""
    found = taken(given.sequences, None, name=name)
    if found.kind != "tokens":
        raise DataError(f"{name} holds values, not tokens", repair="Give lists of tokens with their tags.")
    if given.tags is None:
        raise DataError(f"{name} holds no tags", repair="Give each token its tag.")
    return Tagged.of(found, given.tags, name=name)


def _held_back(model: SequenceTagger) -> list[str]:
    """Return that more entities are said than are likely each by itself, where that is so."""
    if not model.handicap_:
        return []
    times = np.exp(model.handicap_)
    return [
        f"What is said makes O {times:.1f} times less likely than the network does, so that fewer names are missed; "
        "probabilities are as the network has them. The simple model says what is likeliest."
    ]


def _slips(given: files.Tagged, test: files.Tagged | None) -> list[str]:
    """Return a warning where a few tags, and they alone, keep entities from being judged as a whole."""
    parts = [("", given.tags)] if test is None else [("", given.tags), (" of the test", test.tags)]
    placed = [
        (str(tag), f"sentence {k}{whose}, counted from 0")
        for whose, tags in parts
        for k, own in enumerate(tags or ())
        for tag in own
    ]
    others = [one for one in placed if not is_bio(one[0])]
    n_marked = sum(tag != "O" for tag, _ in placed)
    if not others or len(others) > _SLIPS * n_marked or not any(tag.startswith("B-") for tag, _ in placed):
        return []
    tag, place = others[0]
    which = "tag is" if len(others) == 1 else "tags are"
    return [
        f"{len(others):,} {which} neither O, B-X nor I-X (the first {tag!r} in {place}), so that tokens are judged and "
        "not whole entities."
    ]


def _new_tags(judged: Tagged, classes: NDArray[Any]) -> list[str]:
    """Return a warning where the test has tags that training does not: they cannot be right."""
    new = ~np.isin(judged.every, classes)
    if not new.any():
        return []
    names = sorted(set(judged.every[new].tolist()))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    listed = ", ".join(map(str, names[:_NAMED]))
    return [f"{new.sum():,} test tokens have a tag that training does not hold ({listed}{more}): none can be right."]


def _called(model: SequenceTagger) -> str:
    """Return what a tagger is called."""
    return f"{model.cell} with a chain of tags" if model.output == "crf" else model.cell


def _sure(model: SequenceTagger, tokens: list[list[str]], said: list[NDArray[Any]]) -> list[Floats]:
    """Return the probability of each tag that is said, N arrays of shape (T,)."""
    made = model.predict_proba(tokens)
    places = [np.searchsorted(model.classes_, one) for one in said]
    return [found[np.arange(len(own)), own] for found, own in zip(made, places, strict=True)]


def _right(told: TagJudgement) -> list[tuple[int, int]]:
    """Return sentences without a mistake, of the most different tags, and the token of each with the rarest tag."""
    tags, counts = np.unique(np.concatenate(told.answers.wanted), return_counts=True)
    often = dict(zip(tags.tolist(), counts.tolist(), strict=True))
    pairs = enumerate(zip(told.answers.wanted, told.answers.said, strict=True))
    right = [(k, one.tolist()) for k, (one, said) in pairs if (one == said).all()]
    best = sorted(right, key=lambda pair: -len(set(pair[1])))[:MOST_EXAMPLES]
    return [(k, min(range(len(one)), key=lambda t: often[one[t]])) for k, one in best]


def _wrong(told: TagJudgement, sure: list[Floats]) -> list[tuple[int, int]]:
    """Return the sentences of the surest mistakes, and their tokens."""
    found = []
    for k, (one, said) in enumerate(zip(told.answers.wanted, told.answers.said, strict=True)):
        missed = np.where(one == said, -1.0, sure[k])
        if missed.max() >= 0:
            found.append((-float(missed.max()), k, int(missed.argmax())))
    return [(k, step) for _, k, step in sorted(found)[:MOST_EXAMPLES]]


def _looked(model: SequenceTagger, judged: Tagged, k: int, step: int) -> Example:
    """Return what mattered in test sentence `k`."""
    seen = model.inspect(judged.sequences.items[k])
    return Example(int(judged.numbers[k]), judged.tags[k].tolist(), step, seen)
