"""How a tagger did on sentences it never saw, beside a simple model on the same ones, tested.

Axis letters: N sentences, T tokens of one, S tokens of all, C tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import permutation_test
from sklearn.metrics import confusion_matrix

from tidegate.analysis.wording import probability
from tidegate.tasks.entities import entity_scores, forbidden, scores_by_kind, spans
from tidegate.tasks.judging import by_label, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_RESAMPLES, _AT_ONCE, _SEED = 9_999, 250, 0


class Answers(NamedTuple):
    """The tags of test sentences.

    Attributes
    ----------
    wanted
        What they are, N arrays of shape (T,).
    said, simple, usual
        What the tagger says, the simple model, and whoever gives each word the tag it had most often in training.
    unseen
        Which tokens training does not hold.
    """

    wanted: list[NDArray[Any]]
    said: list[NDArray[Any]]
    simple: list[NDArray[Any]]
    usual: list[NDArray[Any]]
    unseen: list[NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class TagJudgement:
    """What was said of sentences that were set aside.

    Where all tags are O, B-X or I-X, what counts is the F1 of whole entities, else the share of tokens with their tag.

    Parameters
    ----------
    name, simple_name
        Of the tagger, and of the simple model.
    classes
        The tags of training and test, sorted, shape (C,).
    answers
        Of the test sentences.
    """

    name: str
    simple_name: str
    classes: NDArray[Any]
    answers: Answers

    @cached_property
    def entities(self) -> bool:
        """Whether tags mark entities, by BIO."""
        return self.classes.dtype.kind == "U" and forbidden(self.classes.tolist()) is not None

    @property
    def score_name(self) -> str:
        """What counts, in words."""
        return "F1 of whole entities" if self.entities else "share of right tags"

    @property
    def n_tokens(self) -> int:
        """Tokens of all test sentences, S."""
        return sum(map(len, self.answers.wanted))

    def score(self, said: Sequence[NDArray[Any]]) -> float:
        """Return what counts of these answers, in [0, 1]."""
        return float(_score(*_sums(self._counts(said))))

    def accuracy(self, said: Sequence[NDArray[Any]]) -> float:
        """Return the share of tokens whose tag is right, in [0, 1]."""
        return float((np.concatenate(said) == self._wanted).mean())

    @property
    def unseen_accuracy(self) -> float | None:
        """Share of right tags among words that training does not hold; None if there are none."""
        new = np.concatenate(self.answers.unseen)
        return float((np.concatenate(self.answers.said) == self._wanted)[new].mean()) if new.any() else None

    @cached_property
    def p_value(self) -> float:
        """How likely two taggers as good as each other differ by as much, two-sided.

        The answers of the two are exchanged, sentence by sentence, at random.

        Source: Yeh (2000), More accurate tests for the statistical significance of result differences, COLING
        (approximate randomisation).
        """
        both = np.concatenate([self._counts(self.answers.said), self._counts(self.answers.simple)])
        n = len(self.answers.wanted)
        if n == 1 or np.array_equal(both[:n], both[n:]):
            return 1.0

        def difference(ours: NDArray[np.int64], simple: NDArray[np.int64], axis: int) -> Floats:
            sides = (np.moveaxis(both[side.astype(np.int64)], -1, 0).sum(axis=axis) for side in (ours, simple))
            first, second = (_score(*side) for side in sides)
            return np.asarray(first - second)

        found = permutation_test(
            (np.arange(n), np.arange(n) + n),
            difference,
            permutation_type="samples",
            vectorized=True,
            n_resamples=_RESAMPLES,
            batch=_AT_ONCE,
            random_state=np.random.default_rng(_SEED),
        )
        return float(found.pvalue)

    @property
    def verdict(self) -> str:
        """Which of the two to trust: "better", "worse" or "no evidence of a difference"."""
        return verdict(self.p_value, self.score(self.answers.said), self.score(self.answers.simple))

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        certainty = f"{probability(self.p_value)}, n = {len(self.answers.wanted):,} sentences"
        ours, simple = (f"{100 * self.score(said):.1f} %" for said in (self.answers.said, self.answers.simple))
        words = {"better": "is better than", "worse": "is worse than"}
        compared = words.get(self.verdict, "is not shown to differ from")
        first = (
            f"The {self.name} {compared} {self.simple_name}: {self.score_name} {ours} against {simple} ({certainty})."
        )
        remedy = {
            "better": [],
            "worse": ["Use the simple one."],
            "no evidence of a difference": ["The simple one is cheaper."],
        }
        return [first, *remedy[self.verdict], *self._found(), self._tokens()]

    def _found(self) -> list[str]:
        if not self.entities:
            return []
        made = entity_scores(*self._texts())
        if not made.n_found:
            return [f"It found no entity at all; there are {made.n_actual:,}."]
        return [
            f"Of {made.n_actual:,} entities it found {made.n_right:,} whole and of the right kind; in all it found "
            f"{made.n_found:,}."
        ]

    def _tokens(self) -> str:
        ours, usual = (100 * self.accuracy(one) for one in (self.answers.said, self.answers.usual))
        new = self.unseen_accuracy
        told = "" if new is None else f"; of words that training does not hold, {100 * new:.1f} %"
        return (
            f"Of {self.n_tokens:,} test tokens {ours:.1f} % have the right tag{told}. "
            f"Giving each word the tag that it had most often, {usual:.1f} %."
        )

    def by_tag(self) -> list[dict[str, Any]]:
        """Return label, number of tokens, precision, recall and F1 of each tag; None for what cannot be said."""
        return by_label(self.classes, self._wanted, np.concatenate(self.answers.said), "tokens")

    def by_kind(self) -> list[dict[str, Any]]:
        """Return label, entities, precision, recall and F1 of each kind of entity; none where tags mark no entities."""
        if not self.entities:
            return []
        found = scores_by_kind(*self._texts())
        return [
            {
                "label": kind,
                "entities": one.n_actual,
                "precision": one.precision if one.n_found else None,
                "recall": one.recall if one.n_actual else None,
                "F1": one.f1 if one.n_actual else None,
            }
            for kind, one in found.items()
        ]

    def confusion(self) -> NDArray[np.int64]:
        """Return how often each tag, by row, was said to be each, by column, shape (C, C)."""
        said = np.concatenate(self.answers.said)
        return np.asarray(confusion_matrix(self._wanted, said, labels=self.classes), dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        answers = self.answers
        return {
            "model": self.name,
            "simple": self.simple_name,
            "sequences": len(answers.wanted),
            "tokens": self.n_tokens,
            "score_name": self.score_name,
            "score": self.score(answers.said),
            "simple_score": self.score(answers.simple),
            "accuracy": self.accuracy(answers.said),
            "simple_accuracy": self.accuracy(answers.simple),
            "most_frequent": self.accuracy(answers.usual),
            "unseen_accuracy": self.unseen_accuracy,
            "p_value": self.p_value,
            "verdict": self.verdict,
            "sentences": self.sentences(),
            "kinds": self.by_kind(),
            "tags": self.by_tag(),
            "confusion": self.confusion().tolist(),
        }

    @property
    def _wanted(self) -> NDArray[Any]:
        return np.concatenate(self.answers.wanted)

    def _texts(self) -> list[list[list[str]]]:
        """Return the tags that are and those that are said, as lists."""
        return [[one.tolist() for one in side] for side in (self.answers.wanted, self.answers.said)]

    def _counts(self, said: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
        """Return of each sentence what is right, what was found and what is there, shape (N, 3)."""
        pairs = zip(self.answers.wanted, said, strict=True)
        if not self.entities:
            return np.array([((one == other).sum(), len(other), len(one)) for one, other in pairs], dtype=np.int64)
        sides = ((set(spans(one.tolist())), set(spans(other.tolist()))) for one, other in pairs)
        return np.array([(len(one & other), len(other), len(one)) for one, other in sides], dtype=np.int64)


def _sums(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(counts.sum(axis=0))


def _score(right: Any, found: Any, there: Any) -> Any:
    """Return 2 right / (found + there): F1; where as much is found as is there, the share that is right."""
    return 2 * right / np.maximum(found + there, 1)
