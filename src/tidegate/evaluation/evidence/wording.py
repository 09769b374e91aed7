"""The evidence in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.wording import listing, number, probability
from tidegate.evaluation.evidence import confidence_set, resampling
from tidegate.evaluation.significance import ALPHA

if TYPE_CHECKING:
    from tidegate.evaluation.evidence.evidence import Evidence
    from tidegate.evaluation.selection import Verdict

_NAMED = 6
"""Models that a sentence names at most."""


def sentences(found: Evidence, verdict: Verdict) -> tuple[str, ...]:
    """Return what the evidence says, from the recommended model's view."""
    said = [_interval(found, verdict.recommended), *_seeds(found)]
    if found.pairs:
        said += [*_pairs(found, verdict), _set(found), *_ranks(found)]
        said += _steps(found) if any(pair.comparison.tested for pair in found.pairs) else []
    return (*said, *of_intervals(found))


def of_intervals(found: Evidence) -> tuple[str, ...]:
    """Return those of the sentences that are about the recommended model's intervals."""
    where = [] if found.pit is None else [str(found.pit)]
    others = [str(one) for one in found.alternatives[:1]]  # of the narrowest level: the report's table has all
    return (*map(str, found.intervals_held), *_series(found), *where, *others)


def _series(found: Evidence) -> list[str]:
    """Say for how many series of several the intervals do not hold what they say."""
    held = found.intervals_held
    if not held or np.isfinite(held[0].by_series).sum() < 2:
        return []
    said, clear = [], 0
    for one in held:
        tested = np.isfinite(one.p_by_series)
        off = int(np.sum(tested & (one.p_by_series < ALPHA)))
        clear += off
        if tested.any():
            said.append(f"those of {one.level} % for {off or 'none'} of {int(tested.sum())} series")
    if said and not clear:
        return ["Series by series no interval is clearly off after Holm's correction."]
    if not said:
        return ["Whether the intervals hold for each series cannot be tested: at least 3 folds are needed."]
    return [f"Series by series the intervals are clearly off, after Holm's correction: {listing(said)}."]


def _interval(found: Evidence, model: str) -> str:
    own = found.intervals[model][found.score]
    if not np.isfinite(own.lower):
        fewest = resampling.FEWEST
        return f"{found.score} of {model} has no interval: at least {fewest} folds or {fewest} series are needed."
    return (
        f"{found.score} of {model} is {number(own.value)}; over resampled folds and series it lies from "
        f"{number(own.lower)} to {number(own.upper)} in 95 % of the draws."
    )


def _seeds(found: Evidence) -> list[str]:
    """Say how much the scores of each model move with the seed."""
    said = []
    for name, scores in found.seeds.items():
        mean, low, high = map(number, (float(np.mean(scores)), min(scores), max(scores)))
        deviation = number(float(np.std(scores, ddof=1)), 2)
        said.append(
            f"{found.score} of {name} is {mean}, the mean over {len(scores)} seeds, which give from {low} to {high} "
            f"(standard deviation {deviation}); the tests allow for it."
        )
    return said


def _pairs(found: Evidence, verdict: Verdict) -> list[str]:
    clear = sum(pair.clear for pair in found.pairs)
    count = len(found.pairs)
    if not any(pair.comparison.tested for pair in found.pairs):
        return ["No pair of models can be tested: at least 3 folds without overlap are needed, or 10 series."]
    said = []
    if count > 1:
        differ = "differs" if clear == 1 else "differ"
        said.append(f"Of {count} pairs of models {clear or 'none'} {differ} clearly after Holm's correction.")
    rivals = dict.fromkeys((verdict.winner, verdict.baseline))
    rivals.pop(verdict.recommended, None)
    said += [str(found.pair(verdict.recommended, rival)) for rival in rivals]
    return said + _agreement(found, verdict)


def _agreement(found: Evidence, verdict: Verdict) -> list[str]:
    """Say where the other tests of the recommended model against the baseline come to another conclusion."""
    if verdict.recommended == verdict.baseline:
        return []
    pair = found.pair(verdict.recommended, verdict.baseline)
    others = {"the permutation test": pair.p_permutation, "Wilcoxon's test": pair.p_wilcoxon}
    against = [
        f"{name} ({probability(p)})"
        for name, p in others.items()
        if np.isfinite(p) and (p < ALPHA) != pair.comparison.significant
    ]
    if not against:
        return []
    return [f"For {pair.better} and {pair.worse}, {listing(against)} would decide the other way: do not lean on it."]


def _set(found: Evidence) -> str:
    if not found.confidence:
        needed = confidence_set.FEWEST
        return (
            f"The set of models that may be the best needs {needed} folds without overlap or {needed} series; "
            f"there {'is 1 ' + found.unit if found.n == 1 else f'are {found.n} {_units(found)}'}."
        )
    best, level = found.best, f"{100 * confidence_set.LEVEL:.0f} %"
    if len(best) == 1:
        return f"With {level} confidence {best[0]} is the best of them (model confidence set)."
    if len(best) == len(found.confidence):
        return f"With {level} confidence any of the {len(best)} models may be the best (model confidence set)."
    rest = f" and {len(best) - _NAMED} more" if len(best) > _NAMED else ""
    named = f"{', '.join(best[:_NAMED])}{rest}" if rest else listing(best)
    return f"With {level} confidence the best model is one of {len(best)}: {named} (model confidence set)."


def _units(found: Evidence) -> str:
    return "series" if found.unit == "series" else "folds"


def _ranks(found: Evidence) -> list[str]:
    if found.ranks is None:
        return []
    best = next(iter(found.ranks.mean.values()))
    first = [name for name, mean in found.ranks.mean.items() if np.isclose(mean, best)]
    together = next((group for group in found.ranks.groups if first[0] in group), tuple(first))
    counted = f"{probability(found.ranks.p)}, n = {found.ranks.n:,} {found.unit if found.unit == 'series' else 'folds'}"
    if found.ranks.p >= ALPHA:
        return [f"By ranks there is no evidence that any model is better than another (Friedman's test, {counted})."]
    near = len(set(together) - set(first))
    alone = "no other ranks within the critical difference"
    others = f"{near} of the others rank{'s' if near == 1 else ''} within the critical difference"
    return [
        f"By ranks {listing(first)} come{'s' if len(first) == 1 else ''} first (mean {number(best)}); "
        f"{others if near else alone} of {number(found.ranks.critical)} ({counted})."
    ]


def _steps(found: Evidence) -> list[str]:
    steps = found.steps
    if steps is None or not np.isfinite(steps.p).any():
        return []
    clear = np.isfinite(steps.p) & (steps.p < ALPHA)
    better, worse = int(np.sum(clear & (steps.difference < 0))), int(np.sum(clear & (steps.difference > 0)))
    parts = [f"clearly better at {better}"] if better else []
    parts += [f"clearly worse at {worse}"] if worse else []
    if not parts:
        return [f"At none of the {len(steps.p)} steps ahead does {steps.model} differ clearly from {steps.other}."]
    return [f"Step by step, {steps.model} is {listing(parts)} of {len(steps.p)} steps ahead than {steps.other}."]
