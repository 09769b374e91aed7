import numpy as np
import pytest

import tidegate
from tidegate import SequenceClassifier
from tidegate.errors import SettingError
from tidegate.tasks.counted import Counted
from tidegate.tasks.simple import linear_on_words

QUICK = {"hidden_size": 8, "embedding": 8, "n_pieces": 50}


def test_it_is_the_simple_model_and_survives_saving(texts):
    X, y = texts(80)
    tokens, targets = [text.split() for text in X], (y == "good").astype(int)
    made = Counted.learn(tokens, targets, "words")
    other = texts(20, seed=1)[0]
    expected = linear_on_words().fit(X, targets).predict_proba(other)
    np.testing.assert_allclose(made.probabilities([text.split() for text in other]), expected)
    again = Counted.from_state(made.state())
    assert np.array_equal(again.probabilities(tokens), made.probabilities(tokens))


def test_three_classes(texts):
    X, y = texts(60)
    targets = (y == "good").astype(int)
    targets[:20] = 2
    made = Counted.learn([text.split() for text in X], targets, "words")
    again = Counted.from_state(made.state())
    assert again.probabilities([["fine"]]).shape == (1, 3)


def test_the_two_are_mixed_by_the_share(texts):
    data, (X, _) = texts(80), texts(20, seed=1)
    network = SequenceClassifier(**QUICK).fit(*data, epochs=2).predict_proba(X)
    mixed = SequenceClassifier(counted=0.25, **QUICK).fit(*data, epochs=2)
    linear = linear_on_words().fit(*data).predict_proba(X)
    np.testing.assert_allclose(mixed.predict_proba(X), 0.75 * network + 0.25 * linear, atol=1e-12)


def test_it_is_saved_beside_the_networks(texts, tmp_path):
    data, (X, _) = texts(80), texts(20, seed=1)
    model = SequenceClassifier(counted=0.5, **QUICK).fit(*data, epochs=1)
    model.save(tmp_path / "model")
    assert np.array_equal(tidegate.load(tmp_path / "model").predict_proba(X), model.predict_proba(X))
    assert len(model.contributions(X[:1])[0]) == len(X[0].split())


def test_what_is_held_out_is_not_counted(texts):
    X, y = texts(60)
    model = SequenceClassifier(counted=0.5, **QUICK).fit(X, y, epochs=1, validation=(["zebra fine"], ["good"]))
    assert not any("zebra" in term for term in model._data.counted.state()["terms"])


def test_the_share_is_below_one(texts):
    with pytest.raises(SettingError, match="counted is 1"):
        SequenceClassifier(counted=1, **QUICK).fit(*texts(20), epochs=1)
