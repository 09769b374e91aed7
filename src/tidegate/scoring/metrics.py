"""Error figures: arrays in, arrays out; missing values are skipped, never counted as zero.

Every function takes the actual values and what was forecast for them, in arrays of the same shape, and averages over
`axis`: the last one (the F steps of one forecast) unless told otherwise. Where nothing is left to average, it
returns NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Axis = int | tuple[int, ...] | None


class Percentage(NamedTuple):
    """A mean absolute percentage error and what it had to leave out.

    Attributes
    ----------
    value
        In percent.
    zeros
        How many actual values were zero: their percentage does not exist, so they are not in `value`.
    """

    value: Floats
    zeros: Integers


def mae(actual: Floats, forecast: Floats, axis: Axis = -1) -> Floats:
    """Mean absolute error, mean |y - f|, in the unit of the data.

    >>> float(mae(np.array([1.0, 2.0, np.nan]), np.array([2.0, 4.0, 9.0])))
    1.5
    """
    return average(np.abs(actual - forecast), axis)


def rmse(actual: Floats, forecast: Floats, axis: Axis = -1) -> Floats:
    """Root of the mean squared error, sqrt(mean (y - f)^2), in the unit of the data."""
    return np.sqrt(average((actual - forecast) ** 2, axis))


def mape(actual: Floats, forecast: Floats, axis: Axis = -1) -> Percentage:
    """Mean absolute percentage error, 100 mean |y - f| / |y|, over the actual values that are not zero.

    An error at a zero has no percentage; such values are left out and counted, because leaving them out flatters a
    model that is wrong exactly there.
    """
    zero = actual == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.abs(actual - forecast) / np.abs(actual)
    zeros = np.sum(zero & ~np.isnan(forecast), axis=axis, dtype=np.int64)
    return Percentage(100 * average(np.where(zero, np.nan, errors), axis), np.asarray(zeros))


def smape(actual: Floats, forecast: Floats, axis: Axis = -1) -> Floats:
    """Symmetric mean absolute percentage error, 200 mean |y - f| / (|y| + |f|), from 0 to 200.

    Where both are zero the error is zero. Source: Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition.
    """
    size = np.abs(actual) + np.abs(forecast)
    errors = np.abs(actual - forecast) / np.where(size == 0, 1.0, size)
    return 200 * average(errors, axis)


def mase(actual: Floats, forecast: Floats, scale: Floats, axis: Axis = -1) -> Floats:
    """Mean absolute scaled error, mean |y - f| / scale.

    Parameters
    ----------
    actual, forecast
        Shape (..., F).
    scale
        Shape (...): the mean absolute seasonal change of each training part (`scaling.Scales.absolute`). Where it
        is 0 the error cannot be scaled: NaN.
    axis
        What to average over.

    Source: Hyndman & Koehler (2006), Another look at measures of forecast accuracy, section 3.
    """
    return average(np.abs(actual - forecast) / _usable(scale)[..., None], axis)


def rmsse(actual: Floats, forecast: Floats, scale: Floats, axis: Axis = -1) -> Floats:
    """Root mean squared scaled error, sqrt(mean (y - f)^2 / scale^2).

    Takes what `mase` takes, with `scaling.Scales.squared`, the root of the mean squared seasonal change, as scale.
    Source: Makridakis, Spiliotis & Assimakopoulos (2022), The M5 accuracy competition, equation 1.
    """
    return np.sqrt(average(((actual - forecast) / _usable(scale)[..., None]) ** 2, axis))


def owa(smape_ratio: Floats, mase_ratio: Floats) -> Floats:
    """Overall weighted average: the mean of a model's sMAPE and MASE, each divided by Naive2's.

    Below 1 the model beats Naive2 (`naive2.naive2`). The averages over all series are divided, not averaged ratios.
    Source: Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, section 2.
    """
    return (smape_ratio + mase_ratio) / 2


def pinball(actual: Floats, forecast: Floats, quantile: float, axis: Axis = -1) -> Floats:
    """Pinball loss of a forecast quantile, mean max(q (y - f), (q - 1) (y - f)), in the unit of the data.

    Parameters
    ----------
    actual, forecast
        Same shape; `forecast` is the predicted quantile.
    quantile
        Between 0 and 1; at one half the loss is half the absolute error.
    axis
        What to average over.
    """
    errors = actual - forecast
    return average(np.maximum(quantile * errors, (quantile - 1) * errors), axis)


def coverage(actual: Floats, lower: Floats, upper: Floats, axis: Axis = -1) -> Floats:
    """Share of actual values inside their interval, bounds included, from 0 to 1; a bound may be infinite."""
    inside = ((actual >= lower) & (actual <= upper)).astype(np.float64)
    missing = np.isnan(actual) | np.isnan(lower) | np.isnan(upper)
    return average(np.where(missing, np.nan, inside), axis)


def interval_score(actual: Floats, lower: Floats, upper: Floats, axis: Axis = -1, *, level: int) -> Floats:
    """Interval score (Winkler's): width plus 2 / alpha times the distance to an outcome outside; lower is better.

    Parameters
    ----------
    actual, lower, upper
        Same shape.
    axis
        What to average over.
    level
        Outcomes in percent that the intervals should hold; alpha = 1 - level / 100.

    Source: Winkler (1972), JASA 67, 187-191; Gneiting & Raftery (2007), Strictly proper scoring rules, JASA 102,
    359-378, equation 43.
    """
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    return average(upper - lower + 2 / (1 - level / 100) * outside, axis)


def width(lower: Floats, upper: Floats, axis: Axis = -1) -> Floats:
    """Mean width of the intervals, in the unit of the data."""
    return average(upper - lower, axis)


def average(errors: Floats, axis: Axis) -> Floats:
    """Return the mean of what is not NaN along `axis`; NaN where nothing is."""
    present = ~np.isnan(errors)
    counts = np.sum(present, axis=axis)
    sums = np.sum(np.where(present, errors, 0.0), axis=axis)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _usable(scale: Floats) -> Floats:
    return np.where(scale > 0, scale, np.nan)
