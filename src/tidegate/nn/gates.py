"""How open the gates of a traced layer are, and which units never let theirs go.

Axis letters: T time, B windows or sequences, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

CLOSED, OPEN = 0.1, 0.9
ALWAYS = 0.99
"""Share of the steps from which on a gate counts as always open or closed."""
_NO_GATES = ("candidate", "hidden")


@dataclass(frozen=True, eq=False)
class Gate:
    """One gate of one layer in one direction.

    Parameters
    ----------
    values
        Over the newest window, or the sequence, shape (T, H), in [0, 1].
    closed, open
        Shape (H,): share of all steps of all windows at which it is below 0.1, or above 0.9.
    mean
        Shape (H,): over all steps of all windows.
    """

    values: Floats
    closed: Floats
    open: Floats
    mean: Floats

    @property
    def always_open(self) -> Integers:
        """Units whose gate is above 0.9 at 99 % of the steps or more, ascending."""
        return np.flatnonzero(self.open >= ALWAYS)

    @property
    def always_closed(self) -> Integers:
        """Units whose gate is below 0.1 at 99 % of the steps or more, ascending."""
        return np.flatnonzero(self.closed >= ALWAYS)


def gates(trace: Mapping[str, torch.Tensor], names: tuple[str, ...]) -> dict[str, Gate]:
    """Return each gate of `names` but the candidate, none for a cell without; a trace holds (T, B, H) by name."""
    return {name: _gate(trace[name].double().numpy()) for name in names if name not in _NO_GATES}


def _gate(values: Floats) -> Gate:
    values = np.clip(values, 0.0, 1.0)  # in its first step an sLSTM's forget gate has nothing to act on and no limit
    closed, opened = (values < CLOSED).mean(axis=(0, 1)), (values > OPEN).mean(axis=(0, 1))
    return Gate(values[:, -1].copy(), closed, opened, values.mean(axis=(0, 1)))
