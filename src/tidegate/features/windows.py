"""Origins and the rows around them: which (series, end) pairs a model learns from, gathered only when asked for.

A shift counts rows from the newest observation of an origin: 0 is that observation, -1 the one before it, +k the
value k steps ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Booleans = NDArray[np.bool_]


class Origins(NamedTuple):
    """A batch of B origins.

    Attributes
    ----------
    series
        Shape (B,): position of the series in the panel.
    ends
        Shape (B,): how many of its rows are observed; row ``ends - 1`` is the newest.
    """

    series: Integers
    ends: Integers


@dataclass(frozen=True, eq=False)
class OriginIndex:
    """Every origin to learn from, numbered series by series from the oldest; 16 bytes a series, not a pair.

    Parameters
    ----------
    firsts
        Shape (N,): the smallest end of each series.
    bounds
        Shape (N + 1,): series n owns the origins numbered ``bounds[n]:bounds[n + 1]``.
    """

    firsts: Integers
    bounds: Integers

    def __len__(self) -> int:
        return int(self.bounds[-1])

    def take(self, numbers: Integers) -> Origins:
        """Return the origins with these numbers, shape (B,), each from 0 to ``len(self) - 1``."""
        series = np.searchsorted(self.bounds, numbers, side="right") - 1
        return Origins(series, self.firsts[series] + numbers - self.bounds[series])

    def all(self) -> Origins:
        """Return every origin."""
        return self.take(np.arange(len(self), dtype=np.int64))


def index(firsts: Integers, lasts: Integers) -> OriginIndex:
    """Return the index of the ends ``firsts[n]..lasts[n]``, both included; none where the last is smaller.

    Parameters
    ----------
    firsts, lasts
        Shape (N,).
    """
    counts = np.maximum(lasts - firsts + 1, 0)
    return OriginIndex(np.asarray(firsts, dtype=np.int64), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def training_origins(lengths: Integers, *, past_steps: int | Integers, future_steps: int) -> OriginIndex:
    """Return the origins with `past_steps` rows up to them and `future_steps` rows after them.

    Parameters
    ----------
    lengths
        Shape (N,): observations per series. A series shorter than both together has none.
    past_steps
        At least 1; of all series, or of each, shape (N,).
    future_steps
        At least 1.
    """
    return index(np.broadcast_to(past_steps, lengths.shape), lengths - future_steps)


def split(
    lengths: Integers, *, past_steps: int | Integers, future_steps: int, held_steps: int
) -> tuple[OriginIndex, OriginIndex]:
    """Return older origins to learn from and newer ones to check on.

    No target of the first lies after an origin of the second.

    Parameters
    ----------
    lengths
        Shape (N,).
    past_steps, future_steps
        As in `training_origins`.
    held_steps
        How many of the newest origins per series are held out.

    Returns
    -------
    older, newer : OriginIndex
        A series too short for both gives all its origins to the first.
    """
    past = np.broadcast_to(past_steps, lengths.shape)
    first_held = lengths - future_steps - held_steps + 1
    enough = first_held - future_steps >= past_steps
    older = index(past, np.where(enough, first_held - future_steps, lengths - future_steps))
    newer = index(np.where(enough, first_held, 1), np.where(enough, lengths - future_steps, 0))
    return older, newer


def last_origins(lengths: Integers) -> Origins:
    """Return the end of every series, shape (N,)."""
    return Origins(np.arange(len(lengths), dtype=np.int64), np.asarray(lengths, dtype=np.int64))


def places(origins: Origins, shifts: Integers) -> Integers:
    """Return the row numbers inside the series at `shifts`, shape (B, L); before its first row, that row.

    Parameters
    ----------
    origins
        B of them.
    shifts
        Shape (L,), or (B, L) for shifts of their own per origin.
    """
    return np.asarray(np.maximum(origins.ends[:, None] - 1 + shifts, 0))


def present(origins: Origins, shifts: Integers) -> Booleans:
    """Return whether the series has started at `shifts`, shape (B, L)."""
    return np.asarray(origins.ends[:, None] - 1 + shifts >= 0)


def gather(column: NDArray[np.float64], offsets: Integers, origins: Origins, shifts: Integers) -> Floats:
    """Return the values of `column` at `shifts`; before the first row of a series, its first value.

    Parameters
    ----------
    column
        Shape (R,) or (R, C): rows of a panel.
    offsets
        Shape (N + 1,): `Panel.offsets`.
    origins, shifts
        As in `places`; positive shifts must stay inside the series.

    Returns
    -------
    ndarray of shape (B, L) or (B, L, C)
    """
    return np.asarray(column[offsets[origins.series][:, None] + places(origins, shifts)])
