import numpy as np
import pyarrow as pa
import pytest

from tidegate.data.columns import Columns
from tidegate.data.loading import load_long, load_wide
from tidegate.data.table_source import TableSource
from tidegate.errors import DataError, SettingError


def source(**columns):
    return TableSource(pa.table(columns))


def loaded(columns, **table):
    return load_long(source(**table), columns, frequency=None)


LONG = Columns(id="id", time="t", target="y")


def test_rows_are_sorted_by_series_and_time():
    rows, said = loaded(LONG, id=["b", "a", "b", "a"], t=[2, 2, 1, 1], y=[4.0, 2.0, 3.0, 1.0])
    assert rows.ids.tolist() == ["a", "b"]
    assert rows.values.tolist() == [1, 2, 3, 4]
    assert rows.offsets.tolist() == [0, 2, 4]
    assert rows.origin.tolist() == [3, 1, 2, 0]
    assert said == ["Rows were not in time order: sorted."]


def test_series_side_by_side_are_in_time_order():
    rows, said = loaded(LONG, id=["b", "a", "b", "a"], t=[1, 1, 2, 2], y=[3.0, 1.0, 4.0, 2.0])
    assert rows.values.tolist() == [1, 2, 3, 4]
    assert said == []


def test_equal_stamps_keep_their_order():
    rows, _ = loaded(Columns(time="t", target="y"), t=[2, 1, 2, 1, 2], y=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert rows.values.tolist() == [2, 4, 1, 3, 5]


def test_sorting_random_rows_matches_pandas():
    generator = np.random.default_rng(1)
    far = generator.integers(-(2**61), 2**61, 500)
    for times in (generator.integers(0, 50, 500), far, generator.integers(0, 400, 500) * 86_400 * 10**9):
        ids = generator.integers(0, 20, 500)
        rows, _ = loaded(LONG, id=ids, t=pa.array(times, pa.timestamp("ns")), y=np.arange(500.0))
        order = np.lexsort((times, ids))
        np.testing.assert_array_equal(rows.values, order)
        np.testing.assert_array_equal(rows.times, times[order])
        np.testing.assert_array_equal(rows.origin, order)


def test_covariates_become_numbers_or_codes():
    columns = Columns(time="t", target="y", known=("text", "flag"), past=("p",), static=("s",))
    rows, _ = loaded(columns, t=[1, 2], y=[1, 2], text=["b", "a"], flag=[True, None], p=[5, None], s=["x", "x"])
    assert rows.known.values.tolist() == [[1, 1], [0, 0]]
    assert rows.known.categories == {"text": ("a", "b"), "flag": ("", "True")}
    assert rows.past.values[0, 0] == 5
    assert np.isnan(rows.past.values[1, 0])
    assert rows.static.categories == {"s": ("x",)}


def test_without_an_id_the_target_names_the_series():
    assert loaded(Columns(time="t", target="y"), t=[1], y=[1.0])[0].ids.tolist() == ["y"]


def test_without_a_time_rows_are_steps():
    rows, said = loaded(Columns(target="y"), y=[5.0, 6.0])
    assert rows.times.tolist() == [1, 2]
    assert said == ["No time column: rows are steps 1, 2, 3."]


def test_wide_columns_are_series_without_their_empty_ends():
    table = source(
        t=[1, 2, 3, 4], b=[None, 1.0, None, 3.0], a=[1.0, 2.0, None, None], none=pa.array([None] * 4, pa.float64())
    )
    rows, said = load_wide(table, ["b", "a", "none"], "t", None)
    assert rows.ids.tolist() == ["a", "b"]
    assert rows.times.tolist() == [1, 2, 2, 3, 4]
    np.testing.assert_array_equal(rows.values, [1, 2, 1, np.nan, 3])
    assert said == [
        "Wide table: each of 2 numeric columns is one series.",
        "Columns without any value are left out: none.",
    ]
    assert rows.place(4).row == 3


def test_wide_rows_are_sorted_aloud():
    rows, said = load_wide(source(t=[2, 1], a=[1.0, 2.0], b=[3.0, 4.0]), ["a", "b"], "t", None)
    assert rows.values.tolist() == [2, 1, 4, 3]
    assert said[-1] == "Rows were not in time order: sorted."
    assert rows.place(0).row == 1


def test_a_calendar_frequency_needs_dates():
    with pytest.raises(SettingError, match=r"frequency is 'D', but 't' holds whole numbers such as 7.*--frequency 1"):
        load_long(source(t=[7, 8], y=[1.0, 2.0]), Columns(time="t", target="y"), frequency="D")
    rows, _ = load_long(source(t=[1811, 1812], y=[1.0, 2.0]), Columns(time="t", target="y"), frequency="Y")
    assert not rows.integer


@pytest.mark.parametrize("empty", [None, ""])
def test_a_missing_identifier_is_refused(empty):
    with pytest.raises(DataError, match=r"row 1, column 'id': the identifier of the series is missing"):
        loaded(LONG, id=["a", empty], t=[1, 2], y=[1.0, 2.0])
