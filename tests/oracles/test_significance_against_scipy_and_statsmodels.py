"""Without overlap our test is scipy's paired t-test, which is statsmodels' Diebold-Mariano test one step ahead."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from statsmodels.tsa.stattools import diebold_mariano_test

from tidegate.evaluation.significance import compare


@pytest.mark.parametrize("folds", [3, 5, 12])
def test_p_values_of_folds(folds):
    rng = np.random.default_rng(folds)
    first, second = rng.gamma(2.0, size=(2, folds, 1))
    p = compare(first, second).p
    assert p == pytest.approx(ttest_rel(first[:, 0], second[:, 0]).pvalue, rel=1e-9)
    theirs = diebold_mariano_test(
        np.zeros(folds), first[:, 0], second[:, 0], lags=0, criterion=lambda _y, loss: loss, harvey_adj=True
    )
    assert p == pytest.approx(theirs.pvalue, rel=1e-9)


def test_p_values_of_a_panel():
    rng = np.random.default_rng(0)
    first, second = rng.gamma(2.0, size=(2, 3, 25))
    expected = ttest_rel(first.mean(axis=0), second.mean(axis=0)).pvalue
    assert compare(first, second).p == pytest.approx(expected, rel=1e-9)
