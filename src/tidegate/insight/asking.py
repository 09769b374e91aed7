"""How a remedy is asked for of the model that was looked into: only by settings that it has, under its name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tidegate.evaluation.auto import Auto
from tidegate.insight.diagnosis import GATED, REMEDIES

if TYPE_CHECKING:
    from tidegate.evaluation.held import Held
    from tidegate.insight.diagnosis import Diagnosis, Remedy
    from tidegate.insight.result import Insight

_SET = re.compile(r"--set (\w+)")
_NAMED = {one.name: one for one in REMEDIES}


class Asking(NamedTuple):
    """Which settings a model has, and how they are typed.

    Attributes
    ----------
    model
        Its registry name; "" where no model was looked into.
    kind
        The name of its class.
    names
        Its settings; None where no model was looked into, which is to be asked for anything.
    holder
        Name of what holds it, and the setting by which that is given its models; None where it stands by itself.
    several
        Whether it is typed where several models are, as in `tidegate forecast`: --set MODEL.NAME=VALUE.
    """

    model: str = ""
    kind: str = ""
    names: frozenset[str] | None = None
    holder: tuple[str, str] | None = None
    several: bool = False

    def takes(self, setting: str) -> bool:
        """Return whether the model has a setting of this name."""
        return self.names is None or setting in self.names

    def suits(self, remedy: Remedy) -> bool:
        """Return whether a remedy can be asked for; another cell can, where there is a model of it."""
        found = _SET.search(remedy.option)
        return remedy.name == GATED.name or (found is not None and self.takes(found[1]))

    def typed(self, word: str) -> str:
        """Return a setting NAME=VALUE as words of the command line; of a model that is held, fitted by itself."""
        if self.several:
            beside = f"--models {self.holder[0]},{self.model} " if self.holder else ""
            return f"{beside}--set {self.model}.{word}"
        return f"{f'--model {self.model} ' if self.holder else ''}--set {word}"

    def option(self, remedy: Remedy) -> str:
        """Return how a remedy is asked for: words of the command line, then what they are in Python."""
        if self.names is None:
            return remedy.option
        if remedy.name == GATED.name and not self.takes("cell"):
            models = "--models lstm,gru" if self.several else "--model lstm or --model gru"
            return f"{models}; tidegate.LSTM() or tidegate.GRU() in Python"
        typed, _, spoken = remedy.option.removesuffix(" in Python").partition("; ")
        word, spoken = ("cell=lstm", "cell='lstm'") if remedy.name == GATED.name else (typed.split()[1], spoken)
        if self.holder:
            spoken = f"tidegate.{self.kind}({spoken}) among the {self.holder[1]} of {self.holder[0]}"
        return f"{self.typed(word)}; {spoken} in Python"


def asking(found: Held) -> Asking:
    """Return how settings of a recurrent model, or of one that another holds, are asked for."""
    model, names = found.model, frozenset(found.model.get_params(deep=False))
    holder = None
    if found.within:
        outer = found.within[0]
        holder = (outer.name, "candidates" if isinstance(outer, Auto) else "members")
    return Asking(model.name, type(model).__name__, names, holder)


def suited(made: Insight, how: Asking) -> Insight:
    """Return what was found with those remedies alone that can be asked for so, and how."""
    layers = tuple(replace(layer, diagnosis=_suited(layer.diagnosis, how)) for layer in made.layers)
    course = None if made.course is None else _suited(made.course, how)
    return replace(made, scene=replace(made.scene, asking=how), layers=layers, course=course)


def _suited(diagnosis: Diagnosis, how: Asking) -> Diagnosis:
    known = [_NAMED[one.name] for one in diagnosis.remedies]
    return replace(diagnosis, remedies=tuple(one._replace(option=how.option(one)) for one in known if how.suits(one)))
