import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import f1_score

from tidegate.tasks.judging import Judgement

CLASSES = np.array(["a", "b"])


def judged(only_ours, only_simple, both=20, neither=4):
    """Return a judgement with these counts of right answers."""
    ours = [1] * (only_ours + both) + [0] * (only_simple + neither)
    simple = [0] * only_ours + [1] * both + [1] * only_simple + [0] * neither
    wanted = np.array(["a", "b"] * len(ours))[: len(ours)]
    other = {"a": "b", "b": "a"}
    said, said_simple = (
        np.array([one if right else other[one] for one, right in zip(wanted, side, strict=True)])
        for side in (ours, simple)
    )
    return Judgement("gru", "logistic regression", CLASSES, "a", wanted, said, said_simple)


@pytest.mark.parametrize(("only_ours", "only_simple"), [(10, 1), (3, 3), (0, 7), (12, 4)])
def test_the_test_counts_where_the_two_disagree(only_ours, only_simple):
    n, k = only_ours + only_simple, min(only_ours, only_simple)
    expected = min(1.0, 2 * binom.cdf(k, n, 0.5))
    assert judged(only_ours, only_simple).p_value == pytest.approx(expected)


def test_models_that_never_differ_are_not_told_apart():
    assert judged(0, 0).p_value == 1
    assert judged(0, 0).verdict == "no evidence of a difference"


@pytest.mark.parametrize(
    ("counts", "verdict", "words"),
    [
        ((15, 1), "better", "That is better than"),
        ((1, 15), "worse", "use that one"),
        ((3, 2), "no evidence", "cheaper"),
    ],
)
def test_the_words_follow_the_test(counts, verdict, words):
    made = judged(*counts)
    assert made.verdict.startswith(verdict)
    assert words in " ".join(made.sentences())


def test_accuracy_has_an_interval_around_it():
    made = judged(10, 2)
    low, high = made.interval()
    assert made.accuracy == pytest.approx(30 / 36)
    assert low < made.accuracy < high < 1
    assert made.simple_accuracy == pytest.approx(22 / 36)
    assert made.most_frequent == 0.5


def test_the_most_frequent_label_is_that_of_training():
    made = Judgement("x", "y", CLASSES, "a", *(np.array(["a", "b", "b", "b"]) for _ in range(3)))
    assert made.most_frequent == 0.25
    assert "always saying the most frequent label of training, 25.0 %" in made.sentences()[0]


def test_tables_count_every_sequence():
    made = judged(5, 2)
    assert made.confusion().sum() == len(made.wanted) == sum(row["sequences"] for row in made.by_class())
    assert np.trace(made.confusion()) == made.right.sum()
    assert made.by_class()[0]["F1"] == pytest.approx(f1_score(made.wanted, made.said, pos_label="a"))


def test_a_class_that_is_never_said_has_no_precision():
    made = Judgement("x", "y", CLASSES, "a", np.array(["a", "b"]), np.array(["a", "a"]), np.array(["a", "a"]))
    assert made.by_class()[1] == {"label": "b", "sequences": 1, "precision": None, "recall": 0.0, "F1": 0.0}


def test_a_class_without_test_sequences_has_no_recall():
    made = Judgement("x", "y", CLASSES, "a", np.array(["a", "a"]), np.array(["a", "b"]), np.array(["a", "a"]))
    assert made.by_class()[1] == {"label": "b", "sequences": 0, "precision": 0.0, "recall": None, "F1": None}
    never = Judgement("x", "y", CLASSES, "a", *(np.array(["a", "a"]) for _ in range(3)))
    assert never.by_class()[1] == {"label": "b", "sequences": 0, "precision": None, "recall": None, "F1": None}
