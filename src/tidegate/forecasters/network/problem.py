"""The training problem: windows to learn from, and held-out ones to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.features.windows import Origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.features.windows import OriginIndex
    from tidegate.forecasters.network.windows import Windows
    from tidegate.nn.decoders.reading import Network, Reading

    Floats = NDArray[np.float64]

_AT_ONCE = 512
_JUDGED = 512
_PROBED = 8
_NAMED = 5


class Learning:
    """Windows of a panel: some to learn from, at most 512 of the held-out ones, evenly spread, to judge by.

    Parameters
    ----------
    network
        What learns.
    windows
        Where batches come from.
    learned
        Origins to learn from.
    held_out
        Origins to judge by; None for none.
    """

    def __init__(
        self, network: Network, windows: Windows, learned: OriginIndex, *, held_out: OriginIndex | None = None
    ) -> None:
        self._network, self._windows, self._learned = network, windows, learned
        self._judged = []
        self._spread = Origins(*np.zeros((2, 0), dtype=np.int64))
        if held_out is not None and len(held_out):
            count = min(_JUDGED, len(held_out))
            self._spread = held_out.take(np.linspace(0, len(held_out) - 1, count).round().astype(np.int64))
            self._judged = [examples(windows, part) for part in parts(self._spread)]
        few = np.linspace(0, len(learned) - 1, min(_PROBED, len(learned))).round().astype(np.int64)
        self._probed = examples(windows, learned.take(few))

    def __len__(self) -> int:
        return len(self._learned)

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over the windows with these numbers."""
        reading, target = examples(self._windows, self._learned.take(chosen.numpy()))
        total, count = self._summed(self._network(reading, _whole(target, reading)), target, reading)
        return total / max(count, 1)

    def held_out_loss(self) -> float | None:
        """Return the mean loss over the held-out windows, or None if there are none."""
        if not self._judged:
            return None
        sums = [self._summed(self._network(reading), target, reading) for reading, target in self._judged]
        return sum(total.item() for total, _ in sums) / max(sum(count for _, count in sums), 1)

    def probe(self) -> torch.Tensor:
        """Return the mean loss over at most 8 of the windows to learn from, evenly spread."""
        reading, target = self._probed
        total, count = self._summed(self._network(reading, _whole(target, reading)), target, reading)
        return total / max(count, 1)

    @torch.no_grad()
    def named(self, chosen: torch.Tensor | None) -> str:
        """Return the series of the windows with these numbers, of those alone whose loss is not finite if some are.

        None stands for the held-out windows that are judged by.
        """
        if chosen is None:
            origins = self._spread
            losses = [self._losses(self._network(reading), target, reading) for reading, target in self._judged]
        else:
            origins = self._learned.take(chosen.numpy())
            reading, target = examples(self._windows, origins)
            losses = [self._losses(self._network(reading, _whole(target, reading)), target, reading)]
        broken = np.concatenate([~one.isfinite().all(dim=1).numpy() for one in losses])
        ids = self._windows.inputs.panel.ids[np.unique(origins.series[broken] if broken.any() else origins.series)]
        rest = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
        return f"series {', '.join(repr(str(series)) for series in ids[:_NAMED])}{rest}"

    def _summed(self, made: torch.Tensor, target: torch.Tensor, reading: Reading) -> tuple[torch.Tensor, int]:
        """Return the sum of the loss over the values that are there, and their number."""
        return self._losses(made, target, reading).sum(), int((~target.isnan()).sum())

    def _losses(self, made: torch.Tensor, target: torch.Tensor, reading: Reading) -> torch.Tensor:
        """Return the loss of every step, shape (B, F), 0 where the value is missing."""
        losses = self._network.head.loss(made, _whole(target, reading), reading.unit)
        return torch.where(target.isnan(), 0, losses)


def told(network: Network, windows: Windows, origins: Origins) -> Floats:
    """Return the quantiles that `network` tells at `origins`, in units of each window, shape (B, F, Q)."""
    made = [network.told(windows.batch(part).reading).double().numpy() for part in parts(origins)]
    return np.concatenate(made)


def examples(windows: Windows, origins: Origins) -> tuple[Reading, torch.Tensor]:
    """Return what a network reads at `origins`, and the future in the same units, shape (B, F), NaN where missing."""
    batch = windows.batch(origins)
    return batch.reading, windows.target(origins, batch.frame)


def _whole(target: torch.Tensor, reading: Reading) -> torch.Tensor:
    """Return the future with the base where it is missing: what a step reads as the value before it."""
    return torch.where(target.isnan(), reading.base, target)


def parts(origins: Origins) -> Iterator[Origins]:
    """Yield `origins` by at most 512."""
    for start in range(0, len(origins.ends), _AT_ONCE):
        yield Origins(origins.series[start : start + _AT_ONCE], origins.ends[start : start + _AT_ONCE])
