"""The models as a table for people: names, what each can take and what it needs."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from tidegate.errors import SettingError
from tidegate.forecasters import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = ("known", "past", "static")
_MODULES = {"boost": "xgboost"}
"""The module that shows whether an extra is installed."""


class Catalogue(tuple[dict[str, Any], ...]):
    """The models, one dict each; prints as a table.

    Keys: `name`, `about`, `fits` ("one model per series" or "one model over all series"), `covariates` (of known,
    past, static), `gaps` (whether it reads missing values as gaps, with ``fill="keep"``), `cost` (class from 0,
    instant, to 5, a training run), `seed` (whether it changes the result), `ladder` (whether it is tried by default),
    `needs` (the extra to install, or None) and `installed`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        header = ("model", "cost", "covariates", "one model", "about")
        rows = [header, *(_cells(model) for model in self)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(header) - 1)] + [0]
        return "\n".join("  ".join(map(str.ljust, row, widths)) for row in rows)


def models() -> Catalogue:
    """Return every model with what it can take and needs, from simple to complex.

    >>> import tidegate
    >>> [model["name"] for model in tidegate.models() if "known" in model["covariates"]][:3]
    ['linear', 'random-forest', 'xgboost']
    """
    return Catalogue(_describe(entry) for entry in registry.entries())


def installed(extra: str | None) -> bool:
    """Return whether what the `extra` brings can be imported; no extra is always there."""
    return extra is None or importlib.util.find_spec(_MODULES.get(extra, extra)) is not None


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the named models in ladder order, each once; "all" stands for every registered model.

    Raises
    ------
    SettingError
        If a name is unknown (with the nearest one) or none is given.
    """
    if not names:
        raise SettingError("No model is named. Give names separated by commas, for example naive,ets,gru.")
    if "all" in names:
        return tuple(entry.name for entry in registry.entries())
    wanted = {registry.entry(name).name for name in names}
    return tuple(entry.name for entry in registry.entries() if entry.name in wanted)


def _describe(entry: registry.Entry) -> dict[str, Any]:
    traits = entry.traits
    return {
        "name": entry.name,
        "about": entry.about,
        "fits": "one model per series" if traits.scope == "series" else "one model over all series",
        "covariates": [kind for kind in _KINDS if kind in traits.covariates],
        "gaps": traits.gaps,
        "cost": traits.cost,
        "seed": traits.stochastic,
        "ladder": entry.ladder,
        "needs": traits.extra,
        "installed": installed(traits.extra),
    }


def _cells(model: dict[str, Any]) -> tuple[str, ...]:
    missing = "" if model["installed"] else f" Install it with: pip install 'tidegate[{model['needs']}]'"
    covariates = ", ".join(model["covariates"]) or "none"
    fits = model["fits"].removeprefix("one model ")
    return model["name"], str(model["cost"]), covariates, fits, model["about"] + missing
