import numpy as np

from tidegate.tasks.spelling import LONGEST, Spelling


def test_words_are_the_numbers_of_their_characters():
    spelling = Spelling.learn([["aab", "b"], ["a"]])
    assert spelling.characters.tokens_[2:] == ("a", "b")
    first, second = spelling.read([["ba", "z"], [""]])
    assert first.shape == (2, LONGEST)
    assert first[0, :3].tolist() == [3, 2, 0]
    assert first[1, :2].tolist() == [1, 0]
    assert not second.any()


def test_of_long_words_the_beginning_and_the_end_are_read():
    spelling = Spelling.learn([["abx"]])
    (found,) = spelling.read([["a" * 12 + "x" * 50 + "b" * 12]])
    assert found[0].tolist() == [*[2] * 12, *[3] * 12]


def test_what_was_learned_comes_back():
    spelling = Spelling.learn([["tide", "gate"]])
    back = Spelling.from_state(spelling.state())
    assert np.array_equal(back.read([["date"]])[0], spelling.read([["date"]])[0])
