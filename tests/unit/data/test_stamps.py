import numpy as np
import pyarrow as pa
import pytest

from tidegate.data.stamps import UnreadableError, looks_like_stamps, read_stamps


def times(*texts):
    return read_stamps(pa.array(texts)).times.view("M8[ns]").astype("M8[s]").astype(str).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-02-29", "2020-02-29T00:00:00"),
        ("2020-2-9 7:05", "2020-02-09T07:05:00"),
        ("2020-02-29T23:59:58Z", "2020-02-29T23:59:58"),
        ("2020-02-29 23:59:58 UTC", "2020-02-29T23:59:58"),
        ("2020-02-29 00:30:00+01:00", "2020-02-28T23:30:00"),
        ("2020-02-29 00:30-0430", "2020-02-29T05:00:00"),
        ("29.02.2020 18:00", "2020-02-29T18:00:00"),
        ("12/31/2020 12:05 AM", "2020-12-31T00:05:00"),
        ("31/12/2020 12:05 pm", "2020-12-31T12:05:00"),
        ("5 March 2020", "2020-03-05T00:00:00"),
        ("Mar 5, 2020", "2020-03-05T00:00:00"),
        ("1949-03", "1949-03-01T00:00:00"),
        ("3/1949", "1949-03-01T00:00:00"),
        ("Mar-1949", "1949-03-01T00:00:00"),
        ("1949 Mar", "1949-03-01T00:00:00"),
        ("2000 Q3", "2000-07-01T00:00:00"),
        ("Q4-2000", "2000-10-01T00:00:00"),
        ("2020-W01", "2019-12-30T00:00:00"),
        ("2020W53", "2020-12-28T00:00:00"),
        ("20200229", "2020-02-29T00:00:00"),
    ],
)
def test_each_way_is_read(text, expected):
    assert times(text) == [expected]


def test_fractions_of_a_second():
    stamps = read_stamps(pa.array(["2020-01-01 00:00:00.5", "2020-01-01 00:00:00.000000001"])).times
    assert np.diff(stamps) == 1 - 500_000_000


def test_day_and_month_are_told_apart_by_large_figures():
    assert times("01/02/2020", "13/02/2020")[0] == "2020-02-01T00:00:00"
    assert times("01/02/2020", "01/13/2020")[0] == "2020-01-02T00:00:00"
    assert times("01.02.2020")[0] == "2020-02-01T00:00:00"


def test_decisions_are_said():
    assert read_stamps(pa.array(["13/02/2020"])).note == "Dates are written day first."
    assert read_stamps(pa.array(["02/13/2020"])).note == "Dates are written month first."
    assert read_stamps(pa.array(["01.02.2020"])).note == "Dates with dots are taken as day.month.year."
    assert read_stamps(pa.array(["2000Q1"])).note == "Quarters stand for their first day."


def test_offsets_make_stamps_aware():
    assert read_stamps(pa.array(["2020-01-01T00:00:00Z"])).aware
    assert not read_stamps(pa.array(["2020-01-01T00:00:00"])).aware


@pytest.mark.parametrize(
    ("texts", "index", "message"),
    [
        (["2020-01-01", "hello", "2020-01-03"], 1, "'hello' is not a time stamp that can be read"),
        (["hello"], 0, "'hello' is not a time stamp that can be read"),
        (["2020-01-01", "2020-01-02", "03/01/2020"], 2, "'03/01/2020' is written unlike the others"),
        (["13/02/2020", "02/13/2020"], 1, "has day and month in another order"),
        (["01/02/2020", "03/04/2020"], 0, "may be day/month or month/day"),
        (["2020-01-01", "2020-13-01"], 1, "there is no such month"),
        (["2020-01-01", "2021-02-29"], 1, "there is no such day"),
        (["2021-W53"], 0, "there is no such week"),
        (["2020-01-01 24:00"], 0, "there is no such time of day"),
        (["1/13/2020 13:00 PM"], 0, "the hour must lie from 1 to 12"),
        (["1500-01-01"], 0, "years must lie from 1678 to 2261"),
        (["1 Mai 2020"], 0, "the name of the month is not English"),
        (["2020-01-01T00:00", "2020-01-01T01:00Z"], 1, "some name an offset from UTC, some do not"),
    ],
)
def test_what_cannot_be_read_is_found(texts, index, message):
    with pytest.raises(UnreadableError, match=message) as raised:
        read_stamps(pa.array(texts))
    assert raised.value.index == index


def test_text_that_looks_like_stamps():
    assert looks_like_stamps(pa.array(["2020-01-01", "2020-01-02", "?"]))
    assert not looks_like_stamps(pa.array(["a", "b"]))
    assert not looks_like_stamps(pa.array([], pa.string()))
    assert not looks_like_stamps(pa.array(["1234", "5678"]))
