import numpy as np
import pytest

from tidegate.features.subwords import MOST, numbers_of, pieces


def test_words_of_one_stem_share_pieces():
    assert set(pieces("walked")) & set(pieces("walking")) == {"<wa", "wal", "alk", "<wal", "walk", "<walk"}
    assert not set(pieces("walked")) & set(pieces("river"))


@pytest.mark.parametrize(("token", "found"), [("a", ["<a>"]), ("", ["<>"])])
def test_a_short_word_is_its_own_piece(token, found):
    assert pieces(token) == found


def test_numbers_are_the_same_everywhere_and_never_padding():
    (first,) = numbers_of([["cat", "a"]], 1_000)
    assert first.tolist() == [[525, 833, 277, 680, 240, 666], [516, 0, 0, 0, 0, 0]]
    assert all(row.min() >= 1 for row in numbers_of([["cat"], ["anything"]], 3))


def test_sequences_are_as_wide_as_their_longest_word_needs():
    short, long = numbers_of([["a"], ["a" * 500]], 100)
    assert short.shape == (1, 1)
    assert long.shape == (1, MOST)


def test_the_pieces_of_a_word_are_found_once(monkeypatch):
    asked = []
    monkeypatch.setattr("tidegate.features.subwords.pieces", lambda token: asked.append(token) or [token])
    numbers_of([["a", "b", "a"], ["b", "c"]], 10)
    assert asked == ["a", "b", "c"]


def test_any_text_has_numbers():
    (made,) = numbers_of([["\udcff", "\u00e9t\u00e9", "\u4f60\u597d"]], 50)
    assert made.dtype == np.int32
    assert (made[:, 0] > 0).all()


def test_what_stands_for_unknown_words_has_no_pieces():
    (made,) = numbers_of([["<unk>", "cat"]], 100)
    assert not made[0].any()
    assert numbers_of([["<unk>"]], 100)[0].tolist() == [[0]]
