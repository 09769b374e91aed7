"""Power near half the sampling rate raises a warning; smooth series do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from tidegate.analysis.sampling import sampling


@pytest.fixture
def rng():
    return np.random.default_rng(81)


def test_a_smooth_series_is_sampled_finely_enough(rng):
    found = sampling(lfilter([1], [1, -0.9], rng.standard_normal(500)), "h")
    assert not found.coarse
    assert found.statement.startswith("The sampling is fine enough")
    assert found.statement.endswith("so little happens faster than 2 hours.")


def test_a_swing_of_two_steps_is_too_coarse(rng):
    found = sampling(np.cos(0.94 * np.pi * np.arange(500)) + 0.5 * rng.standard_normal(500), "30min")
    assert found.coarse
    assert found.share_near_limit > 0.5
    assert found.statement.startswith("Warning: ")
    assert "swings of about 2 steps of 30 minutes" in found.statement


def test_a_fast_swing_on_top_of_a_slow_one_is_still_seen(rng):
    steps = np.arange(2_000)
    values = 3 * np.sin(2 * np.pi * steps / 200) + np.cos(0.9 * np.pi * steps) + 0.1 * rng.standard_normal(2_000)
    found = sampling(values, "D")
    assert found.share_near_limit < 0.3
    assert found.coarse


def test_noise_is_said_to_be_like_noise(rng):
    found = sampling(rng.standard_normal(2_000), "D")
    assert found.share_near_limit == pytest.approx(0.2, abs=0.03)
    assert not found.coarse
    assert "about what pure noise has" in found.statement


@pytest.mark.parametrize("length", [40, 100, 400])
def test_noise_raises_few_warnings(rng, length):
    assert np.mean([sampling(rng.standard_normal(length), "D").coarse for _ in range(100)]) <= 0.12


def test_a_trend_does_not_drown_the_spectrum(rng):
    values = rng.standard_normal(500)
    tilted = sampling(values + 50 * np.arange(500), "D")
    assert tilted.share_near_limit == pytest.approx(sampling(values, "D").share_near_limit, abs=0.02)


def test_power_is_in_units_squared_and_adds_up_to_the_variance(rng):
    values = 5 * rng.standard_normal(20_000)
    found = sampling(values, "D")
    width = found.frequencies[1] - found.frequencies[0]
    assert found.power.sum() * width == pytest.approx(25, rel=0.05)
    assert found.frequencies[-1] == 0.5


@pytest.mark.parametrize("values", [np.zeros(100), np.full(100, 8.8), np.arange(31.0)])
def test_no_spectrum(values):
    assert sampling(values, "D") is None
