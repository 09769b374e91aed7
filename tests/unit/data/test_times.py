import datetime
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from tidegate.data.times import clock
from tidegate.errors import DataError

SOURCE = SimpleNamespace(row=lambda index: index + 2, decimal=".", owned=False)


def made(values, kind=None, name="ds", **options):
    return clock(SOURCE, name, pa.chunked_array([pa.array(values, kind)]), **options)


def dates(read):
    return read.times.view("M8[ns]").astype("M8[D]").astype(str).tolist()


def test_stamps_of_any_unit():
    for kind in (pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us"), pa.date32(), pa.date64()):
        read = made([datetime.datetime(2020, 1, 31)], kind)
        assert dates(read) == ["2020-01-31"]
        assert not read.integer
        assert read.timezone is None
    assert made([0], pa.timestamp("ms", "Europe/Berlin")).timezone == "Europe/Berlin"


def test_text_is_read_once_per_distinct_stamp():
    read = made(["2020-01-02", "2020-01-01", "2020-01-02"])
    assert dates(read) == ["2020-01-02", "2020-01-01", "2020-01-02"]
    assert made(["2020-01-02T00:00Z"]).timezone == "UTC"


def test_whole_numbers_are_steps():
    for values in ([3, 4], [3.0, 4.0], ["3", " 4"]):
        read = made(values)
        assert read.integer
        assert read.times.tolist() == [3, 4]


def test_years_are_named_or_asked_for():
    assert made([1811, 1812]).integer
    assert dates(made([1811, 1812], name="Year")) == ["1811-01-01", "1812-01-01"]
    assert dates(made(["1811"], yearly=True)) == ["1811-01-01"]


def test_dates_in_figures():
    read = made([20200131, 20200229])
    assert dates(read) == ["2020-01-31", "2020-02-29"]
    assert read.note == "Whole numbers such as 20200131 are dates (YYYYMMDD)."
    months = [*range(202001, 202013), 202101]
    assert dates(made(months))[-1] == "2021-01-01"
    assert made(list(range(202001, 202014))).integer
    assert made([20200131, 20200132]).integer


@pytest.mark.parametrize(("size", "unit"), [(1, "seconds"), (10**3, "milliseconds"), (10**6, "micro"), (10**9, "nano")])
def test_seconds_since_1970(size, unit):
    read = made([1577836800 * size, 1577840400 * size])
    assert str(read.times[1].astype("M8[ns]")).startswith("2020-01-01T01:00")
    assert read.timezone == "UTC"
    assert unit in read.note


@pytest.mark.parametrize(
    ("values", "row", "message"),
    [
        (["2020-01-01", "", "2020-01-03"], 3, "the time stamp is missing"),
        (["2020-01-01", None], 3, "the time stamp is missing"),
        (["2020-01-01", "2020-01-01", "soon"], 4, "'soon' is not a time stamp that can be read"),
        ([1.0, 2.5], 3, "the time is 2.5, no stamp and no whole number"),
        ([datetime.date(2020, 1, 1), datetime.date(1500, 1, 1)], 3, "the year 1500 lies outside 1678 to 2261"),
    ],
)
def test_what_cannot_be_read_has_its_place(values, row, message):
    with pytest.raises(DataError, match=message) as raised:
        made(values)
    assert (raised.value.place.row, raised.value.place.column) == (row, "ds")


def test_other_types_are_refused():
    with pytest.raises(DataError, match=r"'ds' holds bool, which is neither a time stamp nor a whole number"):
        made([True])


def test_no_rows_are_no_times():
    assert not len(made([], pa.int64()).times)
    np.testing.assert_array_equal(made([], pa.timestamp("ns")).times, [])
