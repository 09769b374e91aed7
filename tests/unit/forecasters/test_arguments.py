from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError, ModelError, SettingError
from tidegate.forecasters import arguments
from tidegate.panel import Covariates, Forecast, Intervals, Panel


@pytest.fixture
def panel() -> Panel:
    return Panel(
        ids=np.array(["a", "b"], dtype=object),
        offsets=np.array([0, 5, 8]),
        times=np.concatenate([np.arange(5), np.arange(3)]),
        values=np.random.default_rng(0).normal(size=8),
        frequency="1",
        seasons=(1,),
    )


@pytest.mark.parametrize("horizon", [0, -2, 1.0, True, "3", None])
def test_a_horizon_of_no_whole_steps_is_refused(horizon):
    with pytest.raises(SettingError, match=r"horizon is .*; it must be a whole number of steps, at least 1"):
        arguments.check_horizon(horizon)


def test_the_longest_horizon_is_named():
    arguments.check_horizon(np.int64(arguments.LONGEST))
    with pytest.raises(SettingError, match=r"horizon is 1,000,001 steps; at most 1,000,000 can be forecast at once"):
        arguments.check_horizon(arguments.LONGEST + 1)


@pytest.mark.parametrize("window", [0, -3, 2.5, True, "5"])
def test_a_window_without_observations_is_refused(window):
    with pytest.raises(SettingError, match="it must be a whole number of observations, at least 1, or None"):
        arguments.check_window(window)
    arguments.check_window(None)
    arguments.check_window(np.int64(1))


def test_columns_are_lists():
    columns = arguments.named(["price"], (), ["region"])
    assert (columns.known, columns.past, columns.static) == (("price",), (), ("region",))
    with pytest.raises(SettingError, match=r"past is 'visits'; it must be a list of columns, such as \['visits'\]"):
        arguments.named((), "visits", ())


def test_levels_are_sorted_and_single():
    assert arguments.checked_levels(np.array([95, 80, 95])) == (80, 95)
    with pytest.raises(SettingError, match=r"levels is 80; it must be a list"):
        arguments.checked_levels(80)
    with pytest.raises(SettingError, match=r"level 100 is not a whole number of percent"):
        arguments.checked_levels([80, 100])


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([4, 3], r"ends has shape \(2,\)"),
        ([[4], [5]], r"ends has shape \(2, 1\).* one column for each of the 2 series"),
        ([[4.0, 3.0]], r"type float64; it must hold whole numbers"),
    ],
)
def test_ends_of_another_shape_are_refused(panel, ends, said):
    with pytest.raises(SettingError, match=said):
        arguments.checked_ends(ends, panel)


@pytest.mark.parametrize(("ends", "wrong"), [([[4, 3], [5, 4]], 4), ([[0, 3]], 0)])
def test_origins_outside_their_series_are_refused(panel, ends, wrong):
    with pytest.raises(DataError, match=rf"an origin after {wrong} observations; the series has .* from 1 to all"):
        arguments.checked_ends(ends, panel)


def test_ends_come_back_as_they_are(panel):
    assert arguments.checked_ends([[1, 2], [5, 3]], panel).tolist() == [[1, 2], [5, 3]]
    assert arguments.checked_ends(np.empty((0, 2), dtype=int), panel).shape == (0, 2)


def test_another_clock_is_refused(panel):
    arguments.check_clock(panel, panel, "naive")
    with pytest.raises(DataError, match=r"the frequency is '2'; naive was fitted on series with '1'.*--frequency 1"):
        arguments.check_clock(replace(panel, frequency="2"), panel, "naive")
    with pytest.raises(DataError, match=r"the timezone is 'UTC'.*Give stamps without a time zone"):
        arguments.check_clock(replace(panel, timezone="UTC"), panel, "naive")


def test_the_first_series_too_short_is_named(panel):
    arguments.check_lengths(panel, 3, "naive")
    with pytest.raises(DataError, match=r"'b': 3 observations; naive needs at least 4\. Give a longer series"):
        arguments.check_lengths(panel, 4, "naive")
    with pytest.raises(DataError, match=r"1 observation; naive needs at least 2"):
        arguments.check_lengths(panel.before(np.array([1, 1]), 1), 2, "naive")


def test_covariates_of_other_kinds_are_left_out_by_name(panel):
    known, past = Covariates(("price",), np.ones((8, 1))), Covariates(("visits", "rain"), np.zeros((8, 2)))
    whole = replace(panel, known=known, past=past).before(np.array([3, 2]), 1)
    kept, names = arguments.usable(whole, frozenset({"known"}))
    assert (kept.known.names, kept.past.names, names) == (("price",), (), ("visits", "rain"))
    assert kept.future is whole.future
    bare, names = arguments.usable(whole, frozenset())
    assert (bare.known.names, bare.future, names) == ((), None, ("price", "visits", "rain"))
    assert bare.known.values.shape == (5, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_forecast_that_is_no_number_is_refused(value):
    mean = np.array([[1.0, 2.0], [3.0, value]])
    made = Forecast("stub", np.array(["a", "b"], dtype=object), np.zeros(2), np.zeros((2, 2)), mean)
    with pytest.raises(ModelError, match=rf"stub forecast {value} for series 'b', 2 steps ahead\."):
        arguments.checked_finite(made)
    assert arguments.checked_finite(whole := replace(made, mean=np.ones((2, 2)))) is whole


@pytest.mark.parametrize(
    ("end", "value", "said"),
    [
        ("lower", -np.inf, "from -inf to 4.0"),
        ("upper", np.inf, "from 0.0 to inf"),
        ("upper", np.nan, "from 0.0 to nan"),
    ],
)
def test_intervals_that_do_not_end_are_refused(end, value, said):
    bounds = {"lower": np.zeros((2, 2, 2)), "upper": np.full((2, 2, 2), 4.0)}
    whole = Intervals((80, 95), **{name: values.copy() for name, values in bounds.items()})
    bounds[end][1, 0, 1] = value
    ids, mean = np.array(["a", "b"], dtype=object), np.ones((2, 2))
    made = Forecast("stub", ids, np.zeros(2), np.zeros((2, 2)), mean, Intervals((80, 95), **bounds))
    message = rf"stub forecast a 95 % interval {said} for series 'b', 1 step ahead\. Look for extreme values"
    with pytest.raises(ModelError, match=message):
        arguments.checked_finite(made)
    assert arguments.checked_finite(whole := replace(made, intervals=whole)) is whole
    blank = Intervals((80, 95), np.full((2, 2, 2), np.nan), np.full((2, 2, 2), np.nan))
    assert arguments.checked_finite(without := replace(made, intervals=blank)) is without
