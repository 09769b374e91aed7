import re

import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.labels import Known, check_known, classes_of, following, hits, labels_of, weights_of
from tidegate.tasks.sequences import taken


@pytest.mark.parametrize(
    ("y", "made"),
    [
        ([1, 0], [1, 0]),
        ([1.0, 0.0], [1, 0]),
        (np.array([1, 0], dtype=object), [1, 0]),
        (["b", "a"], ["b", "a"]),
        (np.array(["b", "a"], dtype=object), ["b", "a"]),
        ([True, False], [True, False]),
        (np.array([1, 0], dtype=np.uint64), [1, 0]),
        ([1.0, -(2.0**63)], [1, -(2**63)]),
    ],
)
def test_labels_are_text_or_whole_numbers(y, made):
    found = labels_of(y, 2)
    assert found.tolist() == made
    assert found.dtype.kind in "biU"


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0, 1e20], "label 1 of y is 1e+20, which names no class. Give text, or whole numbers of at most 64 bits"),
        ([0, 10**400], "label 1 of y is 1000"),
        ([2**63, 0], "label 0 of y is 9"),
        (np.array([0, 2**63], dtype=np.uint64), "label 1 of y is 9223372036854775808"),
        ([0, np.inf], "label 1 of y is inf"),
        (np.array([np.float64(0), np.float64(2**63)], dtype=object), "label 1 of y is"),
        ([[0], [1, 2]], "label 0 of y is [0], which names no class"),
        (["a", ["b"]], "label 1 of y is ['b'], which names no class"),
    ],
)
def test_labels_that_no_class_can_hold_are_refused(y, said):
    with pytest.raises(DataError, match=re.escape(said)):
        labels_of(y, 2)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0.0, 1.0, np.nan], "label 2 of y is nan, which names no class"),
        ([0.0, 0.5, 1.0], "label 1 of y is 0.5"),
        (np.array(["x", None, "y"], dtype=object), "label 1 of y is None"),
        (np.array(["x", "y", 3], dtype=object), "label 2 of y is 3"),
        (["a", np.nan, "b"], "label 1 of y is nan, which names no class"),
        (["a", 1, "b"], "label 1 of y is 1, which names no class"),
        ([1, 2], "y has 2 labels for 3 sequences"),
        ([[1], [2], [3]], r"y has shape \(3, 1\) for 3 sequences"),
        (3, r"y has shape \(\) for 3 sequences"),
    ],
)
def test_labels_that_name_no_class_are_refused_with_their_place(y, said):
    with pytest.raises(DataError, match=said):
        labels_of(y, 3)


def known(counts):
    labels = [name for name, count in counts.items() for _ in range(count)]
    return Known.of(taken([f"w{k}" for k in range(len(labels))], "words"), labels)


def test_a_fraction_of_each_class_is_held_out():
    learned, held = known({"a": 40, "b": 10}).parted(0.2, seed=0)
    assert [(one.labels == "a").sum() for one in (learned, held)] == [32, 8]
    assert [(one.labels == "b").sum() for one in (learned, held)] == [8, 2]
    assert sorted([*learned.numbers, *held.numbers]) == list(range(50))
    assert [int(one[0][1:]) for one in held.sequences.items] == held.numbers.tolist()


def test_no_class_is_held_out_as_a_whole():
    learned, held = known({"a": 9, "b": 1, "c": 2}).parted(0.9, seed=1)
    assert set(learned.labels) == {"a", "b", "c"}
    assert set(held.labels) == {"a", "c"}
    assert known({"a": 3, "b": 3}).parted(0.1, seed=0)[1] is None


def test_the_draw_depends_on_the_seed_alone():
    first, again, other = (known({"a": 30, "b": 30}).parted(0.3, seed)[1].numbers.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_one_class_is_none():
    with pytest.raises(DataError, match="all 2 labels are 'x'; there is nothing to tell apart"):
        classes_of(np.array(["x", "x"]))


def test_other_labels_are_named():
    with pytest.raises(DataError, match=r"validation holds the label 3, which training does not.*1, 2"):
        check_known(np.array([1, 3]), np.array([1, 2]), "validation")


def test_labels_follow_the_type_of_training():
    words, numbers = np.array(["1", "two"]), np.array([1, 2])
    assert following(np.array([1, 1]), words, "the test").tolist() == ["1", "1"]
    assert following(np.array(["2", "1"]), numbers, "the test").tolist() == [2, 1]
    for labels, classes, told in ((np.array(["1", "x"]), numbers, "'x'"), (np.array([3]), words, "'3'")):
        with pytest.raises(DataError, match=f"the test holds the label {told}, which training does not"):
            following(labels, classes, "the test")


def test_labels_are_right_in_either_type():
    assert hits(np.array([1, 0, 7]), np.array(["1", "1", "x"])).tolist() == [True, False, False]
    assert hits(np.array(["1", "0"]), np.array([1, 1])).tolist() == [True, False]
    assert hits(np.array([True, False]), np.array([1, 1])).tolist() == [True, False]


def test_weights_make_classes_alike():
    weights = weights_of(np.array(["a", "a", "a", "b"]), np.array(["a", "b"]))
    assert weights.tolist() == pytest.approx([4 / 6, 2.0])
