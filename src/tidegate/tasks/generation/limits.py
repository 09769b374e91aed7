"""Sequences that are too long to be learned from as a whole.

Axis letters: N sequences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_KEPT = 1_000_000_000
"""Numbers, of 4 bytes, that an update may keep for its gradient."""

_PER_UNIT = 4
_BILLION, _BYTES = 1e9, 4


def check_memory(lengths: NDArray[np.int64], batch_size: int, width: int) -> None:
    """Refuse sequences of which a batch would keep more than 4 GB.

    Parameters
    ----------
    lengths
        Steps of each, shape (N,).
    batch_size
        Sequences per update.
    width
        Outputs and hidden units of all layers; about four numbers are kept for each at each step.

    Raises
    ------
    DataError
        With the longest sequence, what it would take, and how to learn from it in stretches.
    """
    longest = int(lengths.argmax())
    n_sequences = min(batch_size, len(lengths))
    kept = int(lengths[longest]) * n_sequences * width * _PER_UNIT
    if kept > MOST_KEPT:
        raise DataError(
            f"sequence {longest} has {int(lengths[longest]):,} steps; to learn from {n_sequences} like "
            f"it at once takes about {kept * _BYTES / _BILLION:,.0f} GB, more than {MOST_KEPT * _BYTES / _BILLION:.0f}",
            place=Place(row=longest),
            repair="Set truncate=100 to learn from 100 steps at once with the state carried on, or lower batch_size.",
        )
