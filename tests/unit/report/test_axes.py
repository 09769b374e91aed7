from dataclasses import replace

import numpy as np
import pandas as pd

from tidegate.report import axes


def test_local_clock_of_a_zone(one):
    panel = replace(one.backtest.panel, timezone="Europe/Berlin", frequency="h")
    utc = pd.DatetimeIndex(["2024-07-01 10:00", "2024-12-01 10:00"]).as_unit("ns").asi8
    assert axes.moments(utc, panel) == ["1 Jul 2024 12:00", "1 Dec 2024 11:00"]


def test_instants_are_milliseconds_or_steps(one):
    panel = one.backtest.panel
    assert axes.instants(np.array([1_500_000_000]), panel) == [1500]
    assert axes.instants(np.array([17]), replace(panel, frequency="1")) == [17]


def test_every_axis_has_a_unit(one):
    panel = replace(one.backtest.panel, target="a name that is far too long for any axis")
    assert axes.time_axis(panel)["title"] == "Time (months)"
    assert axes.time_axis(replace(panel, frequency="1"))["title"] == "Time (steps)"
    assert axes.steps_axis(panel, 6)["title"] == "Steps ahead (months)"
    assert axes.target(panel).endswith("\N{HORIZONTAL ELLIPSIS} (in the data's unit)")
    assert len(axes.clipped(panel.target)) == 28


def test_points_keep_gaps_and_drop_words_when_long(one):
    panel = one.backtest.panel
    short = axes.points(panel.times[:2], np.array([1.23456789, np.nan]), panel)
    assert short["y"] == [1.23457, None]
    assert short["text"][0] == "Jan 2010: 1.235"
    many = axes.MOST_HOVERED + 1
    assert "text" not in axes.points(np.resize(panel.times, many), np.ones(many), panel)


def test_extremes_keep_the_highest_and_the_lowest():
    rng = np.random.default_rng(0)
    values = rng.normal(size=20_000)
    values[[7_000, 13_000]] = 50, -50
    values[:30] = np.nan
    kept = axes.extremes(np.arange(len(values)), values)
    assert len(kept) <= axes.MOST_POINTS
    assert {7_000, 13_000} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert np.isfinite(values[kept]).all()
    assert "20,000 values" in axes.said_if_condensed(len(values))


def test_short_series_are_drawn_whole():
    assert axes.extremes(np.arange(9), np.ones(9)).tolist() == list(range(9))
    assert axes.said_if_condensed(9) == ""


def test_quantile_positions_are_distinct_and_skip_unknown():
    scores = np.array([3.0, np.nan, 1.0, 2.0, 9.0])
    assert axes.quantile_positions(scores, (0.0, 1.0)) == [2, 4]
    assert axes.quantile_positions(np.array([np.nan, np.nan]), (0.5,)) == [0]
    assert axes.quantile_positions(np.array([5.0]), (0.1, 0.5, 0.9)) == [0]
