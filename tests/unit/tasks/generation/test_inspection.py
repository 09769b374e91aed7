import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation import passages


def test_surprise_expectation_and_gates_of_each_character(quick, pairs):
    model = quick().fit(pairs(200), epochs=10)
    seen = model.inspect("bab")
    np.testing.assert_allclose(seen.surprise, model.surprises(["bab"])[0][:3], rtol=1e-5)
    assert seen.steps == list("bab")
    wanted = [model.tokens_[model.predict_proba(["bab"[:k]])[0].argmax()] for k in range(1, 3)]
    assert seen.expected[1:] == wanted
    assert list(seen.frame().columns) == [
        "token", "surprise", "expected", "layer 1, forward: reset", "layer 1, forward: update"
    ]  # fmt: skip
    assert seen.frame().shape[0] == 3


def test_gates_are_those_while_the_step_is_read(quick, pairs):
    model = quick().fit(pairs(100), epochs=2)
    first, second = (model.inspect(text).layers[0].gates["update"].values for text in ("bab", "bac"))
    np.testing.assert_array_equal(first[:2], second[:2])
    assert np.abs(first[2] - second[2]).max() > 0


@pytest.mark.parametrize("kind", ["texts", "keys"])
def test_long_sequences_are_walked_through_a_few_steps_at_a_time(quick, pairs, chords, monkeypatch, kind):
    X = pairs(50) if kind == "texts" else chords(20)
    model, one = quick().fit(X, epochs=2), "".join(X) if kind == "texts" else np.concatenate(X)
    whole = model.inspect(one)
    said, network = [], model._network
    monkeypatch.setattr(passages, "MOST_SAID", 10 * network.said.n_outputs)
    walk = network.walk
    monkeypatch.setattr(network, "walk", lambda *given: said.append(walk(*given)) or said[-1])
    parts = model.inspect(one)
    assert max(made.shape[0] for made, _ in said) == 10
    if kind == "texts":
        assert parts.expected == whole.expected
    else:
        np.testing.assert_allclose(parts.expected, whole.expected, rtol=1e-5)
    np.testing.assert_allclose(parts.surprise, whole.surprise, rtol=1e-5)


def test_a_part_of_what_was_seen(quick, pairs):
    seen = quick().fit(pairs(100), epochs=2).inspect("babcic")
    part = seen.since(4)
    assert part.steps == ["i", "c"]
    np.testing.assert_array_equal(part.surprise, seen.surprise[4:])
    np.testing.assert_array_equal(part.layers[0].gates["reset"].values, seen.layers[0].gates["reset"].values[4:])


def test_keys_are_expected_with_a_probability(quick, chords):
    one, *others = chords(30)
    model = quick().fit(others, epochs=5)
    seen = model.inspect(one)
    np.testing.assert_allclose(seen.expected[3], model.predict_proba([one[:3]])[0], rtol=1e-5)
    assert {"channel 0", "expected 7"} <= set(seen.frame().columns)


def test_conditions_stand_beside_what_is_inspected(quick, pairs):
    X = pairs(100)
    model = quick().fit(X, [one[1] for one in X], epochs=10)
    assert model.inspect("bab", "a").surprise[1] < model.inspect("bab", "e").surprise[1]


def test_nothing_is_refused_and_so_is_another_kind(quick, pairs):
    model = quick().fit(pairs(50), epochs=1)
    with pytest.raises(DataError, match="the sequence is empty"):
        model.inspect("")
    with pytest.raises(DataError, match="the sequence hold values, those of training held tokens"):
        model.inspect(np.ones((3, 2)))
