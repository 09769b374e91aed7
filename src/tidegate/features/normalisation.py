"""Level and spread of the window before an origin, so that models see shapes and not units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def levels(window: Floats, present: NDArray[np.bool_] | None = None) -> Floats:
    """Return the mean of each window, shape (B,).

    Parameters
    ----------
    window
        Shape (B, T).
    present
        Shape (B, T): which values count; None for all. Each window must have one.
    """
    if present is None:
        return np.asarray(window.mean(axis=1))
    return np.asarray((window * present).sum(axis=1) / present.sum(axis=1))


def spreads(window: Floats, present: NDArray[np.bool_] | None = None, *, least: float) -> Floats:
    """Return the standard deviation of each window, at least `least`, shape (B,).

    Parameters
    ----------
    window, present
        As in `levels`.
    least
        In units of the window; keeps a quiet window from blowing up what follows it.
    """
    centred = window - levels(window, present)[:, None]
    return np.maximum(np.sqrt(levels(centred**2, present)), least)
