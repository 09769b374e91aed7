"""The unit in which a family reads each series: a power of two, so that no bit is lost on the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.gaps import filled
from tidegate.panel import Intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]


LEAST = float(np.finfo(np.float64).tiny)
"""Smallest unit of a series: 2**-1022."""


def powers_of_two(panel: Panel) -> Floats:
    """Return the power of two nearest each series' standard deviation (its size if constant), shape (N,).

    None is below `LEAST`, the smallest number whose reciprocal is sure to be a number.
    """
    starts, lengths, values = panel.offsets[:-1], panel.lengths, filled(panel).values
    largest = np.maximum.reduceat(np.abs(values), starts)
    reach = np.ldexp(1.0, np.frexp(largest)[1])  # squares of what is far below 1 would vanish
    values = values / np.repeat(reach, lengths)
    mean = np.add.reduceat(values, starts) / lengths
    centred = values - np.repeat(mean, lengths)
    spread = np.sqrt(np.add.reduceat(centred**2, starts) / lengths)
    size = np.where(spread > 1e-9 * np.abs(mean), spread, np.abs(mean)) * reach
    mantissa, exponent = np.frexp(np.where(size > 0, size, 1.0))
    return np.asarray(np.fmax(np.ldexp(1.0, exponent - (mantissa < np.sqrt(0.5))), LEAST), dtype=np.float64)


def scaled(mean: Floats, intervals: Intervals | None, factors: Floats) -> tuple[Floats, Intervals | None]:
    """Return forecasts (B, F) and intervals (B, F, Q) times `factors` (B,): in the unit of the data."""
    unit = factors[:, None]
    if intervals is None:
        return mean * unit, None
    lower, upper = intervals.lower * unit[..., None], intervals.upper * unit[..., None]
    return mean * unit, Intervals(intervals.levels, lower, upper)
