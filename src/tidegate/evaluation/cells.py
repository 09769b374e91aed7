"""RNN, LSTM or GRU: networks that differ in their cell alone, given equal means, and the table that compares them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.checks import check_choice
from tidegate.errors import SettingError
from tidegate.evaluation.plan import plan
from tidegate.forecasters import registry
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.evaluation.evidence.evidence import Evidence
    from tidegate.evaluation.results import Backtest
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

MATCHES = ("parameters", "hidden", "time")
"""What cells can be given alike."""

CELLS = ("rnn", "lstm", "gru")
"""The models that differ in their cell alone."""

_SAMPLE, _WIDEST, _NOTICED = 3, 2_048, 1.05


@dataclass(frozen=True)
class Rival:
    """One cell in the comparison.

    Parameters
    ----------
    model
        Its name.
    hidden_size
        Hidden units H.
    parameters
        Of all its networks.
    score, deviation
        Mean error over folds, series and seeds, and its standard deviation over seeds; NaN for one seed.
    fit_seconds, predict_seconds
        Mean of a fit, and of the forecasts of a fold.
    peak_memory
        Most memory in bytes of the process that ran it, with all that had run there before; 0 if unknown.
    """

    model: str
    hidden_size: int
    parameters: int
    score: float
    deviation: float
    fit_seconds: float
    predict_seconds: float
    peak_memory: int


def matched(
    cells: Sequence[str], panel: Panel, folds: Folds, *, match: str = "parameters", seed: int = 0
) -> list[Forecaster]:
    """Return one network for each cell, with equal training and equal means.

    Parameters
    ----------
    cells
        Names of `CELLS`, at least two.
    panel, folds
        What they will be judged on: sizes and times are found before the oldest origin.
    match
        "parameters": the hidden size is solved for, so that each has about as many parameters as the first with its
        default of 64 units; "hidden": 64 units each; "time": 64 units each, and for training as many seconds as the
        first needs (the one choice that a clock decides).
    seed
        Of all of them.

    Raises
    ------
    SettingError
        If a cell is unknown or named twice, or there is one alone, or `match` is none of these.
    """
    _check(cells, match)
    made = [registry.entry(name).build({"seed": seed}) for name in cells]
    if match == "hidden":
        return made
    planned = plan(panel, folds)
    known = planned.panel.before(planned.ends[0], folds.reach)
    if match == "time":
        started = time.perf_counter()
        made[0].fit(known, horizon=folds.reach)
        seconds = time.perf_counter() - started
        return [registry.entry(name).build({"seed": seed, "training": Training(budget=seconds)}) for name in cells]
    sample = known.take(np.argsort(known.lengths, kind="stable")[-_SAMPLE:])
    quick = Training(n_updates=1)
    drafts: list[Any] = [registry.entry(name).build({"training": quick, "n_members": 1}) for name in cells]
    for draft in drafts:
        draft.fit(sample, horizon=folds.reach)
    target = drafts[0].parameters_with(drafts[0].hidden_size)
    return [
        one.set_params(hidden_size=_solved(draft, target)) if draft is not drafts[0] else one
        for one, draft in zip(made, drafts, strict=True)
    ]


def _check(cells: Sequence[str], match: str) -> None:
    for name in cells:
        if name not in CELLS:
            raise SettingError(f"There is no cell {name!r} to compare; they are: {', '.join(CELLS)}.")
    if len(set(cells)) != len(cells) or len(cells) < 2:
        raise SettingError(f"cells are {', '.join(cells) or 'none'}; name at least two, each once: {', '.join(CELLS)}.")
    check_choice("match", match, MATCHES)


def _solved(draft: Any, target: int) -> int:
    """Return the hidden size whose number of parameters is nearest to `target`."""
    low, high = 1, _WIDEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if draft.parameters_with(middle) <= target else (low, middle)
    return min((low, high), key=lambda size: abs(draft.parameters_with(size) - target))


def rivals(backtest: Backtest, evidence: Evidence, cells: Sequence[str]) -> list[Rival]:
    """Return what the backtest measured of each cell that could forecast, the most accurate first."""
    made = []
    for name in cells:
        if name not in backtest.results:
            continue
        runs = backtest.results[name].runs
        scores = evidence.seeds.get(name, ())
        n_fits = sum(int(np.count_nonzero(run.fit_seconds)) for run in runs)
        n_folds = sum(len(run.predict_seconds) for run in runs)
        made.append(
            Rival(
                name,
                int(runs[0].model.get_params(deep=False)["hidden_size"]) if runs[0].model else 0,
                runs[0].parameters,
                evidence.intervals[name][evidence.score].value,
                float(np.std(scores, ddof=1)) if len(scores) > 1 else float("nan"),
                sum(float(run.fit_seconds.sum()) for run in runs) / max(n_fits, 1),
                sum(float(run.predict_seconds.sum()) for run in runs) / max(n_folds, 1),
                max(run.peak_memory for run in runs),
            )
        )
    return sorted(made, key=lambda one: one.score)


def answer(found: Sequence[Rival], evidence: Evidence) -> list[str]:
    """Return which cell is better, quicker and smaller, in sentences; what is not more than luck is said to be so."""
    if len(found) < 2:
        return []
    said = [str(evidence.pair(found[0].model, other.model)) for other in found[1:]]
    quickest, slowest = (pick(found, key=lambda one: one.fit_seconds) for pick in (min, max))
    ratio = slowest.fit_seconds / quickest.fit_seconds if quickest.fit_seconds > 0 else 1.0
    if ratio >= _NOTICED:
        said.append(
            f"{quickest.model} trains quickest: {quickest.fit_seconds:.2g} s a fit, {slowest.model} takes "
            f"{ratio:.1f} times as long."
        )
    smallest, largest = (pick(found, key=lambda one: one.parameters) for pick in (min, max))
    if largest.parameters > _NOTICED * smallest.parameters:
        said.append(
            f"{smallest.model} has the fewest parameters: {smallest.parameters:,}, {largest.model} "
            f"{largest.parameters:,}."
        )
    steady = [one for one in found if np.isfinite(one.deviation)]
    if len(steady) > 1:
        calm = min(steady, key=lambda one: one.deviation)
        said.append(f"{calm.model} depends least on its seed (standard deviation {calm.deviation:.2g}).")
    return said
