"""Points: whether every value that should have been forecast was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.audit.finding import Finding
from tidegate.evaluation.audit.leaks import spoken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.audit.subject import Judged
    from tidegate.panel import Panel


@dataclass(frozen=True, eq=False)
class Points:
    """Which points were scored.

    Parameters
    ----------
    finding
        The verdict.
    scored
        Shape (G, F): share of the series that have a forecast of step k + 1 from origin g, from 0 to 1.
    expected, missing
        How many points there should be, and how many are not there.
    """

    finding: Finding
    scored: NDArray[np.float64]
    expected: int
    missing: int


def points(panel: Panel, made: Judged) -> Points:
    """Return whether all series, origins and steps were forecast.

    Parameters
    ----------
    panel
        The N series.
    made
        Forecasts at past origins, NaN where there are none.
    """
    there = np.isfinite(made.mean)
    missing = int(there.size - there.sum())
    if not missing:
        n_origins, n_series, n_steps = there.shape
        statement = f"All {there.size:,} points are there: {n_series:,} series, {n_origins} origins, {n_steps:,} steps."
        return Points(Finding("points", "passed", statement), there.mean(axis=1), there.size, 0)
    g, n, k = (int(places[0]) for places in np.nonzero(~there))
    cutoff = spoken(panel, int(panel.offsets[n] + made.ends[g, n] - 1))
    statement = (
        f"{missing:,} of {there.size:,} points were never scored, the first of them step {k + 1} of series "
        f"{str(panel.ids[n])!r} after {cutoff}."
    )
    said = (
        "A loader that drops its last incomplete batch, or a join that loses rows, leaves points out; the scores are "
        "then of other points than they claim to be.",
    )
    return Points(Finding("points", "failed", statement, said), there.mean(axis=1), there.size, missing)
