import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.conditions import Conditions, conditions_of


def test_a_class_is_one_of_all():
    made = Conditions.learn(np.array(["sea", "air", "sea"]))
    assert made.width == 2
    assert made.read(np.array(["sea", "air"])).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(DataError, match="the label 'land', which training does not"):
        made.read(np.array(["land"]))


def test_vectors_are_in_units_of_training():
    given = np.array([[1.0, 5.0], [3.0, 5.0], [5.0, 5.0]])
    made = Conditions.learn(given)
    found = made.read(given)
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-7)
    np.testing.assert_allclose(found.std(0), [1, 0], atol=1e-6)
    with pytest.raises(DataError, match="the conditions have 1 numbers, those of training 2"):
        made.read(given[:, :1])
    with pytest.raises(DataError, match="of another kind than in training"):
        made.read(np.array(["a"]))


@pytest.mark.parametrize("scale", [1.0, 1e-13])
def test_what_is_constant_but_for_rounding_has_spread_1(scale):
    given = scale * np.array([[1234567.1, 0.0, k] for k in range(21)])
    made = Conditions.learn(given)
    assert made.spread[:2].tolist() == [1, 1]
    np.testing.assert_allclose(made.read(given)[:, :2], 0, atol=1e-6)
    np.testing.assert_allclose(made.read(given)[:, 2].std(), 1, rtol=1e-6)


@pytest.mark.parametrize("y", [np.array(["b", "a", "b"]), np.array([3, 1, 3]), np.arange(6.0).reshape(3, 2)])
def test_they_come_back_from_their_state(y):
    made = Conditions.learn(y)
    np.testing.assert_array_equal(Conditions.from_state(made.state()).read(y), made.read(y))


def test_what_users_give():
    assert conditions_of(None, 3) is None
    assert conditions_of(["a", "b"], 2).tolist() == ["a", "b"]
    assert conditions_of([[1, 2], [3, 4]], 2).shape == (2, 2)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a"], "y has 1 labels for 2 sequences"),
        ([0.5, 1.5], r"label 0 of y is 0\.5, which names no class"),
        ([[1.0, 2.0]], r"y has shape \(1, 2\) for 2 sequences"),
        ([[1.0], [np.nan]], "y holds nan in row 1, column 0"),
        ([["a"], ["b"]], "y holds no numbers"),
        ([[0], [1, 2]], "y holds vectors of unequal length. Give labels, or vectors of one length"),
        ([0, [1, 2]], "y holds vectors of unequal length"),
    ],
)
def test_what_is_no_condition_is_refused(y, said):
    with pytest.raises(DataError, match=said):
        conditions_of(y, 2)
