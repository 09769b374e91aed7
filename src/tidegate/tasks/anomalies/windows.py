"""Windows of normal recordings: those that a detector's network learns from, and those that training is stopped by.

Axis letters: T steps, I channels, N windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError, Place
from tidegate.tasks.anomalies.network import read
from tidegate.tasks.learning import Examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.normality import Parts
    from tidegate.tasks.reading import Reader

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_MOST_WINDOWS = 4_000
_FARTHEST = 1e6


class Windows(Examples):
    """Windows, with what is wanted of each.

    Parameters
    ----------
    items
        N arrays of shape (T, I).
    targets
        Shape (N, T, I).
    firsts
        Shape (N,): the first step of each, counted from 0.
    sources
        What each is of: the name of a recording, or "" where there is one alone.
    """

    ONE, SHORTER = "window", "lower window"

    def __init__(
        self, items: list[NDArray[np.float32]], targets: torch.Tensor, firsts: Integers, sources: list[str]
    ) -> None:
        super().__init__(items, targets, firsts)
        self._sources = sources

    def called(self, k: int) -> str:
        """Return which the one at place `k` is: by its first step, and by the recording it is of."""
        source = self._sources[k]
        return f"from step {self.numbers[k]}{f' of recording {source}' if source else ''}"

    def faulty(self, k: int, what: str, repair: str) -> DataError:
        """Return the error that the window at place `k` cannot be learned from."""
        row = int(self.numbers[k])
        return DataError(f"{self.ONE} {self.called(k)} {what}", place=Place(row=row), repair=repair)


class _Stretch(NamedTuple):
    """Neighbouring steps of a recording.

    Attributes
    ----------
    inputs, wanted
        What is read and what is wanted, shape (T, I).
    first
        The number of its first step.
    source
        The name of the recording.
    """

    inputs: NDArray[np.float32]
    wanted: NDArray[np.float32]
    first: int
    source: str


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

    def learned(self, parts: Parts) -> Windows:
        """Return what is learned from.

        Raises
        ------
        DataError
            If no window holds a value.
        """
        sides = zip(parts.whole, parts.learned, strict=True)
        made = self._windows([self._stretch(one, (0, k), 0) for one, k in sides if k])
        if not len(made):
            raise DataError(
                f"the {sum(parts.learned):,} steps to learn from hold no value",
                repair="Give recordings whose older part has readings, or a smaller validation.",
            )
        return made

    def held(self, parts: Parts) -> Windows | None:
        """Return what training is stopped by, or None where nothing is left for it.

        Windows reach back into steps that are learned from, to be read; only later ones are wanted.
        """
        stretches = []
        for one, k, s in zip(parts.whole, parts.learned, parts.stopped, strict=True):
            if s > k:
                start = max(min(k - self.length // 2, s - self.length), 0)
                stretches.append(self._stretch(one, (start, s), k - start))
        made = self._windows(stretches)
        return made if len(made) else None

    def newest(self, standardised: Floats) -> Windows:
        """Return the windows of the newest steps of a recording, shape (T, I) in spreads of training; perhaps none."""
        whole = len(standardised) >= self.length
        return self._windows([_Stretch(*self._pair(standardised, 0), 0, "")] if whole else [])

    def _stretch(self, one: Recording, steps: tuple[int, int], n_learned: int) -> _Stretch:
        """Return these steps of a recording; nothing is wanted of the first `n_learned`."""
        values = one.values[slice(*steps)]
        return _Stretch(*self._pair((values - self.reader.mean) / self.reader.spread, n_learned), steps[0], one.name)

    def _pair(self, values: Floats, n_learned: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what is read of steps and what is wanted, shape (T, I): nothing of the first `n_learned`."""
        if self.ahead and len(values) < self.length:
            values = np.pad(values, ((0, self.length - len(values)), (0, 0)), constant_values=np.nan)
        wanted = np.where(self.judged, values, np.nan)
        wanted[:n_learned] = np.nan
        return read(values).astype(np.float32), np.clip(wanted, -_FARTHEST, _FARTHEST).astype(np.float32)

    def _windows(self, stretches: list[_Stretch]) -> Windows:
        """Return windows with something wanted that overlap by three quarters, or less where there are too many."""
        total = sum(len(one.inputs) for one in stretches)
        stride = max(self.length // 4, total // _MOST_WINDOWS, 1)
        items, targets, firsts, sources = [], [], [], []
        for one in stretches:
            last = len(one.inputs) - self.length
            for start in sorted({*range(0, last + 1, stride), last} if last >= 0 else ()):
                target = one.wanted[start : start + self.length]
                if not np.isnan(target[self.ahead :]).all():
                    items.append(one.inputs[start : start + self.length])
                    targets.append(target)
                    firsts.append(one.first + start)
                    sources.append(one.source)
        return Windows(items, torch.from_numpy(np.array(targets)), np.array(firsts, dtype=np.int64), sources)
