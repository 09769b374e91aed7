"""A look into the best recurrent network of a study: its gates and its gradient through time, beside the forecast.

torch is imported only once there is a network to look into.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from tidegate.errors import TidegateError
from tidegate.evaluation.held import held, is_recurrent, names
from tidegate.evaluation.outlay import within

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.evaluation.backtest import Backtest
    from tidegate.evaluation.held import Held
    from tidegate.evaluation.study import Study
    from tidegate.insight.result import Insight


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What the best recurrent network of a study does with the past.

    Parameters
    ----------
    model
        Its name; "" where there is none.
    about
        Which network it is and how it was trained, or why there is nothing to see.
    insight
        What was seen; None where nothing was.
    """

    model: str
    about: str
    insight: Insight | None = None

    def sentences(self) -> list[str]:
        """Return what was found in words, the most important first."""
        if self.insight is None:
            return [self.about]
        return [self.insight.sentences()[0], self.about]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures without the arrays, ready for JSON."""
        figures = None if self.insight is None else self.insight.to_dict()
        return {"model": self.model, "sentences": self.sentences(), "network": figures}


def best_recurrent(found: Backtest, score: str) -> str | None:
    """Return the recurrent model with the lowest error in a backtest; None if none was judged.

    Parameters
    ----------
    found
        What every model forecast.
    score
        The column of its scores to go by.
    """
    judged = [name for name, result in found.results.items() if is_recurrent(result.model)]
    errors = found.scores().set_index("model")[score].astype(float).reindex(judged)
    return str(errors.idxmin()) if errors.notna().any() else None


def glimpse(study: Study, *, left: float = math.inf) -> Glimpse:
    """Return a look into the recurrent model with the lowest error, whether or not it is the recommended one.

    The recommended model is looked into as it was fitted, and so is the heaviest recurrent one that it holds. Of
    another, one network is trained on the series that the models were judged on: once, and without what the averaging
    of several networks costs.

    Parameters
    ----------
    study
        With its model fitted.
    left
        Seconds that training a network may take.
    """
    name = best_recurrent(study.backtest, study.verdict.score)
    inside = held(study.model) if study.model is not None else ()
    if inside and (inside[0].within or name == study.verdict.recommended):
        return _seen(inside[0].name, study.model, lambda seen: _own(study, inside[0], networks=seen.scene.member[1]))
    if name is None:
        return Glimpse("", _absent(study.backtest))
    if left <= 0:
        return Glimpse(name, f"{name} is not shown from the inside: the budget was spent before it could be trained.")
    try:
        model = _trained(study.backtest, name, left)
    except TidegateError as error:
        return Glimpse(name, f"{name} cannot be shown from the inside: {error}")
    return _seen(name, model, lambda _: _other(study, name))


def _seen(name: str, model: Any, about: Callable[[Insight], str]) -> Glimpse:
    """Return a look into a fitted model, or why there is none."""
    from tidegate.insight.asking import suited
    from tidegate.insight.inspection import inspect

    try:
        seen = inspect(model)
    except TidegateError as error:
        return Glimpse(name, f"{name} cannot be shown from the inside: {error}")
    return Glimpse(name, about(seen), suited(seen, seen.scene.asking._replace(several=True)))


def _trained(found: Backtest, name: str, left: float) -> Any:
    """Return one network of the model, trained on everything that was judged."""
    model = clone(found.results[name].model).set_params(n_members=1)
    return within(model, left).fit(found.panel, horizon=found.folds.horizon)


def _own(study: Study, inside: Held, *, networks: int) -> str:
    """Say which network of the recommended model was looked into."""
    if inside.within:
        return (
            f"{study.verdict.recommended} is the recommended model. {inside.label} is the recurrent model that counts "
            "most in its forecast, and was looked into as it was fitted."
        )
    which = "the network that forecasts" if networks == 1 else f"one of the {networks} whose median is the forecast"
    return f"{inside.label} is the recommended model and was looked into as it was fitted: {which}."


def _other(study: Study, name: str) -> str:
    """Say which network was trained for the look."""
    n_judged = len(study.backtest.panel)
    series = "the series" if n_judged == 1 else f"the {n_judged:,} series that the models were judged on"
    return (
        f"{name} has the lowest error of the recurrent models; the forecast comes from {study.verdict.recommended}. "
        f"For this look one network of {name} was trained on all values of {series}."
    )


def _absent(found: Backtest) -> str:
    """Say why there is no recurrent network: none was asked for, or none could be judged."""
    why = {name: said for name, said in (found.failures | found.left_out).items() if name in names()}
    if not why:
        return "No recurrent network was among the models, so there are no gates or gradients to show."
    name, said = next(iter(why.items()))
    return f"No recurrent network could be judged, so there are no gates or gradients to show. {name}: {said}"
