import numpy as np
import pytest

from tidegate.data.troubles import Trouble, clock_change, refuse, times_said
from tidegate.errors import DataError

NONE = np.empty(0, dtype=np.int64)


def at(*texts):
    return np.array(texts, "M8[ns]").astype("int64")


@pytest.fixture
def rows(rows_of):
    return rows_of({"a": (["2020-01-01", "2020-01-02"], [1, 2])})


def test_no_trouble_no_refusal(rows):
    refuse(rows, [])


def test_all_troubles_are_refused_at_once(rows):
    troubles = [
        Trouble("2 rows repeat", rows.place(1), {"duplicates": "mean"}, NONE),
        Trouble("3 steps are missing", rows.place(0), {"fill": "interpolate"}, NONE),
    ]
    with pytest.raises(DataError) as raised:
        refuse(rows, troubles)
    said = str(raised.value)
    assert said.startswith("row 1, series 'a', time '2020-01-02': 2 rows repeat; also 3 steps are missing. ")
    assert "--duplicates mean --fill interpolate; or choose first or last for --duplicates" in said
    assert "--duplicates, zero, forward or keep for --fill" in said
    assert "clock" not in said


def test_changes_of_clock_are_recognised(rows):
    autumn = Trouble("1 row repeats", rows.place(1), {"duplicates": "mean"}, at("2020-10-25T02:00"))
    with pytest.raises(DataError, match=r"hours at which clocks change.*--timezone Europe/Berlin"):
        refuse(rows, [autumn])


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["2020-10-25T02:00"], True),
        (["2021-03-14T02:30"], True),
        (["2020-10-26T02:00"], False),
        (["2020-10-25T12:00"], False),
        (["2020-07-05T02:00"], False),
        ([], False),
    ],
)
def test_nights_of_clock_changes(stamps, expected):
    assert clock_change(at(*stamps)) is expected


def test_counts_have_commas():
    assert times_said(1, "row", "rows") == "1 row"
    assert times_said(12345, "row", "rows") == "12,345 rows"
