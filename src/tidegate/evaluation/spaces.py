"""What there is to tune: the settings of each family and the values to try for them, in one table."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from tidegate.errors import SettingError
from tidegate.forecasters import registry
from tidegate.training.settings import Training, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

_SHORTEST, _LONGEST = 4, 400
_WORDS = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`; whole ones where both are whole.

    Parameters
    ----------
    low, high
        The ends, both included.
    log
        Whether to search by factors instead of differences; `low` must be above 0 then.

    Raises
    ------
    SettingError
        If the ends are not in order, or a range by factors begins at 0 or below.

    >>> Range(1e-4, 1e-2, log=True)
    Range(low=0.0001, high=0.01, log=True)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise SettingError(f"A range goes from {self.low} to {self.high}; the first end must be below the second.")
        if self.log and self.low <= 0:
            raise SettingError(f"A range by factors begins at {self.low}; it must begin above 0, or have log=False.")

    def widened(self, value: float) -> Range:
        """Return the range that also holds `value`."""
        return Range(min(self.low, value), max(self.high, value), self.log)


Values = Range | tuple[Any, ...]
Space = dict[str, Values]


@dataclass(frozen=True)
class Site:
    """What the usual values depend on.

    Parameters
    ----------
    horizon
        Steps ahead.
    seasons
        Of the panel, in steps; (1,) or () for none.
    room
        Steps that the longest series leaves before a horizon.
    """

    horizon: int
    seasons: tuple[int, ...]
    room: int


def _reaches(site: Site, _: Any) -> Values:
    """Return the rule and one, two or four horizons and seasons, as far as the series reach."""
    cycles = {site.horizon, *(season for season in site.seasons if season > 1)}
    steps = {factor * cycle for cycle in cycles for factor in (1, 2, 4)}
    return (None, *sorted(step for step in steps if _SHORTEST <= step <= min(_LONGEST, site.room)))


def _always(*values: Any) -> Callable[[Site, Any], Values]:
    return lambda site, default: values  # noqa: ARG005 (the face of the table)


def _over(low: float, high: float) -> Callable[[Site, Any], Values]:
    return lambda site, default: Range(low, high, log=True)  # noqa: ARG005 (the face of the table)


def _around(_: Site, default: int) -> Values:
    """Return half, once, twice and four times the default."""
    return (max(default // 2, 1), default, 2 * default, 4 * default)


_OWN: Mapping[str, Callable[[Site, Any], Values]] = {
    "decoder": _always("direct", "recurrent", "segment", "attention"),
    "head": _always("quantiles", "point", "student-t"),
    "hidden_size": _always(16, 32, 64, 128),
    "layers": _always(1, 2, 3),
    "window": _reaches,
    "lags": _reaches,
    "shift": _always("level", "mean", "last", "none"),
    "base": _always("seasonal-naive", "shift"),
    "unit": _always("window", "series"),
    "dropout": _always(0.0, 0.1, 0.2, 0.4),
    "n_trees": _around,
    "leaf_size": _always(1, 3, 5, 10, 20),
    "depth": lambda site, default: Range(3, 10),  # noqa: ARG005 (the face of the table)
    "learning_rate": _over(0.01, 0.3),
}
"""Settings of a model by name."""

_TRAINING: Mapping[str, Callable[[Site, Any], Values]] = {
    "learning_rate": _over(5e-4, 2e-2),
    "batch_size": _always(32, 64, 128, 256),
    "n_updates": _always(None, 200, 500, 1500),
}
"""Settings of a network's training by name."""


def usual(model: Forecaster, panel: Panel, horizon: int) -> Space:
    """Return what to try for `model`: the settings it has among those of the table, each with its default included.

    Parameters
    ----------
    model
        With its settings, not fitted.
    panel
        Series to tune on, seasons set.
    horizon
        Steps ahead.

    Raises
    ------
    SettingError
        If it has none: classical models choose their form from each series by themselves.
    """
    site = Site(horizon, panel.seasons, int(panel.lengths.max()) - horizon)
    own, training = model.get_params(deep=False), training_of(model)
    made = {name: value(site, own[name]) for name, value in _OWN.items() if name in own}
    if training is not None:
        made |= {name: value(site, getattr(training, name)) for name, value in _TRAINING.items()}
    if not made or model.traits.scope != "panel":
        tuned = [entry.name for entry in registry.entries() if entry.traits.scope == "panel"]
        raise SettingError(
            f"{model.name} chooses its form from each series by itself: there is nothing to tune. "
            f"Choose one of {', '.join(tuned)}."
        )
    return complete(made, model)


def given(space: Mapping[str, Range | Sequence[Any]], model: Forecaster) -> Space:
    """Return a space of a user's, checked, with each default included.

    Raises
    ------
    SettingError
        If it is empty, names a setting that `model` does not have, or values that cannot be tried.
    """
    if not space:
        raise SettingError("The space is empty: name settings with the values to try, or leave it out.")
    known = [*model.get_params(deep=False), *([] if training_of(model) is None else Training._fields)]
    made: Space = {}
    for name, values in space.items():
        if name not in known or name in ("seed", "training"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise SettingError(f"{model.name} has no setting {name!r} to tune.{hint}")
        if isinstance(values, Range):
            made[name] = values
            continue
        listed = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
        if not listed or not all(isinstance(value, _WORDS) for value in values):
            raise SettingError(
                f"The space of {name} is {values!r}; it must be a Range, or a list of numbers, words, True, False and "
                "None."
            )
        made[name] = tuple(dict.fromkeys(values))
    return complete(made, model)


def complete(space: Space, model: Forecaster) -> Space:
    """Return `space` with the model's own settings among the values, since they are always the first trial."""
    made: Space = {}
    for name, value in settings_of(model, tuple(space)).items():
        values = space[name]
        if isinstance(values, Range):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number:
                raise SettingError(f"{name} is {value!r} by default, which is in no range; give a list of values.")
            made[name] = values.widened(value)
        else:
            made[name] = values if value in values else (value, *values)
    return made


def settings_of(model: Forecaster, names: Sequence[str]) -> dict[str, Any]:
    """Return the values that `model` has for these settings, its training's included."""
    own, training = model.get_params(deep=False), training_of(model)
    return {name: own[name] if name in own else getattr(training, name) for name in names}


def arguments(model: Forecaster, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return flat settings as arguments of the model's class: those of training are gathered in one."""
    own, training = model.get_params(deep=False), training_of(model)
    made = {name: value for name, value in values.items() if name in own}
    rest = {name: value for name, value in values.items() if name not in own}
    return made | ({"training": training._replace(**rest)} if training and rest else {})


def configured(model: Forecaster, values: Mapping[str, Any]) -> Forecaster:
    """Return a copy of `model`, not fitted, with these settings."""
    made: Forecaster = clone(model).set_params(**arguments(model, values))
    return made


def training_of(model: Forecaster) -> Training | None:
    """Return the settings of the model's training, its family's own where none are given; None without a network."""
    own = model.get_params(deep=False)
    return checked(own["training"] or getattr(model, "usual_training", Training())) if "training" in own else None
