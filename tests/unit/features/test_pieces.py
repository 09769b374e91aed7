import itertools
import json

import pytest

from tidegate.errors import SettingError
from tidegate.features.pieces import Pieces, chunks, joined

TEXTS = ["the tide gate lets the tide through", "a gate, a tide; the latest gate", "low tide: 3 gates"]


@pytest.mark.parametrize(
    "text",
    ["The gate's open, isn't it?", "  a   b\tc\n", "12.5 % of $3_000", "Äpfel für 日本語 — «so»", "...", "e\u0301a"],
)
@pytest.mark.parametrize("n_pieces", [1, 40, 200])
def test_texts_come_back_but_for_runs_of_white_space(text, n_pieces):
    found = Pieces.learn(TEXTS, n_pieces).cut(text)
    assert joined(found) == " ".join(text.split()) == joined(chunks(text))
    assert all(found)


def test_nothing_comes_of_nothing():
    assert Pieces.learn(TEXTS, 40).cut(" \n") == chunks("") == []
    assert Pieces.learn([], 40).merges == ()


def test_the_most_frequent_pair_is_merged_first():
    """The example of the paper, section 3.2, where the mark of a word is at its end; ties go by the alphabet."""
    texts = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    made = Pieces.learn(texts, 11 + 5)
    assert made.merges == (("e", "s"), ("es", "t"), (" ", "l"), (" l", "o"), (" lo", "w"))
    assert made.cut("lowest") == [" low", "est"]


def test_counts_are_those_of_counting_anew():
    """What is merged step by step is what a count of all words would say at each step."""
    made = Pieces.learn(TEXTS, 60)
    words = [list(word) for text in TEXTS for word in chunks(text)]
    assert len(made.merges) > 10
    for pair in made.merges:
        counts = {}
        for word in words:
            for one in itertools.pairwise(word):
                counts[one] = counts.get(one, 0) + 1
        assert min(counts, key=lambda one: (-counts[one], one)) == pair
        words = [merged(word, pair) for word in words]


def merged(word, pair):
    made = []
    for letter in word:
        if made and (made[-1], letter) == pair:
            made[-1] += letter
        else:
            made.append(letter)
    return made


def test_no_more_pieces_than_asked_for_and_none_of_single_words():
    for n_pieces in (1, 25, 30):
        made = Pieces.learn(TEXTS, n_pieces)
        letters = {letter for text in TEXTS for letter in " " + text}
        assert len(letters) + len(made.merges) == max(n_pieces, len(letters))
    assert Pieces.learn(["abc"], 100).merges == ()


def test_the_same_texts_give_the_same_pieces_which_can_be_saved():
    made = Pieces.learn(TEXTS, 50)
    assert made.merges == Pieces.learn(TEXTS, 50).merges
    again = Pieces.from_state(json.loads(json.dumps(made.state())))
    assert again.merges == made.merges
    assert again.cut("the gatekeeper") == made.cut("the gatekeeper")


@pytest.mark.parametrize("n_pieces", [0, 2.5, True])
def test_a_number_that_is_none_is_refused(n_pieces):
    with pytest.raises(SettingError, match="n_pieces is"):
        Pieces.learn(TEXTS, n_pieces)
