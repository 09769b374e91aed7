import pandas as pd
import pytest

from tidegate.data.spacing import counted, settled
from tidegate.errors import DataError, SettingError


def rows_at(rows_of, *stamps, **options):
    return rows_of({"a": (list(stamps), range(len(stamps)))}, **options)


def test_the_step_is_found_and_said(rows_of):
    rows = rows_at(rows_of, "2020-01-01", "2020-02-01", "2020-04-01")
    assert settled(rows, None)[1:] == ("MS", ["Frequency: monthly (MS), inferred from the stamps."])
    rows = rows_at(rows_of, 1, 2, 3, integer=True)
    assert settled(rows, "1")[1:] == ("1", ["Frequency: integer steps, as given."])


def test_days_in_the_middle_of_months_are_moved(rows_of):
    rows = rows_at(rows_of, "2020-01-15", "2020-02-15", "2020-03-15")
    for given in (None, "MS", "monthly"):
        made, name, said = settled(rows, given)
        where, expected = ("first", "2020-02-01") if given != "monthly" else ("last", "2020-02-29")
        assert made.stamp(1) == expected
        assert name == ("MS" if given != "monthly" else "ME")
        assert said[0] == f"Stamps stand on other days than the {where} of the month: moved to the {where} day."


def test_plain_words_leave_the_end_of_the_month_to_the_data(rows_of):
    first = rows_at(rows_of, "2020-01-01", "2020-02-01")
    last = rows_at(rows_of, "2020-01-31", "2020-02-29")
    assert [settled(rows, "M")[1] for rows in (first, last)] == ["MS", "ME"]
    assert settled(rows_at(rows_of, "2020-01-01", "2020-04-01"), "quarterly")[1] == "QS-JAN"


def test_weeks_without_a_day_take_that_of_the_data(rows_of):
    assert settled(rows_at(rows_of, "2020-01-01", "2020-01-08"), "W")[1] == "W-WED"


@pytest.mark.parametrize(
    ("stamps", "given", "message"),
    [
        (("2020-01-31", "2020-02-29", "2020-03-31"), "MS", r"does not fit the frequency 'MS' .monthly.; 3 of 3 rows"),
        (("2020-01-01", "2020-01-02", "2020-01-03T06"), "D", r"--resample mean --frequency D"),
        (("2020-01-05", "2020-01-12"), "W-MON", r"Leave --frequency out"),
        (
            (*(f"2020-01-0{day}" for day in range(1, 7)), "2020-01-06T06"),
            None,
            r"the spacing is irregular: most rows are daily",
        ),
        (
            (*(f"2020-01-01T0{hour}" for hour in range(7)), "2020-01-01T06:30"),
            None,
            r"--resample mean --frequency h",
        ),
    ],
)
def test_rows_off_the_grid_are_refused(rows_of, stamps, given, message):
    with pytest.raises(DataError, match=message):
        settled(rows_at(rows_of, *stamps), given)


def test_uneven_steps_are_refused(rows_of):
    with pytest.raises(DataError, match=r"most rows are integer steps of 5, but this one does not follow after 10"):
        settled(rows_at(rows_of, 0, 5, 10, 13, 18, 23, integer=True), None)


@pytest.mark.parametrize(
    ("seconds", "coarser"), [(7, "min"), (90, "h"), (7200, "D"), (3 * 86400, "W-"), (30 * 86400, "30D")]
)
def test_the_repair_names_a_common_step(rows_of, seconds, coarser):
    stamps = (pd.Timestamp("2020-01-01") + pd.to_timedelta([0, 1, 2, 3, 4.3], "s") * seconds).to_numpy()
    with pytest.raises(DataError, match=rf"--resample mean --frequency ({coarser}|W|MS)"):
        settled(rows_at(rows_of, *stamps), None)


def test_kinds_of_time_must_agree(rows_of):
    with pytest.raises(SettingError, match="frequency 'D' does not fit whole-number steps; give --frequency 1"):
        settled(rows_at(rows_of, 1, 2, integer=True), "D")


def test_rows_can_be_counted(rows_of):
    rows = rows_of({"a": (["2020-01-01", "2020-01-05"], [1, 2]), "b": (["2020-01-02"], [3])})
    made, said = counted(rows)
    assert made.times.tolist() == [1, 2, 1]
    assert made.integer
    assert said == ["Rows are counted as steps 1, 2, 3; their time stamps are left aside."]
