import gzip

import pytest

from tidegate import read_parallel
from tidegate.data.parallel import read_sources
from tidegate.errors import DataError


@pytest.fixture
def written(tmp_path):
    def made(content, name):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return made


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_two_files_line_by_line(written, ending):
    found = read_parallel(written("eins\r\nzwei \n", f"a.de{ending}"), written("\ufeffone\ntwo", f"a.en{ending}"))
    assert found == (["eins", "zwei"], ["one", "two"])
    assert found.first(1) == (["eins"], ["one"])


@pytest.mark.parametrize("header", ["", "source\ttarget\n", "Source\tTarget\n"])
def test_a_file_with_two_columns(written, header):
    assert read_parallel(written(f"{header}eins\tone\nzwei drei\ttwo three\n", "a.tsv")) == (
        ["eins", "zwei drei"],
        ["one", "two three"],
    )


def test_the_same_source_may_have_several_targets(written):
    assert read_parallel(written("a\tb\na\tc\n", "a.tsv")) == (["a", "a"], ["b", "c"])


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("a\nb\n", "c\n", r"t.en ends after line 1, .*s.de has a line 2: 'b'"),
        ("a\n", "c\nd\ne\n", r"s.de ends after line 1, .*t.en has a line 2: 'd'"),
        ("a\n \nb\n", "c\nd\ne\n", r"line 2 of s.de is empty.*leave the line out of both files; t.en has its partner"),
        ("a\nb\n", "c\n\n", r"line 2 of t.en is empty"),
        ("a\n\n", "c\n", r"t.en ends after line 1"),
        (b"a\n\xff\n", "c\nd\n", r"line 2 of s.de is not UTF-8"),
        ("", "", r"s.de holds no pairs"),
    ],
)
def test_what_does_not_belong_together_is_refused_with_its_line(written, source, target, told):
    with pytest.raises(DataError, match=told):
        read_parallel(written(source, "s.de"), written(target, "t.en"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a\tb\nc\n", "line 2 of a.tsv has 1 columns, not 2: 'c'.*apart by a tab"),
        ("a\tb\tc\n", "line 1 of a.tsv has 3 columns"),
        ("a\tb\n\tc\n", "line 2 of a.tsv has no source"),
        ("a\t \n", "line 1 of a.tsv has no target"),
        ("a\tb\n\n", "line 2 of a.tsv has 1 columns"),
        ("source\ttarget\n", "holds no pairs"),
    ],
)
def test_columns_that_cannot_be_used_are_refused_with_their_line(written, content, told):
    with pytest.raises(DataError, match=told) as caught:
        read_parallel(written(content, "a.tsv"))
    assert "holds no pairs" in told or caught.value.place.row is not None


def test_a_file_that_is_not_there(tmp_path, written):
    with pytest.raises(DataError, match="there is no file"):
        read_parallel(written("a\n", "a.de"), tmp_path / "b.en")


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        ("source\ttarget\neins\tone\n\nzwei\n", "a.tsv", ["eins", None, "zwei"]),
        ("Source\n eins \n", "a.tsv.gz", ["eins"]),
        ("eins\tone\n", "a.TSV", ["eins"]),
        ("source\n\neins\tzwei\n", "a.de", ["source", None, "eins\tzwei"]),
        ("", "a.tsv", []),
    ],
)
def test_sources_alone(written, content, name, found):
    assert read_sources(written(content, name)) == found
