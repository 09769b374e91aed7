"""A model's own intervals beside those that follow its errors in the same backtest: split-conformal, and adaptive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.wording import number, percent, probability
from tidegate.evaluation.kinds import INTERVAL_KINDS
from tidegate.evaluation.significance import Comparison, compare
from tidegate.scoring.adaptive import adaptive_bounds
from tidegate.scoring.conformal import fewest
from tidegate.scoring.metrics import average, coverage, interval_score, width
from tidegate.scoring.rolling import Rolling, split_widths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.results import Backtest, ModelResult

    Floats = NDArray[np.float64]

FEWEST_FOLDS = 3
"""Folds on which intervals are compared at least; fewer carry no test."""


@dataclass(frozen=True)
class Kind:
    """How one kind of intervals held.

    Parameters
    ----------
    share
        Fraction of outcomes inside.
    width
        Mean width, in the unit of the data.
    score
        Mean interval score, in units of the scale of MASE, or of the data where nothing can be scaled; lower is better.
    """

    share: float
    width: float
    score: float


@dataclass(frozen=True)
class Alternatives:
    """The intervals of one level, of three kinds, on the folds where all of them exist.

    Parameters
    ----------
    model
        Whose forecasts they surround.
    level
        Outcomes in percent that they should hold.
    folds
        The newest so many of the backtest, where enough errors were known before; 0 if none is compared.
    n
        Outcomes on them.
    needed
        Folds that the backtest needs for a comparison.
    kinds
        By kind: "own" of the model; "split": split-conformal from the errors of earlier folds; "adaptive"
        (`scoring.adaptive`). Empty if nothing is compared.
    comparison
        Interval score of the adaptive ones minus that of the model's own, tested over folds or series; None likewise.
    """

    model: str
    level: int
    folds: int
    n: int
    needed: int
    kinds: dict[str, Kind]
    comparison: Comparison | None

    def __str__(self) -> str:
        if self.comparison is None:
            return (
                f"Adaptive {self.level} % intervals cannot be compared with those of {self.model}: {self.needed} folds "
                "are needed."
            )
        adaptive, own, split = (
            f"{percent(self.kinds[kind].share)} at a mean width of {number(self.kinds[kind].width)}"
            for kind in ("adaptive", "own", "split")
        )
        return (
            f"On the newest {self.folds} folds, adaptive {self.level} % intervals around {self.model} would have held "
            f"{adaptive}, split-conformal ones {split}, its own {own}; {self._weighed(self.comparison)}."
        )

    def _weighed(self, found: Comparison) -> str:
        if not found.tested:
            return f"which are better cannot be tested (n = {found.counted})"
        said = f"({probability(found.p)}, n = {found.counted})"
        if not found.significant:
            return f"no evidence that the adaptive ones are better or worse than its own {said}"
        return f"by interval score the adaptive ones are {'worse' if found.difference > 0 else 'better'} {said}"


def alternatives(backtest: Backtest, model: str) -> tuple[Alternatives, ...]:
    """Return a comparison for each level; none where the model has no intervals.

    Every kind is judged on the same outcomes: those of the folds at whose origins enough errors of earlier folds were
    known for the level (`conformal.fewest`), where all three exist. At least `FEWEST_FOLDS` such folds are wanted.

    Parameters
    ----------
    backtest
        Every model's forecasts from past origins.
    model
        One of them.
    """
    if not backtest.has_intervals(model):
        return ()
    runs = backtest.results[model].runs
    first = [_first(backtest, level) for level in backtest.levels]
    if all(start + FEWEST_FOLDS > len(backtest.ends) for start in first):
        return tuple(
            Alternatives(model, level, 0, 0, start + FEWEST_FOLDS, {}, None)
            for level, start in zip(backtest.levels, first, strict=True)
        )
    made = [_bounds(backtest, run) for run in runs]
    return tuple(_compared(backtest, model, q, made) for q in range(len(first)))


def rolling(backtest: Backtest, mean: Floats) -> Rolling:
    """Return forecasts at the origins of a backtest, shape (K, N, F), with what is known of their errors when."""
    return Rolling(backtest.actual, mean, _scale(backtest), backtest.folds.delays)


def _scale(backtest: Backtest) -> Floats:
    """Return the unit of errors, shape (K, N): that of MASE, or 1 where nothing can be scaled; NaN where there is none.

    It is of the values before each origin.
    """
    own = backtest.scales.absolute
    return np.where(own > 0, own, np.nan) if np.any(own > 0) else np.ones(own.shape)


def _first(backtest: Backtest, level: int) -> int:
    """Return the first fold, from 0, at whose origin enough errors are known, if none is missing."""
    n_series = len(backtest.panel)
    start = 0
    while n_series * np.maximum(start - backtest.folds.delays + 1, 0).sum() < fewest(level):
        start += 1
    return start


def _bounds(backtest: Backtest, run: ModelResult) -> dict[str, tuple[Floats, Floats]]:
    """Return lower and upper bounds of each kind, shape (K, N, F, Q)."""
    made, own = rolling(backtest, run.mean), (run.lower, run.upper)
    reach = split_widths(made, backtest.levels)
    split = (run.mean[..., None] - reach, run.mean[..., None] + reach)
    return {"own": own, "split": split, "adaptive": adaptive_bounds(made, own, backtest.levels)}


def _compared(backtest: Backtest, model: str, q: int, made: list[dict[str, tuple[Floats, Floats]]]) -> Alternatives:
    """Return the comparison at level q, over all runs."""
    level = backtest.levels[q]
    start = _first(backtest, level)
    actual, scale = backtest.actual[start:], _scale(backtest)[start:, :, None]
    there = np.isfinite(actual) & np.all(
        [np.isfinite(lower + upper)[start:, ..., q] for run in made for lower, upper in run.values()], axis=0
    )
    n_folds = int(there.any(axis=(1, 2)).sum())
    if n_folds < FEWEST_FOLDS:
        return Alternatives(model, level, 0, 0, start + FEWEST_FOLDS, {}, None)
    judged = np.where(there, actual, np.nan)
    kinds: dict[str, Kind] = {}
    pairs = {}
    for kind in INTERVAL_KINDS:
        parts = [[np.where(there, bound[start:, ..., q], np.nan) for bound in run[kind]] for run in made]
        scores = [interval_score(judged / scale, low / scale, high / scale, (), level=level) for low, high in parts]
        shares = [coverage(judged, low, high, None) for low, high in parts]
        widths = [width(low, high, None) for low, high in parts]
        kinds[kind] = Kind(*(float(np.mean([average(of, None) for of in each])) for each in (shares, widths, scores)))
        pairs[kind] = average(np.mean(scores, axis=0), -1)
    found = compare(pairs["adaptive"], pairs["own"], overlap=backtest.folds.overlap)
    return Alternatives(model, level, n_folds, int(there.sum()), start + FEWEST_FOLDS, kinds, found)
