"""The verdict: which model to trust, what each rung of the ladder adds, and whether any of it is more than luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tidegate.analysis.plain import plain
from tidegate.display import Displayed
from tidegate.evaluation.backtest import BASELINE
from tidegate.evaluation.reasons import MARGIN, Case
from tidegate.evaluation.significance import Comparison, compare
from tidegate.scoring.metrics import average

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.results import Backtest

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rung:
    """One model on the way from simple to complex.

    Parameters
    ----------
    model
        Its name.
    score
        Its mean error, in the verdict's score.
    gain
        What it adds: the fraction by which its error lies below that of the best simpler model; negative if above;
        NaN on the first rung.
    p
        p-value of that difference; NaN where no test is possible.
    cost
        Cost class, 0 (instant) to 5 (a training run).
    """

    model: str
    score: float
    gain: float
    p: float
    cost: int


@dataclass(frozen=True)
class Verdict(Displayed):
    """The tested conclusion of a backtest.

    Parameters
    ----------
    winner
        The model with the lowest error.
    recommended
        The cheapest model that is not clearly worse than the winner; of equally cheap ones, the one with the lowest
        error.
    baseline
        Seasonal naive.
    headline
        What to use and how it stands to the baseline, in one sentence.
    statement
        The headline, and which model has the lowest error.
    sentences
        The statement's sentences and what a reader must know to weigh them.
    rungs
        Every model, from simple to complex, with what it adds.
    score
        The error that decided: "MASE", or "MAE" where nothing can be scaled.
    against_baseline
        The winner's error minus the baseline's, tested.
    against_winner
        The recommended model's error minus the winner's, tested.
    gain
        The recommended model's error minus the baseline's, tested.
    """

    winner: str
    recommended: str
    baseline: str
    headline: str
    statement: str
    sentences: tuple[str, ...]
    rungs: tuple[Rung, ...]
    score: Literal["MASE", "MAE"]
    against_baseline: Comparison
    against_winner: Comparison
    gain: Comparison

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain numbers and text for JSON; None where there is no number."""
        made: dict[str, Any] = plain(self)
        return made

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def verdict(backtest: Backtest) -> Verdict:
    """Decide between the models of a backtest.

    The winner has the lowest mean MASE over folds and series. A model is clearly worse if its error lies above the
    winner's by a difference that is unlikely to be luck (`significance.compare`, 5 %), or by more than 20 %.

    >>> from tidegate.data.examples import example
    >>> from tidegate.evaluation.backtest import backtest
    >>> from tidegate.scoring.folds import Folds
    >>> verdict(backtest(example("air-passengers"), ["naive"], folds=Folds(horizon=12))).winner
    'seasonal-naive'
    """
    score, errors = _errors(backtest)
    means = {name: float(average(values, None)) for name, values in errors.items()}
    winner = min(means, key=lambda name: means[name])
    against = {name: _tested(backtest, errors, name, winner) for name in errors}
    good = [name for name in errors if not _clearly_worse(against[name], means[name], means[winner])]
    recommended = min(good, key=lambda name: (backtest.results[name].cost, means[name]))
    gain = _tested(backtest, errors, recommended, BASELINE)
    case = Case(backtest, score, means, winner, recommended, against, gain)
    return Verdict(
        winner,
        recommended,
        BASELINE,
        case.headline(),
        case.statement(),
        case.sentences(),
        _rungs(backtest, errors, means),
        score,
        case.against_baseline,
        against[recommended],
        gain,
    )


def _errors(backtest: Backtest) -> tuple[Literal["MASE", "MAE"], dict[str, Floats]]:
    """Errors per fold and series of every model, scaled if any can be."""
    if np.any(backtest.scales.absolute > 0):
        return "MASE", {name: backtest.scaled_errors(name) for name in backtest.results}
    return "MAE", {name: backtest.absolute_errors(name) for name in backtest.results}


def _tested(backtest: Backtest, errors: dict[str, Floats], one: str, other: str) -> Comparison:
    """Return the error of the first model minus that of the second, tested."""
    luck = backtest.luck(one), backtest.luck(other)
    return compare(errors[one], errors[other], overlap=backtest.folds.overlap, luck=luck)


def _clearly_worse(against: Comparison, own: float, best: float) -> bool:
    return own > best and (against.significant or own > (1 + MARGIN) * best)


def _rungs(backtest: Backtest, errors: dict[str, Floats], means: dict[str, float]) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    best = ""
    for name, own in means.items():
        gain, p = float("nan"), float("nan")
        if best:
            gain = 1 - own / means[best] if means[best] > 0 else (0.0 if own == 0 else float("-inf"))
            p = _tested(backtest, errors, name, best).p
        rungs.append(Rung(name, own, gain, p, backtest.results[name].cost))
        best = name if not best or own < means[best] else best
    return tuple(rungs)
