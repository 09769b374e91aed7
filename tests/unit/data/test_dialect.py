import gzip

import pytest

from tidegate.data.dialect import head, sample_of, sniff
from tidegate.errors import DataError


def test_a_plain_file(write):
    made = sniff(write("ds,y\n2020-01-01,1.5\n"))
    assert (made.packing, made.encoding, made.delimiter, made.decimal) == (None, "utf8", ",", ".")
    assert made.header == ("ds", "y")
    assert made.sentences() == []


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal"),
    [
        ("ds;y\n01.02.2020;1,5\n", ";", ","),
        ("ds;y\n01.02.2020;1.5\n", ";", "."),
        ("ds\ty\n2020-01-01\t3\n", "\t", "."),
        ("ds|y\n2020-01-01|3\n", "|", "."),
        ("ds;price, euro;y\n2020-01-01;1,5;2,5\n", ";", ","),
        ('ds,"a;b",y\n2020-01-01,3,4\n', ",", "."),
        ("y\n1\n2\n", ",", "."),
    ],
)
def test_marks_between_cells(write, text, delimiter, decimal):
    made = sniff(write(text))
    assert (made.delimiter, made.decimal) == (delimiter, decimal)
    assert bool(made.sentences()) == (delimiter != ",")


@pytest.mark.parametrize(("encoding", "name"), [("utf-8-sig", "utf8"), ("cp1252", "cp1252"), ("utf-16", "utf-16")])
def test_encodings(write, encoding, name):
    made = sniff(write("Straße,y\n1,2\n".encode(encoding)))
    assert made.encoding == name
    assert made.header == ("Straße", "y")


def test_packed_files_are_known_by_their_first_bytes(write):
    path = write(gzip.compress(b"ds,y\n2020-01-01,1\n"), "no-suffix")
    assert sniff(path).packing == "gzip"
    assert sample_of(path, "gzip", 7) == b"ds,y\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"ds,y\n1,\x00\n", "holds NUL bytes .the first at byte 7."),
        (b"PK\x03\x04rest", "is a zip archive or Excel workbook, not a CSV file"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"a,b,a\n1,2,3\n", "two columns of .* are called 'a'"),
        (b"2020-01-01,3\n2020-01-02,4\n", "line 1 of .* holds values .'2020-01-01'., not column names"),
        (b"1,2\n3,4\n", "line 1 of .* holds values"),
        (gzip.compress(b"ds,y\n" * 1000, mtime=0)[:40], "cannot be unpacked"),
    ],
)
def test_what_is_no_table_is_refused(write, content, message):
    with pytest.raises(DataError, match=message):
        sniff(write(content))


def test_a_missing_or_closed_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*gone.csv.*Check the path"):
        head(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"cannot be read: .*Check its permissions"):
        head(tmp_path)
