"""How sequences become numbers for a network, learned from training sequences alone.

Axis letters: T steps, B batch, I channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch

from tidegate.features import subwords
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.sequences import check_alike

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.tasks.frames import Frame
    from tidegate.tasks.sequences import Kind, Sequences

    Floats = NDArray[np.float64]
    Rare = NDArray[np.bool_] | NDArray[np.float32]

_LEAST_SPREAD = 1e-12
_FARTHEST = 1e9

AT_ONCE, MOST_NUMBERS = 256, 1_000_000
"""Sequences that are read at once where nothing is learned, and numbers of all of them with what pads them."""


class Batch(NamedTuple):
    """Sequences side by side.

    Attributes
    ----------
    inputs
        Numbers of tokens, shape (T, B), or of tokens and their pieces, (T, B, 1 + M), 0 after the end; or values, shape
        (T, B, I), 0 after the end.
    lengths
        Shape (B,): steps of each.
    """

    inputs: torch.Tensor
    lengths: torch.Tensor


class Reader:
    """Numbers of tokens by a vocabulary, or channels with mean 0 and variance 1 over all steps of training.

    Of frames all numbers have one mean and one variance.

    Attributes
    ----------
    kind
        What it reads.
    vocabulary
        Of tokens; None for values.
    mean, spread
        Of each channel, shape (I,); empty for tokens.
    n_pieces
        Numbers for pieces of tokens; 0 where tokens are read as a whole alone.
    frame
        Height and width where a step is a picture; None where it is not.
    """

    kind: Kind
    vocabulary: Vocabulary | None
    mean: Floats
    spread: Floats
    n_pieces: int
    frame: Frame | None

    def __init__(
        self,
        kind: Kind,
        vocabulary: Vocabulary | None,
        scale: tuple[Floats, Floats],
        *,
        n_pieces: int = 0,
        frame: Frame | None = None,
    ) -> None:
        self.kind, self.vocabulary, self.n_pieces, self.frame = kind, vocabulary, n_pieces, frame
        self.mean, self.spread = scale

    @classmethod
    def learn(cls, sequences: Sequences, vocabulary: Vocabulary, *, n_pieces: int = 0) -> Self:
        """Return the reader of training sequences; `vocabulary`, not fitted yet, is for tokens."""
        if sequences.kind == "tokens":
            return cls("tokens", vocabulary.fit(sequences.items), (np.empty(0), np.empty(0)), n_pieces=n_pieces)
        whole = np.concatenate(sequences.items)
        if sequences.frame is None:
            return cls("values", None, scale_of(whole))
        mean, spread = (np.broadcast_to(made, whole.shape[1]) for made in scale_of(whole.reshape(-1, 1)))
        return cls("values", None, (mean, spread), frame=sequences.frame)

    @property
    def n_tokens(self) -> int:
        """Known tokens; 0 for values."""
        return 0 if self.vocabulary is None else len(self.vocabulary)

    @property
    def n_channels(self) -> int:
        """Channels of values, I; 0 for tokens."""
        return len(self.mean)

    def read(self, sequences: Sequences) -> list[NDArray[Any]]:
        """Return each sequence as numbers: int32 of shape (T,), (T, 1 + M) with pieces, or float32 of shape (T, I).

        Values count as at most 1e9 spreads off, so that a network makes numbers of them.

        Raises
        ------
        DataError
            If they are of another kind or width than those of training.
        """
        check_alike(sequences, self.kind, self.n_channels, frame=self.frame)
        if self.vocabulary is not None:
            whole = [self.vocabulary.encode(item).astype(np.int32) for item in sequences.items]
            if not self.n_pieces:
                return whole
            parts = subwords.numbers_of(sequences.items, self.n_pieces)
            return [np.concatenate([one[:, None], part], axis=1) for one, part in zip(whole, parts, strict=True)]
        units = [(item - self.mean) / self.spread for item in sequences.items]
        return [np.clip(one, -_FARTHEST, _FARTHEST).astype(np.float32) for one in units]

    def rare(self, sequences: Sequences) -> NDArray[np.bool_] | None:
        """Return which tokens occur once in these sequences, shape (n_tokens,); None for values."""
        if self.vocabulary is None:
            return None
        whole = np.concatenate([self.vocabulary.encode(item) for item in sequences.items])
        return np.asarray(np.bincount(whole, minlength=self.n_tokens) == 1)

    def forgotten(self, sequences: Sequences, weight: float) -> NDArray[np.float32] | None:
        """Return how likely each token is taken for an unknown one while learning, shape (n_tokens,); None for values.

        A token that these sequences hold n times with the chance weight / (weight + n).

        Source: Kiperwasser & Goldberg (2016), Simple and accurate dependency parsing using bidirectional LSTM feature
        representations, TACL 4, section 4.1: "word dropout".
        """
        if self.vocabulary is None:
            return None
        whole = np.concatenate([self.vocabulary.encode(item) for item in sequences.items])
        counts = np.maximum(np.bincount(whole, minlength=self.n_tokens), 1)
        return np.asarray(weight / (weight + counts), dtype=np.float32)

    def state(self) -> Tree:
        """Return what was learned, for saving."""
        tokens = None if self.vocabulary is None else list(self.vocabulary.tokens_)
        scale = {"mean": self.mean, "spread": self.spread}
        frame = None if self.frame is None else list(self.frame)
        return {"kind": self.kind, "tokens": tokens, **scale, "n_pieces": self.n_pieces, "frame": frame}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the reader whose `state` this is."""
        tokens = state["tokens"]
        vocabulary = None if tokens is None else Vocabulary().restore(tokens)
        frame = None if state["frame"] is None else (state["frame"][0], state["frame"][1])
        scale = state["mean"], state["spread"]
        return cls(state["kind"], vocabulary, scale, n_pieces=state["n_pieces"], frame=frame)


def scale_of(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and spread of each column of (N, C) values, each of shape (C,); the spread of a constant one is 1.

    Constant is what varies by no more than its own rounding.
    """
    spread = values.std(axis=0)
    constant = spread <= _LEAST_SPREAD * np.abs(values).max(axis=0)
    return values.mean(axis=0), np.where(constant, 1.0, spread)


def at_once(items: Sequence[NDArray[Any]], order: Sequence[int] | NDArray[np.int64]) -> Iterator[list[int]]:
    """Yield the numbers of sequences that are read at once where nothing is learned.

    At most 256 sequences, whose padded batch has at most 1,000,000 numbers, unless one alone has more.

    Parameters
    ----------
    items
        Sequences as numbers.
    order
        Numbers of those that are read, one after another.
    """
    part: list[int] = []
    longest = widest = 0
    for k in map(int, order):
        steps, width = len(items[k]), math.prod(items[k].shape[1:])
        size = (len(part) + 1) * max(longest, steps) * max(widest, width)
        if part and (len(part) == AT_ONCE or size > MOST_NUMBERS):
            yield part
            part, longest, widest = [], 0, 0
        part.append(k)
        longest, widest = max(longest, steps), max(widest, width)
    if part:
        yield part


def batch(items: Sequence[NDArray[Any]]) -> Batch:
    """Return sequences of numbers side by side, padded with 0 to the longest and widest."""
    lengths = torch.tensor([len(item) for item in items])
    widest = max(item.shape[1:] for item in items)
    padded = np.zeros((int(lengths.max()), len(items), *widest), dtype=items[0].dtype)
    for k, item in enumerate(items):
        own = padded[: len(item), k]
        (own[:, : item.shape[1]] if item.ndim > 1 else own)[:] = item
    return Batch(torch.from_numpy(padded), lengths)
