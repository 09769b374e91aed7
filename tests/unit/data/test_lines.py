import gzip
from pathlib import Path

import pytest

from tidegate.data.lines import is_plain, lines, wrong
from tidegate.errors import DataError


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_lines_have_numbers_and_no_ends(tmp_path, name):
    data = "\ufeffone\r\n\n tw\u00f6 ".encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert list(lines(tmp_path / name)) == [(1, "one"), (2, ""), (3, " tw\u00f6 ")]


def test_what_is_no_text_is_refused_at_its_line(tmp_path):
    path = tmp_path / "a.txt"
    for data, said in (
        (b"a\nb\0", "row 2: line 2 of a.txt holds bytes that are no text. Save it as UTF-8"),
        (b"a\rb\rc\r", "row 1: line 1 of a.txt ends in CR alone. Save it with line ends LF, or CR and LF."),
        (b"a\n\xe4b", "row 2: line 2 of a.txt is not UTF-8: .* at byte 0. Save it as UTF-8"),
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=said):
            list(lines(path))


def test_files_that_are_not_there_or_no_files(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        list(lines(tmp_path / "absent"))
    with pytest.raises(DataError, match="cannot be read"):
        list(lines(tmp_path))


def test_a_line_is_named():
    assert str(wrong(Path("x/a.tsv"), 7, "is odd", "Mend it.")) == "row 7: line 7 of a.tsv is odd. Mend it."


@pytest.mark.parametrize(("name", "plain"), [("a.txt", True), ("a.TXT.gz", True), ("a.tsv", False), ("txt", False)])
def test_what_is_plain_text_its_name_tells(name, plain):
    assert is_plain(Path(name)) is plain
