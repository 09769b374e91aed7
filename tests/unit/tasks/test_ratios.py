import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tidegate.tasks.ratios import LogCountRatios

COUNTS = csr_matrix(np.array([[2.0, 0, 1], [0.5, 0, 0], [0, 3, 1], [0, 1, 0]]))


def test_ratios_are_those_of_naive_bayes():
    """Of the class 2, 0 and 1 of its two sequences hold the features, of the others 0, 2 and 1; 1 is added to each."""
    made = LogCountRatios().fit(COUNTS, [1, 1, 0, 0])
    np.testing.assert_allclose(made.ratios_, np.log([3 / 1, 1 / 3, 2 / 2]), atol=1e-15)
    np.testing.assert_allclose(made.transform(COUNTS).toarray(), COUNTS.toarray() * made.ratios_)
    np.testing.assert_allclose(LogCountRatios().fit(COUNTS, [0, 0, 1, 1]).ratios_, -made.ratios_, atol=1e-15)


def test_sides_of_unequal_size_are_compared_by_their_shares():
    made = LogCountRatios().fit(COUNTS, np.array([True, False, False, False]))
    inside, outside = np.array([2, 1, 2]) / 5, np.array([2, 3, 2]) / 7
    np.testing.assert_allclose(made.ratios_, np.log(inside / outside))


def test_what_is_rare_but_of_one_class_counts_for_more_than_without():
    """A hundred words, each of which one sequence of training and one of the test hold, beside noise of every class."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)

    def made():
        own = np.zeros((200, 100))
        own[np.arange(200), np.concatenate([rng.integers(0, 50, 100), rng.integers(50, 100, 100)])] = 1
        return csr_matrix(np.hstack([own, rng.random((200, 40)) < 0.5]).astype(float))

    first, second = made(), made()
    plain = LogisticRegression(C=0.05)
    weighed = make_pipeline(LogCountRatios(), clone(plain))
    assert weighed.fit(first, y).score(second, y) > plain.fit(first, y).score(second, y) + 0.02


@pytest.mark.parametrize("n_rows", [1, 3])
def test_what_was_never_seen_says_nothing(n_rows):
    made = LogCountRatios().fit(COUNTS, [1, 1, 0, 0])
    assert made.transform(csr_matrix((n_rows, 3))).nnz == 0
