import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.sequences import taken
from tidegate.tasks.tags import Tagged, accuracy

X = [["a", "b"], ["c"], ["d", "e", "f"]]


@pytest.mark.parametrize(
    ("y", "made"),
    [
        ([["x", "y"], ["x"], ["z", "z", "y"]], [["x", "y"], ["x"], ["z", "z", "y"]]),
        ([[1, 0], [1], [2, 2, 0]], [[1, 0], [1], [2, 2, 0]]),
        ([[1.0, 0.0], [1.0], [2, 2, 0]], [[1, 0], [1], [2, 2, 0]]),
        ([np.array(["x", "y"]), ("x",), np.array(["z", "z", "y"], dtype=object)], [["x", "y"], ["x"], ["z", "z", "y"]]),
    ],
)
def test_tags_are_text_or_whole_numbers(y, made):
    found = Tagged.of(taken(X, None), y)
    assert [one.tolist() for one in found.tags] == made
    assert {one.dtype.kind for one in found.tags} <= {"i", "U"}
    assert found.every.tolist() == [tag for one in made for tag in one]


def test_the_place_of_a_strange_tag():
    for y, said in (
        ([["x", "y"], ["x"], ["z", 3, "y"]], "sequence 2 of y has the tag 3 at step 1"),
        ([["x", "y"], [None], ["z", "z", "y"]], "sequence 1 of y has the tag None at step 0"),
        ([["x", float("nan")], ["x"], ["z", "z", "y"]], "sequence 0 of y has the tag nan at step 1"),
    ):
        with pytest.raises(DataError, match=said):
            Tagged.of(taken(X, None), y)


def test_a_part_is_held_out_and_nothing_twice():
    given = Tagged.of(taken([["a"]] * 20, None), [[k] for k in range(20)])
    learned, held = given.parted(0.25, seed=0)
    assert (len(learned.tags), len(held.tags)) == (15, 5)
    assert sorted([*learned.numbers, *held.numbers]) == list(range(20))
    assert learned.every.tolist() == learned.numbers.tolist()
    assert given.parted(0.25, seed=1)[1].numbers.tolist() != held.numbers.tolist()
    assert given.take(np.array([3])).parted(0.9, seed=0)[1] is None


def test_places_among_the_tags():
    given = Tagged.of(taken(X, None), [["x", "y"], ["x"], ["z", "z", "y"]])
    assert [one.tolist() for one in given.places(np.array(["x", "y", "z"]))] == [[0, 1], [0], [2, 2, 1]]


def test_accuracy_counts_steps():
    given = Tagged.of(taken(X, None), [["x", "y"], ["x"], ["z", "z", "y"]])
    assert accuracy(given, [["x", "x"], ["x"], ["z", "y", "y"]]) == pytest.approx(4 / 6)


def test_tags_follow_the_type_of_training():
    given = Tagged.of(taken(X, None), [[1, 2], [1], [3, 3, 2]])
    assert accuracy(given, [["1", "1"], ["1"], ["3", "2", "2"]]) == pytest.approx(4 / 6)
    followed = given.following(np.array(["1", "2", "3"]), "validation")
    assert [one.tolist() for one in followed.tags] == [["1", "2"], ["1"], ["3", "3", "2"]]
    with pytest.raises(DataError, match="validation holds the label '3', which training does not"):
        given.following(np.array(["1", "2"]), "validation")
