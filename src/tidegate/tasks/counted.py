"""Counted words and a linear rule on them, beside the networks of a classifier.

Axis letters: N sequences, F counted words, pairs and pieces, C classes, K rules (C, or 1 for two classes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from tidegate.tasks.simple import linear_on_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sklearn.pipeline import FeatureUnion

    from tidegate.archive import Tree
    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]

EVEN = 0.5
"""The share where nothing, or too little, is held out to choose it by."""

FEWEST = 50
"""Held-out sequences below which no share is chosen by them."""

_SHARES = np.linspace(0, 0.95, 20)
_LEAST = 1e-12


class Counted(NamedTuple):
    """The linear rule that `simple.linear_on_words` makes, fitted, and what say it has.

    Attributes
    ----------
    counts
        What counts words, fitted.
    coefficients
        Of what was counted, shape (K, F).
    intercepts
        Shape (K,).
    unit
        What was counted.
    share
        Of the probabilities, beside the networks, in [0, 1).
    """

    counts: FeatureUnion
    coefficients: Floats
    intercepts: Floats
    unit: Unit
    share: float = EVEN

    @classmethod
    def learn(cls, sequences: Sequence[list[str]], targets: NDArray[np.int64], unit: Unit) -> Counted:
        """Return the rule of training sequences, whose classes are `targets`, shape (N,)."""
        counts, rules = linear_on_words(unit).fit(sequences, targets)
        pairs = [
            (getattr(weights, "ratios_", 1.0) * linear.coef_[0], linear.intercept_[0])
            for weights, linear in rules.estimators_
        ]
        coefficients, intercepts = map(np.array, zip(*pairs, strict=True))
        return cls(counts, coefficients, intercepts, unit)

    def probabilities(self, sequences: Sequence[list[str]]) -> Floats:
        """Return the probability of each class, shape (N, C)."""
        said: Floats = expit(self.counts.transform(sequences) @ self.coefficients.T + self.intercepts)
        if len(self.intercepts) == 1:
            return np.hstack([1 - said, said])
        every: Floats = said / said.sum(axis=1, keepdims=True)
        return every

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        vectors = {
            name: {"terms": sorted(one.vocabulary_, key=one.vocabulary_.__getitem__), "weights": one.idf_}
            for name, one in self.counts.transformer_list
        }
        learned = {"coefficients": self.coefficients, "intercepts": self.intercepts}
        return {"unit": self.unit, "share": self.share, "counts": vectors, **learned}

    @classmethod
    def from_state(cls, state: Tree) -> Counted:
        """Return what gave this `state`."""
        counts = linear_on_words(state["unit"])[0]
        for name, one in counts.transformer_list:
            known = state["counts"][name]
            one.set_params(vocabulary={term: place for place, term in enumerate(known["terms"])})
            one.idf_ = known["weights"]
        return cls(counts, state["coefficients"], state["intercepts"], state["unit"], state["share"])


def best_share(networks: Floats, rule: Floats, targets: NDArray[np.int64]) -> float:
    """Return the share of the rule, of 0, .05 to .95, that makes the mean log loss least.

    Parameters
    ----------
    networks, rule
        What either says of sequences that it did not learn from, shape (N, C).
    targets
        Their classes, shape (N,).

    Source: Breiman (1996), Stacked regressions, Machine Learning 24, for weights learned of what is held out.
    """
    there = np.arange(len(targets))
    losses = [-np.log(mixed(networks, rule, share)[there, targets] + _LEAST).mean() for share in _SHARES]
    return float(_SHARES[int(np.argmin(losses))])


def mixed(networks: Floats, rule: Floats, share: float) -> Floats:
    """Return the probabilities of networks, shape (N, C), with those of a rule by its share."""
    made: Floats = (1 - share) * networks + share * rule
    return made
