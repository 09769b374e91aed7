"""Agreement between cycles: high with a season, near zero without, whatever the noise looks like."""

from __future__ import annotations

import numpy as np
import pytest

from tidegate.analysis.cycles import NONE, agreement, mean_shape, moving_average, standardised


def _noise(kind, length, rng):
    steps = rng.standard_normal(length)
    return {"white": steps, "walk": np.cumsum(steps), "smooth": np.cumsum(np.cumsum(steps))}[kind]


@pytest.mark.parametrize("kind", ["white", "walk", "smooth"])
@pytest.mark.parametrize("season", [7, 12, 52])
def test_noise_of_any_colour_rarely_convinces(kind, season):
    rng = np.random.default_rng(11)
    found = [agreement(_noise(kind, 10 * season, rng), season).convincing for _ in range(100)]
    assert np.mean(found) <= 0.15


@pytest.mark.parametrize("kind", ["white", "walk"])
def test_a_season_convinces_through_noise_and_trend(kind):
    rng = np.random.default_rng(12)
    steps = np.arange(120)
    found = [
        agreement(3 * np.sin(2 * np.pi * steps / 12) + 0.1 * steps + _noise(kind, 120, rng), 12) for _ in range(50)
    ]
    assert np.mean([one.convincing for one in found]) >= 0.95


def test_correlation_is_the_mean_over_pairs_of_cycles():
    rng = np.random.default_rng(13)
    values = np.tile(rng.standard_normal(9), 8) + 0.7 * rng.standard_normal(72)
    centred = standardised(values)
    detrended = centred - moving_average(centred, 9)
    detrended = np.clip(detrended, *np.quantile(detrended, (0.01, 0.99)))
    pairs = np.corrcoef(detrended.reshape(8, 9))[np.triu_indices(8, 1)]
    assert agreement(values, 9).correlation == pytest.approx(pairs.mean(), abs=1e-12)


def test_error_matches_the_spread_of_noise():
    rng = np.random.default_rng(14)
    found = [agreement(rng.standard_normal(240), 12) for _ in range(300)]
    spread = np.std([one.correlation for one in found])
    assert np.median([one.error for one in found]) == pytest.approx(spread, rel=0.25)


def test_what_shorter_seasons_explain_is_taken_out_first():
    rng = np.random.default_rng(15)
    daily = np.tile(rng.standard_normal(24), 70) + 0.1 * rng.standard_normal(1680)
    weekly = daily + np.tile(np.repeat([1.0, 1, 1, 1, 1, -2, -3], 24), 10)
    assert agreement(daily, 168).correlation > 0.9
    assert not agreement(daily, 168, without=[24]).convincing
    assert agreement(weekly, 168, without=[24]).convincing


def test_scaling_by_a_power_of_two_changes_no_bit():
    values = np.random.default_rng(16).standard_normal(60) + np.tile(np.arange(12.0), 5)
    assert agreement(values, 12) == agreement(values * 2.0**40, 12) == agreement(values / 8, 12)


@pytest.mark.parametrize("values", [np.zeros(48), np.full(48, 3.0), np.arange(20.0), np.empty(0)])
def test_nothing_to_compare(values):
    assert agreement(values, 12) == NONE
    assert not NONE.convincing


@pytest.mark.parametrize("window", [3, 4, 12, 25])
def test_moving_average_keeps_a_line_and_removes_a_season(window):
    line = 2.0 * np.arange(100) - 7
    np.testing.assert_allclose(moving_average(line, window), line, atol=1e-9)
    season = np.tile(np.arange(window) - (window - 1) / 2, 100 // window + 1)[:100]
    inside = slice(window, 100 - window)
    np.testing.assert_allclose(moving_average(line + season, window)[inside], line[inside], atol=1e-9)


def test_moving_average_wider_than_the_series():
    assert moving_average(np.array([1.0, 2, 3]), 12).shape == (3,)


def test_mean_shape_repeats_the_mean_of_each_phase():
    np.testing.assert_allclose(mean_shape(np.array([1.0, 10, 3, 20, 5]), 2), [3, 15, 3, 15, 3])
