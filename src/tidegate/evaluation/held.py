"""Which recurrent model is meant where a model holds others: `auto` and ensembles hold some of those they combine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.analysis.wording import listing, percent
from tidegate.evaluation.auto import Auto
from tidegate.forecasters import registry
from tidegate.forecasters.ensemble import Ensemble

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.forecasters.base import Forecaster

_FAMILIES = ("tidegate.forecasters.recurrent", "tidegate.forecasters.hybrid.forecaster")


class Held(NamedTuple):
    """A recurrent model, and where it lies.

    Attributes
    ----------
    model
        The recurrent model.
    label
        What it is called among the others.
    share
        What it counts for in the forecast, above 0 and at most 1.
    within
        What holds it, the outermost first; () where it stands by itself.
    """

    model: Any
    label: str
    share: float
    within: tuple[Forecaster, ...]

    @property
    def name(self) -> str:
        """What to call it: "gru", or "gru in auto"."""
        return f"{self.label} in {self.within[0].name}" if self.within else self.label

    def read(self, data: Any) -> tuple[Any, NDArray[np.float64] | None]:
        """Return what the model is given where `data` are given to what holds it, and what series are divided by then.

        Parameters
        ----------
        data
            A Panel or frame; None for the training series, which the model has.

        Returns
        -------
        data
            None, or a Panel.
        factors
            Shape (N,); None where nothing holds it.
        """
        factors = None
        for outer in self.within:
            panel, own = outer.readable(data)
            data = None if data is None else panel
            factors = own if factors is None else factors * own
        return data, factors


def is_recurrent(model: object) -> bool:
    """Return whether a model is of a family whose networks are recurrent; imports none of them."""
    return any(kind.__module__ in _FAMILIES for kind in type(model).__mro__)


def names() -> tuple[str, ...]:
    """Return the registry names of these families."""
    return tuple(entry.name for entry in registry.entries() if entry.path.partition(":")[0] in _FAMILIES)


def held(model: Any) -> tuple[Held, ...]:
    """Return every recurrent model that a fitted model is or holds, the heaviest first; () if there is none.

    Raises
    ------
    NotFittedError
        If what may hold one is not fitted.
    """
    found = _held(model, getattr(model, "name", type(model).__name__), 1.0, ())
    return tuple(sorted(found, key=lambda one: -one.share))


def refusal(model: object) -> str:
    """Return why a model cannot be looked into, and what can."""
    name = getattr(model, "name", type(model).__name__)
    if isinstance(model, Auto | Ensemble):
        inside = listing(list(model.weights_ if isinstance(model, Auto) else model.labels_))
        return (
            f"{name} holds no recurrent model, so there is nothing to inspect: its forecast is made of {inside}. What "
            f"can be inspected: {', '.join(names())}, and {name} where one of them counts in it."
        )
    return (
        f"{name} has no recurrent layer over its window, so there is nothing to inspect. What can be inspected: "
        f"{', '.join(names())}, and auto and ensemble where they hold one of these. Fit one of them."
    )


def told(found: tuple[Held, ...]) -> str:
    """Return which of the recurrent models that `held` found is looked into, as a sentence; "" where none is held."""
    first = found[0]
    if not first.within:
        return ""
    outer, inner = first.within[0].name, first.within[-1]
    median = isinstance(inner, Ensemble) and inner.combine == "median"
    shares = [one.label if median else f"{one.label} ({percent(one.share)})" for one in found]
    if len(found) == 1:
        counts = "one of those whose median is the forecast" if median else f"{percent(first.share)} of the forecast"
        return f"{outer} holds one recurrent model, {first.label}, which was looked into: it is {counts}."
    which = "the first of them" if median or first.share == found[1].share else "the heaviest"
    return f"{outer} holds {len(found)} recurrent models, {listing(shares)}; {first.label}, {which}, was looked into."


def _held(model: Any, label: str, share: float, within: tuple[Forecaster, ...]) -> list[Held]:
    if is_recurrent(model):
        return [Held(model, label, share, within)]
    if not isinstance(model, Auto | Ensemble):
        return []
    model.readable()  # refuses a model that is not fitted
    if isinstance(model, Auto):
        return _held(model.model_, model.model_.name, share, (*within, model))
    members = zip(model.labels_, model.members_, model.weights_, strict=True)
    return [
        one for name, member, weight in members for one in _held(member, name, share * float(weight), (*within, model))
    ]
