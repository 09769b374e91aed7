"""The training problem: windows to learn from, and held-out ones to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.features.windows import Origins
from tidegate.nn.losses import huber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.features.windows import OriginIndex
    from tidegate.forecasters.network.windows import Windows

    Floats = NDArray[np.float64]

_AT_ONCE = 512
_JUDGED = 512


class Learning:
    """Windows of a panel: some to learn from, at most 512 of the held-out ones, evenly spread, to judge by.

    Parameters
    ----------
    windows
        Where batches come from.
    learned
        Origins to learn from.
    held_out
        Origins to judge by; None for none.
    """

    def __init__(self, windows: Windows, learned: OriginIndex, held_out: OriginIndex | None = None) -> None:
        self._windows, self._learned = windows, learned
        self._judged = []
        if held_out is not None and len(held_out):
            count = min(_JUDGED, len(held_out))
            spread = held_out.take(np.linspace(0, len(held_out) - 1, count).round().astype(np.int64))
            self._judged = [(windows.batch(part), windows.target(part)) for part in _parts(spread)]

    def __len__(self) -> int:
        return len(self._learned)

    def loss(self, network: torch.nn.Module, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over the windows with these numbers."""
        origins = self._learned.take(chosen.numpy())
        return huber(network(*self._windows.batch(origins)), self._windows.target(origins))

    def held_out_loss(self, network: torch.nn.Module) -> float | None:
        """Return the mean loss over the held-out windows, or None if there are none."""
        if not self._judged:
            return None
        sums = [huber(network(*batch), target).item() * len(target) for batch, target in self._judged]
        return sum(sums) / sum(len(target) for _, target in self._judged)


def corrections(network: torch.nn.Module, windows: Windows, origins: Origins) -> Floats:
    """Return what `network` adds to the reference at `origins`, in units of each series, shape (B, F)."""
    with torch.no_grad():
        made = [network(*windows.batch(part)).double().numpy() for part in _parts(origins)]
    return np.concatenate(made)


def _parts(origins: Origins) -> Iterator[Origins]:
    for start in range(0, len(origins.ends), _AT_ONCE):
        yield Origins(origins.series[start : start + _AT_ONCE], origins.ends[start : start + _AT_ONCE])
