"""The four cases of ADF and KPSS, on series made to be each of them, and the differencing that undoes them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.tools.sm_exceptions import InterpolationWarning
from statsmodels.tsa.stattools import adfuller, kpss

from tidegate.analysis.stationarity import read, rolling_window, stationarity


@pytest.fixture
def rng():
    return np.random.default_rng(51)


def _season(length):
    return 5 * np.sin(2 * np.pi * np.arange(length) / 12)


def test_noise_is_stationary(rng):
    found = stationarity(rng.standard_normal(300), 1, 0.0, "D")
    assert (found.readings[0].case, found.d, found.seasonal_d) == ("stationary", 0, 0)
    assert found.statement == "No differencing is needed (d = 0)."
    assert len(found.readings) == 1


def test_differencing_is_right_in_nine_of_ten(rng):
    for d in (0, 1, 2):
        made = [rng.standard_normal(300) for _ in range(30)]
        for _ in range(d):
            made = [np.cumsum(values) for values in made]
        found = [stationarity(values, 1, 0.0, "D").d for values in made]
        assert found.count(d) >= 27


def test_a_random_walk_has_a_unit_root_and_wants_one_difference():
    found = stationarity(np.cumsum(np.random.default_rng(52).standard_normal(300)), 1, 0.0, "D")
    assert (found.readings[0].case, found.d) == ("unit root", 1)
    assert "ADF cannot reject a unit root and KPSS rejects a constant level" in found.readings[0].statement
    assert found.readings[-1].label == "after one difference"
    assert found.readings[-1].case == "stationary"


def test_an_integrated_random_walk_wants_two():
    rng = np.random.default_rng(52)
    found = stationarity(np.cumsum(np.cumsum(rng.standard_normal(400))), 1, 0.0, "D")
    assert (found.d, found.readings[-1].label) == (2, "after two differences")
    assert "two ordinary differences (d = 2)" in found.statement


def test_a_trend_in_noise_would_do_without_differencing(rng):
    found = stationarity(0.05 * np.arange(300) + rng.standard_normal(300), 1, 0.0, "D")
    assert found.readings[1].label == "around a straight line"
    assert found.readings[1].case == "stationary"
    assert "KPSS finds no sign against a steady straight line" in found.readings[1].statement
    assert "a straight-line trend in the model would do as well" in found.statement


def test_a_shift_moves_the_level_without_a_unit_root(rng):
    values = rng.standard_normal(2_000)
    values[1_000:] += 0.4
    found = stationarity(values, 1, 0.0, "D")
    assert found.readings[0].case == "level moves"
    assert "without being a random walk" in found.readings[0].statement


def test_short_smooth_series_are_often_unclear(rng):
    found = [read(lfilter([1], [1, -0.8], rng.standard_normal(30)), "as observed") for _ in range(40)]
    unclear = [one for one in found if one.case == "unclear"]
    assert len(unclear) > 10
    assert all("too little information to tell" in one.statement for one in unclear)
    assert all(one.adf_p >= 0.05 and one.kpss_p >= 0.05 for one in unclear)


def test_a_strong_season_wants_a_seasonal_difference(rng):
    values = _season(240) + 0.3 * rng.standard_normal(240)
    found = stationarity(values, 12, 0.95, "MS")
    assert (found.d, found.seasonal_d) == (0, 1)
    assert found.statement == (
        "Suggested: one seasonal difference over 12 months (D = 1), and no ordinary one (d = 0)."
    )
    assert stationarity(values, 12, 0.6, "MS").seasonal_d == 0


def test_a_seasonal_random_walk_with_drift_wants_both(rng):
    values = np.cumsum(np.cumsum(rng.standard_normal(240)) * 0.1 + rng.standard_normal(240)) + _season(240)
    found = stationarity(values, 12, 0.9, "MS")
    assert (found.d, found.seasonal_d) == (1, 1)
    assert found.readings[-1].label == "after seasonal differencing and one difference"


def test_figures_are_statsmodels_own(rng):
    values = np.cumsum(rng.standard_normal(200))
    found = read(values, "as observed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)
        level = kpss(values, regression="c", nlags="auto", result_object=True)
    root = adfuller(values, regression="c", autolag="AIC", result_object=True)
    assert (found.adf, found.adf_p) == (pytest.approx(root[0]), pytest.approx(root[1]))
    assert (found.kpss, found.kpss_p) == (pytest.approx(level[0]), pytest.approx(level[1]))


def test_p_values_beyond_the_table_are_said_as_bounds(rng):
    assert read(np.arange(100) + rng.standard_normal(100), "as observed").kpss_p_text == "p < 0.01"
    assert read(rng.standard_normal(500), "as observed").kpss_p_text == "p > 0.1"
    between = read(0.0012 * np.arange(200) + rng.standard_normal(200), "as observed")
    assert between.kpss_p_text.startswith("p = 0.0")


def test_level_still_moving_after_two_differences():
    values = np.concatenate([np.arange(60.0) ** 3, np.random.default_rng(2).standard_normal(10) * 100])
    found = stationarity(values[:60], 1, 0.0, "D")
    assert found.d == 2
    assert "look for a break in the series" in found.statement


@pytest.mark.parametrize("values", [np.arange(50.0), np.tile([1.0, 2, 3, 4], 20), (-1.0) ** np.arange(60)])
def test_series_without_noise(values):
    found = stationarity(values, 1, 0.0, "D")
    assert found.readings[0].case in ("stationary", "level moves", "unit root")
    assert "unknown" not in found.readings[0].statement


def test_a_line_differenced_is_constant():
    found = stationarity(np.arange(50.0), 1, 0.0, "D")
    assert found.d == 1
    assert found.readings[-1].statement == "Nothing is left but a constant, which is stationary."


def test_rolling_figures_are_plain_means_and_variances(rng):
    values = rng.standard_normal(60)
    found = stationarity(values, 12, 0.0, "MS")
    assert found.window == 12
    assert np.isnan(found.rolling_mean[:11]).all()
    assert found.rolling_mean[30] == pytest.approx(values[19:31].mean())
    assert found.rolling_variance[30] == pytest.approx(values[19:31].var(ddof=1))
    assert "the variance changes little" in found.rolling_statement


def test_variance_that_grows_with_the_level_asks_for_a_logarithm(monthly):
    found = stationarity(monthly, 12, 0.9, "MS")
    assert "it grows with the level, as a logarithm would even out" in found.rolling_statement
    assert found.rolling_statement.startswith("Over 12 months at a time, the mean runs from ")


def test_variance_of_mostly_constant_stretches():
    values = np.zeros(100)
    values[40] = 1
    said = stationarity(values, 1, 0.0, "D").rolling_statement
    assert "over 1,000 times its 5th): it grows with the level." in said
    values[40:90:2] = 1
    assert "as a logarithm" not in stationarity(values, 1, 0.0, "D").rolling_statement


@pytest.mark.parametrize(
    ("length", "season", "window"), [(100, 1, 12), (100, 4, 12), (100, 7, 14), (100, 24, 24), (20, 1, 6), (4, 1, 2)]
)
def test_rolling_window_holds_whole_seasons(length, season, window):
    assert rolling_window(length, season) == window


@pytest.mark.parametrize("values", [np.zeros(50), np.full(50, 2.5), np.arange(11.0)])
def test_nothing_to_test(values):
    assert stationarity(values, 1, 0.0, "D") is None
