"""A remainder with a pattern, a skew or restless stretches is told from one without."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.stats.diagnostic import acorr_ljungbox, het_arch
from statsmodels.stats.stattools import jarque_bera

from tidegate.analysis.residuals import diagnose


@pytest.fixture
def rng():
    return np.random.default_rng(73)


def test_noise_is_clean(rng):
    found = diagnose(rng.standard_normal(400), 1)
    assert (found.pattern_left, found.normal, found.constant_spread) == (False, True, True)
    assert found.statement.startswith("No pattern in time is left (Ljung-Box over 10 lags, p = ")
    assert "compatible with the normal one" in found.statement


def test_a_pattern_is_found_and_its_lag_named(rng):
    found = diagnose(lfilter([1], [1, 0, 0, -0.6], rng.standard_normal(400)), 1)
    assert found.pattern_left
    assert "strongest at lag 3 (autocorrelation 0." in found.statement


def test_a_seasonal_pattern_is_found(rng):
    found = diagnose(np.sin(2 * np.pi * np.arange(240) / 12) + rng.standard_normal(240), 12)
    assert (found.pattern_left, found.lags) == (True, 24)


def test_a_faint_pattern_is_called_faint(rng):
    found = diagnose(lfilter([1], [1, -0.05], rng.standard_normal(9_000)), 1)
    assert found.pattern_left
    assert found.statement.startswith("A faint pattern")


def test_a_skew_is_found(rng):
    found = diagnose(np.exp(rng.standard_normal(300)) - 1.6, 1)
    assert not found.normal
    assert found.skewness > 1
    assert "a long tail to the right and more extreme values" in found.statement


def test_a_flat_distribution_is_not_normal_either(rng):
    found = diagnose(rng.random(900) - 0.5, 1)
    assert not found.normal
    assert found.excess_kurtosis < -1
    assert "It is not normally distributed (Jarque-Bera" in found.statement


def test_restless_stretches_are_found(rng):
    spread = np.repeat(np.tile([0.3, 3.0], 5), 60)
    found = diagnose(spread * rng.standard_normal(600), 1)
    assert not found.constant_spread
    assert "calm and restless stretches alternate" in found.statement


def test_figures_are_statsmodels_own(rng):
    values = 3 + 2 * lfilter([1], [1, -0.3], rng.standard_normal(200))
    found = diagnose(values, 12)
    box = acorr_ljungbox(values - values.mean(), lags=[24])
    assert found.ljung_box == pytest.approx(box["lb_stat"].iloc[0])
    assert found.ljung_box_p == pytest.approx(box["lb_pvalue"].iloc[0])
    shape = jarque_bera(values)
    assert (found.jarque_bera, found.jarque_bera_p) == (pytest.approx(shape[0]), pytest.approx(shape[1]))
    assert (found.skewness, found.excess_kurtosis) == (pytest.approx(shape[2]), pytest.approx(shape[3] - 3))
    assert found.arch_p == pytest.approx(het_arch(values - values.mean(), nlags=10, result_object=True)[1])
    assert (found.mean, found.deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))


def test_parameters_of_a_model_are_taken_off(rng):
    values = rng.standard_normal(100)
    assert diagnose(values, 1, fitted=3).ljung_box_p < diagnose(values, 1).ljung_box_p


def test_missing_residuals_are_left_out(rng):
    values = rng.standard_normal(100)
    holes = np.concatenate([[np.nan] * 6, values, [np.nan] * 6])
    assert diagnose(holes, 1).ljung_box == diagnose(values, 1).ljung_box


@pytest.mark.parametrize("values", [(-1.0) ** np.arange(40), np.tile([1.0, -1, 0, 0], 10)])
def test_a_remainder_without_noise(values):
    found = diagnose(values, 1)
    assert found.pattern_left
    assert "unknown" not in found.statement


@pytest.mark.parametrize("values", [np.zeros(40), np.arange(11.0), np.full(30, np.nan)])
def test_nothing_to_diagnose(values):
    assert diagnose(values, 1) is None
