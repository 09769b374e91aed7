"""What recurrent classifiers and taggers must beat: counts, summaries and neighbours, and a linear rule on them.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tidegate.features.vocabulary import UNITS, UNKNOWN
from tidegate.tasks.ratios import LogCountRatios
from tidegate.tasks.sequences import taken
from tidegate.tasks.tags import Tagged, accuracy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]

_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_PIECES = (2, 5)
_BEGINNING, _END = "<s>", "</s>"
_MOST_UPDATES = 2_000
_PASSES, _HASHED = 10, 2**20
_AFFIXES = (1, 2, 3, 4)
_SHAPES = ((str.isupper, "X"), (str.islower, "x"), (str.isdigit, "0"))


class _Counts(NamedTuple):
    """How counts of a unit are used: up to how many in a row, whether weighed by log-count ratios, and C."""

    longest: int
    weighed: bool
    looseness: float


_COUNTS: dict[Unit, _Counts] = {
    "words": _Counts(2, weighed=True, looseness=8.0),
    "characters": _Counts(4, weighed=False, looseness=32.0),
}


def linear_on_words(unit: Unit = "words") -> Pipeline:
    """Return logistic regression, one class against all others, on TF-IDF.

    Counted are words, pairs of words, also with the beginning and the end, and runs of 2 to 5 characters of a word, all
    weighed by log-count ratios; or up to four characters in a row. Takes texts or lists of tokens.

    Source: Wang & Manning (2012), Baselines and bigrams: simple, good sentiment and topic classification, ACL, with
    TF-IDF for their binary counts and logistic regression for their SVM.
    """
    how = _COUNTS[unit]
    grams = TfidfVectorizer(
        tokenizer=partial(_bounded, unit=unit),
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, how.longest),
        sublinear_tf=True,
    )
    counts = [("grams", grams)]
    if unit == "words":
        runs = TfidfVectorizer(
            analyzer="char_wb", preprocessor=_spaced, lowercase=False, ngram_range=_PIECES, sublinear_tf=True
        )
        counts.append(("pieces", runs))
    weights = LogCountRatios() if how.weighed else "passthrough"
    rule = make_pipeline(weights, LogisticRegression(C=how.looseness, max_iter=_MOST_UPDATES))
    return make_pipeline(FeatureUnion(counts), OneVsRestClassifier(rule))


def _cut(one: Any, unit: Unit) -> list[str]:
    """Return the tokens of a text, or a list of tokens as it is."""
    return UNITS[unit](one) if isinstance(one, str) else list(one)


def _bounded(one: Any, unit: Unit) -> list[str]:
    """Return the tokens between marks of the beginning and the end."""
    return [_BEGINNING, *_cut(one, unit), _END]


def _spaced(one: Any) -> str:
    """Return the words, apart by a space, without what stands for an unknown one: that has no pieces."""
    return " ".join(token for token in _cut(one, "words") if token != UNKNOWN)


def linear_on_summaries() -> Pipeline:
    """Return logistic regression on the length and, of each channel and its changes, mean, spread and quantiles.

    Takes sequences of numbers.
    """
    return make_pipeline(
        FunctionTransformer(_summaries), StandardScaler(), LogisticRegression(C=1.0, max_iter=_MOST_UPDATES)
    )


def _summaries(data: Any) -> Floats:
    """Return one row for each sequence."""
    return np.stack([_summary(one) for one in taken(data, "words", frames=True).items])


def _summary(one: Floats) -> Floats:
    parts = [np.array([np.log(len(one))])]
    for values in (one, np.diff(one, axis=0, prepend=one[:1])):
        parts += [values.mean(0), values.std(0), np.quantile(values, _QUANTILES, axis=0).ravel()]
    return np.concatenate(parts)


class MostFrequentTag(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Gives each word the tag that it had most often in training, and an unknown word the most frequent tag of all.

    Takes lists of tokens and lists of their tags.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Count the tags of each word."""
        given = Tagged.of(taken(X, None), y)
        counts: dict[str, Counter[Any]] = defaultdict(Counter)
        for tokens, tags in zip(given.sequences.items, given.tags, strict=True):
            for token, tag in zip(tokens, tags.tolist(), strict=True):
                counts[token][tag] += 1
        self.tags_ = {token: found.most_common(1)[0][0] for token, found in counts.items()}
        self.otherwise_ = Counter(given.every.tolist()).most_common(1)[0][0]
        return self

    def predict(self, X: Any) -> list[list[Any]]:
        """Return the tags of each sentence."""
        return [[self.tags_.get(token, self.otherwise_) for token in tokens] for tokens in taken(X, None).items]

    def score(self, X: Any, y: Any) -> float:
        """Return the fraction of all tokens whose tag is right, in [0, 1]."""
        return accuracy(Tagged.of(taken(X, None), y), self.predict(X))


class LinearOnNeighbours(BaseEstimator):  # type: ignore[misc]  # the same
    """Logistic regression of each tag on the word, its prefixes and suffixes, its shape and the two words on each side.

    Takes lists of tokens and lists of their tags. Each tag is chosen by itself. Fitted by averaged stochastic gradient
    descent, one tag against all others.

    Parameters
    ----------
    alpha
        Weight of the squared coefficients, positive.
    seed
        Of the order of descent.

    Source: the features are the usual ones, as in Ratnaparkhi (1996), A maximum entropy model for part-of-speech
    tagging, EMNLP, table 1, without the tags before.
    """

    def __init__(self, *, alpha: float = 1e-6, seed: int = 0) -> None:
        self.alpha, self.seed = alpha, seed

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from tagged sentences."""
        given = Tagged.of(taken(X, None), y)
        rule = SGDClassifier(loss="log_loss", alpha=self.alpha, average=True, max_iter=_PASSES, tol=None,
                             random_state=self.seed)  # fmt: skip
        self.model_ = make_pipeline(FeatureHasher(input_type="string", n_features=_HASHED), rule)
        self.model_.fit(_every_token(given.sequences.items), given.every)
        return self

    def predict(self, X: Any) -> list[list[Any]]:
        """Return the tags of each sentence."""
        sentences = taken(X, None).items
        whole = self.model_.predict(_every_token(sentences))
        return [one.tolist() for one in np.split(whole, np.cumsum([len(tokens) for tokens in sentences])[:-1])]

    def score(self, X: Any, y: Any) -> float:
        """Return the fraction of all tokens whose tag is right, in [0, 1]."""
        return accuracy(Tagged.of(taken(X, None), y), self.predict(X))


def _every_token(sentences: list[list[str]]) -> list[list[str]]:
    """Return the features of every token of all sentences, one after another."""
    return [list(_features(tokens, t)) for tokens in sentences for t in range(len(tokens))]


def _features(tokens: list[str], t: int) -> Iterator[str]:
    """Yield what is seen of a token: itself, its affixes and its shape, and its neighbours."""
    token = tokens[t]
    yield "any"
    yield f"word {token}"
    yield f"shape {_shape(token)}"
    for n in _AFFIXES:
        yield f"ends {token[-n:].lower()}"
        yield f"begins {token[:n].lower()}"
    for place in (-2, -1, 0, 1, 2):
        there = 0 <= t + place < len(tokens)
        yield f"{place} {tokens[t + place].lower() if there else 'none'}"
        yield f"shape {place} {_shape(tokens[t + place]) if there else 'none'}"


def _shape(token: str) -> str:
    """Return a word with a letter for each run of characters of a kind: "Xx" for Paris, "X" for NATO, "0-0" for 3-4."""
    kinds = [next((mark for is_so, mark in _SHAPES if is_so(letter)), letter) for letter in token]
    return "".join(mark for k, mark in enumerate(kinds) if not k or mark != kinds[k - 1])
