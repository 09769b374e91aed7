from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tidegate.data.columns import Columns
from tidegate.data.frames import from_frame
from tidegate.data.future import check_future, last_values, split, with_future
from tidegate.data.table_source import TableSource
from tidegate.errors import DataError
from tidegate.panel import Covariates

KNOWN = Columns(known=("price", "event"))


@pytest.fixture
def frame():
    days = pd.date_range("2020-01-01", periods=4, unit="ns")
    parts = [
        pd.DataFrame({"unique_id": name, "ds": days, "y": [1.0, 2, 3, 4], "price": scale * np.arange(4), "event": "no"})
        for name, scale in (("a", 1.0), ("b", 10.0))
    ]
    return pd.concat(parts, ignore_index=True)


def coming(n_days=3, **columns):
    days = pd.date_range("2020-01-05", periods=n_days, unit="ns")
    rows = [{"unique_id": name, "ds": day, "price": 7.0, "event": "fair"} for name in ("b", "a") for day in days]
    return pd.DataFrame(rows).assign(**columns)


def test_trailing_rows_without_a_target_are_the_future(frame):
    frame.loc[[2, 3, 7], "y"] = np.nan
    frame.loc[7, "event"] = "fair"
    panel = from_frame(frame, KNOWN)
    assert panel.lengths.tolist() == [2, 3]
    assert panel.future.offsets.tolist() == [0, 2, 3]
    assert panel.future.covariates.values.tolist() == [[2, 1], [3, 1], [30, 0]]
    assert "3 trailing rows without a target value in 2 series give the future of price, event." in panel.notes


def test_trailing_rows_without_known_covariates_are_left_out(frame):
    frame.loc[3, "y"] = np.nan
    panel = from_frame(frame)
    assert panel.future is None
    assert panel.lengths.tolist() == [3, 4]
    assert "1 trailing rows without a target value in 1 series are left out." in panel.notes


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_second_frame_gives_the_future(frame, kind):
    future = {"pandas": coming(), "polars": pl.from_pandas(coming()), "arrow": pl.from_pandas(coming()).to_arrow()}[
        kind
    ]
    panel = from_frame(frame, KNOWN, future=future)
    assert panel.future.offsets.tolist() == [0, 3, 6]
    assert panel.known.categories["event"] == ("no", "fair")
    assert panel.future.covariates.values[0].tolist() == [7, 1]
    check_future(panel, 3)


def test_the_future_follows_the_order_of_the_panel():
    ids = np.repeat([9, 10], 3)
    frame = pd.DataFrame({"unique_id": ids, "ds": [1, 2, 3] * 2, "y": 1.0, "price": 0.0})
    future = pd.DataFrame({"unique_id": ["10", "9", "x"], "ds": 4, "price": [10.0, 9.0, 0.0]})
    panel = from_frame(frame, Columns(known=("price",)), future=future)
    assert panel.future.covariates.values[:, 0].tolist() == [9, 10]
    assert "1 rows of the future table lie before the end of their series or belong to others." in panel.notes


def test_past_rows_of_the_future_table_are_passed_over(frame):
    both = pd.concat([frame.drop(columns="y"), coming()])
    panel = from_frame(frame, KNOWN, future=both)
    assert panel.future.offsets.tolist() == [0, 3, 6]


def test_one_series_needs_no_id():
    frame = pd.DataFrame(
        {"ds": pd.date_range("2020-01-31", periods=3, freq="ME"), "sales": [1.0, 2, 3], "k": [1, 2, 3]}
    )
    future = pd.DataFrame({"ds": pd.date_range("2020-04-30", periods=2, freq="ME"), "k": [4, 5]})
    panel = from_frame(frame, Columns(target="sales", known=("k",)), future=future)
    assert panel.future.covariates.values[:, 0].tolist() == [4, 5]


def test_a_zone_is_taken_from_the_observations():
    frame = pd.DataFrame({"ds": pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin"), "y": [1.0, 2, 3], "k": 1.0})
    future = pd.DataFrame({"ds": pd.date_range("2020-03-31", periods=2), "k": 2.0})
    assert from_frame(frame, Columns(known=("k",)), future=future).future.offsets.tolist() == [0, 2]


def test_days_in_the_middle_of_months_are_moved_alike():
    middle = pd.date_range("2020-01-01", periods=7, freq="MS") + pd.Timedelta(days=14)
    frame = pd.DataFrame({"ds": middle, "y": 1.0, "k": 1.0})
    panel = from_frame(frame[:5], Columns(known=("k",)), future=frame[5:].drop(columns="y"))
    assert panel.future.offsets.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (coming().drop(columns="price"), r"the future table lacks the column 'price'.*--known"),
        (coming().iloc[1:], r"row 0, column 'ds', series 'b'.*should be at 2020-01-05, 1 steps after"),
        (coming(price=np.nan), r"column 'price', series 'a'.*a known covariate is empty after the last observation"),
        (coming(event=1.0), r"column 'event': the column holds numbers in the future table and text among the observ"),
        (coming(price="cheap"), r"column 'price': the column holds text in the future table and numbers among"),
        (coming(ds=[1, 2, 3] * 2), r"the future table counts time in steps, the observations do not"),
        (coming().drop(columns="unique_id").assign(p=1, q=2), r"does not say which series a row belongs to"),
    ],
)
def test_unfit_futures_are_refused(frame, future, message):
    with pytest.raises(DataError, match=message):
        from_frame(frame, KNOWN, future=future)


def test_a_panel_without_known_covariates_takes_no_future(frame):
    with pytest.raises(DataError, match="the panel has no known covariates"):
        from_frame(frame, future=coming())


def test_future_rows_must_be_complete(frame):
    frame.loc[3, ["y", "price"]] = np.nan
    with pytest.raises(DataError, match=r"row 3, column 'price', series 'a'.*empty after the last observation"):
        from_frame(frame, KNOWN)


def test_covariates_that_end_before_the_horizon_are_refused(frame):
    panel = from_frame(frame, KNOWN)
    with pytest.raises(
        DataError, match=r"series 'a', time '2020-01-04'.*reach 0 steps .* horizon is 2 .until 2020-01-06"
    ):
        check_future(panel, 2)
    short = with_future(panel, TableSource(_arrow(coming(3).drop(index=5))))
    with pytest.raises(DataError, match=r"reach 2 steps .*1 of 2 series are short.*--future FILE"):
        check_future(short, 3)
    check_future(from_frame(frame), 99)


def _arrow(frame):
    return pl.from_pandas(frame).to_arrow()


def test_series_without_any_value_are_refused(rows_of):
    rows = rows_of({"a": ([1, 2], [1, 2]), "b": ([1, 2], [np.nan, np.nan])}, integer=True)
    with pytest.raises(DataError, match=r"row 2, column 'y', series 'b'.*no value in 'y'; 1 of 2 series have none"):
        last_values(rows)


def test_split_keeps_whole_rows(rows_of):
    rows = rows_of({"a": ([1, 2], [1, 2])}, integer=True)
    assert split(rows) == (rows, None, [])
    gap = replace(rows, values=np.array([1, np.nan]), known=Covariates(("k",), np.array([[1.0], [2.0]])))
    left, future, _ = split(gap)
    assert left.values.tolist() == [1]
    assert future.covariates.values.tolist() == [[2]]


def test_the_future_table_may_hold_every_column_of_the_observations(frame):
    names = {"unique_id": "store", "ds": "when"}
    after = coming().assign(y=np.nan, region="north", opened=pd.Timestamp("2001-01-01")).rename(columns=names)
    columns = Columns(id="store", time="when", target="y", known=("price", "event"))
    panel = from_frame(frame.rename(columns=names), columns, future=after)
    assert panel.future.offsets.tolist() == [0, 3, 6]
    with pytest.raises(DataError, match=r"does not say which series a row belongs to\. Add the column store"):
        from_frame(frame.rename(columns=names), columns, future=after.drop(columns="store"))
