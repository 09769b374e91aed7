import numpy as np
import pytest

from tidegate import Vocabulary
from tidegate.errors import DataError
from tidegate.tasks.generation.given import Given
from tidegate.tasks.generation.read import Read


def read(X, y=None, unit="characters", **limits):
    given = Given.of(X, y, unit)
    return Read.learn(given, Vocabulary(**limits), given.kind), given


def test_each_token_follows_the_one_before_it_and_the_mark_comes_first_and_last():
    made, given = read(["abb", "b"])
    known = made.passages(given)
    b, a = made.reader.vocabulary.encode(["b", "a"])
    assert [one.tolist() for one in known.items] == [[0, a, b, b], [0, b]]
    assert [one.tolist() for one in known.targets] == [[a, b, b, 0], [b, 0]]
    assert [one.tolist() for one in made.passages(given, open_ended=True).targets] == [[a, b, b], [b]]
    assert [one.tolist() for one in made.begun(given)] == [[0, a, b, b], [0, b]]


def test_a_long_text_has_no_end():
    made, given = read("abb")
    assert len(made.passages(given).items[0]) == 3
    assert not made.ends
    assert made.passages(given, truncate=2).truncate == 2


@pytest.mark.parametrize(("scale", "kind"), [(1, "notes"), (2, "values")])
def test_arrays_of_zeros_and_ones_are_keys(scale, kind):
    X = [np.array([[1, 0], [0, 1], [1, 1]]) * scale]
    made, given = read(X)
    assert made.kind == kind
    known = made.passages(given)
    assert known.items[0][0].tolist() == [0, 0]
    np.testing.assert_array_equal(known.items[0][1:], known.targets[0][:-1])
    whole = made.written(np.array([[0.1, 1e9]]) if kind == "values" else np.eye(2), known.targets[0], "words")
    n_begun = 1 if kind == "values" else 2
    np.testing.assert_allclose(whole[n_begun:], X[0], rtol=1e-6, atol=1e-6)
    assert whole[:n_begun].tolist() == ([[0.1, 1e9]] if kind == "values" else [[1, 0], [0, 1]])


def test_what_was_begun_stays_as_it_is():
    made, given = read(["we swim, we dive"], unit="words")
    steps = made.passages(given).targets[0][3:-1]
    assert made.written("I  SAW,", steps, "words") == "I  SAW, we dive"
    assert made.written(["I", "Saw"], steps, "words") == "I Saw we dive"
    tokens, given = read([["we", "swim"]])
    assert tokens.written(["Zanzibar"], tokens.passages(given).targets[0][:-1], "words") == ["Zanzibar", "we", "swim"]


def test_conditions_stand_beside_every_step():
    made, given = read(["ab", "b"], ["x", "y"])
    known = made.passages(given)
    assert known.items[0][:, 1:].tolist() == [[1, 0]] * 3
    assert known.items[1][:, 1:].tolist() == [[0, 1]] * 2
    assert made.width.n_conditions == 2
    with pytest.raises(DataError, match="the sequences lack their conditions"):
        made.passages(Given.of(["ab"], None, "characters"))
    with pytest.raises(DataError, match="the sequences have conditions, those of training had none"):
        read(["ab"])[0].passages(given)


def test_unknown_tokens_are_named_where_nothing_was_learned_of_any():
    assert read(["abc"])[0].unknown(["a", "z", "y"]) == 1
    assert read(["abc"])[0].unknown(["a", "c"]) is None
    guessed, _ = read(["aabc"], min_count=2)
    assert guessed.guessed
    assert guessed.unknown(["z"]) is None


def test_too_little_text_is_refused():
    with pytest.raises(DataError, match="no token occurs often enough to be known"):
        read(["once said"], unit="words", min_count=2)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (["ab", "b"], [[0.5, 1], [2, 3]]),
        ("abba", None),
        ([np.eye(3), np.ones((2, 3))], ["u", "v"]),
        ([np.eye(3) * 2], None),
    ],
)
def test_it_comes_back_from_its_state(X, y):
    made, given = read(X, y)
    again = Read.from_state(made.state())
    for a, b in zip(made.passages(given).items, again.passages(given).items, strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.state().keys() == made.state().keys()
    assert (again.kind, again.ends, again.usual, again.longest) == (made.kind, made.ends, made.usual, made.longest)


def test_steps_that_are_no_keys_are_refused_where_training_had_keys():
    made, _ = read([np.array([[1, 0], [0, 1]])])
    other = Given.of([np.array([[1, 0]]), np.array([[0, 1], [0, 127]])], None, "characters")
    with pytest.raises(DataError, match=r"row 1: sequence 1 has 127 for key 1 at step 1, where training had 0 or 1"):
        made.passages(other)
