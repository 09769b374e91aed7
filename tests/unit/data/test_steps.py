import numpy as np
import pandas as pd
import pytest

from tidegate.data.steps import DAY, alias, months, on_rule, positions, stamps_at, step, weekdays
from tidegate.errors import SettingError

ALIASES = ["s", "min", "5min", "30min", "h", "6h", "D", "3D", "W-SUN", "W-WED", "2W-MON", "B"]
MONTHLY = [
    "MS",
    "ME",
    "2MS",
    "QS-JAN",
    "QS-FEB",
    "QE-DEC",
    "QE-NOV",
    "YS-JAN",
    "YS-JUL",
    "YE-DEC",
    "YE-JUN",
    "BMS",
    "BME",
]


@pytest.mark.parametrize("name", ALIASES + MONTHLY)
def test_aliases_mean_what_pandas_means(name):
    stamps = pd.date_range("2019-01-04 00:00", periods=40, freq=name, unit="ns").asi8
    made = step(name)
    counted = positions(stamps, made)
    np.testing.assert_array_equal(np.diff(counted), made.size)
    np.testing.assert_array_equal(stamps_at(counted, made, stamps % DAY), stamps)
    assert on_rule(stamps, made).all()
    assert alias(made, int(stamps[0])) == name


@pytest.mark.parametrize(
    ("spoken", "same"),
    [
        ("H", "h"),
        ("T", "min"),
        ("M", "ME"),
        ("Q", "QE-DEC"),
        ("A", "YE-DEC"),
        ("daily", "D"),
        ("weekly", "W"),
        ("monthly", "ME"),
        ("annual", "YE"),
        ("15T", "15min"),
    ],
)
def test_other_spellings(spoken, same):
    assert step(spoken).unit == step(same).unit
    assert step(spoken).size == step(same).size


@pytest.mark.parametrize("wrong", ["fortnight", "0", "0h", "W-FOO", "D-MON", "-1", "", "h2"])
def test_unknown_names_are_refused(wrong):
    with pytest.raises(SettingError, match=r"frequency .* is not known; use s, min, h, D"):
        step(wrong)


def test_whole_numbers_are_integer_steps():
    assert step("5") == step(" 5 ")
    assert alias(step("5")) == "5"


def test_rules_tell_wrong_days():
    stamps = np.array(["2020-01-31", "2020-02-28", "2020-03-01"], "M8[ns]").astype("int64")
    np.testing.assert_array_equal(on_rule(stamps, step("ME")), [True, False, False])
    np.testing.assert_array_equal(on_rule(stamps, step("W-FRI")), [True, True, False])
    np.testing.assert_array_equal(on_rule(stamps, step("B")), [True, True, False])


def test_weekdays_and_months_before_1970():
    stamps = pd.date_range("1749-01-01", periods=900, freq="13D", unit="ns")
    np.testing.assert_array_equal(weekdays(stamps.asi8), stamps.dayofweek)
    np.testing.assert_array_equal(months(stamps.asi8), (stamps.year - 1970) * 12 + stamps.month - 1)
