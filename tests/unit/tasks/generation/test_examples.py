import numpy as np
import pytest

from tidegate.errors import SettingError
from tidegate.tasks.generation.examples import EXAMPLES, LANGUAGES, corpus_example


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_the_same_on_every_call(name):
    first, second = (corpus_example(name).sequences for _ in range(2))
    assert len(first) == len(second) > 100
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_country_says_the_language():
    for text in corpus_example("origins").sequences:
        words = text.rstrip(".").split()
        country = words[words.index("in") + 1]
        assert words[-1] == LANGUAGES[country]
    assert len(set(corpus_example("origins").sequences)) > 1_800


def test_melodies_have_a_chord_and_a_voice():
    for piece in corpus_example("melodies").sequences:
        assert piece.shape[1] == 24
        assert (piece[:, :12].sum(1) == 3).all()
        assert (piece[:, 12:].sum(1) == 1).all()
        assert (piece.reshape(-1, 4, 24)[:, :1, :12] == piece.reshape(-1, 4, 24)[:, :, :12]).all()


def test_an_example_that_there_is_not_is_refused():
    with pytest.raises(SettingError, match="There is no example 'novel'; there are origins, melodies"):
        corpus_example("novel")
