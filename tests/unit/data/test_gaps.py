import numpy as np
import pytest

from tidegate.data.gaps import carried, filled, filled_values, missing_values, newest_rows, regular
from tidegate.errors import DataError
from tidegate.panel import Covariates, Future, Panel

NAN = np.nan


def panel_of(values, offsets, **rest):
    offsets = np.array(offsets)
    ids = np.array([f"s{n}" for n in range(len(offsets) - 1)], dtype=object)
    return Panel(ids, offsets, np.arange(len(values)), np.array(values, dtype=float), "1", **rest)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("interpolate", [1, 1, 2, 3, 3, 7, 7, 8]),
        ("error", [1, 1, 2, 3, 3, 7, 7, 8]),
        ("keep", [1, 1, 2, 3, 3, 7, 7, 8]),
        ("forward", [1, 1, 1, 3, 3, 7, 7, 8]),
        ("zero", [0, 1, 0, 3, 0, 0, 7, 8]),
    ],
)
def test_ways_to_fill(how, expected):
    panel = panel_of([NAN, 1, NAN, 3, NAN, NAN, 7, 8], [0, 5, 8], fill=how)
    np.testing.assert_array_equal(filled(panel).values, expected)


def test_a_series_of_no_value_becomes_zero():
    np.testing.assert_array_equal(filled_values(np.array([5, NAN, NAN]), np.array([0, 1, 3]), "interpolate"), [5, 0, 0])
    np.testing.assert_array_equal(filled_values(np.array([NAN, 5]), np.array([0, 1, 2]), "forward"), [0, 5])


def test_what_is_whole_stays_itself():
    panel = panel_of([1, 2, 3], [0, 3])
    assert filled(panel) is panel


def test_covariates_carry_on_into_the_future():
    known = Covariates(("k",), np.array([[NAN], [2], [NAN], [NAN], [5]]))
    future = Future(np.array([0, 2, 3]), Covariates(("k",), np.array([[NAN], [9], [NAN]])))
    past = Covariates(("p",), np.array([[1], [NAN], [NAN], [NAN], [NAN]]))
    made = filled(panel_of([1, 2, 3, 4, 5], [0, 3, 5], known=known, future=future, past=past, fill="zero"))
    np.testing.assert_array_equal(made.known.values[:, 0], [2, 2, 2, 5, 5])
    np.testing.assert_array_equal(made.future.covariates.values[:, 0], [2, 9, 5])
    np.testing.assert_array_equal(made.past.values[:, 0], [1, 1, 1, 0, 0])
    assert made.values is not None


def test_carrying_covariates_leaves_the_target_as_it_is():
    past = Covariates(("p",), np.array([[1], [NAN], [NAN]]))
    panel = panel_of([1, NAN, 3], [0, 3], past=past, fill="keep")
    np.testing.assert_array_equal(carried(panel).values, [1, NAN, 3])
    np.testing.assert_array_equal(carried(panel).past.values[:, 0], [1, 1, 1])
    plain = panel_of([1, NAN, 3], [0, 3])
    assert carried(plain) is plain


def test_newest_rows_stay_within_their_series():
    values = np.array([NAN, 1, NAN, NAN, NAN, NAN, 7, NAN])
    assert newest_rows(values, np.array([0, 4, 8])).tolist() == [-1, 1, 1, 1, -1, -1, 6, 6]


def test_known_covariates_without_a_future():
    known = Covariates(("k",), np.array([[1], [NAN]]))
    np.testing.assert_array_equal(filled(panel_of([1, 2], [0, 2], known=known)).known.values[:, 0], [1, 1])


@pytest.fixture
def gappy(rows_of):
    known = Covariates(("k",), np.arange(6.0)[:, None])
    return rows_of(
        {
            "a": (["2020-01-01", "2020-02-01", "2020-05-01"], [1, 2, 5]),
            "b": (["2020-01-01", "2020-02-01", "2020-04-01"], [1, 2, 4]),
        },
        known=known,
    )  # fmt: skip


def test_missing_steps_become_empty_rows(gappy):
    made, troubles, said = regular(gappy, "MS", fill="interpolate")
    assert made.offsets.tolist() == [0, 5, 9]
    assert [made.stamp(row) for row in (2, 3, 7)] == ["2020-03-01", "2020-04-01", "2020-03-01"]
    np.testing.assert_array_equal(made.values, [1, 2, NAN, NAN, 5, 1, 2, NAN, 4])
    np.testing.assert_array_equal(made.known.values[:, 0], [0, 1, NAN, NAN, 2, 3, 4, NAN, 5])
    assert not troubles
    assert said == ["3 missing steps in 2 series: filled inside each origin (interpolate)."]
    assert made.place(8).row == 5


def test_missing_steps_are_refused(gappy):
    made, troubles, _ = regular(gappy, "MS", fill="error")
    assert made is gappy
    assert troubles[0].problem.startswith("3 steps are missing (the first after 2020-02-01), 33% of the grid (MS)")
    assert "--frequency 1 counts the rows as steps" in troubles[0].problem
    assert (troubles[0].place.row, troubles[0].options) == (2, {"fill": "interpolate"})


def test_whole_grids_stay_themselves(rows_of):
    for rows, name in (
        (rows_of({"a": ([5, 10, 15], [1, 2, 3])}, integer=True), "5"),
        (rows_of({"a": (["2020-01-03", "2020-01-06"], [1, 2])}), "B"),
    ):
        assert regular(rows, name, fill="error")[0] is rows


def test_gaps_in_hours_and_steps(rows_of):
    hours = rows_of({"a": (["2020-01-01T05", "2020-01-01T08"], [1, 2])})
    assert regular(hours, "h", fill="zero")[0].stamp(2) == "2020-01-01 07:00:00"
    steps = rows_of({"a": ([5, 20], [1, 2])}, integer=True)
    assert regular(steps, "5", fill="zero")[0].times.tolist() == [5, 10, 15, 20]


def test_days_in_a_zone_keep_their_hour(rows_of):
    rows = rows_of({"a": (["2020-03-27T23", "2020-03-30T22"], [1, 2])}, timezone="Europe/Berlin")
    made, _, _ = regular(rows, "D", fill="zero")
    assert [made.stamp(row) for row in range(4)] == ["2020-03-28", "2020-03-29", "2020-03-30", "2020-03-31"]


def test_a_gap_beyond_all_measure_is_a_wrong_stamp(rows_of):
    rows = rows_of({"a": (["1820-01-01", "2020-01-01", "2020-01-02"], [1, 2, 3])})
    with pytest.raises(DataError, match=r"73,048 steps are missing before this row, but there are only 3 rows"):
        regular(rows, "D", fill="interpolate")


def test_missing_values(rows_of):
    rows = rows_of({"a": ([1, 2, 3, 4], [1, NAN, 3, NAN])}, integer=True)
    troubles, said = missing_values(rows, np.array([3]), fill="error")
    assert troubles[0].problem == "1 value of the target is missing"
    assert (troubles[0].place.row, troubles[0].place.column) == (1, "y")
    assert not said
    assert missing_values(rows, np.array([4]), fill="zero")[1] == [
        "2 values of the target are missing: filled inside each origin (zero)."
    ]
    assert missing_values(rows, np.array([4]), fill="keep")[1] == [
        "2 values of the target are missing: kept missing for models that read gaps, straight lines inside each origin "
        "for the others (keep)."
    ]
    whole = rows_of({"a": ([1, 2], [1, 2])}, integer=True)
    assert missing_values(whole, np.array([2]), fill="error") == ([], [])
