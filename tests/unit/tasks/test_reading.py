import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.reading import Reader, at_once, batch
from tidegate.tasks.sequences import taken


def test_tokens_become_numbers_of_a_vocabulary_that_training_filled():
    reader = Reader.learn(taken([["a", "b"], ["a"]], "words"), Vocabulary())
    assert (reader.n_tokens, reader.n_channels) == (4, 0)
    assert [one.tolist() for one in reader.read(taken([["b", "z", "a"]], "words"))] == [[3, 1, 2]]


def test_tokens_seen_once_are_rare():
    sequences = taken([["a", "b"], ["a", "c"]], "words")
    reader = Reader.learn(sequences, Vocabulary())
    assert reader.rare(sequences).tolist() == [False, False, False, True, True]
    assert Reader.learn(taken([[1.0]], "words"), Vocabulary()).rare(taken([[1.0]], "words")) is None


def test_the_rarer_a_token_the_likelier_it_is_forgotten():
    sequences = taken([["a", "b", "a", "a"], ["b", "c"]], "words")
    reader = Reader.learn(sequences, Vocabulary())
    np.testing.assert_allclose(reader.forgotten(sequences, 2.0)[2:], [2 / 5, 2 / 4, 2 / 3])
    assert reader.forgotten(sequences, 0.0)[2:].tolist() == [0, 0, 0]
    assert Reader.learn(taken([[1.0]], "words"), Vocabulary()).forgotten(taken([[1.0]], "words"), 1.0) is None


@pytest.mark.parametrize("n_pieces", [0, 9])
def test_numbers_of_tokens_take_four_bytes(n_pieces):
    sequences = taken([["a", "b"]], "words")
    (made,) = Reader.learn(sequences, Vocabulary(), n_pieces=n_pieces).read(sequences)
    assert made.dtype == np.int32


def test_channels_have_mean_0_and_variance_1_over_training():
    rng = np.random.default_rng(0)
    items = [rng.normal((5, -3), (2, 0.1), (n, 2)) for n in (30, 50)]
    reader = Reader.learn(taken(items, "words"), Vocabulary())
    whole = np.concatenate(reader.read(taken(items, "words")))
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(whole.std(0), 1, atol=1e-6)


def test_a_channel_that_never_changes_is_0():
    reader = Reader.learn(taken([np.full((4, 1), 1e9)], "words"), Vocabulary())
    assert (reader.read(taken([np.full((4, 1), 1e9)], "words"))[0] == 0).all()


@pytest.mark.parametrize("items", [[["a", "b"], ["a"]], [np.arange(6.0).reshape(3, 2)]])
def test_what_was_learned_comes_back(items):
    reader = Reader.learn(taken(items, "words"), Vocabulary(min_count=1))
    back = Reader.from_state(reader.state())
    for one, other in zip(reader.read(taken(items, "words")), back.read(taken(items, "words")), strict=True):
        np.testing.assert_array_equal(one, other)


def test_other_sequences_than_those_of_training_are_refused():
    values = Reader.learn(taken([np.zeros((3, 2))], "words"), Vocabulary())
    with pytest.raises(DataError, match="hold tokens, those of training held values"):
        values.read(taken([["a"]], "words"))
    with pytest.raises(DataError, match="have 1 channels, those of training had 2"):
        values.read(taken([np.zeros((3, 1))], "words"))


@pytest.mark.parametrize(
    ("lengths", "most", "parts"),
    [
        ([5] * 7, 1_000, [[0, 1, 2], [3, 4, 5], [6]]),
        ([1, 1, 9, 1, 1], 20, [[0, 1], [2], [3, 4]]),
        ([30, 1, 4], 20, [[0], [1, 2]]),
    ],
)
def test_long_sequences_are_read_fewer_at_once(monkeypatch, lengths, most, parts):
    monkeypatch.setattr("tidegate.tasks.reading.AT_ONCE", 3)
    monkeypatch.setattr("tidegate.tasks.reading.MOST_NUMBERS", most)
    items = [np.zeros((n, 2)) for n in lengths]
    assert list(at_once(items, range(len(items)))) == parts


def test_a_batch_is_padded_with_0():
    made = batch([np.array([1, 2, 3]), np.array([4])])
    assert made.inputs.tolist() == [[1, 4], [2, 0], [3, 0]]
    assert made.lengths.tolist() == [3, 1]
    made = batch([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)])
    assert made.inputs.shape == (2, 2, 3)
    assert made.inputs[1, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("value", [1e39, -1e99])
def test_what_is_far_beyond_training_becomes_a_number_still(value):
    reader = Reader.learn(taken([[0.0, 1.0, 2.0]], None), Vocabulary())
    (made,) = reader.read(taken([[value, 1.0]], None))
    assert made.dtype == np.float32
    assert abs(made[0, 0]) == np.float32(1e9)
