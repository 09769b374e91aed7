"""Level and spread of windows, with and without missing starts."""

import numpy as np

from tidegate.features.normalisation import levels, spreads


def test_levels_and_spreads_are_mean_and_standard_deviation():
    windows = np.random.default_rng(0).normal(5, 2, (4, 30))
    np.testing.assert_allclose(levels(windows), windows.mean(axis=1))
    np.testing.assert_allclose(spreads(windows, least=0.1), windows.std(axis=1))


def test_absent_values_do_not_count():
    windows = np.array([[99.0, 1.0, 3.0]])
    here = np.array([[False, True, True]])
    assert levels(windows, here) == 2
    assert spreads(windows, here, least=0.1) == 1


def test_a_quiet_window_keeps_the_least_spread():
    assert spreads(np.ones((1, 5)), least=0.2) == 0.2
