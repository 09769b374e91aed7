import numpy as np
import pytest

from tidegate import Vocabulary
from tidegate.errors import DataError
from tidegate.tasks.generation import asked
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.read import Read


def learned(X, y=None):
    given = Given.of(X, y, "characters")
    return Read.learn(given, Vocabulary(), given.kind)


def test_a_prefix_is_shared():
    data = learned(["abc"])
    found = asked.begun(data, "characters", ("ab", None), 2)
    assert found.sequences.items == [["a", "b"]] * 2
    assert asked.begun(data, "characters", (None, None), 1).sequences.items == [[]]
    assert asked.begun(data, "characters", (["c", "a"], None), 1).sequences.items == [["c", "a"]]
    with pytest.raises(DataError, match="prefix holds 'z' at place 1, which training did not"):
        asked.begun(data, "characters", ("az", None), 1)


def test_steps_of_numbers_begin_with_nothing_or_some():
    data = learned([np.eye(3)])
    assert asked.begun(data, "words", (None, None), 2).sequences.items[1].shape == (0, 3)
    assert asked.begun(data, "words", (np.ones((2, 3)), None), 1).sequences.items[0].shape == (2, 3)
    with pytest.raises(DataError, match="have 2 channels, those of training had 3"):
        data.begun(asked.begun(data, "words", (np.ones((2, 2)), None), 1))


@pytest.mark.parametrize(
    ("y", "one", "each"),
    [(["u", "v"], "v", ["u", "v", "u"]), ([[1.0, 2], [3, 4]], [1, 2], [[1, 2], [3, 4], [5, 6]])],
)
def test_a_condition_is_for_all_or_one_for_each(y, one, each):
    data = learned(["ab", "ba"], y)
    assert asked.like(data, [["a"]] * 3, one).conditions.tolist() == [one] * 3
    assert asked.like(data, [["a"]] * 3, each).conditions.tolist() == each
    with pytest.raises(DataError, match="for 2 sequences"):
        asked.like(data, [["a"]] * 2, each)
    with pytest.raises(DataError, match="had none"):
        learned(["ab"]).begun(asked.begun(learned(["ab"]), "characters", ("a", "sea"), 1))
