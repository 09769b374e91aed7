import numpy as np
import pytest

from tidegate.data.long_table import LongColumns, read_long
from tidegate.errors import DataError

TABLE = "id,time,x,y,label\nb,2,3,4,up\na,1,5,6,down\nb,1,1,2,up\na,2,7,8,down\na,3,9,9,down\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "a.csv").write_text(text)
        return tmp_path / "a.csv"

    return write


def test_rows_are_put_together_by_their_id_and_sorted_by_time(written):
    made = read_long(written(TABLE), LongColumns(), labels=True)
    assert (made.ids, made.labels) == (["b", "a"], ["up", "down"])
    np.testing.assert_array_equal(made.values[0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(made.values[1], [[5, 6], [7, 8], [9, 9]])


def test_columns_may_have_other_names(written):
    text = TABLE.replace("id,time", "patient,at").replace("label", "outcome")
    made = read_long(written(text), LongColumns("patient", "at", "outcome"), labels=True)
    assert made.labels == ["up", "down"]
    assert [one.shape for one in made.values] == [(2, 2), (3, 2)]


def test_without_a_time_rows_stand_in_their_order(written):
    made = read_long(written("id,x\n7,3\n7,1\n8,2\n"), LongColumns(), labels=True)
    assert (made.ids, made.labels) == (["7", "8"], None)
    assert [one.ravel().tolist() for one in made.values] == [[3, 1], [2]]


def test_labels_keep_their_spelling_and_are_passed_over_on_request(written):
    text = "id,x,label\n1,0,007\n2,0,08\n"
    assert read_long(written(text), LongColumns(), labels=True).labels == ["007", "08"]
    made = read_long(written(text.replace("007", "")), LongColumns(), labels=False)
    assert (made.labels, made.values[0].shape) == (None, (1, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TABLE.replace("a,2,7,8,down", "a,2,7,8,up"), r"row 5, column 'label': the label is up.* began as down.*--id"),
        (TABLE.replace("b,1,1,2,up", "b,1,1,2,"), "row 4, column 'label': the row has no label"),
        (TABLE.replace("a,3", "a,2"), "row 6, column 'time', series 'a': the stamp stands twice in its recording"),
        (TABLE.replace("a,3", ",3"), "row 6, column 'id': the row has no id"),
        (TABLE.replace("7,8", ",8"), "row 5, column 'x': the value is missing. Fill it in"),
        (TABLE.replace("7,8", "seven,8"), "row 5, column 'x': 'seven' is not a number"),
        (TABLE.replace(",x,", ",date,"), "several columns could be the time: 'time', 'date'. Name the one .*--time"),
        ("id,label\n1,a\n", "has no column of numbers"),
        ("who,x\n1,a\n", r"no column of .* says which recording a row is of; it has 'who', 'x'. .*--id"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(written, text, said):
    with pytest.raises(DataError, match=said):
        read_long(written(text), LongColumns(), labels=True)


def test_a_column_that_is_not_there_is_named(written):
    with pytest.raises(DataError, match=r"has no column 'kind'; it has 'id', .*--label"):
        read_long(written(TABLE), LongColumns(label="kind"), labels=True)
