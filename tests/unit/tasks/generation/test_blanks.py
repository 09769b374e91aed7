import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.blanks import Blanked, ranked


def test_a_blank_has_two_sides():
    made = Blanked.of("She speaks fluent ___, they say", "words")
    assert made == (["she", "speaks", "fluent"], [",", "they", "say"])
    assert made.with_(["old", "norse"]) == ["she", "speaks", "fluent", "old", "norse", ",", "they", "say"]
    assert Blanked.of("a___c", "characters").with_(["b"]) == list("abc")
    assert Blanked.of(["a", "___"], "words") == (["a"], [])


@pytest.mark.parametrize("sequence", ["no blank", "___ and ___", ["a"], 3])
def test_one_blank_is_needed(sequence):
    with pytest.raises(DataError, match=r"the sequence has \d blanks '___'"):
        Blanked.of(sequence, "words")


def test_candidates_are_ranked_by_the_probability_of_the_whole():
    found = ranked(["a", "b", "c"], np.array([1_003.0, 1_001.0, 1_002.0]), 2)
    assert [one.token for one in found] == ["b", "c"]
    assert [one.probability for one in found] == pytest.approx([0.66524, 0.24473], abs=1e-5)
