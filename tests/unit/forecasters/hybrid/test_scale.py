import numpy as np
import pytest

from tidegate.forecasters.hybrid.scale import LogScale, joined
from tidegate.panel import Panel


def panel_of(*series):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(1,),
    )


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def positive(rng):
    return rng.uniform(5, 20, 50)


def test_logs_are_taken_of_clearly_positive_and_lively_series_alone(rng, positive):
    near_zero = np.append(positive, 1e-3)
    quiet = 1_000 + rng.normal(size=50)
    with_gap = np.where(np.arange(50) == 7, np.nan, positive)
    panel = panel_of(positive, -positive, positive - 12, near_zero, quiet, with_gap, np.zeros(9), np.full(9, 7.0))
    assert LogScale.learn(panel).logs.tolist() == [True, False, False, False, False, True, False, False]


def test_it_is_undone(rng, positive):
    series = [positive, positive - 12, np.zeros(4), np.full(4, 7.3)]
    panel = panel_of(*series)
    scale = LogScale.learn(panel)
    for n, values in enumerate(series):
        w = scale.inside(values, np.full(len(values), n))
        again = scale.take(np.array([n])).outside(w[None])[0]
        np.testing.assert_allclose(again, values, rtol=1e-12, atol=1e-12)


def test_both_are_logs_about_the_mean(positive):
    scale = LogScale.learn(panel_of(positive, positive - 12))
    both = np.array([positive[3], positive[3] - 12])
    made = scale.inside(both, np.arange(2))
    expected = [np.log(positive[3] / positive.mean()), 0.1 * (positive[3] - positive.mean()) / positive.std()]
    np.testing.assert_allclose(made, expected, rtol=1e-9)


def test_later_values_that_no_log_takes_count_as_a_hundredth_of_the_mean(positive):
    scale = LogScale.learn(panel_of(positive))
    made = scale.inside(np.array([-3.0, 0.0, 1e-9, np.nan]), np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(made[:3], np.log(0.01))
    assert np.isnan(made[3])


def test_nothing_lies_farther_than_twenty(positive):
    scale = LogScale.learn(panel_of(positive - 12))
    assert scale.inside(np.array([1e9, -1e9]), np.zeros(2, dtype=np.int64)).tolist() == [20, -20]


def test_a_series_without_a_value_has_a_scale():
    scale = LogScale.learn(panel_of(np.full(3, np.nan)))
    assert np.isfinite(scale.outside(np.zeros((1, 2)))).all()


def test_scales_are_joined_and_taken_in_order(positive):
    one, two = (LogScale.learn(panel_of(values)) for values in (positive, positive - 12))
    both = joined(one, two).take(np.array([1, 0]))
    assert both.logs.tolist() == [False, True]
    assert both.centres.tolist() == [two.centres[0], one.centres[0]]
    assert LogScale(**both.state()).units.tolist() == both.units.tolist()
