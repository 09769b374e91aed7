import numpy as np
import pytest

from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.counted import Counted
from tidegate.tasks.labelling import Labelling
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken


@pytest.mark.parametrize("classes", [np.array(["a", "long"]), np.array([-1, 7]), np.array([False, True])])
def test_what_was_learned_comes_back(classes):
    reader = Reader.learn(taken([["a", "b"]], None), Vocabulary())
    back = Labelling.from_state(Labelling(reader, classes).state())
    assert back.classes.tolist() == classes.tolist()
    assert back.classes.dtype.kind == classes.dtype.kind
    assert back.reader.vocabulary.tokens_ == reader.vocabulary.tokens_


def test_a_linear_rule_beside_the_networks_comes_back():
    reader = Reader.learn(taken([["a", "b"]], None), Vocabulary())
    counted = Counted.learn([["a"], ["b"]], np.array([0, 1]), "words")
    back = Labelling.from_state(Labelling(reader, np.array([3, 4]), counted=counted).state())
    assert np.array_equal(back.counted.probabilities([["a"]]), counted.probabilities([["a"]]))
