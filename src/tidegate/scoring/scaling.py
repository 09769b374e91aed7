"""What errors are divided by: how much each series changes from one season to the next before the origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.scoring.metrics import average

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDING = 1e-12


class Scales(NamedTuple):
    """The in-sample errors of the seasonal naive forecast, per training part.

    Attributes
    ----------
    absolute
        Mean absolute change over one season, for MASE.
    squared
        Root of the mean squared change over one season, for RMSSE.

    Both are 0 where a training part never changes from season to season (a constant series, say), and NaN where it
    holds no pair of values one season apart.
    """

    absolute: Floats
    squared: Floats


def seasonal_scales(parts: Sequence[Floats], season: int) -> Scales:
    """Return the scales of some training parts, each of shape (len(parts),).

    Parameters
    ----------
    parts
        The values before each origin, NaN where missing.
    season
        Steps of one cycle, 1 for none.

    A change below 1e-12 of the largest value is rounding, and counts as no change.
    Source: Hyndman & Koehler (2006), Another look at measures of forecast accuracy, section 3.
    """
    made = np.array([_scales(values, season) for values in parts]).reshape(len(parts), 2)
    return Scales(made[:, 0], made[:, 1])


def _scales(values: Floats, season: int) -> tuple[float, float]:
    changes = np.abs(values[season:] - values[:-season])
    absolute, squared = float(average(changes, -1)), float(np.sqrt(average(changes**2, -1)))
    if absolute <= _ROUNDING * np.max(np.abs(values), initial=0.0, where=~np.isnan(values)):
        return 0.0, 0.0
    return absolute, squared
