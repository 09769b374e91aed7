import numpy as np
import pytest

from tidegate.forecasters.units import powers_of_two, scaled
from tidegate.panel import Intervals, Panel


def panel_of(*rows, fill="error"):
    lengths = [len(row) for row in rows]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(rows))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(rows).astype(float),
        frequency="1",
        seasons=(1,),
        fill=fill,
    )


def test_a_unit_is_the_power_of_two_nearest_the_spread():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=50) * spread + 100 for spread in (0.013, 1.0, 700.0)]
    units = powers_of_two(panel_of(*rows))
    ratios = np.array([row.std() for row in rows]) / units
    assert np.array_equal(np.log2(units), np.round(np.log2(units)))
    assert ((ratios >= np.sqrt(0.5)) & (ratios < np.sqrt(2))).all()


def test_a_constant_series_counts_by_its_size_and_zeros_by_one():
    assert powers_of_two(panel_of([7.0] * 4, [-0.26] * 4, [0.0] * 4)).tolist() == [8.0, 0.25, 1.0]


def test_the_spread_of_a_tiny_series_does_not_vanish_in_its_squares():
    values = np.random.default_rng(5).normal(size=30)
    usual, tiny = powers_of_two(panel_of(values, values * 2.0**-900))
    assert tiny == usual * 2.0**-900


def test_no_unit_is_so_small_that_dividing_by_it_overflows():
    values = np.random.default_rng(6).normal(size=30) * 1e-318
    units = powers_of_two(panel_of(values, values + 1e-318))
    assert np.isfinite(1 / units).all()
    assert (units > 0).all()


def test_scaling_a_series_by_a_power_of_two_scales_its_unit():
    values = np.random.default_rng(1).normal(size=30)
    assert powers_of_two(panel_of(values, values / 8)).tolist() == pytest.approx(
        powers_of_two(panel_of(values, values)) / [1, 8]
    )


def test_gaps_are_filled_first():
    values = np.random.default_rng(2).normal(size=30)
    values[3:9] = np.nan
    assert np.isfinite(powers_of_two(panel_of(values, fill="keep"))).all()


def test_forecasts_and_bounds_come_back_in_the_unit_of_the_data():
    rng = np.random.default_rng(3)
    mean, lower, upper = rng.normal(size=(2, 3)), rng.normal(size=(2, 3, 1)), rng.normal(size=(2, 3, 1))
    made, bounds = scaled(mean, Intervals((80,), lower, upper), np.array([2.0, 0.5]))
    assert np.array_equal(made, mean * [[2.0], [0.5]])
    assert np.array_equal(bounds.lower, lower * [[[2.0]], [[0.5]]])
    assert np.array_equal(bounds.upper, upper * [[[2.0]], [[0.5]]])
    assert scaled(mean, None, np.ones(2))[1] is None
