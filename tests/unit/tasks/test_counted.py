import numpy as np
import pytest
from sklearn.metrics import log_loss

import tidegate
from tidegate import SequenceClassifier
from tidegate.errors import SettingError
from tidegate.tasks.counted import Counted, best_share
from tidegate.tasks.simple import linear_on_words

QUICK = {"hidden_size": 8, "embedding": 8, "n_pieces": 50}


@pytest.mark.parametrize(("unit", "cut"), [("words", str.split), ("characters", list)])
def test_it_is_the_simple_model_and_survives_saving(texts, unit, cut):
    X, y = texts(80)
    tokens, targets = [cut(text) for text in X], (y == "good").astype(int)
    made = Counted.learn(tokens, targets, unit)
    other = texts(20, seed=1)[0]
    expected = linear_on_words(unit).fit(X, targets).predict_proba(other)
    np.testing.assert_allclose(made.probabilities([cut(text) for text in other]), expected)
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
    counts = model._data.counted.state()["counts"]
    assert not any("zebra" in term or "zeb" in term for one in counts.values() for term in one["terms"])


@pytest.mark.parametrize(("doubt", "share"), [(0.001, 0.0), (0.6, 0.95)])
def test_who_is_right_has_the_say(doubt, share):
    targets = np.tile([0, 1, 1, 0], 15)
    own, rule = (np.where(np.eye(2)[targets] > 0, 1 - each, each) for each in (doubt, 0.2))
    assert best_share(own, rule, targets) == pytest.approx(share)


def test_two_that_err_on_different_ones_share_the_say():
    own, rule = np.array([[0.01, 0.99], [0.8, 0.2]]), np.array([[0.8, 0.2], [0.01, 0.99]])
    own, rule, targets = np.tile(own, (30, 1)), np.tile(rule, (30, 1)), np.zeros(60, dtype=int)
    assert best_share(own, rule, targets) == pytest.approx(0.5)
    assert best_share(own, np.eye(2)[targets], targets) > 0.9


@pytest.mark.parametrize(("n_sequences", "chosen"), [(48, False), (120, True)])
def test_by_few_held_out_sequences_nothing_is_chosen_however_often_they_are_held_out(texts, n_sequences, chosen):
    """Each of four networks has another half held out, of the same sequences."""
    model = SequenceClassifier(counted="auto", n_members=4, **QUICK)
    model.fit(*texts(n_sequences), epochs=1, validation=0.5)
    assert (model.counted_ != 0.5) is chosen


def test_the_share_is_what_makes_the_held_out_loss_least(texts):
    data, held = texts(120), texts(60, seed=1)
    model = SequenceClassifier(counted="auto", **QUICK).fit(*data, epochs=6, validation=held)
    chosen, shares, losses = model.counted_, np.linspace(0, 0.95, 20), []
    for share in shares:
        model._data = model._data._replace(counted=model._data.counted._replace(share=share))
        losses.append(log_loss(held[1], model.predict_proba(held[0])))
    assert chosen == pytest.approx(shares[np.argmin(losses)])


def test_the_share_is_a_half_where_nothing_is_held_out_and_none_without_counting(texts, tmp_path):
    model = SequenceClassifier(counted="auto", **QUICK).fit(*texts(60), epochs=1, validation=None)
    assert model.counted_ == 0.5
    model.save(tmp_path / "model")
    assert tidegate.load(tmp_path / "model").counted_ == 0.5
    assert SequenceClassifier(**QUICK).fit(*texts(60), epochs=1).counted_ == 0


def test_what_stands_for_unknown_words_is_made_of_nothing(texts):
    X, y = texts(60)
    made = Counted.learn([text.split() for text in X], (y == "good").astype(int), "words")
    assert not any("unk" in term for term in made.state()["counts"]["pieces"]["terms"])
    assert made.counts.transform([["<unk>"]])[:, -len(made.counts.transformer_list[1][1].vocabulary_) :].nnz == 0


@pytest.mark.parametrize("share", [1, -0.1, True, None])
def test_the_share_is_below_one(texts, share):
    with pytest.raises(SettingError, match=f"counted is {share}"):
        SequenceClassifier(counted=share, **QUICK).fit(*texts(20), epochs=1)


def test_a_share_in_words_is_auto(texts):
    with pytest.raises(SettingError, match=r"counted is 'half'.*auto"):
        SequenceClassifier(counted="half", **QUICK).fit(*texts(20), epochs=1)
