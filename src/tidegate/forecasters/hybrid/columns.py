"""Series side by side, as the smoothing walks over them: one column per series, from its first row on.

Axis letters: T time, B columns (series), m steps of a season, S features of a series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.windows import Origins

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Integers = NDArray[np.int64]

_FIRST_CYCLES = 2
_FARTHEST_SEASON = 2.0


class Columns(NamedTuple):
    """Some series of a panel.

    Attributes
    ----------
    values
        Shape (T, B): w of `LogScale`; NaN where missing and beyond the end of a series.
    firsts
        Of each season, the logs of its factors in the first m steps as the first cycles show them, shape (m, B).
    numbers
        Shape (B,): 1 + the place of the series among those of training, 0 for others.
    aligned
        Shape (B,): whether a column begins where that of training did, so that its learned first season counts.
    features
        Shape (B, S): what holds for the whole series.
    """

    values: torch.Tensor
    firsts: tuple[torch.Tensor, ...]
    numbers: torch.Tensor
    aligned: torch.Tensor
    features: torch.Tensor


class Source:
    """All series of a panel, from which columns are taken.

    Parameters
    ----------
    values
        Shape (R,): w of `LogScale` of the rows that count, series by series; NaN where missing.
    offsets
        Shape (N + 1,): series n owns the rows ``offsets[n]:offsets[n + 1]``.
    firsts
        Of each season, shape (N, m): see `Columns`.
    numbers, aligned
        Shape (N,): see `Columns`.
    features
        Shape (N, S).
    ids
        Shape (N,), for messages.
    """

    def __init__(
        self,
        values: Floats,
        offsets: Integers,
        firsts: tuple[Floats, ...],
        *,
        numbers: Integers,
        aligned: Booleans,
        features: Floats,
        ids: NDArray[np.object_],
    ) -> None:
        self._values, self._offsets, self._firsts = values, offsets, firsts
        self._numbers, self.aligned, self._features, self.ids = numbers, aligned, features, ids

    @property
    def lengths(self) -> Integers:
        """Rows of each series, shape (N,)."""
        return np.diff(self._offsets)

    def columns(self, series: Integers) -> Columns:
        """Return the columns of the series at these positions, shape (B,)."""
        return Columns(
            _tensor(self.rows(series, np.arange(int(self.lengths[series].max()))).T),
            tuple(_tensor(first[series].T) for first in self._firsts),
            torch.from_numpy(self._numbers[series]),
            torch.from_numpy(self.aligned[series]),
            _tensor(self._features[series]),
        )

    def rows(self, series: Integers, places: Integers) -> Floats:
        """Return the values of series (B,) in the rows `places`, shape (L,) or (B, L); NaN beyond their end."""
        return _rows(self._values, self._offsets, series, places)

    def still(self, origins: Origins) -> tuple[Booleans, Floats]:
        """Return whether nothing ever changed up to each origin, and the one value that was seen, both (B,).

        Where none was seen, it is 0.
        """
        values, starts, beyond = self._values, self._offsets[:-1], len(self._values)
        rows, there = np.arange(beyond), ~np.isnan(values)
        first = np.minimum.reduceat(np.where(there, rows, beyond), starts)
        seen = np.append(values, 0.0)[np.where(first < self._offsets[1:], first, beyond)]
        other = there & (values != np.repeat(seen, self.lengths))
        changed = np.minimum.reduceat(np.where(other, rows, beyond), starts)
        newest = starts[origins.series] + origins.ends - 1
        begun = newest >= first[origins.series]
        return newest < changed[origins.series], np.where(begun, seen[origins.series], 0.0)


def first_seasons(values: Floats, offsets: Integers, seasons: tuple[int, ...]) -> tuple[Floats, ...]:
    """Return the logs of the first factors of each season, shape (N, m), from the first two cycles of each series.

    Each cycle is taken about its own mean, and about the line through both means where there are two; what remains is
    averaged place by place. A longer season is what a shorter one leaves. Places without a value have 0, and so has a
    series shorter than a cycle.

    Parameters
    ----------
    values, offsets
        As in `Source`.
    seasons
        Cycles in steps, ascending.
    """
    found: list[Floats] = []
    series = np.arange(len(offsets) - 1)
    for m in seasons:
        w = _rows(values, offsets, series, np.arange(_FIRST_CYCLES * m))
        for shorter in found:
            w = w - np.tile(shorter, -(-w.shape[1] // shorter.shape[1]))[:, : w.shape[1]]
        found.append(_season(w.reshape(len(series), _FIRST_CYCLES, m)))
    return tuple(found)


def _season(w: Floats) -> Floats:
    """Return the season, shape (N, m), that cycles (N, 2, m) have in common."""
    n_places = w.shape[2]
    whole = ~np.isnan(w).any(axis=2)
    means = np.where(whole, np.nan_to_num(w).mean(axis=2), np.nan)
    slope = np.nan_to_num(np.diff(means, axis=1)[:, 0] / n_places)
    line = slope[:, None] * (np.arange(n_places) - (n_places - 1) / 2)
    left = w - means[..., None] - line[:, None]
    counts = np.maximum((~np.isnan(left)).sum(axis=1), 1)
    season = np.nan_to_num(left).sum(axis=1) / counts
    return np.asarray(np.clip(season, -_FARTHEST_SEASON, _FARTHEST_SEASON))


def _rows(values: Floats, offsets: Integers, series: Integers, places: Integers) -> Floats:
    rows = offsets[series][:, None] + places
    inside = rows < offsets[series + 1][:, None]
    return np.where(inside, values[np.minimum(rows, len(values) - 1)], np.nan)


def _tensor(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
