import pytest

from tidegate.tasks import fitting
from tidegate.tasks.generation.rules import OF_KEYS, batch_size_of, training_of


@pytest.mark.parametrize(
    ("kind", "n_sequences", "size"),
    [("tokens", 10, 32), ("values", 10, 32), ("notes", 10, 2), ("notes", 694, 6), ("notes", 9_000, 32)],
)
def test_keys_are_learned_by_small_updates(kind, n_sequences, size):
    assert batch_size_of(kind, n_sequences) == size


def test_keys_are_learned_at_a_higher_rate():
    assert training_of("notes") is OF_KEYS
    assert OF_KEYS.learning_rate > fitting.TRAINING.learning_rate
    assert training_of("tokens") is fitting.TRAINING
