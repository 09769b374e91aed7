import numpy as np
import pytest

from tidegate.forecasters.network.defaults import LONGEST, SHORTEST
from tidegate.forecasters.network.rules import layout
from tidegate.panel import Panel


def panel_of(*lengths, seasons=(1,), frequency="1", values=None):
    n_rows = sum(lengths)
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.random.default_rng(0).normal(size=n_rows) if values is None else values,
        frequency=frequency,
        seasons=seasons,
    )


def made(panel, horizon=6, window=None):
    return layout(panel, horizon, window=window, shift="level", by_series=False)


def test_only_seasons_are_read_of_which_a_typical_series_shows_two_before_a_horizon():
    assert made(panel_of(30, seasons=(12,))).seasons == (12,)
    assert made(panel_of(29, seasons=(12,))).seasons == ()
    assert made(panel_of(29, 30, 300, seasons=(12,))).seasons == (12,)
    assert made(panel_of(29, 29, 300, seasons=(12,))).seasons == ()
    assert made(panel_of(400, seasons=(168, 24))).seasons == (24, 168)
    assert made(panel_of(300, seasons=(24, 168))).seasons == (24,)
    assert made(panel_of(300, seasons=(1,))).seasons == ()


@pytest.mark.parametrize(
    ("seasons", "horizon", "steps"),
    [
        ((12,), 6, 48),
        ((24, 168), 30, 96),
        ((24, 168), 60, 120),
        ((12,), 40, 80),
        ((4,), 2, 16),
        ((2,), 2, SHORTEST),
        ((300,), 6, LONGEST),
    ],
)
def test_window_is_four_of_the_shortest_season_or_two_horizons(seasons, horizon, steps):
    assert made(panel_of(2_000, seasons=seasons), horizon).window_steps == steps


@pytest.mark.parametrize(("horizon", "steps"), [(1, SHORTEST), (20, 40), (1_000, LONGEST)])
def test_window_without_a_season_is_two_horizons(horizon, steps):
    assert made(panel_of(3_000), horizon).window_steps == steps


def test_window_is_never_longer_than_the_longest_series_leaves():
    assert made(panel_of(15), horizon=6).window_steps == 9
    assert made(panel_of(6), horizon=6).window_steps == 1
    assert made(panel_of(15, 100), horizon=6, window=50).window_steps == 50
    assert made(panel_of(15, 30), horizon=6, window=50).window_steps == 24


def test_a_window_that_was_chosen_is_taken():
    assert made(panel_of(3_000, seasons=(12,)), window=5).window_steps == 5
    assert made(panel_of(3_000, seasons=(12,)), window=500).window_steps == 500


@pytest.mark.parametrize(
    ("seasons", "window", "steps"),
    [((12,), None, 24), ((24, 168), None, 96), ((24, 168), 500, 336), ((1,), None, 12), ((12,), 5, 5)],
)
def test_the_decoder_sees_two_of_the_longest_season_as_far_as_the_window_reaches(seasons, window, steps):
    assert made(panel_of(3_000, seasons=seasons), horizon=12, window=window).tail_steps == steps


@pytest.mark.parametrize(
    ("frequency", "length", "seasons", "lags"),
    [
        ("D", 552, (7,), (364,)),
        ("D", 551, (7,), ()),
        ("D", 2_000, (7, 364), ()),
        ("W-SUN", 84, (1,), (52,)),
        ("h", 13_110, (24,), (8_736,)),
        ("MS", 2_000, (12,), ()),
        ("1", 9_999, (7,), ()),
    ],
)
def test_the_year_before_is_read_where_half_a_year_of_it_can_be_learned(frequency, length, seasons, lags):
    assert made(panel_of(length, seasons=seasons, frequency=frequency)).lags == lags


def test_gaps_are_read_where_training_has_any():
    values = np.random.default_rng(0).normal(size=50)
    assert not made(panel_of(50, values=values)).gaps
    values = values.copy()
    values[7] = np.nan
    assert made(panel_of(50, values=values)).gaps


def test_shift_and_unit_are_passed_on():
    chosen = layout(panel_of(50), 6, window=None, shift="last", by_series=True)
    assert (chosen.shift, chosen.by_series) == ("last", True)
