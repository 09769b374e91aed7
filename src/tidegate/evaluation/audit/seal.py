"""The seal: what the audit asks of a recommended model, checked in passing before anyone trusts its forecast.

What costs a forecast is checked always, on the model as it was fitted; what costs a fit only where the registry's cost
class says that fits are cheap. Counts and sizes bound it, no clock does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from tidegate.analysis.wording import number, percent, probability
from tidegate.errors import DataError, NotFittedError, TidegateError
from tidegate.evaluation.audit import material as audited
from tidegate.evaluation.audit.blindness import blindness
from tidegate.evaluation.audit.exact import exact
from tidegate.evaluation.audit.finding import Outcome, gravest, times
from tidegate.evaluation.audit.leaks import leaks
from tidegate.evaluation.audit.mark import Mark, unmade
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.evaluation.audit.points import points
from tidegate.evaluation.audit.refusals import refusals
from tidegate.evaluation.audit.sameness import Trial, repeated, rescaled, saved, shifted
from tidegate.evaluation.audit.subject import Judged
from tidegate.evaluation.contenders import BASELINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.evaluation.audit.material import Material
    from tidegate.evaluation.study import Study
    from tidegate.forecasters.base import Forecaster
    from tidegate.forecasters.registry import Traits
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

MOST_SERIES, MOST_VALUES, MOST_LAGS, MOST_ORIGINS = 3, 500, 13, 8
"""Series, newest values of each (more where seasons are long), lags and past origins that the seal looks at."""
MOST_SAVED = 200_000
"""Observations of a model up to which it is saved and loaded for the seal."""
_CHEAP, _CHEAP_OF_ALL = 2, 3
"""Cost classes up to which a model is fitted again: one of each series, and one over all series."""


@dataclass(frozen=True)
class Seal:
    """What was checked of a model before its forecast is trusted.

    Parameters
    ----------
    model
        Its name.
    marks
        What was checked, and what was not.
    command
        The command that checks all of it.
    """

    model: str
    marks: tuple[Mark, ...]
    command: str

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome of what was checked; "unchecked" if nothing was."""
        made = [mark.outcome for mark in self.marks if mark.outcome != "unchecked"]
        return gravest(made) if made else "unchecked"

    @property
    def statement(self) -> str:
        """The seal in one or two sentences."""
        made = [mark for mark in self.marks if mark.outcome != "unchecked"]
        told = [mark for mark in made if mark.outcome == self.outcome and mark.outcome != "passed"]
        passed = sum(mark.outcome == "passed" for mark in made)
        if not made:
            said = f"{self.model} could not be checked."
        elif not told:
            said = f"{self.model} passes {'the one check' if passed == 1 else f'all {passed} checks'}."
        else:
            noun = "fails" if self.outcome == "failed" else "draws a warning in"
            said = f"{self.model} {noun} {len(told)} of {times(len(made), 'check')}: {told[0].statement}"
        left = len(self.marks) - len(made)
        return f"{said} {times(left, 'check')} could not be made here: see {self.command}." if left else said

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as dicts, lists and text."""
        marks = [vars(mark) for mark in self.marks]
        return {
            "model": self.model,
            "outcome": self.outcome,
            "statement": self.statement,
            "marks": marks,
            "command": self.command,
        }


@dataclass(frozen=True)
class _Checked:
    """What the checks work on.

    Parameters
    ----------
    fitted
        The model as it was fitted.
    again
        The same model, to be fitted anew; None where that would take long.
    material
        A few series of what it was fitted on.
    seed
        Of what is drawn.
    """

    fitted: Fitted
    again: Model | None
    material: Material
    seed: int

    @cached_property
    def alike(self) -> Trial:
        """By how much two forecasts of the fitted model differ: made once, though two checks ask for it."""
        return repeated(self.fitted, self.material, self.fitted.afresh(self.material.panel))


def seal(study: Study, data: Panel, *, command: str, seed: int = 0, spent: bool = False) -> Seal:
    """Return what can be checked of the recommended model at the cost of a few forecasts and, where cheap, a few fits.

    Parameters
    ----------
    study
        With its model fitted.
    data
        The panel that it was fitted on.
    command
        How to have everything checked.
    seed
        Draws the series that are looked at, if there are many.
    spent
        Whether there is no time left to fit anything.

    Raises
    ------
    NotFittedError
        If the study is a comparison, which has no fitted model.
    """
    model = study.model
    if model is None:
        raise NotFittedError("The study compared models and fitted none. Run the whole study to have one to check.")
    found: list[Mark] = []
    try:
        checked = _checked(model, data, seed, again=_cheap(model.traits) and not spent)
    except DataError as error:
        found += [unmade(name, str(error)) for name in (*_CHECKS, *_fitting(model.traits))]
    else:
        found += [_tried(name, check, checked) for name, check in _CHECKS.items()]
        found += _learning(checked, model.traits, spent=spent)
    found += _exact("Computes its published equations", model, seed)
    return Seal(model.name, (*found, _scored(study), _compared(study)), command)


def _checked(model: Forecaster, data: Panel, seed: int, *, again: bool) -> _Checked:
    material = _material(model, data, seed)
    return _Checked(Fitted(model), Model(clone(model), model.horizon_) if again else None, material, seed)


def _cheap(traits: Traits) -> bool:
    return traits.cost <= (_CHEAP if traits.scope == "series" else _CHEAP_OF_ALL)


def _material(model: Forecaster, data: Panel, seed: int) -> Material:
    """Return a few of the series that the model was fitted on, and a few lags and origins."""
    own, seasons = set(model.ids_.tolist()), model.history_.seasons
    least = audited.needed(data, model.horizon_, model.history_.season)
    theirs = np.array([one in own for one in data.ids.tolist()])
    long_enough = np.flatnonzero(theirs & (data.lengths >= least))
    slow = model.traits.scope == "series" and not _cheap(model.traits)
    drawn = np.random.default_rng(seed).permutation(long_enough)[: 1 if slow else MOST_SERIES]
    panel = data.take(np.sort(drawn) if len(drawn) else np.flatnonzero(theirs)[:1])
    panel = replace(audited.newest(panel, max(MOST_VALUES, 2 * least)), seasons=seasons)
    made = audited.prepared(panel, model.horizon_, seed=seed)
    return replace(made, lags=min(made.lags, MOST_LAGS), origins=made.origins[-MOST_ORIGINS:])


def _tried(name: str, check: Callable[[str, _Checked], Mark], checked: _Checked) -> Mark:
    """Return what a check found; one that cannot be made says why."""
    try:
        return check(name, checked)
    except TidegateError as error:
        return unmade(name, str(error))


def _exact(name: str, model: Forecaster, seed: int) -> list[Mark]:
    """Return whether the layers of networks are their equations; nothing where there are none."""
    try:
        found = exact(name, model, seed=seed)
    except TidegateError as error:
        return [unmade(name, str(error))]
    return [] if found is None else [found]


def _sees(name: str, checked: _Checked) -> Mark:
    found = blindness(checked.fitted, checked.material)
    newest = found.response[:, 0]
    least, step = float(newest.min()), int(newest.argmin()) + 1
    if found.finding.outcome == "unchecked":
        return unmade(name, found.finding.statement.removeprefix("Not checked: "))
    said = f"{found.finding.statement} {' '.join(found.finding.sentences)}".rstrip()
    if least > 0:
        said += f" Step {step} answers least: by {least:.2g} for each unit that the newest value is raised by."
    return Mark(name, found.finding.outcome, f"{least:.2g} per unit", said)


def _foresees(name: str, checked: _Checked) -> Mark:
    asked, material = checked.again or checked.fitted, checked.material
    noise = checked.alike.departure or 0.0
    found = leaks(asked, material, asked.judged(material.panel, material.origins), noise=noise)
    if found.finding.outcome == "unchecked":
        return unmade(name, found.finding.statement.removeprefix("Not checked: "))
    changed = int(np.bitwise_count(_bits(found.plain) ^ _bits(found.changed)).sum())
    measured = f"{changed:,} of {64 * found.plain.size:,} bits changed"
    return Mark(name, found.finding.outcome, measured, f"{found.finding.statement} {found.finding.sentences[0]}")


def _bits(values: Floats) -> NDArray[np.uint64]:
    return np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)


def _forecasts_alike(name: str, checked: _Checked) -> Mark:
    return _of(name, checked.alike)


def _survives(name: str, checked: _Checked) -> Mark:
    size = len(checked.fitted.model.history_.values)
    if size > MOST_SAVED:
        return unmade(name, f"the model holds {size:,} observations, more than {MOST_SAVED:,}.")
    return _of(name, saved(checked.fitted, checked.material))


def _refuses(name: str, checked: _Checked) -> Mark:
    model, material = checked.fitted.model, checked.material
    return refusals(name, lambda data, future: model.forecast(data, future=future), material.panel, material.horizon)


_CHECKS: dict[str, Callable[[str, _Checked], Mark]] = {
    "Sees the newest values": _sees,
    "Sees nothing after the origin": _foresees,
    "Forecasts twice the same": _forecasts_alike,
    "Saved and loaded the same": _survives,
    "Refuses bad input": _refuses,
}
_REFITS = {
    "Learns twice the same": repeated,
    "In another unit the same": rescaled,
    "At another level the same": shifted,
}


def _fitting(traits: Traits) -> list[str]:
    """Return which checks need fits: that of a shift only where the registry declares that the model follows one."""
    needs = ("", "scale", "shift")
    return [name for name, need in zip(_REFITS, needs, strict=True) if not need or need in traits.equivariant]


def _learning(checked: _Checked, traits: Traits, *, spent: bool) -> list[Mark]:
    """Return what fitting again shows, where that is cheap."""
    names, again = _fitting(traits), checked.again
    if again is None:
        why = "the budget was spent." if spent else "it would have to be fitted again, which takes long."
        return [unmade(name, why) for name in names]
    try:
        again.learn(checked.material.panel)
        first = again.forecasts([checked.material.panel])[0]
        made = [_of(name, _REFITS[name](again, checked.material, first)) for name in names]
        return [replace(made[0], statement=made[0].statement.replace("second run", "second fit")), *made[1:]]
    except TidegateError as error:
        return [unmade(name, str(error)) for name in names]


def _of(name: str, trial: Trial) -> Mark:
    if trial.departure is None:
        return unmade(name, trial.statement)
    size = "other rows" if np.isinf(trial.departure) else f"departs by {trial.departure:.1g}"
    return Mark(name, trial.outcome, size, trial.statement)


def _scored(study: Study) -> Mark:
    """Return whether the backtest that the verdict rests on scored every point."""
    made = study.backtest
    found = points(made.panel, Judged(made.ends, made.results[study.verdict.recommended].mean))
    measured = f"{found.expected - found.missing:,} of {found.expected:,} points"
    return Mark("Scored on every point", found.finding.outcome, measured, found.finding.statement)


def _compared(study: Study) -> Mark:
    """Return how the recommended model stands to seasonal naive, which no comparison may leave out."""
    name, verdict = "Compared with seasonal naive", study.verdict
    errors = {rung.model: rung.score for rung in verdict.rungs}
    if BASELINE not in errors:
        return Mark(
            name, "failed", "not judged", f"{BASELINE} was not among the models, so nothing can be said of them."
        )
    if verdict.recommended == BASELINE:
        others = len(errors) - 1
        said = f"no other of {times(others + 1, 'model')} earns its cost" if others else "nothing was compared with it"
        return Mark(name, "passed", f"{verdict.score} {number(errors[BASELINE])}", f"It is {BASELINE} itself: {said}.")
    own, base = errors[verdict.recommended], errors[BASELINE]
    tested = probability(verdict.gain.p) if np.isfinite(verdict.gain.p) else "not tested"
    size = f"{percent(abs(own / base - 1))} {'below' if own < base else 'above'}" if base > 0 else f"{number(own)} to 0"
    return Mark(name, "passed", f"{size}, {tested}", verdict.headline)
