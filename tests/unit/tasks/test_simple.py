import numpy as np
import pytest

from tidegate.tasks.simple import linear_on_summaries, linear_on_words


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_words_are_counted(texts, unit):
    model = linear_on_words(unit).fit(*texts(200))
    assert model.score(*texts(200, seed=1)) > 0.95


def test_lists_of_tokens_are_taken_as_they_are(texts):
    X, y = texts(100)
    model = linear_on_words().fit([one.split() for one in X], y)
    assert model.score([one.split() for one in X], y) > 0.95
    assert "the film" in model[0].vocabulary_


def test_summaries_tell_slow_from_fast_by_the_changes(waves):
    model = linear_on_summaries().fit(*waves(100))
    assert model.score(*waves(100, seed=1)) > 0.9
    X, _ = waves(3)
    made = model[0].transform(X)
    assert made.shape == (3, 1 + 2 * 2 * 9)
    assert made[0, 0] == pytest.approx(np.log(len(X[0])))
    assert made[0, 1] == pytest.approx(X[0][:, 0].mean())
