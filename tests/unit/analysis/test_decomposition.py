"""Components come back as they were put in, equal statsmodels' own, and the kind is chosen from the data."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import MSTL, STL, seasonal_decompose

from tidegate.analysis import decomposition
from tidegate.analysis.decomposition import cap, decompose


@pytest.fixture
def rng():
    return np.random.default_rng(31)


def _additive(rng, length=144, noise=0.3):
    steps = np.arange(length)
    trend, season = 50 + 0.2 * steps, 5 * np.sin(2 * np.pi * steps / 12)
    return trend, season, trend + season + noise * rng.standard_normal(length)


def test_additive_components_come_back(rng):
    trend, season, values = _additive(rng)
    found = decompose(values, (12,), "MS")
    assert found.kind == "additive"
    assert found.chosen.method == "stl"
    np.testing.assert_allclose(found.chosen.trend[12:-12], trend[12:-12], atol=0.4)
    np.testing.assert_allclose(found.chosen.seasonal[0], season, atol=0.7)


def test_multiplicative_is_chosen_where_the_swings_grow(monthly):
    found = decompose(monthly, (12,), "MS")
    assert found.kind == "multiplicative"
    assert found.amplitude_correlation > 0.9
    assert "smaller than that of an additive decomposition; the seasonal swings grow with the level" in found.statement
    assert "stretches of 12 months" in found.statement
    spreads = {one.kind: one.spread for one in found.candidates if one.method == "classical"}
    assert spreads["multiplicative"] < 0.6 * spreads["additive"]


def test_additive_is_chosen_where_the_swings_stay(rng):
    found = decompose(_additive(rng)[2], (12,), "MS")
    assert found.kind == "additive"
    assert "do not clearly grow with the level" in found.statement


def test_a_tie_goes_to_the_simpler_form(rng):
    values = 1000 + np.sin(2 * np.pi * np.arange(96) / 12) + 0.1 * rng.standard_normal(96)
    found = decompose(values, (12,), "MS")
    assert found.kind == "additive"
    assert "about the same either way, so the simpler form is taken" in found.statement


@pytest.mark.parametrize(("lowest", "said"), [(0.0, "1 value is zero or negative"), (-3.0, "1 value is")])
def test_no_product_with_values_that_are_not_positive(monthly, lowest, said):
    values = monthly.copy()
    values[5] = lowest
    found = decompose(values, (12,), "MS")
    assert {one.kind for one in found.candidates} == {"additive"}
    assert said in found.statement


def test_components_put_together_are_the_series(monthly):
    found = decompose(monthly, (12,), "MS")
    assert [(one.method, one.kind) for one in found.candidates] == [
        ("stl", "additive"),
        ("stl", "multiplicative"),
        ("classical", "additive"),
        ("classical", "multiplicative"),
    ]
    for one in found.candidates:
        adjusted = one.adjusted(monthly)
        if one.kind == "additive":
            whole, rest = one.trend + one.seasonal.sum(axis=0) + one.residual, one.trend + one.residual
        else:
            whole, rest = one.trend * one.seasonal.prod(axis=0) * one.residual, one.trend * one.residual
        known = np.isfinite(whole)
        assert known.sum() == (120 if one.method == "stl" else 108)
        np.testing.assert_allclose(whole[known], monthly[known], rtol=1e-9)
        np.testing.assert_allclose(rest[known], adjusted[known], rtol=1e-9)


def test_equals_statsmodels(monthly):
    by = {(one.method, one.kind): one for one in decompose(monthly, (12,), "MS").candidates}
    stl = STL(monthly, period=12, seasonal=11).fit()
    np.testing.assert_allclose(by["stl", "additive"].trend, stl.trend, rtol=1e-8)
    np.testing.assert_allclose(by["stl", "additive"].residual, stl.resid, rtol=1e-6, atol=1e-8)
    logs = STL(np.log(monthly), period=12, seasonal=11).fit()
    np.testing.assert_allclose(by["stl", "multiplicative"].seasonal[0], np.exp(logs.seasonal), rtol=1e-9)
    for kind in ("additive", "multiplicative"):
        classical = seasonal_decompose(monthly, model=kind, period=12)
        np.testing.assert_allclose(by["classical", kind].trend, classical.trend, rtol=1e-9)
        np.testing.assert_allclose(by["classical", kind].residual, classical.resid, rtol=1e-6, atol=1e-8)


def test_two_seasons_by_mstl(rng):
    steps = np.arange(800)
    values = 5 * np.sin(2 * np.pi * steps / 24) + 3 * np.sin(2 * np.pi * steps / 168) + rng.standard_normal(800)
    chosen = decompose(values, (24, 168), "h").chosen
    expected = MSTL(values, periods=(24, 168)).fit()
    assert (chosen.method, chosen.seasons, chosen.seasonal.shape) == ("mstl", (24, 168), (2, 800))
    np.testing.assert_allclose(chosen.seasonal, expected.seasonal.T, atol=1e-7)
    assert min(chosen.seasonal_strengths) > 0.7


def test_strength_is_one_minus_the_share_left(rng):
    chosen = decompose(_additive(rng)[2], (12,), "MS").chosen
    left = chosen.residual
    assert chosen.trend_strength == pytest.approx(1 - np.var(left) / np.var(chosen.trend + left))
    assert chosen.seasonal_strengths[0] == pytest.approx(1 - np.var(left) / np.var(chosen.seasonal[0] + left))
    assert chosen.trend_strength > 0.95
    assert chosen.seasonal_strengths[0] > 0.95


def test_noise_has_weak_components(rng):
    chosen = decompose(rng.standard_normal(240), (12,), "MS").chosen
    assert chosen.trend_strength < 0.3
    assert chosen.seasonal_strengths[0] < 0.5


def test_without_a_season_a_smooth_trend(rng):
    values = np.linspace(0, 10, 80) ** 2 + rng.standard_normal(80) + 20
    chosen = decompose(values, (1,), "YS").chosen
    assert (chosen.method, chosen.seasons, chosen.seasonal.shape) == ("lowess", (), (0, 80))
    assert chosen.trend_strength > 0.9
    assert chosen.adjusted(values) is not None
    np.testing.assert_array_equal(chosen.adjusted(values), values)
    np.testing.assert_allclose(chosen.season_effect, 0)


def test_a_season_of_which_there_are_not_two_is_left_out(rng):
    assert decompose(rng.standard_normal(20), (12,), "MS").chosen.method == "lowess"


@pytest.mark.parametrize("values", [np.zeros(50), np.full(50, 3.3), np.arange(7.0), np.empty(0)])
def test_nothing_to_decompose(values):
    assert decompose(values, (12,), "MS") is None


@pytest.mark.parametrize("unit", [1e-100, 1e-3, 1e100])
def test_the_unit_does_not_matter(monthly, unit):
    small, large = decompose(monthly, (12,), "MS"), decompose(monthly * unit, (12,), "MS")
    assert small.kind == large.kind
    np.testing.assert_allclose(large.chosen.trend, small.chosen.trend * unit, rtol=1e-8)
    assert large.chosen.trend_strength == pytest.approx(small.chosen.trend_strength, abs=1e-9)


def test_a_long_series_is_capped_and_hardly_changed_by_the_shortcut(rng, monkeypatch):
    assert (cap((24,)), cap((24, 168)), cap((288, 2016))) == (10_000, 3_000, 8_064)
    values = np.tile(np.arange(24.0), 500) + 0.01 * np.arange(12_000) + rng.standard_normal(12_000)
    quick = decompose(values, (24,), "h").chosen
    assert len(quick.trend) == 10_000
    monkeypatch.setattr(decomposition, "_EVERY_POINT", 20_000)
    exact = decompose(values, (24,), "h").chosen
    np.testing.assert_allclose(quick.trend, exact.trend, atol=0.05)
    assert not np.array_equal(quick.trend, exact.trend)
