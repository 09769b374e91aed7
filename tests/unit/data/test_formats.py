import re

import pytest

from tidegate.data.formats import FORMATS, MONTH_NAMES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2020-01-31", "year-month-day"),
        ("2020/1/31 13:05", "year-month-day"),
        ("2020-01-31T13:05:06.123456Z", "year-month-day"),
        ("2020-01-31 13:05:06+01:00", "year-month-day"),
        ("31/01/2020", "day and month in figures"),
        ("1.2.2020 7:05 pm", "day and month in figures"),
        ("20200131", "YYYYMMDD"),
        ("31 Jan 2020", "day, month name, year"),
        ("31-January-2020", "day, month name, year"),
        ("Jan 31, 2020", "month name, day, year"),
        ("1949-01", "year-month"),
        ("1949M1", "year-month"),
        ("01/1949", "month/year"),
        ("Jan 1949", "month name and year"),
        ("1949 Jan", "year and month name"),
        ("2000Q1", "year and quarter"),
        ("2000-Q1", "year and quarter"),
        ("Q1 2000", "quarter and year"),
        ("2020-W05", "year and week"),
        ("1811", "year"),
    ],
)
def test_each_way_is_known_by_its_name(text, name):
    matching = [one.name for one in FORMATS if re.match(one.pattern, text)]
    assert matching[0] == name


@pytest.mark.parametrize("text", ["hello", "13/02/20", "12:00", "2020", "1949-1-1-1", "1749.042", ""])
def test_other_text_is_no_date(text):
    assert not [one.name for one in FORMATS if one.name != "year" and re.match(one.pattern, text)]


def test_months_have_long_and_short_names():
    assert MONTH_NAMES["may"] == 5
    assert MONTH_NAMES["sept"] == MONTH_NAMES["sep"] == MONTH_NAMES["september"] == 9
