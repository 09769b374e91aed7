"""The audit as one call: five questions to any forecaster, each answered in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.display import Displayed
from tidegate.errors import SettingError
from tidegate.evaluation.audit.blindness import Blindness, blindness
from tidegate.evaluation.audit.echo import Echo, echo
from tidegate.evaluation.audit.finding import Finding, checked_names, gravest, times
from tidegate.evaluation.audit.leaks import ROUNDING, Leaks, leaks
from tidegate.evaluation.audit.material import Material, prepared
from tidegate.evaluation.audit.models import Model
from tidegate.evaluation.audit.points import Points, points
from tidegate.evaluation.audit.sameness import Sameness, sameness
from tidegate.evaluation.audit.subject import Judged
from tidegate.evaluation.audit.target import subject
from tidegate.forecasters.arguments import check_horizon

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.evaluation.audit.subject import Kind, Subject

KINDS: dict[str, str] = {
    "model": "a model that is fitted anew whenever the data change",
    "fitted": "a fitted model, of which only forecasting is audited",
    "predict": "a function predict(history, horizon)",
    "backtest": "a function backtest(frame, horizon, folds)",
}


@dataclass(frozen=True, eq=False)
class Audit(Displayed):
    """What was found about a forecaster.

    Parameters
    ----------
    name
        What was audited.
    kind
        "model", "fitted", "predict" or "backtest": how it was asked.
    material
        The data it was audited on.
    blindness
        What each step ahead sees of the newest values.
    leaks
        Whether values after an origin are seen.
    echo
        Whether it repeats the newest value.
    points
        Whether everything was forecast.
    sameness
        Whether what must not matter does.
    allow
        Names of checks that may fail.
    notes
        What was decided about the data and the calls, in sentences.
    """

    name: str
    kind: Kind
    material: Material
    blindness: Blindness
    leaks: Leaks
    echo: Echo
    points: Points
    sameness: Sameness
    allow: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One per check, in the order of `finding.CHECKS`."""
        parts = (self.blindness, self.leaks, self.echo, self.points, self.sameness)
        return tuple(part.finding.allowed(self.allow) for part in parts)

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(finding.outcome != "failed" for finding in self.findings)

    @property
    def statement(self) -> str:
        """The verdict in one sentence."""
        failed, warned = ([f for f in self.findings if f.outcome == how] for how in ("failed", "warned"))
        if failed:
            return f"{self.name} fails the audit: {_inner(failed[0].statement)}"
        if warned:
            return f"{self.name} passes the audit with {times(len(warned), 'warning')}: {_inner(warned[0].statement)}"
        return f"{self.name} passes the audit."

    def sentences(self) -> list[str]:
        """Return the verdict and the statement of each check."""
        return [self.statement, *(finding.statement for finding in self.findings)]

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def to_dict(self) -> dict[str, Any]:
        """Return everything that was found as dicts, lists, numbers and text."""
        blind, leak, echoed, scored = self.blindness, self.leaks, self.echo, self.points
        return {
            "name": self.name,
            "kind": self.kind,
            "horizon": self.material.horizon,
            "passed": self.passed,
            "outcome": gravest([finding.outcome for finding in self.findings]),
            "statement": self.statement,
            "findings": [
                {"check": f.check, "outcome": f.outcome, "statement": f.statement, "sentences": list(f.sentences)}
                for f in self.findings
            ],
            "blind-spots": {
                "unseen": blind.unseen.tolist(),
                "response": np.round(blind.response, 6).tolist(),
                "slope": np.round(blind.slope, 6).tolist(),
                "seen": blind.seen.tolist(),
            },
            "leaks": {"largest": leak.largest, "source": None if leak.source is None else vars(leak.source)},
            "echo": {
                "correlations": echoed.correlations.tolist(),
                "skill": echoed.skill,
                "direction": echoed.direction,
                "steps": echoed.n_steps,
            },
            "points": {"expected": scored.expected, "missing": scored.missing},
            "sameness": [vars(trial) for trial in self.sameness.trials],
            "allow": list(self.allow),
            "notes": list(self.notes),
        }


def audit(
    target: Any,
    data: Any,
    *,
    horizon: int,
    allow: Sequence[str] = (),
    seed: int = 0,
    watch: Callable[[str], None] | None = None,
) -> Audit:
    """Return what a forecaster does not see, sees though it must not, repeats, leaves out and lets matter.

    Parameters
    ----------
    target
        A model's registry name, the folder of a saved model, "module:function", a forecaster (fitted or not), or a
        function ``predict(history, horizon)`` or ``backtest(frame, horizon, folds)``; docs/audit.md describes them.
    data
        A Panel, or a pandas or polars frame, of at least two seasons and one horizon per series.
    horizon
        Steps ahead, at least 1.
    allow
        Checks that may fail, of "blind-spots", "leaks", "points" and "sameness".
    seed
        Of a model that is named, and for drawing series.
    watch
        Told in a few words what is being checked.

    Returns
    -------
    Audit
        Its `passed` says whether no check failed; `plot()` draws what each step sees.

    Raises
    ------
    DataError
        If the data are too short, or a function returns what was not asked for or changes what it was given.
    SettingError
        If the target cannot be found, has another face, or raises; or another argument is outside its limits.

    Examples
    --------
    >>> import tidegate
    >>> found = tidegate.audit("naive", tidegate.example(), horizon=12)
    >>> print(found.statement)
    naive passes the audit.
    """
    names = checked_names(allow)
    check_horizon(horizon)
    if watch is not None and not callable(watch):
        raise SettingError(f"watch is {watch!r}; it must be a function of one text, such as print.")
    say = watch or (lambda _: None)
    asked, material = subject(target, horizon, seed=seed), prepared(data, horizon, seed=seed)
    say("the first forecast")
    first = _first(asked, material)
    say("sameness")
    same = sameness(asked, material, first)
    noise = same.trials[0].departure or 0.0
    say("blind spots")
    blind = blindness(asked, material)
    say("past origins")
    judged = asked.judged(material.panel, material.origins)
    say("leaks")
    leaking = leaks(asked, material, judged, noise=noise if noise > ROUNDING else 0.0)
    say("echo and points")
    return Audit(
        asked.name,
        asked.kind,
        material,
        blind,
        leaking,
        echo(material, _one_apart(asked, material, judged), declared=asked.kind == "model" and asked.name == "naive"),
        points(material.panel, judged),
        same,
        names,
        (*material.panel.notes, *material.notes, *asked.notes),
    )


def _first(asked: Subject, material: Material) -> Any:
    """Return forecasts (N, F) of a first run; a model stays fitted as it was for them."""
    if isinstance(asked, Model):
        asked.learn(material.panel)
        return asked.forecasts([material.panel])[0]
    return asked.afresh(material.panel)


def _one_apart(asked: Subject, material: Material, judged: Judged) -> Judged:
    """Return forecasts at origins one step apart: `judged` if they are so, else such forecasts of their own."""
    if len(judged.ends) >= 2 and (np.diff(judged.ends, axis=0) == 1).all():
        return judged
    cut = [material.panel.before(ends, material.horizon) for ends in material.origins]
    return Judged(material.origins, asked.forecasts(cut))


def _inner(sentence: str) -> str:
    """Return a sentence as it goes on after a colon."""
    return sentence if sentence[:2].isupper() else sentence[0].lower() + sentence[1:]
