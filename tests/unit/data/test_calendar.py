import numpy as np
import pandas as pd
import pytest

from tidegate.data.calendar import advance, describe, future_times, infer, seasons_of
from tidegate.errors import DataError
from tidegate.panel import Panel


@pytest.mark.parametrize(
    "name", ["min", "h", "D", "B", "W-THU", "MS", "ME", "QE-DEC", "QS-FEB", "YS-JAN", "BME", "15min"]
)
def test_advance_agrees_with_pandas(name):
    stamps = pd.date_range("1995-03-01 00:00", periods=30, freq=name, unit="ns").asi8
    np.testing.assert_array_equal(advance(stamps[:1], np.arange(30), name), stamps)
    np.testing.assert_array_equal(advance(stamps[-1:], -np.arange(30), name), stamps[::-1])
    assert infer(stamps) == name


def test_integer_steps():
    np.testing.assert_array_equal(advance(np.array([[3], [10]]), np.array([1, 2]), "5"), [[8, 13], [15, 20]])


def test_days_keep_their_hour_over_a_change_of_clock():
    stamps = pd.date_range("2020-10-23", periods=5, freq="D", tz="Europe/Berlin").as_unit("ns").asi8
    np.testing.assert_array_equal(advance(stamps[:1], np.arange(5), "D", timezone="Europe/Berlin"), stamps)
    hours = pd.date_range("2020-10-24 22:00", periods=9, freq="h", tz="Europe/Berlin").as_unit("ns").asi8
    np.testing.assert_array_equal(advance(hours[:1], np.arange(9), "h", timezone="Europe/Berlin"), hours)


def test_stamps_end_with_the_year_2261():
    with pytest.raises(DataError, match=r"300 steps \(yearly\) reach beyond the year 2261"):
        advance(np.array([0]), 300, "YS")


def test_future_times_continue_each_series():
    ends = np.array(["2020-01-31", "2021-02-28"], "M8[ns]").astype("int64")
    panel = Panel(np.array(["a", "b"], dtype=object), np.array([0, 1, 2]), ends, np.zeros(2), "ME")
    expected = np.array([["2020-02-29", "2020-03-31"], ["2021-03-31", "2021-04-30"]], "M8[ns]")
    np.testing.assert_array_equal(future_times(panel, 2).view("M8[ns]"), expected)


def test_infer_refuses_uneven_stamps():
    stamps = np.array(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04T12"], "M8[ns]").astype("int64")
    with pytest.raises(DataError, match=r"time '2020-01-04T12.*the spacing is irregular.*--resample mean"):
        infer(stamps)


@pytest.mark.parametrize(
    ("name", "seasons"),
    [
        ("h", (24, 168)), ("30min", (48, 336)), ("15min", (96, 672)), ("5min", (288,)), ("min", (1440,)),
        ("s", (60, 3600)), ("D", (7,)), ("B", (5,)), ("W-SUN", (52,)), ("2W-SUN", (26,)), ("MS", (12,)),
        ("2MS", (6,)), ("QE-DEC", (4,)), ("YS-JAN", (1,)), ("1", ()), ("3D", ()), ("5MS", (1,)), ("2B", ()),
        ("7h", (24,)),
    ],
)  # fmt: skip
def test_usual_cycles(name, seasons):
    assert seasons_of(name) == seasons


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MS", "monthly"), ("ME", "monthly"), ("QS-FEB", "quarterly"), ("6MS", "half-yearly"), ("YE-DEC", "yearly"),
        ("2YS-JAN", "every 2 years"), ("5MS", "every 5 months"), ("W-SUN", "weekly"), ("2W-SUN", "every 2 weeks"),
        ("D", "daily"), ("3D", "every 3 days"), ("B", "business days"), ("2B", "every 2 business days"),
        ("h", "hourly"), ("2h", "every 2 hours"), ("30min", "half-hourly"), ("5min", "every 5 minutes"),
        ("min", "every minute"), ("s", "every second"), ("100ms", "every 100 milliseconds"),
        ("ns", "every 1 nanoseconds"),
        ("1", "integer steps"), ("5", "integer steps of 5"),
    ],
)  # fmt: skip
def test_words(name, words):
    assert describe(name) == words
