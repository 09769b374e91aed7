"""Sameness: what must not matter to a forecast: the unit, the level, who stands beside a series, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.audit.backtests import Backtest
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.finding import Finding, Outcome, gravest
from tidegate.evaluation.audit.leaks import ROUNDING
from tidegate.evaluation.audit.models import Fitted, Model
from tidegate.evaluation.audit.subject import departures
from tidegate.forecasters import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.evaluation.audit.material import Material
    from tidegate.evaluation.audit.subject import Subject

    Floats = NDArray[np.float64]

FACTOR, LEVELS = 4.0, 8.0
"""What series are multiplied by, and how many standard deviations are added."""
UNITS, COMPANY = 1e-2, 1e-4
"""Departures in standard deviations up to which a forecast is the same in another unit or level, and in company."""
COPIES = 8
"""How many copies of the series a function gets in one call, to see whether their number matters."""


@dataclass(frozen=True)
class Trial:
    """One thing that must not matter.

    Parameters
    ----------
    name
        What was changed, in a few words.
    departure
        By how much the forecast departs from what it should be, in standard deviations of the series; None if that
        was not tried.
    limit
        What it may depart by.
    outcome
        As in `Finding`.
    statement
        What came out, in a sentence.
    """

    name: str
    departure: float | None
    limit: float
    outcome: Outcome
    statement: str


@dataclass(frozen=True)
class Sameness:
    """What matters that must not.

    Parameters
    ----------
    finding
        The verdict over all trials.
    trials
        One for each thing that was changed.
    """

    finding: Finding
    trials: tuple[Trial, ...]


def sameness(subject: Subject, material: Material, first: Floats) -> Sameness:
    """Return what changes the forecasts of `subject` without a reason.

    Parameters
    ----------
    subject
        What is audited; a model has learned from the data.
    material
        The data.
    first
        Forecasts (N, F) of an earlier run.
    """
    run_again = repeated(subject, material, first)
    tries: dict[str, Callable[[], Trial]] = {
        "other unit": lambda: rescaled(subject, material, first),
        "other level": lambda: shifted(subject, material, first),
        "alone": lambda: _alone(subject, material),
        "batch size": lambda: _batched(subject, material),
        "other order": lambda: _reordered(subject, material, first),
    }
    random = run_again.outcome == "failed"
    why = "two runs on the same data differ already"
    others = [_unchecked(name, why) if random else run() for name, run in tries.items()]
    trials = (run_again, *others, saved(subject, material))
    worst = gravest([trial.outcome for trial in trials if trial.outcome != "unchecked"])
    told = [trial.statement for trial in trials if trial.outcome == worst] if worst != "passed" else []
    statement = told[0] if told else "Runs, units, levels and company do not matter to the forecast."
    rest = tuple(trial.statement for trial in trials if trial.statement != statement)
    return Sameness(Finding("sameness", worst, statement, rest), trials)


def apart(made: Floats, plain: Floats, spread: Floats) -> float:
    """Return the largest departure between two forecasts (N, F), in standard deviations."""
    return float(departures(made, plain, spread).max(initial=0.0))


def _trial(name: str, departure: float, limit: float, *, fatal: bool, same: str, otherwise: str) -> Trial:
    """Return a trial with its verdict; `otherwise` has a place for the departure."""
    if departure <= limit:
        said = same if departure == 0 else f"{same} (but for {departure:.1g} standard deviations)"
        return Trial(name, departure, limit, "passed", f"{said}.")
    size = "has other rows" if np.isinf(departure) else f"departs by up to {departure:.2g} standard deviations"
    return Trial(name, departure, limit, "failed" if fatal else "warned", f"{otherwise.format(size)}.")


def _unchecked(name: str, why: str) -> Trial:
    return Trial(name, None, 0.0, "unchecked", f"{name.capitalize()}: not checked, {why}.")


def repeated(subject: Subject, material: Material, first: Floats) -> Trial:
    """Return whether a second run forecasts the same as the `first`, (N, F)."""
    again = apart(subject.afresh(material.panel), first, material.spread)
    return _trial(
        "second run",
        again,
        0.0 if subject.kind in ("model", "fitted") else ROUNDING,
        fatal=True,
        same="A second run forecasts the same",
        otherwise="It is random: a second run on the same data {}. Give every random draw a seed",
    )


def rescaled(subject: Subject, material: Material, first: Floats) -> Trial:
    """Return whether series in another unit are forecast as the `first` run, (N, F), has them."""
    name = "other unit"
    if subject.kind == "fitted":
        return _unchecked(name, "a fitted model keeps the unit that it learned")
    panel = material.panel
    made = subject.afresh(replace(panel, values=panel.values * FACTOR)) / FACTOR
    return _trial(
        name,
        apart(made, first, material.spread),
        UNITS,
        fatal=False,
        same="In another unit it forecasts the same",
        otherwise=f"The unit matters: the forecast of {FACTOR:g} times the values, divided by {FACTOR:g}, {{}}",
    )


def shifted(subject: Subject, material: Material, first: Floats) -> Trial:
    """Return whether series at another level are forecast as the `first` run, (N, F), has them."""
    name = "other level"
    if subject.kind == "fitted":
        return _unchecked(name, "a fitted model keeps the level that it learned")
    if subject.kind == "model" and "shift" not in registry.traits(subject.name).equivariant:
        return _unchecked(name, f"{subject.name} is not declared to follow shifts, as growth in percent is not")
    panel, by = material.panel, LEVELS * material.spread
    made = subject.afresh(replace(panel, values=panel.values + np.repeat(by, panel.lengths))) - by[:, None]
    return _trial(
        name,
        apart(made, first, material.spread),
        UNITS,
        fatal=False,
        same="At another level it forecasts the same",
        otherwise=f"The level matters: with {LEVELS:g} standard deviations added and taken off the forecast {{}}",
    )


def _alone(subject: Subject, material: Material) -> Trial:
    panel, name = material.panel, "alone"
    if len(panel) < 2:
        return _unchecked(name, "there is one series")
    together, single = subject.forecasts([panel])[0], subject.forecasts([panel.take([0])])[0]
    trial = _trial(
        name,
        apart(single, together[:1], material.spread[:1]),
        COMPANY,
        fatal=False,
        same="A series alone is forecast as among the others",
        otherwise="Company matters: the forecast of a series alone {} from that among the others",
    )
    if trial.outcome == "warned" and subject.kind in ("predict", "backtest"):
        said = f"{trial.statement} That is right if it learns from all series on each call."
        return replace(trial, statement=said)
    return trial


def _batched(subject: Subject, material: Material) -> Trial:
    """Return whether it matters how many series are forecast at once: our models one by one, functions in copies."""
    panel, name = material.panel, "batch size"
    if subject.kind == "backtest":
        return _unchecked(name, "a backtest is called once for all series")
    if subject.kind == "predict":
        alone, copied = subject.forecasts([panel]), subject.forecasts([panel] * COPIES)
        made, plain = copied, np.repeat(alone, COPIES, axis=0)
        how = f"the series and {COPIES} copies of them at once"
    elif len(panel) < 2:
        return _unchecked(name, "there is one series")
    else:
        plain = subject.forecasts([panel])[0]
        made = np.concatenate([subject.forecasts([panel.take([n])])[0] for n in range(len(panel))])
        how = f"one at a time and all {len(panel)} at once"
    return _trial(
        name,
        apart(made, plain, material.spread),
        COMPANY,
        fatal=False,
        same=f"The batch size does not matter: {how} are forecast alike",
        otherwise=f"The batch size matters: between {how} the forecast {{}}",
    )


def _reordered(subject: Subject, material: Material, first: Floats) -> Trial:
    name = "other order"
    if not isinstance(subject, Predict | Backtest):
        return _unchecked(name, "tidegate sorts the series itself")
    if len(material.panel) < 2:
        return _unchecked(name, "there is one series")
    return _trial(
        name,
        apart(subject.reordered(material.panel), first, material.spread),
        COMPANY,
        fatal=False,
        same="The order of the series does not matter",
        otherwise="The order of the series matters: turned round, the forecast {}",
    )


def saved(subject: Subject, material: Material) -> Trial:
    """Return whether a model forecasts the same once it was saved and loaded."""
    name = "saved, loaded"
    if not isinstance(subject, Model | Fitted):
        return _unchecked(name, "a function is not saved")
    return _trial(
        name,
        apart(*subject.saved(material.panel), material.spread),
        0.0,
        fatal=True,
        same="Saved and loaded it forecasts the same",
        otherwise="Saving loses something: the forecast of the loaded model {}",
    )
