import numpy as np

from tidegate.forecasters.network.scale import Scale, joined
from tidegate.panel import Panel


def panel_of(*series):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(12,),
    )


def growing(length=96):
    steps = np.arange(length)
    noise = np.random.default_rng(0).normal(size=length)
    return np.exp(0.02 * steps + 0.3 * np.sin(2 * np.pi * steps / 12) + 0.05 * noise)


def steady(length=96):
    steps = np.arange(length)
    return 3 + np.sin(2 * np.pi * steps / 12) + 0.5 * np.random.default_rng(1).normal(size=length).clip(-2, 2)


def test_logs_where_swings_grow_with_the_level_and_nowhere_else():
    scale = Scale.learn(panel_of(growing(), steady(), -growing(), growing() - 1), 12, 12)
    assert scale.logs.tolist() == [True, False, False, False]


def test_working_and_back_undo_each_other():
    panel = panel_of(growing(), steady())
    scale = Scale.learn(panel, 12, 12)
    working = scale.working(panel)
    np.testing.assert_allclose(working.series(0), np.log(growing()))
    assert np.array_equal(working.series(1), steady())
    back = scale.back(np.stack([working.series(0)[-5:], working.series(1)[-5:]]))
    np.testing.assert_allclose(back, np.stack([growing()[-5:], steady()[-5:]]))


def test_unit_is_the_error_of_the_reference():
    walk = np.random.default_rng(3).normal(size=3000).cumsum()
    unit = Scale.learn(panel_of(walk), 1, 4).units[0]
    errors = np.abs(walk[np.arange(4, 3000)] - walk[np.arange(3000 - 4)]).mean()
    assert 0.4 * errors < unit < 1.2 * errors


def test_a_constant_series_has_no_unit():
    assert Scale.learn(panel_of(np.full(40, 0.1), np.full(40, 0.0)), 12, 6).units.tolist() == [0.0, 0.0]


def test_later_values_that_are_not_positive_count_as_the_smallest_seen():
    scale = Scale.learn(panel_of(growing()), 12, 12)
    later = panel_of(np.concatenate([growing(), [0.0, -4.0]]))
    np.testing.assert_allclose(np.exp(scale.working(later).values[-2:]), growing().min())


def test_series_shorter_than_the_horizon_have_a_unit_too():
    assert Scale.learn(panel_of(np.array([1.0, 3.0]), np.array([2.0])), 12, 12).units.tolist() == [2.0, 0.0]


def test_take_and_joined():
    scale = Scale.learn(panel_of(growing(), steady(), -growing()), 12, 12)
    both = joined(scale.take(np.array([2])), scale.take(np.array([0, 1])))
    assert both.logs.tolist() == [False, True, False]
    assert both.units.tolist() == scale.units[[2, 0, 1]].tolist()
    assert Scale(**scale.state()).floors.tolist() == scale.floors.tolist()
