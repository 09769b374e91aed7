import numpy as np
import pytest

from tidegate import SequenceClassifier
from tidegate.tasks.contributions import MOST, contributions, log_odds

QUICK = {"hidden_size": 8, "embedding": 8, "n_pieces": 50, "dropout": 0.1}


def test_what_decides_counts_and_the_rest_does_not():
    """A rule that looks at one token alone: hiding it takes away all that it gave."""

    def probabilities(sequences):
        found = np.array([0.9 if "key" in one else 0.2 for one in sequences])
        return np.stack([1 - found, found], axis=1)

    made = contributions(["the", "key", "is"], "<unk>", probabilities)
    np.testing.assert_allclose(made, [0.0, np.log(9) - np.log(0.25), 0.0], atol=1e-12)


def test_where_all_is_sure_odds_still_tell_steps_apart():
    def probabilities(sequences):
        doubt = np.array([10.0 ** -(9 + 3 * one.count("key") + one.count("is")) for one in sequences])
        return np.stack([doubt, 1 - doubt], axis=1)

    made = contributions(["the", "key", "is"], "<unk>", probabilities)
    np.testing.assert_allclose(made, np.log(10) * np.array([0, 3, 1]), atol=1e-6)


def test_each_step_has_what_its_own_class_owes():
    """The class of a step goes by the step before it."""

    def probabilities(sequences):
        said = [[0.9 if before == "key" else 0.5 for before in ["", *one[:-1]]] for one in sequences]
        return [np.stack([np.array(one), 1 - np.array(one)], axis=1) for one in said]

    made = contributions(["key", "a", "b"], "<unk>", probabilities, np.zeros(3, dtype=np.int64))
    wanted = np.zeros((3, 3))
    wanted[1, 0] = np.log(9)
    np.testing.assert_allclose(made, wanted, atol=1e-12)


def test_log_odds_are_finite_at_the_ends():
    assert np.isfinite(log_odds(np.array([[1.0, 0.0], [0.0, 1.0]]), 0)).all()


def test_each_token_is_hidden_once():
    seen = []

    def probabilities(sequences):
        seen.extend(sequences)
        return np.full((len(sequences), 2), 0.5)

    contributions(["a", "b"], "<unk>", probabilities)
    assert seen == [["a", "b"], ["<unk>", "b"], ["a", "<unk>"]]


def test_long_recordings_are_hidden_in_stretches():
    calls = []

    def probabilities(items):
        calls.append(len(items))
        level = np.array([0.1 + 0.8 * item[100:110].mean() for item in items])
        return np.stack([1 - level, level], axis=1)

    made = contributions(np.ones((600, 1)), np.zeros(1), probabilities)
    assert calls == [MOST + 1]
    assert made.shape == (600,)
    assert np.flatnonzero(made > 0.5).tolist() == list(range(100, 110))


def test_the_word_that_decides_stands_out(texts):
    model = SequenceClassifier(**QUICK).fit(*texts(300), epochs=20)
    X = ["the film was lovely", "the film was awful"]
    assert model.predict(X).tolist() == ["good", "bad"]
    first, second = model.contributions(X)
    assert (first.argmax(), second.argmax()) == (3, 3)
    assert len(first) == 4


def test_values_are_hidden_as_their_mean(waves):
    model = SequenceClassifier(**QUICK).fit(*waves(60), epochs=3)
    (made,) = model.contributions([np.tile(model._data.reader.mean, (12, 1))])
    assert made == pytest.approx(np.zeros(12), abs=1e-6)
