"""The state space of exponential smoothing: forms, states, intervals."""

import numpy as np
import pytest
from statsforecast.ets import pegelsfcast_C
from statsforecast.models import AutoETS

from tidegate.errors import ModelError
from tidegate.forecasters import innovations
from tidegate.forecasters.innovations import Form, StateSpace, best, chosen, constant, every, simplest, without
from tidegate.forecasters.library import Request

RNG = np.random.default_rng(4)
STEPS = np.arange(72)
VALUES = 20 + 0.1 * STEPS + 3 * np.sin(2 * np.pi * STEPS / 4) + RNG.normal(0, 0.5, 72)
EVERY = [
    Form(error + trend + season, damped=damped)
    for error in "AM"
    for trend, damped in (("N", False), ("A", False), ("A", True))
    for season in "NAM"
    if (error, season) != ("A", "M")
]


@pytest.mark.parametrize("form", [form for form in EVERY if not form.damped], ids=str)
def test_straight_forecasts_are_the_librarys(form):
    rule = best(VALUES, 4, [form])
    state = rule._states(VALUES, continued=True)[1][-1:]
    expected = pegelsfcast_C(9, {"states": state, "components": rule.components, "m": rule.season, "par": rule.weights})
    np.testing.assert_allclose(rule.forecast(VALUES, Request(9, ())).mean, expected, rtol=1e-12)


def test_a_damped_trend_adds_the_powers_of_phi():
    rule = StateSpace("AAND", 1, np.array([0.5, 0.1, np.nan, 0.9]), np.array([10.0, 1.0]), 1.0)
    made = rule._futures(np.array([10.0, 1.0]), np.zeros((6, 1)))[:, 0]
    np.testing.assert_allclose(made, 10 + np.cumsum(0.9 ** np.arange(1, 7)))


@pytest.mark.parametrize("form", EVERY, ids=str)
def test_a_future_with_errors_is_the_filter_run_over_it(form):
    """Draw a future, append it, and the library's filter must find the same errors again."""
    rule = best(VALUES, 4, [form])
    state = rule._states(VALUES, continued=True)[1][-1]
    shocks = 0.01 * np.random.default_rng(1).normal(size=(7, 1))
    future = rule._futures(state, shocks)
    errors = rule.errors(np.concatenate([VALUES, future[:, 0]]))
    np.testing.assert_allclose(errors[-7:], shocks[:, 0], atol=1e-10)


@pytest.mark.parametrize("form", [Form("ANN"), Form("AAA", damped=True), Form("MAM"), Form("MNA")], ids=str)
def test_intervals_hold_simulated_futures(form):
    rule = best(VALUES, 4, [form])
    made = rule.forecast(VALUES, Request(8, (50, 90)))
    state = rule._states(VALUES, continued=True)[1][-1]
    futures = rule._futures(state, np.sqrt(rule.variance) * np.random.default_rng(9).normal(size=(8, 20_000)))
    for q, level in enumerate((0.5, 0.9)):
        inside = (futures >= made.lower[:, q, None]) & (futures <= made.upper[:, q, None])
        np.testing.assert_allclose(inside.mean(axis=1), level, atol=0.015)


def test_the_state_space_continues_newer_values_as_the_library_forwards():
    library = AutoETS(season_length=4, model="MAM", damped=False).fit(VALUES[:60])
    rule = best(VALUES[:60], 4, [Form("MAM")])
    expected = library.forward(VALUES, h=5)["mean"]
    np.testing.assert_allclose(rule.forecast(VALUES, Request(5, ())).mean, expected, rtol=1e-12)


def test_other_values_find_their_own_footing():
    rule = best(VALUES, 4, [Form("AAA")])
    shifted = VALUES[30:] + 500
    made = rule.forecast(shifted, Request(4, (), continued=False)).mean
    assert np.abs(made - shifted[-4:]).max() < 5
    with pytest.raises(ModelError, match="5 values that do not continue the training series; 8 are needed"):
        rule.forecast(shifted[:5], Request(4, (), continued=False))


def test_multiplying_forms_are_left_out_below_zero():
    assert best(VALUES - 21, 4, [Form("MNM"), Form("MNN")]) is None
    assert best(VALUES, 4, [Form("MNN")]).components == "MNNN"


def test_seasonal_forms_are_left_out_without_a_season():
    assert best(VALUES, 1, [Form("ANA")]) is None


def test_too_few_values_find_no_form():
    assert chosen(VALUES[:5], 1) is None
    assert every(VALUES[:5], 1) is None


def test_the_short_search_ends_at_the_smallest_aicc_of_its_forms():
    found = chosen(VALUES, 4)
    again = best(VALUES, 4, [Form(f"{found.components[:3]}", damped=found.components[3] == "D")])
    assert found.components[2] != "N"
    np.testing.assert_array_equal(found.start, again.start)


def test_a_constant_has_no_variance():
    assert constant(np.full(9, 3.3)).variance == 0.0
    assert constant(VALUES) is None


def test_simple_smoothing_by_hand():
    rule = simplest(np.array([1.0, 3.0, 2.0]), 0.5)
    np.testing.assert_allclose(rule.errors(np.array([1.0, 3.0, 2.0])), [0, 2, 0])
    assert rule.variance == pytest.approx(4.0)


def test_stl_takes_a_season_out_and_repeats_it():
    season = np.tile([1.0, -2.0, 4.0, -3.0], 15)
    left, ahead = without(season + 10, (4,), 6)
    np.testing.assert_allclose(left, 10, atol=0.05)
    np.testing.assert_allclose(ahead, season[:6], atol=0.05)
    assert without(season, (), 2)[1].tolist() == [0.0, 0.0]
    with pytest.raises(ModelError, match="7 values are fewer than two seasons of 4 steps"):
        without(season[:7], (4,), 2)


def test_a_fit_with_more_parameters_than_values_keeps_a_finite_variance():
    fit = {"residuals": np.ones(5), "n_params": 6, "sigma2": np.inf, "components": "ANNN", "m": 1, "par": np.ones(5)}
    assert innovations._kept(np.ones(5), fit).variance == 1.0
    assert StateSpace("ANNN", 1, np.ones(4), np.ones(1), 1.0).n_parameters == 5
