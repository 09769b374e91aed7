"""Everything that a backtest proves, gathered: for the report, the command line, and those who want the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tidegate.analysis.plain import plain
from tidegate.evaluation.evidence.alternatives import Alternatives, alternatives
from tidegate.evaluation.evidence.calibration import Calibration, calibrations
from tidegate.evaluation.evidence.confidence_set import FEWEST, LEVEL, confidence_set
from tidegate.evaluation.evidence.pairs import Pair, holm, pairwise
from tidegate.evaluation.evidence.pit import Pit, pit
from tidegate.evaluation.evidence.ranks import Ranks, ranks
from tidegate.evaluation.evidence.resampling import Interval, Resamples, resamples
from tidegate.evaluation.evidence.steps import by_step
from tidegate.evaluation.evidence.wording import sentences
from tidegate.evaluation.significance import FEWEST_SERIES, block_means
from tidegate.scoring.metrics import mase, rmsse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegate.evaluation.results import Backtest
    from tidegate.evaluation.selection import Verdict

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """Two models step by step ahead.

    Parameters
    ----------
    model, other
        Their names.
    difference
        Shape (F,): mean scaled error of the first minus that of the second; negative where the first is better.
    p
        Shape (F,): after Holm's correction for all steps; NaN where no test is possible.
    """

    model: str
    other: str
    difference: Floats
    p: Floats


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the forecasts of a backtest prove about its models.

    Parameters
    ----------
    score
        The error that decides: "MASE", or "MAE" where nothing can be scaled.
    unit
        What the tests count: "series", or "fold" with fewer than ten series.
    n
        How many of them there are.
    pairs
        Every two models, tested, with Holm's correction.
    intervals
        By model and score (MAE, RMSE, MAPE, sMAPE, MASE, RMSSE): its value and 95 % bootstrap interval.
    ranks
        Mean ranks with Friedman's and Nemenyi's tests; None for fewer than three models or ten series or folds.
    confidence
        By model: the p-value with which it stays in the model confidence set; empty for too few series or folds.
    steps
        The recommended model against the baseline, or where that is the baseline the winner or the closest; None for
        one model.
    intervals_held
        Of the recommended model: how its intervals held, level by level.
    pit
        Of the recommended model: where outcomes fell in its intervals; None where it has none.
    alternatives
        Of the recommended model: its intervals beside split-conformal and adaptive ones, level by level.
    seeds
        By model that was run with several seeds: the score of each run.
    sentences
        What all this means.
    """

    score: Literal["MASE", "MAE"]
    unit: Literal["fold", "series"]
    n: int
    pairs: tuple[Pair, ...]
    intervals: dict[str, dict[str, Interval]]
    ranks: Ranks | None
    confidence: dict[str, float]
    steps: Steps | None
    intervals_held: tuple[Calibration, ...]
    pit: Pit | None
    alternatives: tuple[Alternatives, ...]
    seeds: dict[str, tuple[float, ...]]
    sentences: tuple[str, ...] = ()

    @property
    def best(self) -> tuple[str, ...]:
        """The models of the confidence set at 90 %, the likeliest first; empty where there is none."""
        return tuple(name for name in reversed(self.confidence) if self.confidence[name] >= 1 - LEVEL)

    def pair(self, one: str, other: str) -> Pair:
        """Return the comparison of two models, in whichever order."""
        return next(pair for pair in self.pairs if {pair.better, pair.worse} == {one, other})

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text for JSON; None where there is no number."""
        made: dict[str, Any] = plain(self)
        for pair, found in zip(made["pairs"], self.pairs, strict=True):
            pair["sentence"] = str(found)
        if made["pit"]:
            made["pit"]["sentence"] = str(self.pit)
        return {**made, "best": list(self.best)}

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def evidence(backtest: Backtest, verdict: Verdict, *, seed: int = 0) -> Evidence:
    """Test what a backtest shows.

    Parameters
    ----------
    backtest
        Every model's forecasts from past origins.
    verdict
        The decision, whose score is tested.
    seed
        Of what is resampled, at least 0.
    """
    errors = {name: _errors(backtest, name, verdict.score) for name in backtest.results}
    blocks, unit = _blocks(errors)
    apart = 1 if unit == "series" else backtest.folds.overlap + 1
    n = -(-len(next(iter(blocks.values()))) // apart)
    enough = n >= FEWEST
    made = Evidence(
        verdict.score,
        unit,
        n,
        pairwise(
            errors, overlap=backtest.folds.overlap, luck={name: backtest.luck(name) for name in errors}, seed=seed
        ),
        _intervals(backtest, resamples(*backtest.ends.shape, run=backtest.folds.overlap + 1, seed=seed)),
        ranks({name: values[::-apart] for name, values in blocks.items()}),
        confidence_set(blocks, run=apart, seed=seed) if enough else {},
        _steps(backtest, verdict),
        calibrations(backtest, verdict.recommended),
        pit(backtest, verdict.recommended),
        alternatives(backtest, verdict.recommended),
        {name: tuple(backtest.by_run(name).tolist()) for name, one in backtest.results.items() if one.others},
    )
    return Evidence(**{**vars(made), "sentences": sentences(made, verdict)})


def _errors(backtest: Backtest, model: str, score: str) -> Floats:
    return backtest.scaled_errors(model) if score == "MASE" else backtest.absolute_errors(model)


def _blocks(errors: Mapping[str, Floats]) -> tuple[dict[str, Floats], Literal["fold", "series"]]:
    """Return the mean error of every model on each series, or on each fold where there are few series."""
    first = next(iter(errors.values()))
    by_series = int(np.isfinite(first).any(axis=0).sum()) >= FEWEST_SERIES
    made = {name: block_means(values, axis=0 if by_series else 1) for name, values in errors.items()}
    return made, "series" if by_series else "fold"


def _intervals(backtest: Backtest, drawn: Resamples) -> dict[str, dict[str, Interval]]:
    made = {}
    scales, actual = backtest.scales, backtest.actual
    for name, result in backtest.results.items():
        mean = np.stack([run.mean for run in result.runs])
        error, size, both = np.abs(actual - mean), np.abs(actual) + 0 * mean, np.abs(actual) + np.abs(mean)
        scaled = [np.stack([mase(actual, one, scales.absolute) for one in mean])]
        scaled += [np.stack([rmsse(actual, one, scales.squared) for one in mean])]
        made[name] = {
            "MAE": _over_values(drawn, error),
            "RMSE": _over_values(drawn, error**2, root=True),
            "MAPE": _over_values(drawn, 100 * _over(error, size)),
            "sMAPE": _over_values(drawn, np.where(both > 0, 200 * _over(error, both), error)),
            **{score: _over_values(drawn, of[..., None]) for score, of in zip(("MASE", "RMSSE"), scaled, strict=True)},
        }
    return made


def _over_values(drawn: Resamples, values: Floats, *, root: bool = False) -> Interval:
    """Return the interval of the mean of what is there in `values`, shape (R, K, N, anything)."""
    present = np.isfinite(values)
    sums, counts = np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1).astype(np.float64)
    return drawn.interval(sums, counts, np.sqrt if root else np.asarray)


def _over(above: Floats, below: Floats) -> Floats:
    """Return the quotient, NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _steps(backtest: Backtest, verdict: Verdict) -> Steps | None:
    other = verdict.baseline
    rivals = [rung for rung in verdict.rungs if rung.model != other]
    if not rivals:
        return None
    named = [name for name in (verdict.recommended, verdict.winner) if name != other]
    model = named[0] if named else min(rivals, key=lambda rung: rung.score).model
    scale = backtest.scales.absolute if verdict.score == "MASE" else np.ones(backtest.ends.shape)
    spread = np.broadcast_to(scale[..., None], backtest.actual.shape)
    first, second = (
        np.mean([_over(np.abs(backtest.actual - run.mean), spread) for run in backtest.results[name].runs], axis=0)
        for name in (model, other)
    )
    difference = first - second
    present = np.isfinite(difference)
    sums, counts = np.where(present, difference, 0.0).sum(axis=(0, 1)), present.sum(axis=(0, 1)).astype(np.float64)
    return Steps(model, other, _over(sums, counts), holm(by_step(first, second, backtest.folds)))
