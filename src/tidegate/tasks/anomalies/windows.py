"""Windows of normal recordings: those that a detector's network learns from, and those that training is stopped by.

Axis letters: T steps, I channels, N windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.tasks.anomalies.network import read
from tidegate.tasks.learning import Examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.normality import Parts
    from tidegate.tasks.reading import Reader

    Floats = NDArray[np.float64]
    Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

_MOST_WINDOWS = 4_000
_FARTHEST = 1e6


class Cut(NamedTuple):
    """How recordings are cut into windows.

    Attributes
    ----------
    reader
        Median and spread of each channel.
    judged
        Shape (I,): whose steps are wanted of the network; the others are only read.
    length
        Steps of a window.
    ahead
        1 where each step is foreseen from those before it, 0 where the whole window is rebuilt. Only for 1 a recording
        may be shorter than a window: what would follow is missing, and no step before it knows.
    """

    reader: Reader
    judged: NDArray[np.bool_]
    length: int
    ahead: int

    def learned(self, parts: Parts) -> Examples:
        """Return what is learned from.

        Raises
        ------
        DataError
            If no window holds a value.
        """
        sides = zip(parts.whole, parts.learned, strict=True)
        made = self._windows([self._pair(self._standardised(one.part(0, k)), 0) for one, k in sides if k])
        if not len(made):
            raise DataError(
                f"the {sum(parts.learned):,} steps to learn from hold no value",
                repair="Give recordings whose older part has readings, or a smaller validation.",
            )
        return made

    def held(self, parts: Parts) -> Examples | None:
        """Return what training is stopped by, or None where nothing is left for it.

        Windows reach back into steps that are learned from, to be read; only later ones are wanted.
        """
        pairs = []
        for one, k, s in zip(parts.whole, parts.learned, parts.stopped, strict=True):
            if s > k:
                start = max(min(k - self.length // 2, s - self.length), 0)
                pairs.append(self._pair(self._standardised(one.part(start, s)), k - start))
        made = self._windows(pairs)
        return made if len(made) else None

    def newest(self, standardised: Floats) -> Examples:
        """Return the windows of the newest steps of a recording, shape (T, I) in spreads of training; perhaps none."""
        whole = len(standardised) >= self.length
        return self._windows([self._pair(standardised, 0)] if whole else [])

    def _standardised(self, one: Recording) -> Floats:
        made: Floats = (one.values - self.reader.mean) / self.reader.spread
        return made

    def _pair(self, values: Floats, n_learned: int) -> Pair:
        """Return what is read of steps and what is wanted, shape (T, I): nothing of the first `n_learned`."""
        if self.ahead and len(values) < self.length:
            values = np.pad(values, ((0, self.length - len(values)), (0, 0)), constant_values=np.nan)
        wanted = np.where(self.judged, values, np.nan)
        wanted[:n_learned] = np.nan
        return read(values).astype(np.float32), np.clip(wanted, -_FARTHEST, _FARTHEST).astype(np.float32)

    def _windows(self, pairs: list[Pair]) -> Examples:
        """Return windows with something wanted that overlap by three quarters, or less where there are too many."""
        total = sum(len(inputs) for inputs, _ in pairs)
        stride = max(self.length // 4, total // _MOST_WINDOWS, 1)
        items, targets = [], []
        for inputs, wanted in pairs:
            last = len(inputs) - self.length
            for start in sorted({*range(0, last + 1, stride), last} if last >= 0 else ()):
                target = wanted[start : start + self.length]
                if not np.isnan(target[self.ahead :]).all():
                    items.append(inputs[start : start + self.length])
                    targets.append(target)
        return Examples(items, torch.from_numpy(np.array(targets)), np.arange(len(items)))
