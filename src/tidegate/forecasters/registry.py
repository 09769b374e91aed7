"""Every model by name: one line each, loaded by import path so that listing them imports nothing heavy."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.forecasters.base import Forecaster

BOTH = frozenset({"scale", "shift"})
SCALE = frozenset({"scale"})


@dataclass(frozen=True)
class Traits:
    """What a model can take and what can be relied on.

    Parameters
    ----------
    cost
        Cost class: 0 instant, 1 milliseconds a series, 2 tens of milliseconds a series, 3 a second, 4 seconds,
        5 a training run. Fixed, never measured: it ranks models without a clock.
    scope
        "series": one model per series, only for the ids it was fitted on; "panel": one model over all series.
    covariates
        The kinds it uses, of "known", "past", "static"; the others are left out.
    equivariant
        "scale": multiplying a series multiplies its forecast; "shift": adding a constant adds it.
    stochastic
        Whether `seed` changes the result.
    extra
        The optional dependency it needs.
    gaps
        Whether it reads gaps as gaps: with ``fill="keep"`` its target holds NaN where values are missing.
    """

    cost: int = 1
    scope: Literal["series", "panel"] = "series"
    covariates: frozenset[str] = frozenset()
    equivariant: frozenset[str] = BOTH
    stochastic: bool = False
    extra: str | None = None
    gaps: bool = False


@dataclass(frozen=True)
class Entry:
    """One line of the registry.

    Parameters
    ----------
    name
        Registry name, also the column name everywhere.
    path
        Where its class is: "module:Class".
    about
        One line for people.
    traits
        What it can take.
    ladder
        Whether `tidegate forecast` climbs it by default.
    settings
        Constructor settings that make this entry of its class.
    """

    name: str
    path: str
    about: str
    traits: Traits = field(default_factory=Traits)
    ladder: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def build(self, settings: Mapping[str, Any] | None = None) -> Forecaster:
        """Return a new, unfitted forecaster with `settings` laid over the entry's own."""
        module, _, attribute = self.path.partition(":")
        made: Forecaster = getattr(importlib.import_module(module), attribute)(**{**self.settings, **(settings or {})})
        return made


_NAIVE = "tidegate.forecasters.naive"
_SMOOTHING = "tidegate.forecasters.smoothing"
_ARIMA = "tidegate.forecasters.arima"
_REGRESSION = "tidegate.forecasters.regression"
_NARN = "tidegate.forecasters.narn"
_RECURRENT = "tidegate.forecasters.recurrent"
_ENSEMBLE = "tidegate.forecasters.ensemble"
_AUTO = "tidegate.evaluation.auto"
_HYBRID = "tidegate.forecasters.hybrid.forecaster"
_ALL = frozenset({"known", "past", "static"})
_INSTANT = Traits(cost=0)
_TREES = Traits(cost=4, scope="panel", covariates=_ALL, stochastic=True)
_NETWORK = Traits(cost=5, scope="panel", covariates=_ALL, stochastic=True, equivariant=SCALE, gaps=True)
_TOGETHER = replace(_NETWORK, scope="series")

_ENTRIES = [
    Entry("naive", f"{_NAIVE}:Naive", "The last value, repeated.", _INSTANT, ladder=True),
    Entry("seasonal-naive", f"{_NAIVE}:SeasonalNaive", "The last season, repeated.", _INSTANT, ladder=True),
    Entry("drift", f"{_NAIVE}:Drift", "The line from the first to the last value, continued.", _INSTANT),
    Entry("historic-mean", f"{_NAIVE}:HistoricMean", "The mean of everything seen.", _INSTANT),
    Entry("moving-average", f"{_NAIVE}:MovingAverage", "The mean of the newest values; window chosen by error.", _INSTANT),
    Entry("ses", f"{_SMOOTHING}:SimpleSmoothing", "Simple exponential smoothing: a level.", Traits(cost=1), ladder=True),
    Entry("holt-winters", f"{_SMOOTHING}:HoltWinters", "Level, damped trend and season, smoothed.", Traits(cost=2, equivariant=SCALE), ladder=True),
    Entry("ets", f"{_SMOOTHING}:ETS", "Error, trend, season in state space; form by AICc.", Traits(cost=2, equivariant=SCALE), ladder=True),
    Entry("theta", f"{_SMOOTHING}:Theta", "Two theta lines: drift and smoothing.", Traits(cost=1, equivariant=SCALE), ladder=True),
    Entry("mstl", f"{_SMOOTHING}:MSTL", "Several seasons by repeated STL, the rest by ETS.", Traits(cost=1, equivariant=SCALE)),
    Entry("croston", f"{_SMOOTHING}:Croston", "Intermittent demand: sizes and gaps apart.", Traits(cost=1, equivariant=SCALE)),
    Entry("ar", f"{_ARIMA}:AR", "Autoregression; order by AICc.", Traits(cost=1)),
    Entry("ma", f"{_ARIMA}:MA", "Moving-average errors; order by AICc.", Traits(cost=2)),
    Entry("arma", f"{_ARIMA}:ARMA", "Both, no differencing (d = 0).", Traits(cost=3)),
    Entry("arima", f"{_ARIMA}:ARIMA", "ARMA after differencing; orders by AICc.", Traits(cost=3), ladder=True),
    Entry("sarima", f"{_ARIMA}:SARIMA", "ARIMA with seasonal terms; orders by AICc.", Traits(cost=4), ladder=True),
    Entry("linear", f"{_REGRESSION}:Linear", "Ridge regression on lags, calendar and covariates.", Traits(cost=3, scope="panel", covariates=_ALL), ladder=True),
    Entry("random-forest", f"{_REGRESSION}:RandomForest", "A forest of trees on the same inputs.", _TREES, ladder=True),
    Entry("xgboost", f"{_REGRESSION}:XGBoost", "Boosted trees on the same inputs.", replace(_TREES, extra="boost"), ladder=True),
    Entry("narn", f"{_NARN}:NARN", "One hidden layer on d lags (non-linear autoregression).", _NETWORK, ladder=True),
    Entry("rnn", f"{_RECURRENT}:RNN", "Elman network, decoded from its final state.", _NETWORK, ladder=True),
    Entry("lstm", f"{_RECURRENT}:LSTM", "LSTM network, decoded from its final state.", _NETWORK, ladder=True),
    Entry("gru", f"{_RECURRENT}:GRU", "GRU network, decoded from its final state.", _NETWORK, ladder=True),
    Entry("recurrent", f"{_RECURRENT}:RecurrentForecaster", "Any cell, any decoder: direct, recurrent, segment, attention.", _NETWORK),
    Entry("hybrid", f"{_HYBRID}:Hybrid", "Exponential smoothing and a dilated LSTM, trained together.", replace(_NETWORK, covariates=frozenset({"static"}))),
    Entry("ensemble", f"{_ENSEMBLE}:Ensemble", "The mean of ets, theta and gru, or of any other models.", _TOGETHER),
    Entry("auto", f"{_AUTO}:Auto", "The models that forecast the end of the training data best, combined.", _TOGETHER, ladder=True),
]  # fmt: skip

_REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def entries() -> tuple[Entry, ...]:
    """Return every entry, from simple to complex: the order of the ladder."""
    return tuple(_REGISTRY.values())


def ladder() -> tuple[str, ...]:
    """Return the names that `tidegate forecast` climbs by default, from simple to complex."""
    return tuple(entry.name for entry in _REGISTRY.values() if entry.ladder)


def entry(name: str) -> Entry:
    """Return the entry called `name`.

    Raises
    ------
    SettingError
        If there is none; the message suggests the nearest name.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    near = difflib.get_close_matches(name.lower(), _REGISTRY, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise SettingError(f"There is no model {name!r}. {hint}The models are: {', '.join(_REGISTRY)}.")


def register(new: Entry) -> None:
    """Add a model of your own, so that comparisons, laws and the command line know it by name.

    Raises
    ------
    SettingError
        If the name is taken.
    """
    if new.name in _REGISTRY:
        raise SettingError(f"A model {new.name!r} is registered already. Choose another name.")
    _REGISTRY[new.name] = new


def traits(name: str) -> Traits:
    """Return what the model called `name` can take; plain defaults for a class that was never registered."""
    return _REGISTRY[name].traits if name in _REGISTRY else Traits()


def forecaster(name: str) -> Forecaster:
    """Return a new forecaster with default settings by registry name.

    >>> from tidegate.forecasters.registry import forecaster
    >>> forecaster("seasonal-naive")
    SeasonalNaive()
    """
    return entry(name).build()
