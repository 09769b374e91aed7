"""Counts weighed by how much more often they occur in one class than in all others, as naive Bayes weighs them.

Axis letters: N sequences, F counted features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    Floats = NDArray[np.float64]

_BEFOREHAND = 1.0
"""Sequences of each side that every feature is taken to occur in before any are seen."""


class LogCountRatios(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type stubs
    """Multiplies each feature by its log-count ratio: above 0 where it speaks for a class, below where against it.

    A linear rule on what comes out is pulled towards naive Bayes instead of towards 0, so that what is rare, but of one
    class, counts from the beginning.

    Attributes
    ----------
    ratios_ : ndarray of shape (F,)
        ln((p / sum p) / (q / sum q)), where p and q are 1 + how many sequences of the class, and of the others, hold a
        feature.

    Source: Wang & Manning (2012), Baselines and bigrams: simple, good sentiment and topic classification, ACL,
    section 2.1.
    """

    ratios_: Floats

    def fit(self, X: csr_matrix, y: Any) -> Self:
        """Learn the ratios of features, shape (N, F), at least 0; `y`, shape (N,), is true or 1 for the class."""
        there, own = X > 0, np.asarray(y).astype(bool)
        inside, outside = (_BEFOREHAND + np.asarray(there[side].sum(axis=0)).ravel() for side in (own, ~own))
        self.ratios_ = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        return self

    def transform(self, X: Any) -> csr_matrix:
        """Return the features, sparse, times their ratios, shape (N, F)."""
        weighed: csr_matrix = X.multiply(self.ratios_).tocsr()
        return weighed
