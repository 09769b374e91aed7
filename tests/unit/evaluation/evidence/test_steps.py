import numpy as np
import pytest
from scipy.stats import ttest_1samp
from statsmodels.tsa.stattools import diebold_mariano_test

from tidegate.evaluation.evidence.steps import by_step
from tidegate.scoring.folds import Folds


def gamma(shape, seed):
    return np.random.default_rng(seed).gamma(2.0, size=shape)


def test_without_overlap_it_is_the_t_test_over_folds():
    first, second = gamma((6, 2, 4), 0), gamma((6, 2, 4), 1)
    wanted = ttest_1samp((first - second).mean(axis=1), 0).pvalue
    assert by_step(first, second, Folds(4, 6)) == pytest.approx(wanted)


def test_overlapping_origins_have_the_test_of_diebold_and_mariano():
    first, second = gamma((20, 1, 4), 0), gamma((20, 1, 4), 1)
    made = by_step(first, second, Folds(4, 20, stride=1))
    for step in range(1, 4):
        d = (first - second)[:, 0, step]
        theirs = diebold_mariano_test(
            np.zeros(20), d, np.zeros(20), lags=step, criterion=lambda _, x: x, harvey_adj=True, horizon=step + 1
        )
        assert made[step] == pytest.approx(theirs.pvalue)
    assert made[0] == pytest.approx(ttest_1samp((first - second)[:, 0, 0], 0).pvalue)


def test_the_correction_by_hand():
    """Harvey, Leybourne and Newbold: the statistic times sqrt((n + 1 - 2h + h(h - 1) / n) / n), Student's t, n - 1."""
    from scipy.stats import t

    d = np.random.default_rng(4).normal(0.4, 1, 16)
    centred = d - d.mean()
    variance = (centred @ centred + 2 * 0.5 * centred[1:] @ centred[:-1]) / 16  # lag 1 with Bartlett's weight
    statistic = d.mean() / np.sqrt(variance / 16) * np.sqrt((16 + 1 - 4 + 2 / 16) / 16)
    first = np.stack([np.zeros(16), d], axis=1)[:, None]
    made = by_step(first, np.zeros_like(first), Folds(2, 16, stride=1))
    assert made[1] == pytest.approx(2 * t.sf(abs(statistic), 15), rel=1e-6)


def test_from_ten_series_on_they_are_the_blocks():
    first, second = gamma((3, 12, 2), 0), gamma((3, 12, 2), 1)
    wanted = ttest_1samp((first - second).mean(axis=0), 0).pvalue
    assert by_step(first, second, Folds(2, 3)) == pytest.approx(wanted)


def test_too_few_blocks_and_missing_values():
    first, second = gamma((4, 1, 3), 0), gamma((4, 1, 3), 1)
    first[:2, :, 1] = np.nan
    made = by_step(first, second, Folds(3, 4))
    assert np.isfinite(made[[0, 2]]).all()
    assert np.isnan(made[1])
    assert np.isnan(by_step(first, second, Folds(3, 4, stride=1))[2])


def test_identical_and_always_better_models():
    errors = gamma((5, 1, 2), 0)
    assert by_step(errors, errors, Folds(2, 5)).tolist() == [1.0, 1.0]
    assert by_step(errors, errors + 1, Folds(2, 5)) == pytest.approx(0, abs=1e-12)
