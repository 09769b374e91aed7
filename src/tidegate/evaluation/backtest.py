"""The rolling-origin backtest: every model forecasts from the same past origins, seeing nothing after them."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from tidegate import cluster
from tidegate.data.intake import as_panel
from tidegate.errors import SettingError, TidegateError
from tidegate.evaluation.contenders import BASELINE, Contender, bound, enlisted, further_runs
from tidegate.evaluation.plan import Plan, plan
from tidegate.evaluation.results import Backtest, ModelResult
from tidegate.evaluation.settings import Settings, Watch
from tidegate.evaluation.store import Store, fingerprint
from tidegate.evaluation.twice import asked_twice, twice
from tidegate.evaluation.work import Job, Outcome, judge
from tidegate.forecasters import registry
from tidegate.scoring import metrics
from tidegate.scoring.folds import Folds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tidegate.forecasters.base import Forecaster

__all__ = ["BASELINE", "Backtest", "ModelResult", "Settings", "Watch", "backtest"]

_AGAIN = (-1,)
"""Stands for the newest fold where a function is asked for it a second time."""
_SECONDS = {0: 0.0002, 1: 0.001, 2: 0.05, 3: 0.5, 4: 3.0, 5: 10.0}
"""A guess per cost class of what one fit takes. It decides only whether starting processes can pay."""
_AT_ONCE = 1
"""Cost class up to which a budget needs no other process, from which a model under way could be given up."""
_WORTH_STARTING = 6.0
"""Guessed seconds of work below which everything runs in this process: starting others takes about as long."""


def backtest(
    data: Any,
    models: Sequence[str | Forecaster],
    *,
    folds: Folds,
    settings: Settings | None = None,
) -> Backtest:
    """Forecast from past origins with each model, and return the forecasts beside what happened.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame.
    models
        Registry names or forecasters. Seasonal naive is added if it is not among them.
    folds
        Where the origins lie.
    settings
        Levels, seed, processes, budget, store, watch and warm starts.

    Returns
    -------
    Backtest
        The same bits for the same seed, for any number of processes and after any interruption.

    Raises
    ------
    DataError
        If no series is long enough for the folds, or the baseline cannot be fitted.
    SettingError
        If a model is unknown or a setting is outside its limits.
    TidegateError
        If no model at all could forecast.
    """
    chosen = settings or Settings()
    if not isinstance(folds, Folds):
        raise SettingError(f"folds is {folds!r}; it must be a Folds, such as Folds(horizon=12, count=5).")
    contenders, missing = enlisted(models, chosen.seed)
    contenders += further_runs(contenders, chosen.seeds)
    planned = plan(as_panel(data), folds)
    run = _Run(planned, folds, chosen, contenders)
    run.left_out |= missing
    watch = chosen.watch
    if watch is not None:
        watch.begin([one.label for one in contenders], folds.count)
    try:
        processes = chosen.processes if _work(contenders, planned, folds) > _WORTH_STARTING else 1
        limited = chosen.budget is not None and any(map(_may_last, contenders))
        if processes > 1 or limited:
            run.bound = bound(contenders)
        processes, until = (1, None) if run.bound else (processes, run.until if limited else None)
        with contextlib.closing(cluster.run(run.tasks(), processes=processes, until=until)) as finished:
            for number, outcome in finished:
                run.take(number, outcome)
        run.recover()
    finally:
        if watch is not None:
            watch.finish()
    return run.result()


@dataclass
class _Run:
    """A backtest under way: hands out tasks, takes their outcomes."""

    plan: Plan
    folds: Folds
    settings: Settings
    contenders: list[Contender]
    left_out: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    bound: str = ""

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._store = None if self.settings.store is None else Store(self.settings.store)
        self._handed: list[tuple[Contender, tuple[int, ...], str]] = []
        self._found: dict[str, dict[tuple[int, ...], Outcome]] = {one.label: {} for one in self.contenders}
        self._again: dict[str, Outcome] = {}
        self._first_failed: dict[str, tuple[int, ...]] = {}
        self._frame = _frame(self.plan, self.folds, self.settings.levels)

    def tasks(self) -> Iterator[Callable[[], Outcome]]:
        """Yield what is still to be computed; drawn late, so that failures and the budget are known by then."""
        for contender in sorted(self.contenders, key=lambda one: one.label != BASELINE):
            pieces = self._pieces(contender)
            stored = [self._stored(key) for _, _, key in pieces]
            if None in stored and self._over(contender):
                continue
            for (group, job, key), outcome in zip(pieces, stored, strict=True):
                if not self._complete(contender.label):
                    break
                if outcome is not None:
                    self._keep(contender, group, outcome)
                    continue
                if self._over(contender):
                    break
                self._handed.append((contender, group, key))
                yield partial(judge, job)

    def take(self, number: int, outcome: Outcome) -> None:
        """Take what task `number` found."""
        contender, group, key = self._handed[number]
        if self._store and not outcome.failure and not outcome.missing:
            self._store.write(key, outcome)
        self._keep(contender, group, outcome)

    def recover(self) -> None:
        """Take what the store has of models that were not reached or not finished in time."""
        for contender in self.contenders:
            for group, _, key in self._pieces(contender) if self._store and self._over(contender) else ():
                outcome = self._stored(key) if self._complete(contender.label) else None
                if outcome is not None and not self._has(contender, group):
                    self._keep(contender, group, outcome)

    def result(self) -> Backtest:
        """Return everything that was found."""
        self._give_up()
        self._join_failures()
        results = {
            one.label: replace(self._result(one), others=tuple(map(self._result, self._further(one.label))))
            for one in self.contenders
            if not one.run_of and self._complete(one.label)
        }
        if BASELINE in self.failures:
            raise TidegateError(f"{BASELINE}, the baseline of every comparison, failed: {self.failures[BASELINE]}")
        shortened = self._shortened()
        frame = replace(
            self._frame,
            results=results,
            failures=_in_ladder_order(self.failures, self.contenders),
            left_out=_in_ladder_order(self.left_out, self.contenders),
        )
        here = [self.bound] if self.bound else []
        return replace(frame, notes=(*self.plan.notes, *_notes(frame), *shortened, *here))

    def _shortened(self) -> list[str]:
        """Take the further runs that were not made out of what was left out, and say how many each model had."""
        notes = []
        for label in dict.fromkeys(one.run_of for one in self.contenders if one.run_of):
            further = [one.label for one in self.contenders if one.run_of == label]
            whys = [self.left_out.pop(one) for one in further if one in self.left_out]
            if whys and self._complete(label):
                made = 1 + len(further) - len(whys)
                notes.append(f"{label} ran with {made} of {1 + len(further)} seeds; the others were {whys[0]}.")
        return notes

    def _join_failures(self) -> None:
        """Let a model fail that failed with any seed: the mean over the others would flatter it."""
        for one in self.contenders:
            if one.run_of and one.label in self.failures:
                why = self.failures.pop(one.label)
                self.failures.setdefault(one.run_of, f"with {one.label.rpartition(', ')[2]}: {why}")

    def _further(self, label: str) -> list[Contender]:
        """Return the finished runs of a model with other seeds."""
        return [one for one in self.contenders if one.run_of == label and self._complete(one.label)]

    def _model(self, contender: Contender) -> Forecaster:
        """Return the model as it is run."""
        can = self.settings.warm and "warm_start" in contender.model.get_params(deep=False)
        return clone(contender.model).set_params(warm_start=True) if can else contender.model

    def _groups(self, contender: Contender) -> tuple[tuple[int, ...], ...]:
        """Return the folds of each task: those that share a fit, or all where a fit goes on from the one before."""
        if getattr(self._model(contender), "warm_start", False):
            return (tuple(range(self.folds.count)),)
        return self.folds.groups()

    def _pieces(self, contender: Contender) -> list[tuple[tuple[int, ...], Job, str]]:
        """Return the folds of each task, the task, and where it is stored; a function is asked again at the end."""
        made = [(group, self._job(contender, group)) for group in self._groups(contender)]
        pieces = [(group, job, fingerprint(job) if self._store else "") for group, job in made]
        if asked_twice(contender.model):
            job = replace(self._job(contender, (self.folds.count - 1,)), fits=(0,))
            pieces.append((_AGAIN, job, f"{fingerprint(job)}-again" if self._store else ""))
        return pieces

    def _stored(self, key: str) -> Outcome | None:
        return self._store.read(key) if self._store else None

    def _has(self, contender: Contender, group: tuple[int, ...]) -> bool:
        return contender.label in self._again if group == _AGAIN else group in self._found[contender.label]

    def _job(self, contender: Contender, group: tuple[int, ...]) -> Job:
        """Give a task what lies before its newest origin, and no more."""
        ends, folds = self.plan.ends[list(group)], self.folds
        known = self.plan.panel.before(ends[-1], folds.reach)
        fits = tuple(one[0] - group[0] for one in folds.groups() if one[0] in group)
        model, levels = self._model(contender), self.settings.levels
        return Job(model, known, ends, folds.horizon, folds.gap, folds.window, levels, fits)

    def until(self) -> float | None:
        """Return when models under way are given up, once the baseline is done; None for never."""
        budget = self.settings.budget
        return None if budget is None or self._pending(BASELINE) else self._started + budget

    def _pending(self, label: str) -> bool:
        """Return whether folds of a model that did not fail are still missing."""
        if not self._complete(label):
            return False
        contender = next(one for one in self.contenders if one.label == label)
        return any(group not in self._found[label] for group in self._groups(contender))

    def _give_up(self) -> None:
        """Say which models were under way when the time was over."""
        begun = {contender.label for contender, _, _ in self._handed} | {*filter(self._found.get, self._found)}
        for one in self.contenders:
            if self._pending(one.label) and one.label in begun:
                done, of = len(self._found[one.label]), len(self._groups(one))
                told = f" when {done} of its {of} fits were done" if of > 1 else ""
                self.left_out[one.label] = f"not finished: {self._spent()}{told}"
            elif self._pending(one.label):
                self.left_out[one.label] = f"not started: {self._spent()}"

    def _spent(self) -> str:
        budget = self.settings.budget or 0.0
        return f"the {f'{budget:,.0f}' if budget >= 10 else f'{budget:.3g}'} seconds for judging were over"

    def _over(self, contender: Contender) -> bool:
        """Return whether the time is over, for all but the baseline."""
        budget = self.settings.budget
        return budget is not None and contender.label != BASELINE and time.monotonic() - self._started >= budget

    def _keep(self, contender: Contender, group: tuple[int, ...], outcome: Outcome) -> None:
        if group == _AGAIN:
            self._again[contender.label] = outcome
            return
        self._found[contender.label][group] = outcome
        if outcome.missing:
            self.left_out[contender.label] = outcome.missing
        if outcome.failure and group <= self._first_failed.get(contender.label, group):
            self._first_failed[contender.label] = group
            self.failures[contender.label] = outcome.failure
        if self.settings.watch is not None:
            for g, fold in enumerate(group):
                seconds = float(outcome.fit_seconds[g] + outcome.predict_seconds[g])
                errors = metrics.mase(self._frame.actual[fold], outcome.mean[g], self._frame.scales.absolute[fold])
                self.settings.watch.done(contender.label, fold, seconds, float(metrics.average(errors, None)))

    def _complete(self, label: str) -> bool:
        return label not in self.failures and label not in self.left_out

    def _result(self, contender: Contender) -> ModelResult:
        """Put the outcomes of all groups together, oldest fold first."""
        parts = [self._found[contender.label][group] for group in self._groups(contender)]
        note = next((part.note for part in parts if part.note), "")
        if asked_twice(contender.model):
            note = twice(self._again.get(contender.label), parts[-1].mean[-1], self.plan.panel) or note
        return ModelResult(
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.lower for part in parts]),
            np.concatenate([part.upper for part in parts]),
            np.concatenate([part.fit_seconds for part in parts]),
            np.concatenate([part.predict_seconds for part in parts]),
            parts[-1].parameters,
            max(part.peak_memory for part in parts),
            contender.model.traits.cost,
            note,
            contender.model,
        )


def _in_ladder_order(reasons: dict[str, str], contenders: list[Contender]) -> dict[str, str]:
    """Return `reasons` in an order that does not depend on which process was done first; names not built come first."""
    order = {one.label: k for k, one in enumerate(contenders)}
    return dict(sorted(reasons.items(), key=lambda item: order.get(item[0], -1)))


def _work(contenders: list[Contender], planned: Plan, folds: Folds) -> float:
    """Guess the seconds of work from cost classes and sizes; no clock is asked."""
    total = 0.0
    for contender in contenders:
        traits = registry.traits(contender.model.name)
        total += _SECONDS[traits.cost] * (len(planned.panel) if traits.scope == "series" else 1)
    return total * len(folds.groups())


def _may_last(contender: Contender) -> bool:
    """Return whether a fit may take long: by its cost class, and where nobody declared one."""
    known = {entry.name for entry in registry.entries()}
    return contender.model.traits.cost > _AT_ONCE or contender.model.name not in known


def _frame(planned: Plan, folds: Folds, levels: tuple[int, ...]) -> Backtest:
    """Return the backtest without any model: what every forecast will be compared with."""
    panel, ends = planned.panel, planned.ends
    origins = panel.offsets[:-1] + ends
    rows = origins[..., None] + folds.gap + np.arange(folds.horizon)
    cutoffs, times, actual = panel.times[origins - 1], panel.times[rows], panel.values[rows]
    return Backtest(panel, folds, levels, ends, cutoffs, times, actual, {}, {}, {})


def _notes(made: Backtest) -> tuple[str, ...]:
    """Say what no score or not every score counts: series without a scale, zeros, missing values."""
    notes = []
    unscaled = ~(made.scales.absolute > 0)
    if unscaled.any():
        n = int(np.flatnonzero(unscaled.any(axis=0))[0])
        one = int(unscaled.any(axis=0).sum()) == 1
        notes.append(
            f"{int(unscaled.any(axis=0).sum()):,} of {unscaled.shape[1]:,} series {'does' if one else 'do'} not change "
            f"from season to season before an origin ({'it' if one else 'the first'} is {str(made.panel.ids[n])!r}): "
            f"{'its' if one else 'their'} errors cannot be scaled, so MASE and RMSSE leave "
            f"{'it' if one else 'them'} out there."
        )
    zeros, gaps = int(np.sum(made.actual == 0)), int(np.isnan(made.actual).sum())
    if zeros:
        notes.append(f"{zeros:,} of {made.actual.size:,} values to judge by are 0: MAPE leaves them out.")
    if gaps:
        notes.append(f"{gaps:,} of {made.actual.size:,} values to judge by are missing; no score counts them.")
    return tuple(notes)
