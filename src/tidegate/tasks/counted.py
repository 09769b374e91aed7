"""Counted words and a linear rule on them, beside the networks of a classifier.

Axis letters: N sequences, F counted words and pairs, C classes, K rules (C, or 1 for two classes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegate.tasks.simple import linear_on_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]


class Counted:
    """Logistic regression on TF-IDF of words and pairs of words, as `simple.linear_on_words` makes it, fitted.

    Attributes
    ----------
    rule
        The fitted pipeline.
    unit
        What was counted.
    """

    def __init__(self, rule: Pipeline, unit: Unit) -> None:
        self.rule, self.unit = rule, unit

    @classmethod
    def learn(cls, sequences: Sequence[list[str]], targets: NDArray[np.int64], unit: Unit) -> Self:
        """Return the rule of training sequences, whose classes are `targets`, shape (N,)."""
        return cls(linear_on_words(unit).fit(sequences, targets), unit)

    def probabilities(self, sequences: Sequence[list[str]]) -> Floats:
        """Return the probability of each class, shape (N, C)."""
        return np.asarray(self.rule.predict_proba(sequences), dtype=np.float64)

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        counts, linear = self.rule[0], self.rule[1]
        terms = sorted(counts.vocabulary_, key=counts.vocabulary_.__getitem__)
        learned = {"coefficients": linear.coef_, "intercepts": linear.intercept_, "n_classes": len(linear.classes_)}
        return {"unit": self.unit, "terms": terms, "weights": counts.idf_, **learned}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return what gave this `state`."""
        rule: Any = linear_on_words(state["unit"])
        counts, linear = rule[0], rule[1]
        counts.set_params(vocabulary={term: place for place, term in enumerate(state["terms"])})
        counts.idf_ = state["weights"]
        linear.classes_ = np.arange(state["n_classes"])
        linear.coef_, linear.intercept_ = state["coefficients"], state["intercepts"]
        return cls(rule, state["unit"])
