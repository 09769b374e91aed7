"""Who takes part in a backtest: models by name or as objects, in ladder order, always with the baseline."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.base import clone

from tidegate.errors import MissingExtraError, SettingError
from tidegate.forecasters import registry
from tidegate.forecasters.base import Forecaster

if TYPE_CHECKING:
    from collections.abc import Sequence


BASELINE = "seasonal-naive"


@dataclass(frozen=True)
class Contender:
    """A model under the name of its column.

    Parameters
    ----------
    label
        Registry name; the second model of a name gets "-2", and so on.
    model
        With its settings, not fitted.
    run_of
        Label of the model of which this is a further run with another seed; "" for a model itself.
    """

    label: str
    model: Forecaster
    run_of: str = ""


def enlisted(models: Sequence[str | Forecaster], seed: int) -> tuple[list[Contender], dict[str, str]]:
    """Build what is named and put everything in ladder order, with the baseline.

    Parameters
    ----------
    models
        Registry names, each counted once, or forecasters.
    seed
        For stochastic models that are named.

    Returns
    -------
    list of Contender
        Models that are not in the registry come last, in the given order.
    dict
        By name: which extra to install for a model that could not be built.

    Raises
    ------
    SettingError
        If a name is unknown, or something is neither a name nor a forecaster.
    """
    if isinstance(models, str):
        raise SettingError(f"models is {models!r}; it must be a list of names or forecasters, such as [{models!r}].")
    strange = [model for model in models if not isinstance(model, str | Forecaster)]
    if strange:
        raise SettingError(f"{strange[0]!r} is neither the name of a model nor a forecaster.")
    named = [model for model in models if isinstance(model, str)]
    built: list[Forecaster] = [model for model in models if not isinstance(model, str)]
    missing: dict[str, str] = {}
    if BASELINE not in named and BASELINE not in [model.name for model in built]:
        named.append(BASELINE)
    for entry in [registry.entry(name) for name in dict.fromkeys(named)]:
        try:
            built.append(entry.build({"seed": seed} if entry.traits.stochastic else {}))
        except MissingExtraError as error:
            missing[entry.name] = str(error)
    order = {entry.name: k for k, entry in enumerate(registry.entries())}
    built.sort(key=lambda model: order.get(model.name, len(order)))
    seen: dict[str, int] = {}
    contenders = []
    for model in built:
        seen[model.name] = seen.get(model.name, 0) + 1
        label = model.name if seen[model.name] == 1 else f"{model.name}-{seen[model.name]}"
        contenders.append(Contender(label, model))
    return contenders, missing


def further_runs(contenders: Sequence[Contender], n_seeds: int) -> list[Contender]:
    """Return the runs of stochastic models with the seeds after their own: `n_seeds` - 1 of each."""
    return [
        Contender(f"{one.label}, seed {one.model.get_params()['seed'] + k}", _seeded(one.model, k), one.label)
        for k in range(1, n_seeds)
        for one in contenders
        if one.model.traits.stochastic and "seed" in one.model.get_params(deep=False)
    ]


def bound(contenders: Sequence[Contender]) -> str:
    """Return why everything must run in this process: a model that cannot be sent to another; "" where all can."""
    for one in contenders:
        try:
            pickle.dumps(one.model)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            return (
                f"{one.label} cannot be sent to another process ({error}), so that every model ran in this one, where "
                "none is given up before its fit ends. Define its class or function at the top level of a module."
            )
    return ""


def _seeded(model: Forecaster, later: int) -> Forecaster:
    made: Forecaster = clone(model).set_params(seed=model.get_params(deep=False)["seed"] + later)
    return made
