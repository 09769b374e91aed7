import numpy as np
import pytest

from tidegate.errors import NotFittedError, SettingError
from tidegate.tasks.generation.keys import LogisticKeys


def test_it_learns_what_the_last_step_says(chords):
    model = LogisticKeys(C=10.0).fit(chords(60))
    found = np.concatenate(model.surprises(chords(20, seed=1)))
    assert found.mean() < 3  # rates alone take 8 keys of 0.56 nats each, and four of them are drawn by chance
    weights = model.weights_[:8]
    assert all(weights[k, (k + 1) % 4] == weights[:4, (k + 1) % 4].max() for k in range(4))


def test_the_surprise_is_that_of_each_key_by_itself():
    model = LogisticKeys(steps=1)
    model.weights_, model.biases_ = np.array([[1.0, 0.0], [0.0, -2.0]]), np.array([0.5, -0.5])
    found = model.surprises([np.array([[1, 1], [0, 1]])])[0]
    p = 1 / (1 + np.exp(-np.array([[0.5, -0.5], [1.5, -2.5]])))
    np.testing.assert_allclose(found, [-np.log(p[0]).sum(), -np.log([1 - p[1, 0], p[1, 1]]).sum()])
    assert model.bits([np.array([[1, 1]])]) == pytest.approx(found[0] / np.log(2))


def test_with_the_keys_below_it_knows_which_go_together(chords):
    """Of the upper four keys one sounds: the highest is known by those below it, which themselves may not look up."""
    apart, together = (LogisticKeys(C=10.0, joint=joint).fit(chords(60)) for joint in (False, True))
    pieces = chords(20, seed=1)
    assert together.bits(pieces) < apart.bits(pieces) - 0.8
    below = together.weights_[16:]
    assert (below[4:7, 7] < -1).all()
    assert not np.tril(below).any()
    assert not LogisticKeys().fit(chords(60)).weights_[16:].size
    assert together.name == apart.name + " and the keys below"


def test_keys_that_never_sound_are_nearly_sure():
    pieces = [np.array([[1, 0, 0], [0, 1, 0]] * 10)]
    model = LogisticKeys().fit(pieces)
    assert not model.weights_[:, 2].any()
    assert model.biases_[2] == pytest.approx(np.log(1 / 21))


def test_what_cannot_be_done_is_refused():
    with pytest.raises(SettingError, match="steps is 0"):
        LogisticKeys(steps=0).fit([np.eye(3)])
    with pytest.raises(SettingError, match="joint is 1"):
        LogisticKeys(joint=1).fit([np.eye(3)])
    with pytest.raises(NotFittedError, match="call fit first"):
        LogisticKeys().surprises([np.eye(3)])
