"""The direction of a series: found through noise and seasons, not invented from autocorrelation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import kendalltau, theilslopes

from tidegate.analysis.trend import trend


@pytest.fixture
def rng():
    return np.random.default_rng(41)


@pytest.mark.parametrize(("sign", "direction"), [(1, "rising"), (-1, "falling")])
def test_direction_through_noise(rng, sign, direction):
    found = trend(10 + sign * 0.05 * np.arange(100) + rng.standard_normal(100), (1,), "YS")
    assert found.direction == direction
    assert found.statement.startswith(f"{direction.capitalize()}: by about 0.0")
    assert "per year" in found.statement


def test_noise_is_stable_in_nineteen_of_twenty(rng):
    found = [trend(rng.standard_normal(60), (1,), "YS").direction for _ in range(200)]
    assert found.count("stable") / 200 >= 0.9


def test_autocorrelation_is_allowed_for(rng):
    plain, allowed = 0, 0
    for _ in range(100):
        values = lfilter([1], [1, -0.7], rng.standard_normal(200))
        plain += kendalltau(np.arange(200), values).pvalue < 0.05
        allowed += trend(values, (1,), "YS").direction != "stable"
    assert plain > 35
    assert allowed < 0.6 * plain


def test_slope_and_tau_are_scipys(rng):
    values = 0.1 * np.arange(50) + rng.standard_normal(50)
    found = trend(values, (1,), "YS")
    assert found.slope == pytest.approx(theilslopes(values).slope)
    assert found.tau == pytest.approx(kendalltau(np.arange(50), values).statistic)
    np.testing.assert_allclose(np.diff(found.line), found.slope)


def test_without_autocorrelation_the_p_value_is_mann_kendalls(rng):
    """With no significant autocorrelation the variance is the classical one: S, less 1, over its deviation."""
    values = rng.permutation(np.arange(30.0))
    found = trend(values, (1,), "YS")
    order = np.sign(values[None, :] - values[:, None])[np.triu_indices(30, 1)].sum()
    z = (abs(order) - 1) / np.sqrt(30 * 29 * 65 / 18)
    assert found.p_value >= 2 * (1 - _normal(z)) - 1e-12


def _normal(z):
    from scipy.stats import norm

    return norm.cdf(z)


def test_whole_seasons_are_averaged(monthly):
    found = trend(monthly, (12,), "MS")
    assert "10 means of 12 months, tau 1, p < 0.001" in found.statement
    assert found.per_cycle == pytest.approx(12 * found.slope)
    means = monthly.reshape(10, 12).mean(axis=1)
    assert (found.start, found.end) == (pytest.approx(means[0]), pytest.approx(means[-1]))
    assert found.percent == pytest.approx(100 * (means[-1] / means[0] - 1))
    assert found.slope == pytest.approx(theilslopes(means).slope / 12)


def test_a_season_alone_is_no_trend():
    found = trend(np.tile(np.arange(12.0), 9) + np.arange(108) % 5, (12,), "MS")
    assert found.direction == "stable"


def test_the_longest_season_that_fits_eight_times(rng):
    values = rng.standard_normal(24 * 7 * 9)
    assert "9 means of 168 hours (one week)" in trend(values, (24, 168), "h").statement
    assert "50 means of 24 hours (one day)" in trend(values[:1200], (24, 168), "h").statement


def test_at_most_a_thousand_means(rng):
    values = rng.standard_normal(5_500)
    assert "916 means of 6 days" in trend(values, (1,), "D").statement
    assert "196 means of 28 days" in trend(values, (1,), "D", most=200).statement


def test_a_wandering_level_is_said_to_be_one():
    walk = np.cumsum(np.random.default_rng(3).standard_normal(300))
    found = trend(walk, (1,), "D", wanders=True)
    assert found.direction != "stable"
    assert found.drift_p_value > 0.05
    assert "A wandering level can drift this far by chance" in found.statement
    drifting = trend(walk + np.arange(300), (1,), "D", wanders=True)
    assert drifting.drift_p_value < 0.001
    assert "more than a wandering level would show by chance" in drifting.statement


def test_newest_values_against_the_trend_are_pointed_out(rng):
    values = -np.arange(40.0) + rng.standard_normal(40) + 100
    values[-4:] = 500
    found = trend(values, (1,), "YS")
    assert found.direction == "falling"
    assert "although the newest average, 500, is above the oldest" in found.statement


def test_many_equal_values():
    values = np.zeros(60)
    values[[35, 40, 44, 48, 50, 53, 55, 57, 58, 59]] = [1, 2, 1, 3, 1, 2, 1, 2, 3, 1]
    found = trend(values, (1,), "D")
    assert (found.direction, found.slope) == ("rising", 0)
    assert "values above the usual one come more and more often" in found.statement


@pytest.mark.parametrize("values", [np.full(20, 4.0), np.zeros(30)])
def test_a_constant_series_is_stable(values):
    found = trend(values, (1,), "D")
    assert (found.direction, found.slope, found.p_value) == ("stable", 0, 1)


def test_a_straight_line_has_no_noise_to_doubt():
    found = trend(np.arange(30.0), (1,), "D", wanders=True)
    assert (found.direction, found.slope, found.drift_p_value) == ("rising", 1, 0)


def test_too_short():
    assert trend(np.arange(7.0), (1,), "D") is None
