"""What translators must beat: a dictionary, word for word, and the target of the most alike source.

Axis letters: N pairs, P places of all targets, L links of a place with a source word, D distinct pairs of words.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer

from tidegate.features.pieces import chunks, joined
from tidegate.tasks.translation.pairs import Pairs, taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_ROUNDS = 5
_MOST_LINKS = 20_000_000
_LONGEST = 100
_AT_ONCE = 512
_NOTHING = ""


class Dictionary(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Says for each source word the target word that most probably comes of it; unknown words stay as they are.

    Learns from the first 100 words of either side, and from as many pairs as have 20 million pairs of words between
    them; takes texts or lists of tokens.

    Parameters
    ----------
    lowercase
        Whether texts are put in lower case first.

    Source: Brown, Della Pietra, Della Pietra & Mercer (1993), The mathematics of statistical machine translation,
    Computational Linguistics 19, model 1, with the empty word.
    """

    name = "a dictionary learned word for word"

    def __init__(self, *, lowercase: bool = False) -> None:
        self.lowercase = lowercase

    def fit(self, X: Any, y: Any) -> Self:
        """Learn which word comes of which."""
        given = Pairs.of(X, y)
        self.listed_ = not isinstance(given.targets[0], str)
        sides = [[_words(one, lowercase=self.lowercase)[:_LONGEST] for one in side] for side in given[:2]]
        sources = [[_NOTHING, *one] for one in sides[0]]
        (asked, words), (wanted, others) = (_numbered(side) for side in (sources, sides[1]))
        links = _Links(asked, wanted, len(others))
        best = links.best(links.probabilities(_ROUNDS), len(words))
        self.words_ = {word: others[best[k]] for k, word in enumerate(words) if word != _NOTHING and best[k] >= 0}
        return self

    def predict(self, X: Any) -> list[Any]:
        """Return what is said of each source."""
        told = []
        for one in taken(X, name="X"):
            found = [self.words_.get(word, word) for word in _words(one, lowercase=self.lowercase)]
            told.append(found if self.listed_ else joined(found))
        return told


class Nearest(BaseEstimator):  # type: ignore[misc]  # the same
    """Says the target of the training source that shares most words with the source, rare words counting more.

    Takes texts or lists of tokens.

    Parameters
    ----------
    lowercase
        Whether targets are put in lower case; sources always are.
    """

    name = "copying the target of the most alike training source"

    def __init__(self, *, lowercase: bool = False) -> None:
        self.lowercase = lowercase

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the pairs."""
        given = Pairs.of(X, y)
        texts = self.lowercase and isinstance(given.targets[0], str)
        self.targets_ = [one.lower() for one in given.targets] if texts else given.targets
        self.counts_ = TfidfVectorizer(tokenizer=_alike, token_pattern=None, lowercase=False, sublinear_tf=True)
        self.sources_: csr_matrix = self.counts_.fit_transform(given.sources)
        return self

    def predict(self, X: Any) -> list[Any]:
        """Return what is said of each source."""
        asked = self.counts_.transform(taken(X, name="X"))
        parts = [asked[k : k + _AT_ONCE] @ self.sources_.T for k in range(0, asked.shape[0], _AT_ONCE)]
        return [self.targets_[k] for part in parts for k in np.asarray(part.argmax(axis=1)).ravel()]


def _words(one: Any, *, lowercase: bool) -> list[str]:
    """Return the words of a text, each with the space before it, or a list of tokens as it is."""
    return chunks(one.lower() if lowercase else one) if isinstance(one, str) else list(one)


def _alike(one: Any) -> list[str]:
    """Return the words of a text or the tokens of a list, in lower case."""
    return [word.strip().lower() for word in _words(one, lowercase=True)]


def _numbered(sequences: list[list[str]]) -> tuple[list[Integers], list[str]]:
    """Return sequences as numbers of their distinct words, and these."""
    known = {word: k for k, word in enumerate(dict.fromkeys(itertools.chain.from_iterable(sequences)))}
    return [np.array([known[word] for word in one], dtype=np.int64) for one in sequences], list(known)


class _Links:
    """Every place of a target with every source word that it may come of.

    Attributes
    ----------
    place
        Which place of all targets a link is of, shape (L,).
    pair
        Which distinct pair of words it is, shape (L,).
    source, target
        The words of each distinct pair, shape (D,).
    """

    def __init__(self, asked: list[Integers], wanted: list[Integers], n_words: int) -> None:
        sizes = np.array([len(one) * len(other) for one, other in zip(asked, wanted, strict=True)])
        n_pairs = max(int(np.searchsorted(np.cumsum(sizes), _MOST_LINKS, side="right")), 1)
        both = list(zip(asked[:n_pairs], wanted[:n_pairs], strict=True))
        keys = np.concatenate([(one[None] * n_words + other[:, None]).ravel() for one, other in both])
        links = np.concatenate([np.full(len(other), len(one)) for one, other in both])
        self.place = np.repeat(np.arange(len(links)), links)
        found, self.pair = np.unique(keys, return_inverse=True)
        self.source, self.target = np.divmod(found, n_words)

    def probabilities(self, n_rounds: int) -> Floats:
        """Return how probable each target word is given its source word, shape (D,), after this many rounds of EM."""
        probable = np.full(len(self.source), 1.0)
        for _ in range(n_rounds):
            each = probable[self.pair]
            share = each / np.bincount(self.place, each)[self.place]
            expected = np.bincount(self.pair, share, minlength=len(probable))
            probable = expected / np.bincount(self.source, expected)[self.source]
        return probable

    def best(self, probable: Floats, n_sources: int) -> Integers:
        """Return the most probable target word of each source word, -1 where there is none, shape (n_sources,)."""
        order = np.lexsort((self.target, -probable, self.source))
        words, first = np.unique(self.source[order], return_index=True)
        made = np.full(n_sources, -1)
        made[words] = self.target[order][first]
        return made
