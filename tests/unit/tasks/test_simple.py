import numpy as np
import pytest
from sklearn.base import clone

from tidegate.tasks import simple
from tidegate.tasks.simple import LinearOnNeighbours, MostFrequentTag, linear_on_summaries, linear_on_words


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_words_are_counted(texts, unit):
    model = linear_on_words(unit).fit(*texts(200))
    assert model.score(*texts(200, seed=1)) > 0.95


def test_lists_of_tokens_are_taken_as_they_are(texts):
    X, y = texts(100)
    model = linear_on_words().fit([one.split() for one in X], y)
    assert model.score([one.split() for one in X], y) > 0.95
    (_, grams), (_, pieces) = model[0].transformer_list
    assert {"the film", "<s> the", "the"} <= set(grams.vocabulary_)
    assert {" fil", "ilm "} <= set(pieces.vocabulary_)


def test_summaries_tell_slow_from_fast_by_the_changes(waves):
    model = linear_on_summaries().fit(*waves(100))
    assert model.score(*waves(100, seed=1)) > 0.9
    X, _ = waves(3)
    made = model[0].transform(X)
    assert made.shape == (3, 1 + 2 * 2 * 9)
    assert made[0, 0] == pytest.approx(np.log(len(X[0])))
    assert made[0, 1] == pytest.approx(X[0][:, 0].mean())


SENTENCES = [["the", "Tide", "turns"], ["the", "gate"], ["tide", "turns"], ["the", "the"]]
TAGS = [["D", "N", "V"], ["D", "N"], ["N", "N"], ["D", "X"]]


def test_each_word_has_the_tag_it_had_most_often():
    model = MostFrequentTag().fit([*SENTENCES, ["turns"]], [*TAGS, ["V"]])
    assert model.predict([["the", "turns", "sea"], ["gate"]]) == [["D", "V", "N"], ["N"]]
    assert model.score([["the", "turns"]], [["D", "N"]]) == 0.5


def test_words_are_tagged_by_themselves_their_spelling_and_their_neighbours():
    """One tag is that of a word, one that of an ending, one that of the word before."""
    rng = np.random.default_rng(0)

    def made(n):
        words = [str(one) + "ing" * int(rng.random() < 0.3) for one in rng.choice(["sea", "gate", "now"], 6 * n)]
        X = [words[6 * k : 6 * k + 6] for k in range(n)]
        y = [
            ["T" if word == "now" else "E" if word.endswith("ing") else "B" if before == "now" else "O"
             for before, word in zip(["", *one], one, strict=False)] for one in X
        ]  # fmt: skip
        return X, y

    model = LinearOnNeighbours().fit(*made(100))
    X, y = made(50)
    assert model.score(X, y) > 0.97 > MostFrequentTag().fit(*made(100)).score(X, y) + 0.05
    assert model.score([["walking"]], [["E"]]) == 1
    assert clone(model).get_params() == {"alpha": 1e-6, "seed": 0}


def test_the_shape_of_a_word():
    shapes = {"Paris": "Xx", "NATO": "X", "3-4": "0-0", "iPhone": "xXx", "": ""}
    assert {word: simple._shape(word) for word in shapes} == shapes
