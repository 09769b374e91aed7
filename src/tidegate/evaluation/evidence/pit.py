"""Where outcomes fall in the distribution that the intervals tell of: the probability integral transform, by bins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tidegate.analysis.wording import listing, probability
from tidegate.evaluation.evidence.calibration import against_nominal
from tidegate.evaluation.evidence.pairs import holm
from tidegate.evaluation.significance import ALPHA, Comparison, compare
from tidegate.scoring.metrics import average

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.results import Backtest, ModelResult

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pit:
    """How many outcomes fell between which quantiles.

    The bounds of the intervals are the quantiles that are known: those of 80 and 95 % are the quantiles of 2.5, 10, 90
    and 97.5 %, which part five bins. The forecast itself is no boundary, since not every model's is a median.

    Parameters
    ----------
    model
        Whose intervals they are.
    edges
        Shape (B + 1,): the probabilities at the edges of the bins, from 0 to 1.
    shares
        Shape (B,): the share of outcomes in each bin; a bound belongs to the inner one, as it does to its interval.
    p
        Shape (B,): of each share against its width, tested by `calibration.against_nominal`, after Holm's correction.
    n
        Outcomes.
    height
        Where outcomes fell on average, from 0 (below everything) to 1 (above), each in the middle of its bin; 0.5 if
        the model forecasts neither too low nor too high.
    comparison
        The height minus 0.5, tested over folds or series; p is at least that of a normal test on single outcomes.

    Source: Gneiting, Balabdaoui & Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69,
    section 3.1; Diebold, Gunther & Tay (1998), Evaluating density forecasts, International Economic Review 39.
    """

    model: str
    edges: Floats
    shares: Floats
    p: Floats
    n: int
    height: float
    comparison: Comparison

    @property
    def nominal(self) -> Floats:
        """The share of outcomes that should be in each bin, shape (B,)."""
        return np.diff(self.edges)

    def __str__(self) -> str:
        found = self.comparison
        if not found.tested:
            return f"Where outcomes fell within the intervals of {self.model}: no test possible, n = {found.counted}."
        widest = f"the {100 - 200 * self.edges[1]:.0f} % interval"
        above, below = (f"{100 * self.shares[k]:.1f} %" for k in (-1, 0))
        tails = f"{above} lay above {widest} and {below} below it, where {100 * self.edges[1]:.3g} % each should lie"
        if found.significant:
            often, why = ("higher", "low") if found.difference > 0 else ("lower", "high")
            return (
                f"Outcomes fall {often} in the intervals of {self.model} than they should: it forecasts too {why} "
                f"({probability(found.p)}, n = {found.counted}); {tails}."
            )
        said = (
            f"No evidence that {self.model} forecasts too low or too high ({probability(found.p)}, n = {found.counted})"
        )
        off = [f"too {self._side(k)} fall {self.place(k)}" for k in range(len(self.p)) if self.p[k] < ALPHA]
        return f"{said}{f'; but clearly {listing(off)}' if off else ''}: {tails}."

    def _side(self, k: int) -> str:
        return "many" if self.shares[k] > self.nominal[k] else "few"

    def place(self, k: int) -> str:
        """Return bin k in words: "above the 95 % interval", "between its 10 and 90 % quantiles"."""
        if k in (0, len(self.shares) - 1):
            return f"{'above' if k else 'below'} the {100 - 200 * self.edges[1]:.0f} % interval"
        low, high = (f"{100 * edge:.3g}" for edge in self.edges[k : k + 2])
        return f"between its {low} and {high} % quantiles"


def pit(backtest: Backtest, model: str) -> Pit | None:
    """Return where outcomes fell in the intervals of a model; None where they are missing or points.

    Parameters
    ----------
    backtest
        Every model's forecasts from past origins.
    model
        One of them.
    """
    if not backtest.has_intervals(model):
        return None
    runs = backtest.results[model].runs
    levels = np.array(backtest.levels)
    edges = np.concatenate([[0], 100 - levels[::-1], 100 + levels, [200]]) / 200
    bins = np.stack([_bins(backtest.actual, run) for run in runs])
    overlap = backtest.folds.overlap
    inside = [np.mean(np.where(np.isnan(bins), np.nan, bins == k), axis=0) for k in range(len(edges) - 1)]
    p = np.array([against_nominal(one, width, overlap).p for one, width in zip(inside, np.diff(edges), strict=True)])
    heights = np.mean(np.interp(bins, np.arange(len(edges) - 1), (edges[:-1] + edges[1:]) / 2), axis=0)
    n = int(np.isfinite(heights).sum())
    shares = np.array([average(one, None) for one in inside])
    found = _height(heights, edges, overlap)
    return Pit(model, edges, shares, holm(p), n, float(average(heights, None)), found)


def _bins(actual: Floats, run: ModelResult) -> Floats:
    """Return the bin of each outcome, shape (K, N, F), 0 below the widest interval; NaN where there is none."""
    above = (actual[..., None] > run.upper).sum(axis=-1)
    below = (actual[..., None] < run.lower).sum(axis=-1)
    missing = np.isnan(actual) | np.isnan(run.lower).any(axis=-1) | np.isnan(run.upper).any(axis=-1)
    return np.where(missing, np.nan, run.lower.shape[-1] + above - below)


def _height(heights: Floats, edges: Floats, overlap: int) -> Comparison:
    """Test whether outcomes lie in the middle on average, given their heights, shape (K, N, F)."""
    pairs = average(heights, -1)
    found = compare(pairs, np.where(np.isfinite(pairs), 0.5, np.nan), overlap=overlap)
    n = int(np.isfinite(heights).sum())
    if not n:
        return found
    middles = (edges[:-1] + edges[1:]) / 2
    spread = np.sqrt(np.sum(np.diff(edges) * (middles - 0.5) ** 2) / n)
    single = 2 * norm.sf(abs(float(average(heights, None)) - 0.5) / spread)
    return replace(found, p=float(np.maximum(found.p, single)))
