from dataclasses import replace

import numpy as np
import pytest

from tidegate.forecasters.network.scale import Scale, joined
from tidegate.panel import Panel


def panel_of(*series, season=12):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(season,),
    )


def growing(length=96):
    steps = np.arange(length)
    noise = np.random.default_rng(0).normal(size=length)
    return np.exp(0.02 * steps + 0.3 * np.sin(2 * np.pi * steps / 12) + 0.05 * noise)


def steady(length=96):
    steps = np.arange(length)
    return 3 + np.sin(2 * np.pi * steps / 12) + 0.5 * np.random.default_rng(1).normal(size=length).clip(-2, 2)


def test_logs_where_swings_grow_with_the_level_and_nowhere_else():
    scale = Scale.learn(panel_of(growing(), steady() + 20, -growing(), growing() - 1))
    assert scale.logs.tolist() == [True, False, False, False]


@pytest.mark.parametrize("season", [1, 12])
def test_the_choice_of_logs_does_not_depend_on_the_scale(season):
    panel = panel_of(growing(), steady() + 20, season=season)
    assert Scale.learn(panel.scaled(np.array([1e-6, 1e6]))).logs.tolist() == Scale.learn(panel).logs.tolist()


def test_no_logs_on_demand():
    assert Scale.learn(panel_of(growing(), steady()), allowed=False).logs.tolist() == [False, False]


@pytest.mark.parametrize("first", [0.0, -3.0])
def test_a_first_value_that_is_not_positive_forbids_logs(first):
    values = growing()
    values[0] = first
    scale = Scale.learn(panel_of(values))
    assert scale.logs.tolist() == [False]
    assert np.array_equal(scale.working(panel_of(values)).values, values)


def test_missing_values_are_neither_positive_nor_in_the_way():
    values = growing()
    values[[0, 30, 95]] = np.nan
    panel = panel_of(values)
    scale = Scale.learn(panel)
    assert scale.logs.tolist() == [True]
    assert np.isfinite(scale.units).all()
    assert scale.floors[0] == np.nanmin(values)
    np.testing.assert_array_equal(np.isnan(scale.working(panel).values), np.isnan(values))


def test_a_series_of_missing_values_alone_has_a_plain_scale():
    scale = Scale.learn(panel_of(np.full(20, np.nan), steady()))
    assert not scale.logs[0]
    assert (scale.floors[0], scale.units[0]) == (1, 1e-9)


def test_working_and_back_undo_each_other():
    panel = panel_of(growing(), steady() + 20)
    scale = Scale.learn(panel)
    working = scale.working(panel)
    np.testing.assert_allclose(working.series(0), np.log(growing()))
    assert np.array_equal(working.series(1), steady() + 20)
    ends = np.stack([working.series(0)[-5:], working.series(1)[-5:]])
    actual = np.stack([growing()[-5:], steady()[-5:] + 20])
    np.testing.assert_allclose(scale.back(ends), actual)
    np.testing.assert_allclose(scale.back(np.repeat(ends[..., None], 3, axis=2)), np.repeat(actual[..., None], 3, 2))


def test_unit_is_the_standard_deviation_on_the_working_scale():
    scale = Scale.learn(panel_of(growing(), steady() + 20))
    np.testing.assert_allclose(scale.units, [np.log(growing()).std(), steady().std()])


@pytest.mark.parametrize("value", [0.0, 0.1, 5e8])
def test_the_unit_of_a_constant_series_is_a_thousandth_of_it(value):
    assert Scale.learn(panel_of(np.full(40, value))).units[0] == pytest.approx(max(value / 1000, 1e-9))


def test_later_values_that_are_not_positive_count_as_the_smallest_seen():
    scale = Scale.learn(panel_of(growing()))
    later = panel_of(np.concatenate([growing(), [0.0, -4.0]]))
    np.testing.assert_allclose(np.exp(scale.working(later).values[-2:]), growing().min())


def test_changes_stay_inside_a_series():
    """A jump from one series to the next is no change of either."""
    alone = [Scale.learn(panel_of(values)) for values in (growing(), 1e4 + steady(), growing(50))]
    both = Scale.learn(panel_of(growing(), 1e4 + steady(), growing(50)))
    assert both.logs.tolist() == [scale.logs[0] for scale in alone]
    np.testing.assert_allclose(both.units, [scale.units[0] for scale in alone])


def test_series_shorter_than_a_season_are_judged_by_single_steps():
    scale = Scale.learn(panel_of(growing(9), np.array([1.0, 3.0]), np.array([2.0])))
    assert scale.units[1:].tolist() == [1.0, 0.002]
    assert not scale.logs[2]


def test_a_rise_by_factors_is_taken_in_logs_without_a_season():
    walk = np.exp(np.random.default_rng(0).normal(size=200).cumsum() / 3)
    assert Scale.learn(panel_of(walk, season=1)).logs.tolist() == [True]


def test_take_joined_and_state():
    scale = Scale.learn(panel_of(growing(), steady() + 20, -growing()))
    both = joined(scale.take(np.array([2])), scale.take(np.array([0, 1])))
    assert both.logs.tolist() == [False, True, False]
    assert both.units.tolist() == scale.units[[2, 0, 1]].tolist()
    assert Scale(**scale.state()).floors.tolist() == scale.floors.tolist()


def test_the_scale_is_learned_from_the_rows_given_alone():
    panel = panel_of(growing(), steady())
    ends = np.array([60, 70])
    before = Scale.learn(panel.before(ends, 1))
    spoilt = panel.values.copy()
    spoilt[60:96], spoilt[96 + 70 :] = -1e9, 1e9
    after = Scale.learn(replace(panel, values=spoilt).before(ends, 1))
    for name in ("logs", "floors", "units"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
