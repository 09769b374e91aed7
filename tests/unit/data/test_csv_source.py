import gzip

import pyarrow as pa
import pytest

from tidegate.data.csv_source import CsvSource, kind_of
from tidegate.errors import DataError

ROLES = {"id": "id", "ds": "time", "y": "number"}


def fetched(path, roles=None):
    source = CsvSource(path)
    return {name: column.to_pylist() for name, column in source.fetch(roles or ROLES).items()}


def test_only_the_wanted_columns_are_read(write):
    path = write("id,x,ds,y\n007,hello,2020-01-01,1\nb,,2020-01-02,\n")
    made = fetched(path)
    assert list(made) == ["id", "ds", "y"]
    assert made["id"] == ["007", "b"]
    assert str(made["ds"][1]) == "2020-01-02 00:00:00"
    assert made["y"][0] == 1.0


def test_kinds_of_columns(write):
    source = CsvSource(write("a,b,c,d,e,f\n1,1.5,2020-01-01,x,true,\n2,2,2020-01-02,y,false,\n"))
    assert list(source.kinds().values()) == ["integer", "number", "time", "text", "bool", "empty"]
    assert kind_of(pa.chunked_array([pa.array(["Q1 2000", "Q2 2000"])])) == "time"
    assert kind_of(pa.chunked_array([pa.array([None, None], pa.string())])) == "empty"


def test_numbers_beside_a_cell_that_is_none_are_no_months_and_years(write):
    assert CsvSource(write("a,b\n0.8793,1\n1.0621,2\nabc,3\n")).kinds()["a"] == "text"
    months = pa.chunked_array([pa.array(["01.2020", "02.2020", "?"])])
    assert (kind_of(months), kind_of(months, ","), kind_of(months, ".")) == ("time", "time", "text")


@pytest.mark.parametrize(
    "text",
    [
        "id,ds,y\r\na,2020-01-01,1\r\na,2020-01-02,2\r\n",
        "\ufeffid,ds,y\na,2020-01-01,1\na,2020-01-02,2",
        '"id","ds","y"\n"a","2020-01-01","1"\n"a","2020-01-02","2"\n',
        "id;ds;y\na;2020-01-01;1,0\na;2020-01-02;2,0\n",
        "\nid,ds,y\n\na,2020-01-01,1\n\na,2020-01-02,2\n",
    ],
)
def test_other_ways_of_writing_the_same(write, text):
    made = fetched(write(text))
    assert made["id"] == ["a", "a"]
    assert made["y"] == [1.0, 2.0]
    assert str(made["ds"][0]) == "2020-01-01 00:00:00"


def test_many_pieces_make_one_column(write, monkeypatch):
    monkeypatch.setattr("tidegate.data.csv_source.PIECE", 64)
    text = "id,ds,y\n" + "".join(f"s{n % 7},{n},{n / 4}\n" for n in range(500))
    for content in (text, gzip.compress(text.encode()), text.removesuffix("\n")):
        made = fetched(write(content))
        assert made["id"] == [f"s{n % 7}" for n in range(500)]
        assert made["ds"] == list(range(500))
        assert made["y"] == [n / 4 for n in range(500)]


def test_cells_over_several_lines(write):
    text = "id,ds,y\n" + "".join(f'"two\nlines {n}",{n},{n}\n' for n in range(40_000))
    made = fetched(write(text))
    assert made["id"][-1] == "two\nlines 39999"
    assert len(made["y"]) == 40_000
    assert CsvSource(write(text)).row(2) == 6


def test_a_column_that_does_not_fit_comes_as_text(write):
    made = fetched(write("x,id,ds,y\n1,a,2020-01-01,1\n1,a,soon,2\n1,a,2020-01-03,abc\n"))
    assert made["y"] == ["1", "2", "abc"]
    assert made["ds"] == ["2020-01-01", "soon", "2020-01-03"]


def test_windows_text_beyond_the_beginning(write):
    text = "id,ds,y\n" + "plain,2020-01-01,1\n" * 30_000 + "Köln,2020-01-01,1\n"
    source = CsvSource(write(text.encode("cp1252")))
    assert source.fetch(ROLES)["id"][-1].as_py() == "Köln"
    assert source.sentences() == ["The text is read as cp1252."]


def test_lines_are_counted_as_an_editor_does(write):
    source = CsvSource(write('id,ds,y\n\na,1,1\n"b\nb",2,2\nc,3,3\n'))
    assert [source.row(index) for index in range(3)] == [3, 4, 6]
    assert source.row(99) == 101


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,ds,y\na,1,2\nb,2\n", r"row 3: the line has 2 cells, the header 3.*Complete or remove the line"),
        ("id,ds,y\na,1,2\nb,2,3,4\n", r"row 3: the line has 4 cells, the header 3"),
        ("id,ds,y\n", r"holds a header but no rows"),
    ],
)
def test_what_is_no_table_is_refused(write, text, message):
    with pytest.raises(DataError, match=message):
        fetched(write(text))


def test_a_file_that_breaks_off_is_refused(write):
    text = "id,ds,y\n" + "".join(f"s,{n},{n * 7919 % 10007}\n" for n in range(300_000))
    packed = gzip.compress(text.encode())
    with pytest.raises(DataError, match=r"cannot be read: .*Pack or export it again"):
        fetched(write(packed[: len(packed) - 1000]))


def test_what_pyarrow_cannot_read_is_refused(write, monkeypatch):
    source = CsvSource(write("id,ds,y\na,1,2\n"))

    def refuse(*_, **__):
        raise pa.ArrowInvalid("it is odd")

    monkeypatch.setattr("tidegate.data.csv_source.arrow_csv.read_csv", refuse)
    with pytest.raises(DataError, match=r"cannot be read as CSV: it is odd. Export the table as CSV again"):
        source.fetch(ROLES)


def test_a_single_letter_is_no_table(tmp_path):
    path = tmp_path / "letter.csv"
    path.write_text("u")
    with pytest.raises(DataError, match=r"is no table of rows and columns: .* Give a header line and rows under it"):
        CsvSource(path)
