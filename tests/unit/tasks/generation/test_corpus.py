import gzip

import pytest

from tidegate.errors import DataError, SettingError
from tidegate.tasks.generation.corpus import read_corpus


def test_a_text_as_a_whole_or_by_line(tmp_path):
    file = tmp_path / "sea.txt"
    file.write_text("high tide\n\nlow tide\n", encoding="utf-8")
    assert read_corpus(file) == ("high tide\n\nlow tide", None)
    assert read_corpus(file, by="line") == (["high tide", "low tide"], None)
    packed = tmp_path / "sea.txt.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert read_corpus(packed, by="line").sequences == ["high tide", "low tide"]


def test_a_table_with_what_each_is_written_for(tmp_path):
    file = tmp_path / "sea.tsv"
    file.write_text("label\ttext\nebb\tlow\nflow\thigh\n", encoding="utf-8")
    found = read_corpus(file, conditions=True)
    assert found.sequences == ["low", "high"]
    assert found.conditions.tolist() == ["ebb", "flow"]
    assert read_corpus(file).conditions is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no text"),
        (b" \n\n", "holds no text"),
        (b"fine\ncaf\xe9\n", "line 2 of sea.txt is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1 of sea.txt is not UTF-8"),
        (b"fine\n\0\0\n", "line 2 of sea.txt holds bytes that are no text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path, content, said):
    file = tmp_path / "sea.txt"
    file.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_corpus(file)


def test_what_cannot_be_asked_is_refused(tmp_path):
    file = tmp_path / "sea.txt"
    file.write_text("tide", encoding="utf-8")
    with pytest.raises(SettingError, match="by is 'word'"):
        read_corpus(file, by="word")
    with pytest.raises(DataError, match="has no labels"):
        read_corpus(file, conditions=True)
    with pytest.raises(DataError, match="there is no file"):
        read_corpus(tmp_path / "land.txt")
