"""Correlograms equal statsmodels' own, and their bounds hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.tsa.stattools import acf, pacf

from tidegate.analysis.autocorrelation import autocorrelations, correlogram
from tidegate.analysis.stationarity import stationarity


@pytest.fixture
def rng():
    return np.random.default_rng(61)


def test_figures_are_statsmodels_own(rng):
    values = lfilter([1], [1, -0.6], rng.standard_normal(200))
    found = correlogram(values, 1)
    expected, interval = acf(values, nlags=24, alpha=0.05, result_object=True)[:2]
    np.testing.assert_allclose(found.acf, expected[1:], atol=1e-12)
    np.testing.assert_allclose(found.acf_bound, (interval[:, 1] - expected)[1:], atol=1e-12)
    np.testing.assert_allclose(found.pacf, pacf(values, nlags=24, method="ldb")[1:], atol=1e-12)
    np.testing.assert_allclose(found.pacf_bound, 1.959964 / np.sqrt(200), rtol=1e-6)


def test_noise_stays_within_the_bounds_nineteen_times_in_twenty(rng):
    outside = [len(correlogram(rng.standard_normal(300), 1).outside) / 24 for _ in range(100)]
    assert 0.02 < np.mean(outside) < 0.08


def test_an_autoregression_shows_its_order(rng):
    found = correlogram(lfilter([1], [1, -0.5, 0.4], rng.standard_normal(3_000)), 1)
    assert found.pacf[1] == pytest.approx(-0.4, abs=0.05)
    assert np.abs(found.pacf[2:]).max() < 0.08


@pytest.mark.parametrize(
    ("length", "season", "n_lags"), [(300, 1, 24), (300, 12, 36), (40, 12, 13), (8, 1, 2), (9000, 168, 400)]
)
def test_lags_reach_three_seasons_as_far_as_the_series_allows(rng, length, season, n_lags):
    found = correlogram(rng.standard_normal(length), season)
    assert found.lags.tolist() == list(range(1, n_lags + 1))


def test_differenced_as_suggested():
    values = np.cumsum(np.random.default_rng(64).standard_normal(900))
    found = autocorrelations(values, 1, stationarity(values, 1, 0.0, "D"), "D")
    expected = correlogram(np.diff(values), 1)
    np.testing.assert_allclose(found.differenced.acf, expected.acf, atol=1e-9)
    assert found.differenced.label == "after one difference"
    assert "As observed, neighbouring values resemble each other at every lag looked at" in found.statement
    assert "After one difference, the autocorrelation stays within what noise would show" in found.statement


def test_differenced_over_the_season(rng):
    values = 5 * np.sin(2 * np.pi * np.arange(240) / 12) + rng.standard_normal(240)
    found = autocorrelations(values, 12, stationarity(values, 12, 0.9, "MS"), "MS")
    expected = correlogram(values[12:] - values[:-12], 12)
    np.testing.assert_allclose(found.differenced.acf, expected.acf, atol=1e-9)
    assert "lag 12" in found.statement


def test_a_seasonal_peak_is_named(rng):
    smooth = np.cumsum(rng.standard_normal(900))
    values = smooth + 6 * np.sin(2 * np.pi * np.arange(900) / 12)
    found = autocorrelations(values, 12, None, "MS")
    assert found.differenced is None
    assert "with a seasonal peak at 12 months (lag 12: 0." in found.statement


def test_single_lags_are_named(rng):
    values = rng.standard_normal(600)
    values[5:] += 0.8 * values[:-5].copy()
    said = autocorrelations(values, 1, None, "D").statement
    assert said.startswith("As observed, what stands out beyond the bounds of noise is ")
    assert "lag 5: 0.4" in said


@pytest.mark.parametrize("values", [np.zeros(40), np.full(40, 1.5), np.arange(7.0)])
def test_nothing_to_correlate(values):
    assert autocorrelations(values, 1, None, "D") is None
    assert correlogram(values, 1) is None
