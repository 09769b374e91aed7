import numpy as np
import pandas as pd
import pytest

from tidegate.data.frequency import find_step, off_grid, within
from tidegate.data.steps import Step, alias, step
from tidegate.errors import DataError


def stamps(*texts):
    return np.array(texts, "M8[ns]").astype("int64")


def test_pairs_across_series_do_not_count():
    np.testing.assert_array_equal(within(np.array([0, 2, 2, 5])), [True, False, True, True])


def test_gaps_do_not_hide_the_step():
    times = pd.date_range("2020-01-01", periods=60, freq="D").delete([3, 4, 10, 41]).as_unit("ns").asi8
    assert find_step(times, np.array([0, len(times)])).step == step("D")


def test_days_without_weekends_are_business_days():
    times = pd.bdate_range("2020-01-01", periods=30).delete(7).as_unit("ns").asi8
    assert find_step(times, np.array([0, len(times)])).step == Step("business", 1)


def test_the_smaller_gap_wins_only_if_it_is_common():
    slip = np.delete(np.arange(0, 700, 7), 3)
    slip = np.sort(np.append(slip, 22))
    assert find_step(slip, np.array([0, len(slip)]), integer=True).step.size == 7
    mixed = np.array([0, 2, 4, 5, 7, 9, 10])
    assert find_step(mixed, np.array([0, 7]), integer=True).step.size == 1


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (("2020-01-31", "2020-02-29", "2020-03-31"), "ME"),
        (("2020-01-31", "2020-02-28", "2020-03-31", "2020-05-29"), "BME"),
        (("2020-02-03", "2020-03-02", "2020-04-01"), "BMS"),
        (("2020-02-01", "2020-05-01", "2020-08-01"), "QS-FEB"),
        (("2018-06-30", "2019-06-30", "2020-06-30"), "YE-JUN"),
        (("2021-01-01", "2022-01-01", "2023-01-01"), "YS-JAN"),
        (("2020-01-06", "2020-02-03", "2020-03-02", "2020-03-30"), "4W-MON"),
    ],
)
def test_calendar_steps(days, name):
    times = stamps(*days)
    grid = find_step(times, np.array([0, len(times)]))
    assert alias(grid.step, int(times[0])) == name
    assert not grid.moved


def test_other_days_of_the_month_are_to_be_moved():
    grid = find_step(stamps("2020-01-15", "2020-02-15", "2020-03-15"), np.array([0, 3]))
    assert grid.moved
    assert grid.step == step("MS")


def test_daily_steps_follow_the_clock_of_the_zone():
    times = pd.date_range("2020-03-27", periods=6, freq="D", tz="Europe/Berlin").as_unit("ns").asi8
    assert len(np.unique(np.diff(times))) == 2
    assert find_step(times, np.array([0, 6]), timezone="Europe/Berlin").step == step("D")


def test_one_row_per_series_says_nothing():
    with pytest.raises(DataError, match=r"no series has two rows.*--frequency MS"):
        find_step(np.array([1, 2]), np.array([0, 1, 2]))


def test_rows_off_the_grid_are_found():
    hours = stamps("2020-01-01T00", "2020-01-01T01", "2020-01-01T02:37", "2020-01-01T04")
    np.testing.assert_array_equal(off_grid(hours, np.array([0, 4]), step("h")), [2, 3])
    months = stamps("2020-01-01", "2020-02-01", "2020-03-02")
    np.testing.assert_array_equal(off_grid(months, np.array([0, 3]), step("MS")), [2])
    days = stamps("2020-01-01T00", "2020-02-01T06")
    np.testing.assert_array_equal(off_grid(days, np.array([0, 2]), step("MS")), [1])


def test_long_columns_are_read_in_stretches(monkeypatch):
    monkeypatch.setattr("tidegate.data.frequency.BLOCK", 7)
    times = pd.date_range("2000-01-31", periods=100, freq="ME").as_unit("ns").asi8
    offsets = np.array([0, 33, 100])
    assert find_step(times, offsets).step == step("ME")
    assert not len(off_grid(times, offsets, step("ME")))
    np.testing.assert_array_equal(off_grid(np.append(times[:-1], times[-1] + 1), offsets, step("ME")), [99])
