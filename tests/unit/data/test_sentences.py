import numpy as np
import pytest

from tidegate.data.sentences import EXAMPLES, labelled_example
from tidegate.errors import SettingError


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_the_same_every_time_and_their_classes_even(name):
    first, again = labelled_example(name), labelled_example(name)
    for one, other in zip(first.sequences, again.sequences, strict=True):
        assert np.array_equal(one, other)
    _, counts = np.unique(first.labels, return_counts=True)
    assert counts.min() > 0.9 * counts.max()


def test_the_main_clause_decides():
    made = labelled_example("reviews")
    told = dict(zip(made.sequences, made.labels, strict=True))
    conceded = [text for text in told if text.startswith("Although")]
    assert {"but", "Although", "even"} <= {word for text in told for word in text.split()}
    text = next(one for one in conceded if one.split(", ")[1].startswith("the plot was not good"))
    assert told[text] == "bad"


def test_recordings_are_of_unequal_length():
    lengths = {len(one) for one in labelled_example("waves").sequences}
    assert len(lengths) > 20


def test_an_unknown_example_is_named():
    with pytest.raises(SettingError, match=r"no example 'poems'; there are reviews, waves, films\."):
        labelled_example("poems")
