import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.sequences import taken
from tidegate.tasks.transcription.transcripts import (
    Transcribed,
    check_room,
    check_tokens,
    steps_needed,
    transcripts_of,
)

SEQUENCES = taken([np.zeros(5), np.ones(4), np.ones(3)], None)


def test_texts_and_lists():
    made = transcripts_of(["42", ""], "y")
    assert (made.form, made.items, made.every.tolist()) == ("text", [["4", "2"], []], ["4", "2"])
    made = transcripts_of([["four", "two"], []], "y")
    assert (made.form, made.items) == ("tokens", [["four", "two"], []])
    assert transcripts_of(np.array(["42", "7"]), "y").items == [["4", "2"], ["7"]]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (
            ["4", ["4"]],
            r"row 1: sequence 1 of y is \['4'\], the first transcript is a text. Give transcripts of one form",
        ),
        ([["4"], "4"], "sequence 1 of y is '4', the first transcript is a list of tokens"),
        ([4, 2], "sequence 0 of y is 4. Give a text, or a list of tokens: '42' instead of 42"),
        ([[4, 2]], "sequence 0 of y has the token 4, which is no text. Give tokens as text: '4' for 4"),
        ([["4", ""]], "sequence 0 of y has the token '', which is no text"),
        (["", ""], "every transcript of y is empty. Give what was said"),
    ],
)
def test_transcripts_that_cannot_be_used(y, said):
    with pytest.raises(DataError, match=said):
        transcripts_of(y, "y")


@pytest.mark.parametrize(
    ("y", "said"),
    [(["4"], "y holds 1 transcripts for 3 sequences"), ("423", "y holds '423' for"), (None, "y holds None for")],
)
def test_one_transcript_for_each_sequence(y, said):
    with pytest.raises(DataError, match=said):
        Transcribed.of(SEQUENCES, y)


def test_parts():
    given = Transcribed.of(SEQUENCES, ["b", "ab", ""])
    places = [one.tolist() for one in given.places(np.array(["a", "b"]))]
    assert places == [[2], [1, 2], []]
    learned, held = given.parted(0.3, 0)
    assert sorted([*learned.numbers, *held.numbers]) == [0, 1, 2]
    assert len(held.numbers) == 1
    assert held.transcripts.items == [given.transcripts.items[held.numbers[0]]]
    assert given.parted(0.1, 0) == (given, None)
    assert given.parted(0.99, 0)[0].numbers.size == 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n_said", [1, 2])
def test_something_is_said_in_what_is_learned_from(seed, n_said):
    given = Transcribed.of(taken([np.ones(8)] * 10, None), ["a"] * n_said + [""] * (10 - n_said))
    learned, held = given.parted(0.5, seed)
    assert sum(map(len, learned.transcripts.items)) >= 1
    assert sorted([*learned.numbers, *held.numbers]) == list(range(10))


def test_tokens_that_training_does_not_hold():
    made = transcripts_of(["ab", "ax"], "y")
    check_tokens(made, np.array(["a", "b", "x"]), "validation")
    with pytest.raises(
        DataError,
        match=r"sequence 1 of validation has the token 'x', which training does not. Known tokens are 'a', 'b'",
    ):
        check_tokens(made, np.array(["a", "b"]), "validation")


def test_room():
    assert [steps_needed(list(one)) for one in ("", "a", "ab", "aa", "aabb")] == [0, 1, 2, 3, 6]
    given = Transcribed.of(SEQUENCES, ["aab", "a", "b"])
    check_room(given, [4, 1, 1], 2, "y")
    with pytest.raises(
        DataError,
        match=r"row 0: sequence 0 of y has a transcript of 3 tokens, which needs 4 steps .*; the sequence has 3 of 2 "
        r"stacked frames\. Choose stacked below 2, or leave the sequence out",
    ):
        check_room(given, [3, 1, 1], 2, "y")
    with pytest.raises(DataError, match=r"the sequence has 3\. Leave the sequence out"):
        check_room(given, [3, 1, 1], 1, "y")
