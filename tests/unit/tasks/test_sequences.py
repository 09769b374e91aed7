import numpy as np
import pandas as pd
import pytest

from tidegate.errors import DataError
from tidegate.tasks.sequences import check_alike, taken


@pytest.mark.parametrize(
    ("unit", "cut"), [("words", [["the", "tide"], ["turns", "."]]), ("characters", [list("The tide"), list("turns.")])]
)
def test_texts_are_cut(unit, cut):
    made = taken(["The tide", "turns."], unit)
    assert made.kind == "tokens"
    assert made.items == cut


@pytest.mark.parametrize(
    "data",
    [
        [[1, 2, 3], [4.0, 5]],
        [np.array([1, 2, 3]), np.array([4, 5])],
        [np.array([[1], [2], [3]]), np.array([[4], [5]], dtype=np.float32)],
        pd.Series([[1, 2, 3], [4, 5]]),
    ],
)
def test_numbers_become_steps_and_channels(data):
    made = taken(data, "words")
    assert made.kind == "values"
    assert [one.tolist() for one in made.items] == [[[1.0], [2.0], [3.0]], [[4.0], [5.0]]]


def test_arrays_of_equal_lengths_are_sequences_too():
    whole = np.arange(24.0).reshape(2, 4, 3)
    assert [one.shape for one in taken(whole, "words").items] == [(4, 3), (4, 3)]
    assert [one.shape for one in taken(whole[:, :, 0], "words").items] == [(4, 1), (4, 1)]


def test_some_can_be_taken():
    made = taken([["a"], ["b", "c"], ["d"]], "words").take([2, 1])
    assert made.items == [["d"], ["b", "c"]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("one text", "X is a str, not sequences"),
        (3.0, "X is a float, not sequences"),
        ([], "X holds no sequences"),
        (["a", "  "], "sequence 1 of X is an empty text"),
        ([[1.0], []], "sequence 1 of X is empty"),
        (["a", [1.0]], "sequence 1 of X holds values, the first holds text. Give sequences of one kind"),
        (["a", "b", ["a"]], "sequence 2 of X holds tokens, the first holds text"),
        ([["a"], "b"], "sequence 1 of X holds text, the first holds tokens"),
        ([["a"], [1.0]], "sequence 1 of X holds values, the first holds tokens"),
        ([[1.0], ["a", 2.0]], "sequence 1 of X holds neither text nor numbers alone"),
        ([np.ones(3), np.array([1j])], "sequence 1 of X holds complex128 numbers. Give real and imaginary parts"),
        ([[1j, 2.0]], "sequence 0 of X holds complex128 numbers"),
        ([[np.array([1j]), np.array([2.0])]], "sequence 0 of X holds complex128 numbers"),
        ([None], "sequence 0 of X is a NoneType"),
        ([np.array(5.0)], "sequence 0 of X is a ndarray"),
        (pd.DataFrame({"text": ["a", "b"]}), "X is a DataFrame, not sequences"),
        ({"text": ["a", "b"]}, "X is a dict, not sequences"),
        ([np.zeros((3, 2)), np.zeros((3, 1))], "sequence 1 of X has 1 channels, the first has 2"),
        ([np.zeros((3, 2, 2))], "sequence 0 of X has shape"),
        ([[0.0, 1.0], [np.nan, 1.0]], "sequence 1 of X holds nan at step 0 of channel 0"),
        ([np.array([[0.0, 1.0], [0.0, np.inf]])], "sequence 0 of X holds inf at step 1 of channel 1"),
        ([np.array([0.0, 1e101])], "sequence 0 of X holds 1e+101 at step 1 of channel 0; numbers must lie between"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(data, said):
    with pytest.raises(DataError) as caught:
        taken(data, "words")
    assert said in str(caught.value)


def test_texts_are_refused_where_tokens_are_wanted():
    with pytest.raises(DataError, match=r"sequence 1 of X is a text\. Cut it into tokens, and give these as a list"):
        taken([["a"], "b c"], None)
    assert taken([["a"], ["b", "c"]], None)[:2] == ("tokens", [["a"], ["b", "c"]])


def test_frames_are_steps_where_they_may_be():
    films = [np.arange(24.0).reshape(2, 3, 4), np.zeros((5, 3, 4))]
    made = taken(films, None, frames=True)
    assert (made.kind, made.frame, [one.shape for one in made.items]) == ("values", (3, 4), [(2, 12), (5, 12)])
    np.testing.assert_array_equal(made.items[0][1], np.arange(12.0, 24.0))
    assert made.take([1]).frame == (3, 4)
    assert taken([np.zeros((2, 3))], None, frames=True).frame is None
    check_alike(made, "values", 12, frame=(3, 4))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([np.zeros((2, 3, 4)), np.zeros((2, 4, 3))], "sequence 1 of X has steps of shape .4, 3., the first of .3, 4."),
        ([np.zeros((2, 3, 4)), np.zeros((2, 12))], "sequence 1 of X has steps of shape .12,., the first of .3, 4."),
        ([np.zeros((2, 0, 4))], "sequence 0 of X has shape"),
        ([np.zeros((2, 3, 4, 5))], "or .T, height, width. for frames"),
        ([np.full((2, 3, 4), np.inf)], "holds inf at step 0 of row 0 and column 0"),
    ],
)
def test_frames_that_cannot_be_used_are_refused(data, said):
    with pytest.raises(DataError, match=said):
        taken(data, None, frames=True)


def test_frames_of_another_size_than_those_of_training_are_refused():
    turned = taken([np.zeros((2, 4, 3))], None, frames=True)
    with pytest.raises(DataError, match="they hold frames of 4 by 3, those of training held frames of 3 by 4"):
        check_alike(turned, "values", 12, name="they", frame=(3, 4))
    with pytest.raises(DataError, match="those of training held steps that are no frames"):
        check_alike(turned, "values", 12)
