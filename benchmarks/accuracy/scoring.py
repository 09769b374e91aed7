"""Scores of one data set, each by its published definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tidegate.evaluation.work import peak_memory
from tidegate.scoring.adaptive import adaptive_bounds
from tidegate.scoring.metrics import mape, smape
from tidegate.scoring.rolling import Rolling
from tidegate.scoring.scaling import seasonal_scales

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.accuracy.sets import Loaded, Set

    from tidegate.panel import Forecast

LEVELS = (80, 95)


def scores(found: Set, loaded: Loaded, mean: np.ndarray, reference: np.ndarray | None) -> dict[str, float]:
    """Return sMAPE, MAPE and MASE, means over series of means over steps, and OWA where Naive2's forecast is known.

    Parameters
    ----------
    found, loaded
        The set and its data.
    mean
        Shape (N, F).
    reference
        Naive2's forecast, shape (N, F); None where it is not known.
    """
    actual = loaded.actual
    there = np.isfinite(actual)
    scale = _scales(found, loaded)
    made = {"sMAPE": _smape(actual, mean, there, found.least), "MASE": _mase(actual, mean, scale)}
    made["MAPE"] = float(np.mean([mape(actual[n][k], mean[n][k]).value for n, k in enumerate(there)]))
    if reference is not None:
        ratios = (
            made["sMAPE"] / _smape(actual, reference, there, found.least),
            made["MASE"] / _mase(actual, reference, scale),
        )
        made["OWA"] = sum(ratios) / 2
    return made


def interval_scores(found: Set, loaded: Loaded, forecast: Forecast) -> dict[str, float]:
    """Return the coverage of each level in percent and the mean scaled interval score of 95 % (M4's MSIS)."""
    y, intervals = loaded.actual, forecast.intervals
    assert intervals is not None  # noqa: S101 (levels were asked for)
    made = coverage(intervals.lower, intervals.upper, y)
    low, high = intervals.lower[..., 1], intervals.upper[..., 1]
    width = high - low + 40 * (np.clip(low - y, 0, None) + np.clip(y - high, 0, None))
    made["MSIS"] = float(np.nanmean(np.nanmean(width, axis=1) / _scales(found, loaded)))
    return made


def coverage(lower: np.ndarray, upper: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    """Return the coverage of each level in percent, over all that is there.

    Parameters
    ----------
    lower, upper
        Shape (..., Q), one column for each of `LEVELS`.
    actual
        Shape (...), NaN where missing.
    """
    there = np.isfinite(actual)
    inside = (lower <= actual[..., None]) & (actual[..., None] <= upper)
    return {f"coverage-{level}": 100 * float(inside[..., k][there].mean()) for k, level in enumerate(LEVELS)}


def adapted(
    made: tuple[np.ndarray, np.ndarray, np.ndarray], actual: np.ndarray, delays: np.ndarray
) -> dict[str, float]:
    """Return the coverage of the same intervals once they adapt to misses at earlier origins (`--intervals adaptive`).

    Parameters
    ----------
    made
        Forecast, shape (K, N, F), and the bounds of `LEVELS`, each of shape (K, N, F, Q), at origins in order.
    actual
        Shape (K, N, F).
    delays
        Shape (F,): after how many further origins each step is known.
    """
    mean, lower, upper = made
    rolling = Rolling(actual, mean, np.ones(mean.shape[:2]), delays)
    found = coverage(*adaptive_bounds(rolling, (lower, upper), LEVELS), actual)
    return {name.replace("coverage", "adaptive"): share for name, share in found.items()}


def gigabytes() -> float:
    """Return the most memory that this process has held so far, in GB."""
    return peak_memory() / 1e9


def naive2(folder: Path, loaded: Loaded) -> np.ndarray:
    """Return the competition's own Naive2 forecasts of the hourly series, (N, F)."""
    made = pd.read_csv(folder / "m4_hourly_reference_forecasts.csv.gz", dtype={"method": str})
    made = made[made.method == "Naive2"]
    (column,) = set(made.columns) - {"method", "unique_id", "step"}
    return made.pivot(index="unique_id", columns="step", values=column).loc[list(loaded.panel.ids)].to_numpy()


def _scales(found: Set, loaded: Loaded) -> np.ndarray:
    rows = [loaded.panel.series(n) for n in range(len(loaded.panel))]
    return seasonal_scales(rows, found.season).absolute


def _smape(actual: np.ndarray, mean: np.ndarray, there: np.ndarray, least: float) -> float:
    """Return the mean over series; where there is a `least`, by the denominators of Hewamalage et al."""
    if not least:
        return float(np.mean([smape(actual[n][k], mean[n][k]) for n, k in enumerate(there)]))
    size = np.maximum(np.abs(actual) + np.abs(mean) + least, 0.5 + least)
    return float(np.nanmean(np.nanmean(200 * np.abs(actual - mean) / size, axis=1)))


def _mase(actual: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> float:
    return float(np.nanmean(np.nanmean(np.abs(actual - mean), axis=1) / scale))
