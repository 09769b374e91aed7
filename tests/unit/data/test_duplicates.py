import numpy as np
import pytest

from tidegate.data.duplicates import aggregate, grouped, repeated, without_duplicates
from tidegate.panel import Covariates

DAYS = ["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-03"]


@pytest.fixture
def rows(rows_of):
    known = Covariates(
        ("price", "kind"), np.array([[1, 0], [2, 1], [4, 0], [3, 1], [5, 0], [7, 1.0]]), {"kind": ("a", "b")}
    )
    return rows_of({"a": (DAYS, [1, 2, 6, 4]), "b": (["2020-01-03", "2020-01-04"], [5, 9])}, known=known)


def test_equal_stamps_of_two_series_are_no_repeat(rows):
    np.testing.assert_array_equal(repeated(rows), [False, False, True, False, False, False])


@pytest.mark.parametrize(
    ("choice", "value", "price", "kind"), [("first", 2, 2, 1), ("last", 6, 4, 0), ("mean", 4, 3, 0)]
)
def test_choices(rows, choice, value, price, kind):
    made, troubles, said = without_duplicates(rows, choice)
    assert made.values.tolist() == [1, value, 4, 5, 9]
    assert made.known.values[1].tolist() == [price, kind]
    assert made.offsets.tolist() == [0, 3, 5]
    assert not troubles
    assert said == [f"1 row repeats a time stamp: the {choice} is taken."]


def test_the_refusal_goes_on_with_the_first(rows):
    made, troubles, said = without_duplicates(rows, "error")
    assert made.values.tolist() == [1, 2, 4, 5, 9]
    assert troubles[0].problem == "1 row repeats a time stamp (this one that of row 1)"
    assert troubles[0].options == {"duplicates": "mean"}
    assert (troubles[0].place.row, troubles[0].place.series) == (2, "a")
    assert not said


def test_clean_rows_stay_themselves(rows_of):
    rows = rows_of({"a": (DAYS[:2], [1, 2])})
    assert without_duplicates(rows, "error")[0] is rows


@pytest.mark.parametrize(
    ("how", "expected"), [("sum", [3, 5, np.nan]), ("mean", [1.5, 5, np.nan]), ("last", [2, 5, np.nan])]
)
def test_missing_values_are_left_out(how, expected):
    values = np.array([1, 2, np.nan, 5, np.nan, np.nan])
    np.testing.assert_array_equal(aggregate(values, np.array([0, 3, 4]), how), expected)


def test_runs_become_rows(rows):
    made = grouped(rows, np.array([True, False, True, True, True, False]), "sum")
    assert made.values.tolist() == [3, 6, 4, 14]
    assert made.offsets.tolist() == [0, 3, 4]
