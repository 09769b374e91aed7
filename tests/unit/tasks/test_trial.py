import numpy as np
import pytest

from tidegate.tasks.trial import MOST_EXAMPLES, in_turns, shared, too_few


@pytest.mark.parametrize(
    ("learned", "judged", "said"),
    [
        (["a b", "c"], ["c", "d"], "1 of 2 test sequences is among those learned from too, word for word"),
        ([["a", "b"], ["c"]], [["a", "b"], ["c"]], "2 of 2 test sequences are among those learned from too, word"),
        ([np.eye(2), np.ones((2, 2))], [np.eye(2)], "1 of 1 test sequences is among those learned from too: the"),
    ],
)
def test_what_is_on_both_sides_is_said(learned, judged, said):
    (note,) = shared(learned, judged)
    assert note.startswith(said)


def test_sequences_of_other_shapes_are_not_the_same():
    assert shared([np.ones((2, 3)), ["ab"]], [np.ones((3, 2)), ["a", "b"]]) == []


def test_examples_are_of_all_kinds_before_there_are_more_of_one():
    assert in_turns(range(6), list("aaaabb")) == [0, 4, 1, 5]
    assert len(in_turns(range(9), ["a"] * 9)) == MOST_EXAMPLES


def test_too_few_says_what_to_do():
    assert str(too_few("sentences")) == "there are too few sentences. Give more, or a file to judge by with --test."
