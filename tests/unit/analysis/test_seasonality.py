"""Seasons are kept where cycles agree, left where they do not, and found where no calendar proposes any."""

from __future__ import annotations

import numpy as np
import pytest

from tidegate.analysis.seasonality import evidence, long_cycle, resolved, sample
from tidegate.panel import Panel


def _sine(length, season, rng, noise=0.3):
    return np.sin(2 * np.pi * np.arange(length) / season) + noise * rng.standard_normal(length)


def _hourly(days, rng):
    """Daily shape, weekends lower: seasons 24 and 168."""
    shape = np.tile(np.sin(2 * np.pi * np.arange(24) / 24), days)
    weekend = np.repeat(np.where(np.arange(days) % 7 >= 5, -1.0, 0.0), 24)
    return 10 + shape + weekend + 0.2 * rng.standard_normal(24 * days)


@pytest.fixture
def rng():
    return np.random.default_rng(21)


@pytest.mark.parametrize(("frequency", "season"), [("MS", 12), ("QS", 4), ("D", 7), ("h", 24), ("W-SUN", 52)])
def test_calendar_season_is_kept_where_cycles_agree(make_panel, rng, frequency, season):
    assert resolved(make_panel(_sine(8 * season, season, rng), frequency)).seasons == (season,)


@pytest.mark.parametrize("frequency", ["MS", "QS", "D", "h", "YS", "1"])
def test_random_walk_has_no_season(make_panel, frequency):
    walks = {str(n): np.cumsum(np.random.default_rng(n).standard_normal(200)) for n in range(8)}
    assert resolved(make_panel(walks, frequency)).seasons == (1,)


def test_a_cycle_off_the_calendar_is_no_calendar_season(make_panel, rng):
    """Eleven years of sunspots: monthly, but nothing repeats every twelve months."""
    values = 50 + 40 * _sine(2400, 131, rng, noise=0.2)
    panel = resolved(make_panel(values, "MS"))
    assert panel.seasons == (1,)
    assert long_cycle(values, panel.seasons, "MS") == pytest.approx(131, abs=3)


def test_two_seasons_main_one_first(make_panel, rng):
    assert resolved(make_panel(_hourly(70, rng), "h")).seasons == (24, 168)


def test_daily_shape_alone_does_not_bring_a_weekly_season(make_panel, rng):
    assert resolved(make_panel(_sine(24 * 70, 24, rng), "h")).seasons == (24,)


def test_weekly_season_comes_first_where_it_explains_more(make_panel, rng):
    days = np.repeat(np.tile([0.0, 0, 0, 0, 0, 8, 8], 10), 24)
    assert resolved(make_panel(days + _sine(24 * 70, 24, rng), "h")).seasons == (168, 24)


@pytest.mark.parametrize("season", [7, 12, 24, 31])
def test_integer_time_finds_its_season(make_panel, rng, season):
    series = {str(n): _sine(12 * season, season, rng) + 0.05 * np.arange(12 * season) for n in range(5)}
    assert resolved(make_panel(series, "1")).seasons == (season,)


def test_integer_time_finds_day_and_week_in_hours(make_panel, rng):
    series = {str(n): _hourly(42, rng) for n in range(5)}
    assert resolved(make_panel(series, "1")).seasons == (24, 168)


@pytest.mark.parametrize("length", [1, 2, 5, 20, 23])
def test_a_series_of_under_two_cycles_has_no_season(make_panel, rng, length):
    found = evidence(make_panel(_sine(length, 12, rng)))
    assert [one.kept for one in found] == [False]
    assert "two are needed" in found[0].sentence


def test_two_clean_cycles_are_enough(make_panel, rng):
    assert resolved(make_panel(_sine(24, 12, rng, noise=0.05))).seasons == (12,)


@pytest.mark.parametrize("values", [np.zeros(60), np.full(60, 7.0), np.full(60, np.nan)])
def test_constant_and_empty_series_have_no_season(make_panel, values):
    assert resolved(make_panel(values)).seasons == (1,)


def test_gaps_do_not_hide_a_season(make_panel, rng):
    values = _sine(120, 12, rng)
    values[rng.random(120) < 0.1] = np.nan
    assert resolved(make_panel(values, fill="interpolate")).seasons == (12,)


def test_seasons_that_are_set_stay(make_panel, rng):
    panel = make_panel(rng.standard_normal(100), seasons=(6,))
    assert resolved(panel) is panel
    kept = {one.season: one.kept for one in evidence(panel)}
    assert kept == {6: True, 12: False}
    assert "because it is set" in evidence(panel)[0].sentence


def test_a_quarter_of_the_series_decides(make_panel, rng):
    flat = {f"flat{n}": rng.standard_normal(120) for n in range(8)}
    few = {f"season{n}": _sine(120, 12, rng) for n in range(2)}
    many = {f"season{n}": _sine(120, 12, rng) for n in range(6)}
    assert resolved(make_panel(flat | few)).seasons == (1,)
    assert resolved(make_panel(flat | many)).seasons == (12,)


def test_depends_on_nothing_but_the_rows_and_their_scale(make_panel, rng):
    values = _sine(96, 12, rng)
    first, again, scaled = (evidence(make_panel(one)) for one in (values, values, values * 1024))
    assert first == again == scaled


def test_outliers_and_a_level_shift_do_not_hide_a_season(make_panel, rng):
    values = _sine(240, 12, rng)
    values[100:103] += 500
    values[180:] += 20
    assert resolved(make_panel(values)).seasons == (12,)


def test_random_walks_have_no_long_cycle():
    walks = [np.cumsum(np.random.default_rng(n).standard_normal(600)) for n in range(60)]
    assert sum(long_cycle(walk, (1,), "D") is not None for walk in walks) <= 1


@pytest.mark.parametrize("values", [np.zeros(200), np.arange(10.0), np.arange(300.0)])
def test_no_long_cycle_in_a_constant_short_or_straight_series(values):
    assert long_cycle(values, (1,), "D") is None


@pytest.mark.parametrize(("cycle", "found"), [(361, 365), (369, 365), (330, 330)])
def test_a_cycle_of_about_a_year_is_the_year(rng, cycle, found):
    assert long_cycle(_sine(10 * cycle, cycle, rng), (7,), "D") == pytest.approx(found, abs=0 if found == 365 else 4)


def test_sample_spreads_over_the_panel():
    assert sample(3, 50).tolist() == [0, 1, 2]
    assert sample(101, 3).tolist() == [0, 50, 100]


def test_only_the_seasons_change(make_panel, rng):
    panel = make_panel(_sine(96, 12, rng))
    found = resolved(panel)
    assert isinstance(found, Panel)
    assert found.values is panel.values
