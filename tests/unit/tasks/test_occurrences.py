import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

import tidegate
from tidegate import SequenceClassifier
from tidegate.tasks.occurrences import Occurrences, _left_out, _sharpness
from tidegate.tasks.sequences import taken

QUICK = {"hidden_size": 8}


def numbers(items):
    return [(item - [100, 0]).astype(np.float32) for item in items]


def test_it_tells_a_slow_wave_from_a_fast_one_and_survives_saving(waves):
    (X, y), (others, wanted) = waves(40), waves(40, seed=1)
    made = Occurrences.learn(numbers(X), y, seed=0)
    found = made.probabilities(numbers(others))
    np.testing.assert_allclose(found.sum(1), 1)
    assert (found.argmax(1) == wanted).mean() > 0.95
    again = Occurrences.from_state(made.state())
    assert np.array_equal(again.probabilities(numbers(others)), found)


@pytest.mark.parametrize("n_patterns", [30, 5])
def test_what_a_sequence_is_told_when_left_out_is_what_a_rule_of_the_others_says(n_patterns):
    rng = np.random.default_rng(0)
    counted = rng.normal(size=(12, n_patterns))
    counted -= counted.mean(0)
    wanted = rng.choice([-1.0, 1.0], size=(12, 3))
    expected = [
        Ridge(alpha=5.0).fit(np.delete(counted, k, 0), np.delete(wanted, k, 0)).predict(counted[[k]])[0]
        for k in range(12)
    ]
    np.testing.assert_allclose(_left_out(counted, wanted, 5.0), expected, atol=1e-9)


def test_it_is_as_sure_as_it_was_right():
    """Where scores say nothing, all classes are as probable; where they are always right, one nearly certain."""
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 200)
    right = np.where(targets[:, None] == np.arange(2), 1.0, -1.0)
    nothing, half = rng.normal(size=(200, 2)), right * np.where(rng.random(200) < 0.8, 1, -1)[:, None]
    assert _sharpness(nothing, targets) < 0.1
    assert _sharpness(right, targets) > 2
    # right four times of five: log odds of about log 4, from a difference of 2
    assert abs(2 * _sharpness(half, targets) - np.log(4)) < 0.4


def test_it_has_its_share_beside_the_networks_and_is_saved_with_them(waves, tmp_path):
    data, (X, _) = waves(40), waves(10, seed=1)
    network = SequenceClassifier(**QUICK).fit(*data, epochs=1)
    mixed = SequenceClassifier(**QUICK, counted=0.25).fit(*data, epochs=1)
    read = network._data.reader.read
    rule = Occurrences.learn(read(taken(data[0], None)), data[1], seed=0)
    expected = 0.75 * network.predict_proba(X) + 0.25 * rule.probabilities(read(taken(X, None)))
    np.testing.assert_allclose(mixed.predict_proba(X), expected, atol=1e-12)
    mixed.save(tmp_path / "model")
    assert np.array_equal(tidegate.load(tmp_path / "model").predict_proba(X), mixed.predict_proba(X))


def test_the_bits_are_the_same_on_any_number_of_threads(waves):
    X, y = waves(40)
    found, before = [], torch.get_num_threads()
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        with threadpool_limits(n_threads):
            found.append(Occurrences.learn(numbers(X), y, seed=0).probabilities(numbers(X)))
    torch.set_num_threads(before)
    assert np.array_equal(*found)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_classes_that_are_single_sequences(n_classes):
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(30, 1)).astype(np.float32) for _ in range(n_classes)]
    found = Occurrences.learn(items, np.arange(n_classes), seed=0).probabilities(items)
    assert found.shape == (n_classes, n_classes)
    assert np.isfinite(found).all()
