"""Counted patterns and a linear rule on them, beside the networks of a classifier of numbers.

Axis letters: N sequences, F patterns, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from tidegate.forecasters.threads import limited
from tidegate.tasks.counted import EVEN
from tidegate.tasks.patterns import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float64]

_MOST, _NUMBERS = 9_996, 30_000_000
"""Patterns: of more than 3,000 sequences fewer, so that the table of training has at most so many numbers."""

_PENALTIES = np.logspace(-3, 5, 10)
_SHARPNESS = (-5.0, 5.0)
"""Logarithms of the least and the most."""


class Occurrences(NamedTuple):
    """Ridge regression of each class, as 1 or -1, on how often patterns occur, fitted.

    The penalty is that of the smallest error on sequences left out one at a time. What the regression says of these,
    times one number, makes the probabilities: the number of the smallest log loss, where of N + C parts of a sequence
    each class has one and its own the others, so that no sequence is ever certain.

    Attributes
    ----------
    patterns
        What is counted.
    weights
        Of each pattern's occurrences for each class, shape (F, C).
    offset
        Shape (C,).
    sharpness
        What multiplies the regression before it becomes probabilities, positive.
    share
        Of the probabilities, beside the networks, in [0, 1).
    """

    patterns: Patterns
    weights: Floats
    offset: Floats
    sharpness: float
    share: float = EVEN

    @classmethod
    @limited()
    def learn(cls, items: Sequence[NDArray[np.float32]], targets: NDArray[np.int64], seed: int) -> Self:
        """Return the rule of training sequences.

        Parameters
        ----------
        items
            N arrays of shape (T, I), as a `Reader` makes them.
        targets
            Their classes, shape (N,), each of 0 to C - 1 at least once.
        seed
            Of the patterns.
        """
        patterns = Patterns.learn(items, min(_MOST, _NUMBERS // len(items)), seed)
        scaler = StandardScaler()
        counted = scaler.fit_transform(patterns.of(items).astype(np.float64))
        wanted = np.where(targets[:, None] == np.arange(targets.max() + 1), 1.0, -1.0)
        rule = RidgeCV(alphas=_PENALTIES).fit(counted, wanted)
        weights = rule.coef_.T / scaler.scale_[:, None]
        offset = rule.intercept_ - scaler.mean_ @ weights
        return cls(patterns, weights, offset, _sharpness(_left_out(counted, wanted, rule.alpha_), targets))

    @limited()
    def probabilities(self, items: Sequence[NDArray[np.float32]]) -> Floats:
        """Return the probability of each class, shape (N, C)."""
        said = self.patterns.of(items).astype(np.float64) @ self.weights + self.offset
        return np.asarray(softmax(self.sharpness * said, axis=1))

    def state(self) -> Tree:
        """Return it as a tree of arrays and numbers."""
        return {"patterns": self.patterns.state(), **{name: getattr(self, name) for name in self._fields[1:]}}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return what gave this `state`."""
        return cls(**{**state, "patterns": Patterns.from_state(state["patterns"])})


def _left_out(counted: Floats, wanted: Floats, penalty: float) -> Floats:
    """Return what ridge regression says of each sequence when it learned from all others, shape (N, C).

    Patterns have mean 0 over the sequences.

    Source: Hastie, Tibshirani & Friedman (2009), The elements of statistical learning, equation (7.64).
    """
    n_sequences, n_patterns = counted.shape
    if n_sequences <= n_patterns:
        rule = np.linalg.solve(counted @ counted.T + penalty * np.eye(n_sequences), counted).T
    else:
        rule = np.linalg.solve(counted.T @ counted + penalty * np.eye(n_patterns), counted.T)
    own = (counted * rule.T).sum(axis=1) + 1 / n_sequences  # what a sequence has to say of itself
    told = counted @ (rule @ wanted) + wanted.mean(axis=0)
    made: Floats = wanted - (wanted - told) / (1 - own)[:, None]
    return made


def _sharpness(said: Floats, targets: NDArray[np.int64]) -> float:
    """Return what to multiply by before the softmax."""
    n_sequences, n_classes = said.shape
    wanted = np.full(said.shape, 1 / (n_sequences + n_classes))
    wanted[np.arange(n_sequences), targets] += n_sequences / (n_sequences + n_classes)

    def loss(logarithm: float) -> float:
        return -float((wanted * log_softmax(np.exp(logarithm) * said, axis=1)).sum())

    return float(np.exp(minimize_scalar(loss, bounds=_SHARPNESS, method="bounded").x))
