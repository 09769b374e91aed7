"""The simple model of a text: how often tokens followed each other, smoothed.

Axis letters: N tokens, V known tokens, G distinct runs of tokens.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator

from tidegate.checks import check_choice, check_whole
from tidegate.errors import NotFittedError
from tidegate.features.vocabulary import UNITS, Vocabulary
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.said import MARK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Runs(NamedTuple):
    """The distinct runs of k tokens of a text.

    Attributes
    ----------
    codes
        Sorted, shape (G,): number of the first k - 1 tokens times V, plus the last token.
    counts
        How often each occurs, discounted; for runs shorter than the longest, after how many tokens, shape (G,).
    totals, distinct
        By number of the first k - 1 tokens: sum and number of the positive counts of runs that begin so.
    discount
        Taken off each positive count.
    """

    codes: Integers
    counts: Floats
    totals: Floats
    distinct: Floats
    discount: float


class NGrams(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Says which token comes next by the last `order` - 1 of them: interpolated Kneser-Ney smoothing.

    Parameters
    ----------
    order
        Tokens of the longest runs that are counted, at least 1.
    unit
        What texts are cut into: "characters", or "words" and punctuation marks in lower case.
    vocabulary
        Fitted, so that it is judged on the same tokens as a network; None for every token of training.

    Attributes
    ----------
    runs_ : list of Runs
        From single tokens to the longest runs.

    Source: Kneser & Ney (1995), Improved backing-off for m-gram language modeling, ICASSP; Chen & Goodman (1999), An
    empirical study of smoothing techniques for language modeling, Computer Speech & Language 13, equations 21 to 25.
    """

    runs_: list[Runs]

    def __init__(self, *, order: int = 5, unit: Unit = "characters", vocabulary: Vocabulary | None = None) -> None:
        self.order, self.unit, self.vocabulary = order, unit, vocabulary

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.order}-gram model of {self.unit}"

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's face)
        """Count the runs of tokens of one long text, or of many.

        Raises
        ------
        DataError, SettingError
            If the texts cannot be used, or a setting is outside its limits.
        """
        check_whole("order", self.order, least=1)
        check_choice("unit", self.unit, tuple(UNITS))
        given = Given.of(X, None, self.unit)
        self._known = Vocabulary().fit(given.sequences.items) if self.vocabulary is None else self.vocabulary
        self._ends = not given.long
        tokens, counted = self._laid_out(given)
        numbers = [tokens]
        codes: list[Integers] = [np.arange(len(self._known))]
        firsts: list[Integers] = []
        for k in range(1, self.order):
            pairs = numbers[-1][k - 1 : -1] if k > 1 else numbers[-1][:-1]
            run = pairs * len(self._known) + tokens[k:]
            found, first, places = np.unique(run, return_index=True, return_inverse=True)
            codes.append(found)
            firsts.append(first + k)
            numbers.append(np.concatenate([np.zeros(k, dtype=np.int64), places]))
        self.runs_ = []
        for k, own in enumerate(codes):
            there = counted.copy()
            there[:k] = False
            if k < self.order - 1:  # Kneser and Ney: by how many tokens it follows, not how often
                once = np.zeros(len(tokens), dtype=bool)
                longer = np.bincount(numbers[k + 1][there], minlength=len(codes[k + 1])) > 0
                once[firsts[k][longer]] = True
                there = once
            counts = np.bincount(numbers[k][there], minlength=len(own)).astype(float)
            n_before = len(codes[k - 1]) if k else 1
            self.runs_.append(_runs(own, counts, n_before, len(self._known)))
        return self

    def surprises(self, X: Any, y: Any = None) -> list[Floats]:  # noqa: ARG002
        """Return minus the logarithm of the probability of each token given those before, in nats, N arrays.

        Many texts have a token more each: that they end there.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the texts cannot be used.
        """
        if not hasattr(self, "runs_"):
            raise NotFittedError("This NGrams has counted nothing yet: call fit first.")
        given = Given.of(X, None, self.unit)
        tokens, counted = self._laid_out(given)
        likely = self._probabilities(tokens)
        ends = np.cumsum([len(one) + self._ends for one in given.sequences.items])[:-1]
        return [np.asarray(one) for one in np.split(-np.log(likely[counted]), ends)]

    def bits(self, X: Any, y: Any = None) -> float:
        """Return the bits per token that it takes to say these texts; less is better."""
        return float(np.concatenate(self.surprises(X, y)).mean()) / math.log(2)

    def predict_proba(self, context: list[str]) -> Floats:
        """Return the probability of each token, shape (V,), after these tokens of a text; 0 is the end."""
        before = [MARK] * (self.order - 1) + self._known.encode(context).tolist()
        rows = [[*before[len(before) - self.order + 1 :], token] for token in range(len(self._known))]
        return np.array([self._probabilities(np.array(row, dtype=np.int64))[-1] for row in rows])

    def _laid_out(self, given: Given) -> tuple[Integers, NDArray[np.bool_]]:
        """Return all tokens one after another, marks before and after each text, and which of them are to be said."""
        start = np.full(max(self.order - 1, 1), MARK, dtype=np.int64)
        end = start[: int(self._ends)]
        parts, counted = [], []
        for one in given.sequences.items:
            parts += [start, self._known.encode(one), end]
            counted += [np.zeros(len(start), dtype=bool), np.ones(len(one) + len(end), dtype=bool)]
        return np.concatenate(parts), np.concatenate(counted)

    def _probabilities(self, tokens: Integers) -> Floats:
        """Return the probability of each token given those before, shape (N,)."""
        n_known = len(self._known)
        likely = np.full(len(tokens), 1 / n_known)
        before = np.zeros(len(tokens), dtype=np.int64)  # number of the run that ends one token before; -1 for none
        for k, runs in enumerate(self.runs_):
            whole = np.where(before >= 0, before * n_known + tokens, -1)
            own = np.searchsorted(runs.codes, whole).clip(max=len(runs.codes) - 1)
            known = runs.codes[own] == whole
            totals = np.where(before >= 0, runs.totals[before], 0.0)
            seen = totals > 0
            count = np.where(known, runs.counts[own], 0.0)
            left = runs.discount * runs.distinct[before]
            likely = np.where(seen, (count + left * likely) / np.where(seen, totals, 1.0), likely)
            before = np.concatenate([[-1], np.where(known, own, -1)[:-1]])
            before[: k + 1] = -1
        return likely


def _runs(codes: Integers, counts: Floats, n_before: int, n_known: int) -> Runs:
    """Return runs with their counts discounted: by the share of those that occur once and twice."""
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    discount = min(max(discount, 0.1), 0.95)
    before = codes // n_known
    totals = np.bincount(before, weights=counts, minlength=n_before).astype(np.float64)
    distinct = np.bincount(before, weights=counts > 0, minlength=n_before).astype(np.float64)
    return Runs(codes, np.maximum(counts - discount, 0.0), totals, distinct, discount)
