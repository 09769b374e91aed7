"""Whether intervals hold as many outcomes as they say: overall, step by step and series by series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from tidegate.analysis.wording import number, probability
from tidegate.evaluation.evidence.pairs import holm
from tidegate.evaluation.significance import Comparison, compare
from tidegate.scoring.metrics import average, coverage, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.results import Backtest

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """How the intervals of one level held.

    Parameters
    ----------
    model
        Whose they are.
    level
        Outcomes in percent that they should hold.
    share
        Fraction that they held.
    n
        Outcomes.
    by_step
        Shape (F,): the fraction at each step ahead.
    by_series
        Shape (N,): the fraction of each series.
    p_by_series
        Shape (N,): of the test of each series, over its folds, after Holm's correction for all series; NaN where no
        test is possible.
    width
        Shape (F,): mean width at each step, in the unit of the data.
    comparison
        The share minus the level, tested over folds or series as errors are (`significance.compare`), since outcomes of
        one fold or series have their luck in common; p is at least that of the binomial test on single outcomes, which
        bounds it where all folds held the same.
    """

    model: str
    level: int
    share: float
    n: int
    by_step: Floats
    by_series: Floats
    p_by_series: Floats
    width: Floats
    comparison: Comparison

    def __str__(self) -> str:
        held = f"The {self.level} % intervals of {self.model} held {100 * self.share:.0f} % of {self.n:,} outcomes"
        found = self.comparison
        counted = f"n = {found.counted}"
        if not found.tested:
            return f"{held} (no test possible, {counted})."
        said = f"{probability(found.p)}, {counted}"
        if not found.significant:
            return f"{held}: no evidence that they are too wide or too narrow ({said})."
        side = "wider" if found.difference > 0 else "narrower"
        return f"{held}: they are {side} than they say ({said}); the mean width is {number(float(self.width.mean()))}."


def calibrations(backtest: Backtest, model: str) -> tuple[Calibration, ...]:
    """Return how the intervals of a model held, level by level; none where they are missing or points."""
    made = []
    runs = backtest.results[model].runs
    for q, level in enumerate(backtest.levels):
        bounds = [(run.lower[..., q], run.upper[..., q]) for run in runs]
        widths = np.mean([width(lower, upper, (0, 1)) for lower, upper in bounds], axis=0)
        if not (widths > 0).any():
            continue
        held = [coverage(backtest.actual, lower, upper, ()) for lower, upper in bounds]
        inside = np.mean(held, axis=0)
        share, n = float(average(inside, None)), int(np.isfinite(inside).sum())
        overlap = backtest.folds.overlap
        alone = [against_nominal(inside[:, [one]], level / 100, overlap).p for one in range(inside.shape[1])]
        made.append(
            Calibration(
                model,
                level,
                share,
                n,
                average(inside, (0, 1)),
                average(inside, (0, 2)),
                holm(np.array(alone)),
                widths,
                against_nominal(inside, level / 100, overlap),
            )
        )
    return tuple(made)


def against_nominal(inside: Floats, nominal: float, overlap: int) -> Comparison:
    """Test whether a share differs from what it should be, over folds or series (`significance.compare`).

    The p-value is at least that of the binomial test on single outcomes, which bounds it where all folds were alike.

    Parameters
    ----------
    inside
        Shape (K, N, F): 1 for outcomes that count, 0 for others (or shares, over several runs); NaN where there is
        none.
    nominal
        The share that there should be, between 0 and 1.
    overlap
        As `Folds.overlap`.
    """
    pairs = average(inside, -1)
    found = compare(pairs, np.where(np.isfinite(pairs), nominal, np.nan), overlap=overlap)
    n = int(np.isfinite(inside).sum())
    if not n:
        return found
    return replace(found, p=float(np.maximum(found.p, binomtest(round(np.nansum(inside)), n, nominal).pvalue)))
