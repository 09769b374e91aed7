from dataclasses import replace

import numpy as np
import pytest

from tidegate.data.rows import as_text, static_of
from tidegate.errors import DataError, Place
from tidegate.panel import Covariates


@pytest.fixture
def rows(rows_of):
    return rows_of({"a": (["2020-01-01", "2020-01-02"], [1, 2]), "b": (["2020-01-01T05", "2020-01-01T06"], [3, 4])})


def test_rows_know_their_place(rows):
    assert rows.place(3, "y") == Place(row=3, column="y", series="b", time="2020-01-01 06:00:00")
    picked = rows.where(np.array([False, True, False, True]))
    assert picked.place(1).row == 3
    assert picked.where(np.array([False, True])).place(0).row == 3
    assert picked.offsets.tolist() == [0, 1, 2]
    assert picked.lengths.tolist() == [1, 1]


def test_series_may_lose_all_rows(rows):
    left = rows.where(np.array([True, True, False, False]))
    assert left.lengths.tolist() == [2, 0]
    assert left.without_empty_series().ids.tolist() == ["a"]
    assert left.without_empty_series().offsets.tolist() == [0, 2]


def test_long_columns_are_picked_in_blocks(rows, monkeypatch):
    monkeypatch.setattr("tidegate.data.rows.BLOCK", 2)
    order = np.array([3, 1, 0, 2], dtype=np.int32)
    assert rows.take(order).values.tolist() == [4, 2, 1, 3]


@pytest.mark.parametrize(
    ("time", "options", "text"),
    [
        (0, {"integer": False, "timezone": None}, "1970-01-01"),
        (1_500_000_000, {"integer": False, "timezone": None}, "1970-01-01 00:00:01.500000000"),
        (0, {"integer": False, "timezone": "Asia/Tokyo"}, "1970-01-01 09:00:00"),
        (7, {"integer": True, "timezone": None}, "7"),
    ],
)
def test_stamps_as_text(time, options, text):
    assert as_text(time, **options) == text


def with_static(rows, values, **categories):
    return replace(rows, static=Covariates(("s",), np.array(values, dtype=float)[:, None], categories))


def test_static_columns_have_one_value_per_series(rows):
    made = static_of(with_static(rows, [1, 1, np.nan, 4]))
    assert made.values.tolist() == [[1], [4]]


def test_static_columns_that_change_are_refused(rows):
    with pytest.raises(DataError, match=r"row 3, column 's', series 'b'.*constant within a series, but .* from 2 to 4"):
        static_of(with_static(rows, [1, 1, 2, 4]))
    with pytest.raises(DataError, match=r"changes from 'x' to 'z'.*--known or --past"):
        static_of(with_static(rows, [0, 1, 0, 0], s=("x", "z")))


def test_static_columns_without_a_value_are_refused(rows):
    with pytest.raises(DataError, match=r"column 's', series 'b': a static column holds no value"):
        static_of(with_static(rows, [1, 1, np.nan, np.nan]))
