"""The ARIMA rule: its filter, its regressors and its searches."""

import numpy as np
import pytest
from scipy.signal import lfilter

from tidegate.errors import ModelError
from tidegate.forecasters import arma
from tidegate.forecasters.arma import ArimaErrors, Orders, autoregression, fourier, given, harmonic, searched
from tidegate.forecasters.library import Request


def noise(length, seed=0):
    return np.random.default_rng(seed).normal(size=length)


def rule(orders, coefficients, *, drift=0, variance=1.0):
    return ArimaErrors(tuple(Orders(*orders)), np.array(coefficients, dtype=float), drift, (), (), variance)


def test_an_autoregression_by_hand():
    values = np.array([1.0, 2.0, 4.0, 3.0, 7.0])
    made = rule((1, 1, 0), [0.5]).forecast(values, Request(2, ()))
    np.testing.assert_allclose(made.mean, [7 + 2, 7 + 2 + 1])


def test_a_random_walk_with_drift_takes_its_slope_from_both_ends():
    values = np.array([1.0, 4.0, 2.0, 7.0])
    made = rule((0, 1, 0), [], drift=1).forecast(values, Request(2, (80,)))
    np.testing.assert_allclose(made.mean, [9.0, 11.0])
    np.testing.assert_allclose((made.upper - made.mean[:, None])[:, 0], 1.2815515655 * np.sqrt([1, 2]))


def test_the_mean_is_generalised_least_squares():
    values = lfilter([1], [1, -0.8], noise(50)) + 30
    phi, ones = 0.8, np.ones(50)
    root = np.sqrt(1 - phi**2)
    whiten = lambda x: np.concatenate([[root * x[0]], x[1:] - phi * x[:-1]])  # noqa: E731
    mean = whiten(values) @ whiten(ones) / (whiten(ones) @ whiten(ones))
    made = rule((1, 0, 0), [phi]).forecast(values, Request(3, ()))
    np.testing.assert_allclose(made.mean, mean + (values[-1] - mean) * phi ** np.arange(1, 4))


def test_seasonal_differences_by_hand():
    values = np.array([1.0, 5.0, 2.0, 6.0, 4.0, 9.0])
    made = rule((0, 0, 0, 0, 1, 0, 2), []).forecast(values, Request(3, ()))
    np.testing.assert_allclose(made.mean, [4.0, 9.0, 4.0])


def test_a_level_far_from_zero_loses_no_digits():
    values = np.cumsum(noise(80))
    model = rule((1, 1, 1), [0.4, 0.3])
    plain = model.forecast(values, Request(5, ())).mean
    np.testing.assert_allclose(model.forecast(values + 2.0**30, Request(5, ())).mean - 2.0**30, plain, atol=1e-6)


def test_too_few_values_are_refused():
    with pytest.raises(ModelError, match="5 values; 6 are needed"):
        rule((0, 1, 0, 0, 1, 0, 4), []).forecast(np.arange(5.0), Request(1, ()))


def test_fourier_pairs():
    made = fourier(np.arange(4.0), 4, 1)
    np.testing.assert_allclose(made, [[0, 1], [1, 0], [0, -1], [-1, 0]], atol=1e-12)
    assert fourier(np.arange(3.0), 10, 0).shape == (3, 0)


def test_given_orders_are_fitted():
    values = lfilter([1, 0.6], [1, -0.7], noise(500))
    np.testing.assert_allclose(given(values, Orders(1, 0, 1)).coefficients, [0.7, 0.6], atol=0.1)


def test_given_orders_fall_back_to_maximum_likelihood():
    """Conditional least squares of an explosive start is not stationary, which the library refuses."""
    values = 1.1 ** np.arange(40) + 0.001 * noise(40)
    assert np.abs(given(values, Orders(1, 0, 0)).coefficients[0]) < 1


def test_a_search_can_be_limited():
    assert searched(lfilter([1], [1, -0.7], noise(200)), {"d": 0, "max_p": 0, "seasonal": False}).orders[0] == 0


def test_the_search_sees_the_same_values_after_a_shift():
    values = np.cumsum(noise(150))
    np.testing.assert_array_equal(arma._settled(values + 1e4), arma._settled(values))


def test_autoregression_finds_long_lags():
    values = lfilter([1], np.concatenate([[1], np.zeros(11), [-0.8]]), noise(400))
    found = autoregression(values, 20)
    assert found.orders[0] >= 12
    assert found.coefficients[11] == pytest.approx(0.8, abs=0.1)
    assert np.mean([autoregression(noise(300, seed=seed), 10).orders[0] for seed in range(20)]) < 2


def test_harmonics_fit_the_shape_of_the_cycle():
    steps = np.arange(600)
    smooth = np.sin(2 * np.pi * steps / 50) + 0.05 * noise(600)
    sharp = np.where(steps % 50 < 10, 3.0, 0.0) + 0.05 * noise(600)
    few, many = (harmonic(values, (50,)).harmonics[0] for values in (smooth, sharp))
    assert few <= 2
    assert many >= 8


def test_harmonics_of_a_short_series_leave_room():
    assert harmonic(np.sin(2 * np.pi * np.arange(80) / 40) + 0.1 * noise(80), (40,)).harmonics[0] <= 19


def test_a_walk_around_a_cycle_is_differenced():
    values = np.cumsum(noise(700)) + 20 * np.sin(2 * np.pi * np.arange(700) / 30)
    model = harmonic(values[:670], (30,))
    assert model.orders[1] == 1
    made = model.forecast(values[:670], Request(30, ())).mean
    swing = 20 * np.sin(2 * np.pi * np.arange(670, 700) / 30)
    assert np.corrcoef(made, swing)[0, 1] > 0.95


def test_counts():
    assert Orders(1, 1, 2, 1, 1, 1, 12).lost == 13
    assert Orders(1, 1, 2, 1, 1, 1, 12).n_coefficients == 5
    assert rule((1, 1, 0), [0.5], drift=1).n_parameters == 2
    assert rule((1, 0, 0), [0.5]).n_parameters == 2


def test_the_drift_is_the_best_there_is():
    """Any other slope leaves larger errors: it is the maximum of the likelihood at these coefficients."""
    values = np.cumsum(noise(90) + 0.3)
    model = rule((1, 1, 1), [0.5, -0.3], drift=1)
    found = model._filtered(values)

    def squared(slope):
        errors = rule((1, 1, 1), [0.5, -0.3])._filtered(values - slope * np.arange(90)).errors
        return errors @ errors

    assert squared(found.weights[0]) == pytest.approx(found.errors @ found.errors)
    assert squared(found.weights[0]) < min(squared(found.weights[0] + step) for step in (-0.01, 0.01))
