import numpy as np
import pytest

from tidegate.errors import DataError, NotFittedError, SettingError
from tidegate.features.vocabulary import PADDING, UNITS, UNKNOWN, Vocabulary, words

TEXTS = [["the", "tide", "turns"], ["the", "gate", "the"], ["tide"]]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Don't go!", ["don't", "go", "!"]),
        ("a-b, c_d 3.5", ["a", "-", "b", ",", "c", "_", "d", "3", ".", "5"]),
        ("Größe l\u2019eau", ["größe", "l\u2019eau"]),
        ("  ", []),
    ],
)
def test_words_are_letters_and_marks_apart(text, cut):
    assert words(text) == cut


def test_characters_keep_everything():
    assert UNITS["characters"]("a B\n") == ["a", " ", "B", "\n"]


def test_frequent_tokens_come_first_after_padding_and_unknown():
    found = Vocabulary().fit(TEXTS)
    assert found.tokens_ == (PADDING, UNKNOWN, "the", "tide", "turns", "gate")
    assert len(found) == 6
    assert found.encode(["gate", "sea", "the"]).tolist() == [5, 1, 2]
    assert found.decode([5, 1, 0]) == ["gate", UNKNOWN, PADDING]
    assert found.encode([]).dtype == np.int64


@pytest.mark.parametrize(
    ("settings", "kept"),
    [({"max_size": 4}, ("the", "tide")), ({"min_count": 2}, ("the", "tide")), ({"min_count": 4}, ())],
)
def test_rare_tokens_are_left_out(settings, kept):
    assert Vocabulary(**settings).fit(TEXTS).tokens_[2:] == kept


def test_tokens_that_are_called_like_padding_are_unknown():
    found = Vocabulary().fit([[PADDING, "a", UNKNOWN]])
    assert found.tokens_[2:] == ("a",)
    assert PADDING not in found
    assert "a" in found
    assert found.encode([PADDING, "a", UNKNOWN]).tolist() == [1, 2, 1]


def test_the_unknown_fraction_counts_tokens():
    found = Vocabulary().fit(TEXTS)
    assert found.unknown_fraction([["the", "sea"], ["sea", "sun"]]) == 0.75
    assert found.unknown_fraction([]) == 0.0


def test_a_file_stands_in_place_of_the_training_data(tmp_path):
    Vocabulary().fit(TEXTS).save(tmp_path / "tokens.txt")
    assert (tmp_path / "tokens.txt").read_text() == "the\ntide\nturns\ngate\n"
    found = Vocabulary(file=tmp_path / "tokens.txt").fit([["other"]])
    assert found.tokens_ == Vocabulary().fit(TEXTS).tokens_
    assert Vocabulary().restore(found.tokens_).encode(["gate"]).tolist() == [5]


def test_files_that_cannot_be_used_say_where(tmp_path):
    (tmp_path / "twice.txt").write_text("a\n\nb\na\n")
    with pytest.raises(DataError, match=r"names the token 'a' twice.*row 4|row 4.*names the token 'a' twice"):
        Vocabulary(file=tmp_path / "twice.txt").fit([])
    (tmp_path / "junk.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"junk.txt cannot be read"):
        Vocabulary(file=tmp_path / "junk.txt").fit([])
    with pytest.raises(DataError, match=r"absent.txt cannot be read"):
        Vocabulary(file=tmp_path / "absent.txt").fit([])
    with pytest.raises(DataError, match="holds a line break"):
        Vocabulary().fit([["\n"]]).save(tmp_path / "lines.txt")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_size": 2}, "max_size is 2; it must be a whole number, at least 3"),
        ({"min_count": 0}, "min_count is 0"),
        ({"min_count": True}, "min_count is True"),
        ({"file": "tokens.txt", "max_size": 9}, "leave max_size and min_count out"),
        ({"file": "tokens.txt", "min_count": 2}, "leave max_size and min_count out"),
    ],
)
def test_settings_outside_their_limits(settings, said):
    with pytest.raises(SettingError, match=said):
        Vocabulary(**settings)


def test_an_empty_vocabulary_says_so():
    for ask in (len, lambda one: one.encode(["a"]), lambda one: "a" in one, lambda one: one.decode([1])):
        with pytest.raises(NotFittedError, match="call fit first"):
            ask(Vocabulary())
