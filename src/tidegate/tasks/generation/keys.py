"""The simple model of steps of numbers: a linear rule for each key or channel on the last few steps.

Axis letters: N sequences, T steps, K keys or channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csc_matrix
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from tidegate.checks import check_switch, check_whole
from tidegate.errors import NotFittedError
from tidegate.tasks.generation.given import Given

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_UPDATES = 200


class LogisticKeys(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Says which keys sound next by the last steps: logistic regression for each key.

    Keys that always or never sound in training have the rate of sounding with one step of either added.

    Parameters
    ----------
    steps
        How many of the last steps are read, at least 1.
    C
        Inverse of the strength of the penalty on weights, positive.
    joint
        Whether each key is also given those below it at the same step, as a generator with `joint` is, and not taken by
        itself.

    Attributes
    ----------
    weights_ : ndarray of shape (steps * K, K), joint ((steps + 1) * K, K)
        Of the keys of the last steps, the newest first; then of those of the same step, 0 for all that are not below.
    biases_ : ndarray of shape (K,)
        Of each key.
    """

    weights_: Floats
    biases_: Floats

    def __init__(self, *, steps: int = 2, C: float = 0.1, joint: bool = False) -> None:
        self.steps, self.C, self.joint = steps, C, joint

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return "logistic regression on the last steps" + (" and the keys below" if self.joint else "")

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's face)
        """Learn from N arrays of keys, shape (T, K) each.

        Raises
        ------
        DataError, SettingError
            If the sequences cannot be used, or a setting is outside its limits.
        """
        check_whole("steps", self.steps, least=1)
        check_switch("joint", self.joint)
        items = Given.of(X, None, "words").sequences.items
        read, wanted = csc_matrix(np.concatenate([self._read(one) for one in items])), np.concatenate(items)
        n_steps, n_keys = wanted.shape
        self.weights_ = np.zeros((read.shape[1], n_keys))
        rates = (wanted.sum(0) + 1) / (n_steps + 2)
        self.biases_ = np.log(rates / (1 - rates))
        for key in np.flatnonzero((wanted.min(0) == 0) & (wanted.max(0) == 1)):
            n_read = self.steps * n_keys + (key if self.joint else 0)
            rule = LogisticRegression(C=self.C, max_iter=_MOST_UPDATES).fit(read[:, :n_read], wanted[:, key])
            self.weights_[:n_read, key], self.biases_[key] = rule.coef_[0], rule.intercept_[0]
        return self

    def surprises(self, X: Any, y: Any = None) -> list[Floats]:  # noqa: ARG002
        """Return minus the logarithm of the probability of each step given those before, N arrays of shape (T,), nats.

        Raises
        ------
        NotFittedError, DataError
            If `fit` was not called, or the sequences cannot be used.
        """
        if not hasattr(self, "weights_"):
            raise NotFittedError("This LogisticKeys has learned nothing yet: call fit first.")
        items = Given.of(X, None, "words").sequences.items
        return [self._surprise(one) for one in items]

    def bits(self, X: Any, y: Any = None) -> float:
        """Return the bits per step that it takes to say these sequences; less is better."""
        return float(np.concatenate(self.surprises(X, y)).mean()) / math.log(2)

    def _surprise(self, one: Floats) -> Floats:
        scores = self._read(one) @ self.weights_ + self.biases_
        made: Floats = np.logaddexp(0.0, np.where(one > 0, -scores, scores)).sum(1)
        return made

    def _read(self, one: Floats) -> Floats:
        """Return the last steps before each step, 0 before the first, shape (T, steps * K); joint, the step beside."""
        padded = np.concatenate([np.zeros((self.steps, one.shape[1])), one])
        parts = [padded[self.steps - lag : len(padded) - lag] for lag in range(1, self.steps + 1)]
        return np.concatenate([*parts, one] if self.joint else parts, axis=1)
