"""How a generator learns where nothing else is said: rules of what steps are, and of how many pieces there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.tasks import fitting

if TYPE_CHECKING:
    from tidegate.tasks.generation.said import Kind
    from tidegate.training.settings import Training

STRETCH = 100
"""Steps of a long text that are learned from at once."""

LEAST_COUNT = 2
"""Times that a word must occur to be known."""

OF_KEYS = fitting.TRAINING._replace(learning_rate=0.006, patience=15)
"""How networks are trained to write keys: pieces are few, and what is learned of them comes late."""

_BATCH, _PIECES = (2, 32), 100


def training_of(kind: Kind) -> Training:
    """Return how to train."""
    return OF_KEYS if kind == "notes" else fitting.TRAINING


def batch_size_of(kind: Kind, n_sequences: int) -> int:
    """Return the sequences of an update: 32; of keys a hundredth of the pieces, from 2 to 32."""
    least, most = _BATCH
    return most if kind != "notes" else min(max(n_sequences // _PIECES, least), most)
