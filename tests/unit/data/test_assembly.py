import numpy as np
import pandas as pd
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.errors import DataError, SettingError

DAYS = [f"2020-01-{day:02d}" for day in range(1, 11)]
VALUES = list(range(10))


def replaced(values, position, value):
    return [*values[:position], value, *values[position + 1 :]]


def test_a_clean_file(panel_of, table):
    panel = panel_of(table(DAYS, VALUES, "date,sales"))
    assert panel.ids.tolist() == ["sales"]
    assert (panel.frequency, panel.seasons, panel.fill, panel.target, panel.source) == (
        "D",
        (),
        "error",
        "sales",
        "pandas",
    )
    assert panel.values.tolist() == VALUES
    assert panel.notes == ("Frequency: daily (D), inferred from the stamps.",)


def test_the_season_is_taken_as_given(panel_of, table):
    assert panel_of(table(DAYS, VALUES), options=Options(season=(7, 30))).seasons == (7, 30)


def test_unused_columns_are_said(panel_of):
    panel = panel_of("unique_id,ds,y,split,note\na,1,2,train,x\na,2,3,test,y\n")
    assert "Columns not used: split, note." in panel.notes


@pytest.mark.parametrize(
    ("stamps", "values", "place", "message"),
    [
        (DAYS, replaced(VALUES, 4, "abc"), (6, "y"), r"'abc' is not a number"),
        (DAYS, replaced(VALUES, 4, "inf"), (6, "y"), r"the value is inf: infinity is not a number"),
        (DAYS, replaced(VALUES, 4, ""), (6, "y"), r"1 value of the target is missing.*--fill interpolate"),
        (DAYS, replaced(VALUES, 0, "NaN"), (2, "y"), r"1 value of the target is missing.*--fill interpolate"),
        (replaced(DAYS, 4, "soon"), VALUES, (6, "ds"), r"'soon' is not a time stamp"),
        (replaced(DAYS, 4, "05/01/2020"), VALUES, (6, "ds"), r"'05/01/2020' is written unlike the others"),
        (replaced(DAYS, 4, ""), VALUES, (6, "ds"), r"the time stamp is missing"),
        (replaced(DAYS, 4, "2020-01-32"), VALUES, (6, "ds"), r"there is no such day"),
        (DAYS[:4] + DAYS[5:], VALUES[1:], (6, "ds"), r"1 step is missing .the first after 2020-01-04.*--fill"),
        ([*DAYS[:9], "2020-01-09 12:00"], VALUES, (11, "ds"), r"the spacing is irregular"),
        (
            [*DAYS, DAYS[3]],
            [*VALUES, 1],
            (12, None),
            r"1 row repeats a time stamp .this one that of row 5.*--duplicates",
        ),
    ],
)
def test_bad_rows_are_refused_with_place_and_repair(panel_of, table, stamps, values, place, message):
    with pytest.raises(DataError, match=message) as raised:
        panel_of(table(stamps, values))
    assert (raised.value.place.row, raised.value.place.column) == place


def test_several_troubles_are_refused_at_once(panel_of, table):
    stamps = [*DAYS[:4], DAYS[3], *DAYS[6:]]
    with pytest.raises(
        DataError, match=r"repeats.*also 2 steps are missing.*--duplicates mean --fill interpolate"
    ) as raised:
        panel_of(table(stamps, VALUES[: len(stamps)]))
    assert raised.value.place.row == 6
    panel = panel_of(table(stamps, VALUES[: len(stamps)]), options=Options(duplicates="mean", fill="interpolate"))
    np.testing.assert_array_equal(panel.values, [0, 1, 2, 3.5, np.nan, np.nan, 5, 6, 7, 8])


def test_a_repeat_is_said_before_the_irregular_spacing_it_brings(panel_of, table):
    with pytest.raises(DataError, match="repeats a time stamp"):
        panel_of(table([*DAYS[:9], "2020-01-09 12:00", DAYS[0]], [*VALUES, 1]))


def test_unsorted_rows_are_sorted_aloud(panel_of, table):
    panel = panel_of(table(DAYS[::-1], VALUES))
    assert panel.values.tolist() == VALUES[::-1]
    assert "Rows were not in time order: sorted." in panel.notes


@pytest.mark.parametrize(("fill", "rows"), [("interpolate", 8), ("forward", 8), ("keep", 8), ("zero", 10)])
def test_rows_before_the_first_value(panel_of, table, fill, rows):
    panel = panel_of(table(DAYS, ["", "", *VALUES[2:]]), options=Options(fill=fill))
    assert len(panel.times) == rows
    assert ("2 rows before the first value of a series: left out." in panel.notes) == (rows == 8)


def test_missing_values_stay_nan_and_are_said(panel_of, table):
    panel = panel_of(table(DAYS, replaced(VALUES, 4, "")), options=Options(fill="zero"))
    assert np.isnan(panel.values[4])
    assert "1 value of the target is missing: filled inside each origin (zero)." in panel.notes


def test_missing_covariates_need_fill(panel_of):
    text = "ds,y,k,p\n1,1,1,1\n2,2,,1\n3,3,3,\n"
    columns = Columns(known=("k",), past=("p",))
    with pytest.raises(DataError, match=r"row 3, column 'k'.*in the covariate 'k'; also .*'p'.*--fill interpolate"):
        panel_of(text, columns)
    panel = panel_of(text, columns, Options(fill="forward"))
    assert np.isnan(panel.known.values[1, 0])
    assert "1 value is missing in the covariate 'k': the last value stands in." in panel.notes
    assert "1 value is missing in the covariate 'p': the last value stands in." in panel.notes


def test_constant_series_are_said(panel_of, table):
    assert "Series 'y' is constant: every value is the same." in panel_of(table(DAYS, [3] * 10)).notes
    text = "unique_id,ds,y\n" + "".join(f"{name},{step},1\n" for name in "ab" for step in range(5))
    assert "2 series are constant: every value is the same." in panel_of(text).notes


def test_a_column_that_tells_series_apart_is_found(panel_of):
    panel = panel_of("store,split,date,sales\nA,x,2020-01-01,1\nA,x,2020-01-02,2\nB,x,2020-01-01,5\nB,x,2020-01-02,2\n")
    assert panel.ids.tolist() == ["A", "B"]
    assert "Column 'store' tells the series apart." in panel.notes


def test_several_such_columns_are_refused(panel_of):
    text = "store,town,date,sales\nA,x,2020-01-01,1\nA,x,2020-01-02,2\nB,z,2020-01-01,5\nB,z,2020-01-02,2\n"
    with pytest.raises(DataError, match=r"several columns could tell the series apart: 'store', 'town'.*--id 'store'"):
        panel_of(text)
    assert panel_of(text, Columns(id="town")).ids.tolist() == ["x", "z"]


def test_a_wide_file(panel_of):
    text = "ds,a,b,note\n2020-01-01,1,5,x\n2020-02-01,2,6,y\n"
    with pytest.raises(DataError, match=r"--target '\*'"):
        panel_of(text)
    panel = panel_of(text, Columns(target="*"))
    assert panel.ids.tolist() == ["a", "b"]
    assert panel.values.tolist() == [1, 2, 5, 6]
    assert "Columns not used: note." in panel.notes


def test_ids_stay_what_they_are(panel_of):
    assert panel_of("unique_id,ds,y\n10,1,1\n10,2,1\n9,1,1\n").ids.tolist() == [9, 10]
    assert panel_of("unique_id,ds,y\n010,1,1\n010,2,1\n9,1,1\n").ids.tolist() == ["010", "9"]


def test_rows_can_be_counted_as_steps(panel_of, table):
    panel = panel_of(table([*DAYS[:3], *DAYS[6:]], VALUES[:7]), options=Options(frequency="1"))
    assert panel.integer_time
    assert panel.times.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_resampling_takes_repeated_and_uneven_stamps(panel_of, table):
    stamps = ["2020-01-01 08:00", "2020-01-01 08:00", "2020-01-01 19:13", "2020-01-03 09:00"]
    panel = panel_of(table(stamps, [1, 2, 3, 4]), options=Options(resample="sum", frequency="D", fill="zero"))
    np.testing.assert_array_equal(panel.values, [6, np.nan, 4])


@pytest.mark.parametrize(
    ("stamps", "frequency"),
    [
        ([f"1949-{month:02d}" for month in range(1, 11)], "MS"),
        ([f"Q{1 + n % 4} {2000 + n // 4}" for n in range(10)], "QS-JAN"),
        ([f"{day}/02/2020" for day in range(10, 20)], "D"),
        ([f"2020-03-29T{hour:02d}:00:00Z" for hour in range(10)], "h"),
        (range(3, 13), "1"),
        ([f"2020-W{week:02d}" for week in range(1, 11)], "W-MON"),
    ],
)
def test_ways_to_write_time(panel_of, table, stamps, frequency):
    assert panel_of(table(stamps, VALUES)).frequency == frequency


def test_years_in_a_column_called_year(panel_of, table):
    assert panel_of(table(range(1811, 1821), VALUES, "year,y")).frequency == "YS-JAN"


def local_hours(first, count=72):
    return (
        pd.date_range(first, periods=count, freq="h", tz="Europe/Berlin").tz_localize(None).strftime("%Y-%m-%d %H:%M")
    )


@pytest.mark.parametrize(("first", "problem"), [("2020-10-24", "repeats"), ("2020-03-28", "missing")])
def test_changes_of_clock_are_recognised_and_repaired(panel_of, table, first, problem):
    text = table(local_hours(first), range(72))
    with pytest.raises(DataError, match=rf"{problem}.*hours at which clocks change.*--timezone"):
        panel_of(text)
    panel = panel_of(text, options=Options(timezone="Europe/Berlin"))
    assert (panel.timezone, panel.frequency) == ("Europe/Berlin", "h")
    assert panel.values.tolist() == list(range(72))
    assert (np.diff(panel.times) == 3_600 * 10**9).all()


def test_offsets_become_utc_and_then_a_zone(panel_of, table):
    stamps = [f"2020-03-{day}T00:00:00+0{1 if day < 30 else 2}:00" for day in range(27, 32)]
    panel = panel_of(table(stamps, range(5)), options=Options(timezone="Europe/Berlin"))
    assert (panel.frequency, panel.timezone) == ("D", "Europe/Berlin")


@pytest.mark.parametrize("options", [{"frequency": "often"}, {"timezone": "Moon"}, {"resample": "sum"}])
def test_options_that_do_not_fit_are_refused(panel_of, table, options):
    with pytest.raises(SettingError):
        panel_of(table(DAYS, VALUES), options=Options(**options))
