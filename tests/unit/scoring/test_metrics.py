import numpy as np
import pytest

from tidegate.scoring import metrics

NAN = np.nan
ACTUAL = np.array([10.0, 0.0, NAN, -4.0])
FORECAST = np.array([12.0, 1.0, 5.0, -1.0])


def test_absolute_and_squared_errors_skip_what_is_missing():
    assert metrics.mae(ACTUAL, FORECAST) == pytest.approx((2 + 1 + 3) / 3)
    assert metrics.rmse(ACTUAL, FORECAST) == pytest.approx(np.sqrt((4 + 1 + 9) / 3))


def test_nothing_to_average_is_nan_without_a_warning():
    nothing = np.full((2, 3), NAN)
    assert np.isnan(metrics.mae(nothing, nothing)).all()
    assert np.isnan(metrics.mape(np.zeros(3), np.ones(3)).value)


def test_mape_leaves_out_zeros_and_counts_them():
    made = metrics.mape(ACTUAL, FORECAST)
    assert made.value == pytest.approx(100 * (2 / 10 + 3 / 4) / 2)
    assert made.zeros == 1
    assert metrics.mape(np.array([0.0, 0.0]), np.array([1.0, NAN])).zeros == 1


def test_smape_runs_from_0_to_200_and_is_0_where_both_are_0():
    assert metrics.smape(np.array([1.0]), np.array([-1.0])) == 200
    assert metrics.smape(np.array([0.0, 1.0]), np.array([0.0, 3.0])) == pytest.approx(200 * (0 + 2 / 4) / 2)


def test_scaled_errors_divide_by_the_scale_of_each_part():
    actual, forecast = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[2.0, 4.0], [2.0, 4.0]])
    assert metrics.mase(actual, forecast, np.array([0.5, 3.0])) == pytest.approx([3.0, 0.5])
    assert metrics.rmsse(actual, forecast, np.array([0.5, 2.0])) == pytest.approx(np.sqrt([10.0, 0.625]))


def test_a_scale_of_0_gives_no_scaled_error():
    made = metrics.mase(np.ones((2, 3)), np.zeros((2, 3)), np.array([0.0, 2.0]))
    assert np.isnan(made[0])
    assert made[1] == 0.5


def test_owa_is_the_mean_of_the_two_ratios():
    assert metrics.owa(np.array(0.5), np.array(1.0)) == 0.75


def test_pinball_weighs_the_two_sides_by_the_quantile():
    actual = np.array([10.0, 10.0])
    assert metrics.pinball(actual, np.array([8.0, 13.0]), 0.9) == pytest.approx((0.9 * 2 + 0.1 * 3) / 2)
    assert metrics.pinball(actual, np.array([8.0, 13.0]), 0.5) == metrics.mae(actual, np.array([8.0, 13.0])) / 2


def test_coverage_counts_the_bounds_and_skips_what_is_missing():
    actual = np.array([1.0, 2.0, 3.0, NAN, 5.0])
    lower, upper = np.array([1.0, 2.5, 0.0, 0.0, NAN]), np.array([1.5, 4.0, 3.0, 9.0, NAN])
    assert metrics.coverage(actual, lower, upper) == pytest.approx(2 / 3)
    assert metrics.width(lower, upper) == pytest.approx((0.5 + 1.5 + 3 + 9) / 4)


def test_an_interval_without_bounds_covers():
    assert metrics.coverage(np.zeros(2), np.array([-np.inf, 1.0]), np.array([np.inf, 2.0])) == 0.5


def test_axis_chooses_what_is_averaged_over():
    rng = np.random.default_rng(0)
    actual, forecast = rng.normal(size=(2, 3, 4, 5))
    assert metrics.mae(actual, forecast).shape == (3, 4)
    assert metrics.mae(actual, forecast, axis=(0, 1)) == pytest.approx(np.abs(actual - forecast).mean(axis=(0, 1)))
    assert metrics.mae(actual, forecast, axis=None) == pytest.approx(np.abs(actual - forecast).mean())


def test_the_interval_score_is_the_pinball_loss_of_its_bounds():
    """It is the sum of both losses times 2 / alpha."""
    rng = np.random.default_rng(0)
    actual, lower, width = rng.normal(size=(3, 40))
    upper = lower + np.abs(width)
    both = metrics.pinball(actual, lower, 0.1) + metrics.pinball(actual, upper, 0.9)
    assert metrics.interval_score(actual, lower, upper, level=80) == pytest.approx(2 / 0.2 * both)
    inside = np.array([1.0, np.nan])
    assert metrics.interval_score(inside, np.array([0.0, 0.0]), np.array([3.0, 9.0]), level=95) == 3
