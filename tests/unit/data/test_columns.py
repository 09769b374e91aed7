import pytest

from tidegate.data.columns import Columns, Options, guess, ignored, wide_columns
from tidegate.errors import DataError, SettingError


def test_the_usual_names_win_over_other_candidates():
    kinds = {"unique_id": "text", "ds": "time", "date": "time", "y": "number", "price": "number", "split": "text"}
    assert guess(kinds, Columns()) == Columns(id="unique_id", time="ds", target="y")


def test_what_is_given_is_kept():
    kinds = {"a": "text", "when": "time", "b": "number", "c": "number", "y": "number"}
    given = Columns(id="a", time="when", target="b", known=("c",))
    assert guess(kinds, given) == given


def test_the_only_candidates_are_taken():
    assert guess({"Datetime": "time", "AEP_MW": "number"}, Columns()) == Columns(time="Datetime", target="AEP_MW")


def test_a_covariate_is_no_candidate_for_the_target():
    kinds = {"ds": "time", "sales": "number", "price": "number"}
    assert guess(kinds, Columns(known=("price",))).target == "sales"


def test_the_unnamed_row_index_is_no_candidate():
    kinds = {"": "integer", "date": "time", "sales": "integer"}
    assert guess(kinds, Columns()) == Columns(time="date", target="sales")


def test_a_column_without_a_name_can_hold_the_stamps():
    assert guess({"": "time", "sales": "integer"}, Columns()).time == ""


def test_a_lone_column_of_numbers_has_steps_for_time():
    assert guess({"level": "number"}, Columns()) == Columns(target="level")


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"date": "time", "a": "number", "b": "number"}, r"could be the target: 'a', 'b'.*--target 'a'.*--target '\*'"),
        ({"date": "time", "time": "time", "y": "number"}, r"could be the time: 'date', 'time'.*--time 'date'"),
        ({"series": "text", "item_id": "text", "ds": "time", "y": "number"}, r"could be the id: .*--id 'series'"),
        ({"date": "time", "name": "text"}, r"no column holds numbers.*'date' \(time\), 'name' \(text\).*--target"),
        ({"name": "text", "sales": "number"}, r"no column holds time stamps; the columns are 'name', 'sales'.*--time"),
    ],
)
def test_doubt_is_refused_with_the_candidates(kinds, message):
    with pytest.raises(DataError, match=message):
        guess(kinds, Columns())


def test_a_missing_column_is_refused():
    with pytest.raises(DataError, match=r"there is no column 'sales'; the columns are 'ds', 'y'"):
        guess({"ds": "time", "y": "number"}, Columns(target="sales"))


def test_a_column_of_two_roles_is_refused():
    with pytest.raises(DataError, match=r"column 'y': the column is named for two roles"):
        guess({"ds": "time", "y": "number"}, Columns(target="y", known=("y",)))


def test_wide_columns_are_the_numeric_ones():
    kinds = {"Unnamed: 0": "integer", "ds": "time", "a": "number", "b": "integer", "note": "text"}
    assert wide_columns(kinds, Columns(time="ds", target="*")) == ["a", "b"]


def test_wide_columns_refuse_other_roles_and_text():
    with pytest.raises(DataError, match=r"'a' cannot be an id or covariate"):
        wide_columns({"ds": "time", "a": "number"}, Columns(time="ds", target="*", known=("a",)))
    with pytest.raises(DataError, match="no column holds numbers"):
        wide_columns({"ds": "time", "a": "text"}, Columns(time="ds", target="*"))


def test_unused_columns_are_named():
    assert ignored({"ds": "time", "y": "number", "split": "text"}, ["ds", "y"]) == "Columns not used: split."
    assert ignored({"ds": "time", "y": "number"}, ["ds", "y"]) is None
    assert "5 more" in ignored({f"c{n}": "text" for n in range(15)}, [])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fill": "mean"}, "fill is 'mean'; it must be one of 'error', 'interpolate', 'zero', 'forward', 'keep'"),
        ({"duplicates": "sum"}, "duplicates is 'sum'; it must be one of 'error', 'first', 'last', 'mean'"),
        ({"resample": "max"}, "resample is 'max'; it must be one of 'sum', 'mean', 'last'"),
        ({"season": 0}, "season is 0; it must be a whole number"),
        ({"season": (7, 2.5)}, "season is 2.5"),
    ],
)
def test_options_outside_their_limits_are_refused(wrong, message):
    with pytest.raises(SettingError, match=message):
        Options(**wrong)


def test_seasons_are_a_tuple():
    assert Options().seasons == ()
    assert Options(season=12).seasons == (12,)
    assert Options(season=(24, 168)).seasons == (24, 168)


def test_a_column_named_twice_in_one_role_is_refused():
    with pytest.raises(DataError, match=r"column 'a': the column is named twice. Name it once."):
        guess({"ds": "time", "y": "number", "a": "number"}, Columns(known=("a", "a")))


def test_a_season_named_twice_counts_once():
    assert Options(season=(12, 12)).seasons == (12,)
