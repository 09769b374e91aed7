"""How sequences become numbers for a network, learned from training sequences alone.

Axis letters: T steps, B batch, I channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.features.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.tasks.sequences import Kind, Sequences

    Floats = NDArray[np.float64]

_LEAST_SPREAD = 1e-12


class Batch(NamedTuple):
    """Sequences side by side.

    Attributes
    ----------
    inputs
        Numbers of tokens, shape (T, B), 0 after the end; or values, shape (T, B, I), 0 after the end.
    lengths
        Shape (B,): steps of each.
    """

    inputs: torch.Tensor
    lengths: torch.Tensor


class Reader:
    """Numbers of tokens by a vocabulary, or channels with mean 0 and variance 1 over all steps of training.

    Attributes
    ----------
    kind
        What it reads.
    vocabulary
        Of tokens; None for values.
    mean, spread
        Of each channel, shape (I,); empty for tokens.
    """

    kind: Kind
    vocabulary: Vocabulary | None
    mean: Floats
    spread: Floats

    def __init__(self, kind: Kind, vocabulary: Vocabulary | None, mean: Floats, spread: Floats) -> None:
        self.kind, self.vocabulary, self.mean, self.spread = kind, vocabulary, mean, spread

    @classmethod
    def learn(cls, sequences: Sequences, vocabulary: Vocabulary) -> Self:
        """Return the reader of training sequences; `vocabulary`, not fitted yet, is for tokens."""
        if sequences.kind == "tokens":
            return cls("tokens", vocabulary.fit(sequences.items), np.empty(0), np.empty(0))
        whole = np.concatenate(sequences.items)
        spread = whole.std(axis=0)
        constant = spread <= _LEAST_SPREAD * np.abs(whole).max(axis=0)
        return cls("values", None, whole.mean(axis=0), np.where(constant, 1.0, spread))

    @property
    def n_tokens(self) -> int:
        """Known tokens; 0 for values."""
        return 0 if self.vocabulary is None else len(self.vocabulary)

    @property
    def n_channels(self) -> int:
        """Channels of values, I; 0 for tokens."""
        return len(self.mean)

    def read(self, sequences: Sequences) -> list[NDArray[Any]]:
        """Return each sequence as numbers: int64 of shape (T,), or float32 of shape (T, I).

        Raises
        ------
        DataError
            If they are of another kind or width than those of training.
        """
        if sequences.kind != self.kind:
            raise DataError(
                f"the sequences hold {sequences.kind}, those of training held {self.kind}",
                repair="Give sequences like those of training.",
            )
        if self.vocabulary is not None:
            return [self.vocabulary.encode(item) for item in sequences.items]
        found = sequences.items[0].shape[1]
        if found != len(self.mean):
            raise DataError(
                f"the sequences have {found} channels, those of training had {len(self.mean)}",
                repair="Give the channels of training, in the same order.",
            )
        return [((item - self.mean) / self.spread).astype(np.float32) for item in sequences.items]

    def state(self) -> Tree:
        """Return what was learned, for saving."""
        tokens = None if self.vocabulary is None else list(self.vocabulary.tokens_)
        return {"kind": self.kind, "tokens": tokens, "mean": self.mean, "spread": self.spread}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the reader whose `state` this is."""
        tokens = state["tokens"]
        vocabulary = None if tokens is None else Vocabulary().restore(tokens)
        return cls(state["kind"], vocabulary, state["mean"], state["spread"])


def batch(items: Sequence[NDArray[Any]]) -> Batch:
    """Return sequences of numbers side by side, padded with 0 to the longest."""
    lengths = torch.tensor([len(item) for item in items])
    padded = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(item) for item in items])
    return Batch(padded, lengths)
