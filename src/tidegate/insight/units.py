"""What each unit of a layer tracks, and which never move.

Axis letters: T time, B windows, H hidden units, K signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from tidegate.insight.subject import Signals

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

STILL = 1e-3
"""Standard deviation of a hidden state below which its unit counts as dead."""
TRACKS = 0.5
"""Correlation from which on a unit is said to track a signal."""


@dataclass(frozen=True, eq=False)
class Units:
    """What the units of one layer do in one direction.

    Parameters
    ----------
    names
        The K signals.
    correlations
        Shape (H, K), in [-1, 1]: of each unit's cell state, or hidden state where there is none, with each signal over
        all steps of all windows; of a season the multiple correlation with its sine and cosine, in [0, 1].
    dead
        Units whose hidden state has a standard deviation below 0.001 over all steps of all windows, ascending.
    """

    names: tuple[str, ...]
    correlations: Floats
    dead: Integers

    def followers(self) -> dict[str, Integers]:
        """Return for each signal the units that track it: it is their strongest, with 0.5 or more in size."""
        if not self.names:
            return {}
        size = np.abs(self.correlations)
        best = size.argmax(axis=1)
        strong = size.max(axis=1) >= TRACKS
        return {name: np.flatnonzero(strong & (best == k)) for k, name in enumerate(self.names)}


def units(trace: Mapping[str, torch.Tensor], signals: Signals) -> Units:
    """Return what the units do, from their states of shape (T, B, H)."""
    hidden = trace["hidden"].double().numpy()
    kept = trace["cell"].double().numpy() if "cell" in trace else hidden
    dead = np.flatnonzero(hidden.reshape(-1, hidden.shape[-1]).std(axis=0) < STILL)
    states = kept.reshape(-1, kept.shape[-1])
    columns = [_correlation(states, signals.values[:, :, k].reshape(-1, 2)) for k in range(len(signals.names))]
    made = np.stack(columns, axis=1) if columns else np.empty((states.shape[1], 0))
    return Units(signals.names, made, dead)


def _correlation(states: Floats, signal: Floats) -> Floats:
    """Return the correlation of each column of `states` (R, H) with one signal (R, 2), shape (H,)."""
    states, signal = states - states.mean(axis=0), signal - signal.mean(axis=0)
    spread = np.sqrt((states**2).sum(axis=0))
    one = not signal[:, 1].any()
    used = signal[:, :1] if one else signal
    q, r = np.linalg.qr(used)
    if not (np.abs(np.diag(r)) > 1e-9 * np.sqrt(len(signal))).all():
        return np.zeros(states.shape[1])
    along = q.T @ states
    size = along[0] * np.sign(r[0, 0]) if one else np.sqrt((along**2).sum(axis=0))
    made = np.divide(size, spread, out=np.zeros(states.shape[1]), where=spread > 1e-9)
    return np.asarray(np.clip(made, -1.0, 1.0))
