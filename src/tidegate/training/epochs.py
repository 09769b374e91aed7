"""Batches epoch by epoch: every example once, in a new order each time, beside others of about its length.

Axis letters: N examples, B batch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_POOLED = 50


class Epochs:
    """The batches of a run; called with the number of an update, it returns the examples of that batch.

    Examples are shuffled, cut into pools of 50 batches, sorted by length within a pool, cut into batches, and the
    batches shuffled: little padding, and neighbours that change from epoch to epoch. An epoch is a function of the seed
    and its number alone, so that an interrupted run goes on with the same batches.

    Parameters
    ----------
    lengths
        Shape (N,): steps of each example.
    batch_size
        Examples per update, B, at least 1.
    seed
        Of the order.
    """

    def __init__(self, lengths: Integers, batch_size: int, seed: int) -> None:
        self._lengths, self._size, self._seed = lengths, batch_size, seed
        self._batches = lru_cache(maxsize=1)(self._drawn)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-len(self._lengths) // self._size)

    def __call__(self, update: int) -> torch.Tensor:
        """Return the numbers of the examples of an update, counted from 0, shape (B,); fewer in an epoch's last."""
        epoch, number = divmod(update, len(self))
        return self._batches(epoch)[number]

    def _drawn(self, epoch: int) -> list[torch.Tensor]:
        """Return the batches of an epoch."""
        generator = np.random.default_rng((self._seed, epoch))
        order = generator.permutation(len(self._lengths))
        pooled = self._size * _POOLED
        pools = [order[start : start + pooled] for start in range(0, len(order), pooled)]
        by_length = [pool[np.argsort(self._lengths[pool], kind="stable")] for pool in pools]
        cut = [pool[start : start + self._size] for pool in by_length for start in range(0, len(pool), self._size)]
        return [torch.from_numpy(cut[k]) for k in generator.permutation(len(cut))]
