"""tidegate: recurrent networks for sequences and time series, judged honestly and open to inspection.

Public names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate import errors, nn
    from tidegate.analysis.intake import analyse
    from tidegate.analysis.profile import Profile
    from tidegate.data.columns import Columns, Options
    from tidegate.data.examples import example
    from tidegate.data.frames import from_frame
    from tidegate.data.labelled import read_labelled
    from tidegate.data.parallel import read_parallel
    from tidegate.data.reading import read
    from tidegate.data.recorded import read_recorded
    from tidegate.data.recordings import read_recordings
    from tidegate.data.tagged import read_tagged
    from tidegate.errors import (
        DataError,
        InputError,
        MissingExtraError,
        ModelError,
        NotFittedError,
        SettingError,
        StorageError,
        TidegateError,
        TrainingError,
    )
    from tidegate.evaluation.advice.advice import Advice, advise
    from tidegate.evaluation.audit.audit import Audit, audit
    from tidegate.evaluation.auto import Auto
    from tidegate.evaluation.backtest import Settings, backtest
    from tidegate.evaluation.results import Backtest
    from tidegate.evaluation.selection import Verdict
    from tidegate.evaluation.spaces import Range
    from tidegate.evaluation.study import Study, compare, study
    from tidegate.evaluation.tuning import Tuning, tune
    from tidegate.features.vocabulary import Vocabulary
    from tidegate.forecasters.arima import AR, ARIMA, ARMA, MA, SARIMA
    from tidegate.forecasters.base import Forecaster
    from tidegate.forecasters.catalogue import models
    from tidegate.forecasters.ensemble import Ensemble
    from tidegate.forecasters.hybrid.forecaster import Hybrid
    from tidegate.forecasters.naive import Drift, HistoricMean, MovingAverage, Naive, SeasonalNaive
    from tidegate.forecasters.narn import NARN
    from tidegate.forecasters.recurrent import GRU, LSTM, RNN, RecurrentForecaster
    from tidegate.forecasters.registry import forecaster
    from tidegate.forecasters.regression import Linear, RandomForest, XGBoost
    from tidegate.forecasters.smoothing import ETS, MSTL, Croston, HoltWinters, SimpleSmoothing, Theta
    from tidegate.insight.inspection import inspect
    from tidegate.insight.result import Insight
    from tidegate.panel import Forecast, Panel
    from tidegate.scoring.folds import Folds
    from tidegate.tasks.anomalies.detector import AnomalyDetector
    from tidegate.tasks.classifier import SequenceClassifier
    from tidegate.tasks.generation.generator import SequenceGenerator
    from tidegate.tasks.storage import load
    from tidegate.tasks.tagger import SequenceTagger
    from tidegate.tasks.transcription.transcriber import SequenceTranscriber
    from tidegate.tasks.translation.translator import SequenceTranslator

__all__ = [
    "AR",
    "ARIMA",
    "ARMA",
    "ETS",
    "GRU",
    "LSTM",
    "MA",
    "MSTL",
    "NARN",
    "RNN",
    "SARIMA",
    "Advice",
    "AnomalyDetector",
    "Audit",
    "Auto",
    "Backtest",
    "Columns",
    "Croston",
    "DataError",
    "Drift",
    "Ensemble",
    "Folds",
    "Forecast",
    "Forecaster",
    "HistoricMean",
    "HoltWinters",
    "Hybrid",
    "InputError",
    "Insight",
    "Linear",
    "MissingExtraError",
    "ModelError",
    "MovingAverage",
    "Naive",
    "NotFittedError",
    "Options",
    "Panel",
    "Profile",
    "RandomForest",
    "Range",
    "RecurrentForecaster",
    "SeasonalNaive",
    "SequenceClassifier",
    "SequenceGenerator",
    "SequenceTagger",
    "SequenceTranscriber",
    "SequenceTranslator",
    "SettingError",
    "Settings",
    "SimpleSmoothing",
    "StorageError",
    "Study",
    "Theta",
    "TidegateError",
    "TrainingError",
    "Tuning",
    "Verdict",
    "Vocabulary",
    "XGBoost",
    "__version__",
    "advise",
    "analyse",
    "audit",
    "backtest",
    "compare",
    "errors",
    "example",
    "forecaster",
    "from_frame",
    "inspect",
    "load",
    "models",
    "nn",
    "read",
    "read_labelled",
    "read_parallel",
    "read_recorded",
    "read_recordings",
    "read_tagged",
    "study",
    "tune",
]

_SUBPACKAGES = ("errors", "nn")

_WHERE = {
    "analysis.intake": ("analyse",),
    "analysis.profile": ("Profile",),
    "data.columns": ("Columns", "Options"),
    "data.examples": ("example",),
    "data.frames": ("from_frame",),
    "data.labelled": ("read_labelled",),
    "data.parallel": ("read_parallel",),
    "data.reading": ("read",),
    "data.recordings": ("read_recordings",),
    "data.recorded": ("read_recorded",),
    "data.tagged": ("read_tagged",),
    "errors": (
        "DataError",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "NotFittedError",
        "SettingError",
        "StorageError",
        "TidegateError",
        "TrainingError",
    ),
    "evaluation.advice.advice": ("Advice", "advise"),
    "evaluation.audit.audit": ("Audit", "audit"),
    "evaluation.auto": ("Auto",),
    "evaluation.backtest": ("Settings", "backtest"),
    "evaluation.results": ("Backtest",),
    "evaluation.selection": ("Verdict",),
    "evaluation.spaces": ("Range",),
    "evaluation.study": ("Study", "compare", "study"),
    "evaluation.tuning": ("Tuning", "tune"),
    "features.vocabulary": ("Vocabulary",),
    "forecasters.arima": ("AR", "ARIMA", "ARMA", "MA", "SARIMA"),
    "forecasters.base": ("Forecaster",),
    "forecasters.catalogue": ("models",),
    "forecasters.ensemble": ("Ensemble",),
    "forecasters.hybrid.forecaster": ("Hybrid",),
    "forecasters.naive": ("Drift", "HistoricMean", "MovingAverage", "Naive", "SeasonalNaive"),
    "forecasters.narn": ("NARN",),
    "forecasters.recurrent": ("GRU", "LSTM", "RNN", "RecurrentForecaster"),
    "forecasters.registry": ("forecaster",),
    "forecasters.regression": ("Linear", "RandomForest", "XGBoost"),
    "forecasters.smoothing": ("ETS", "MSTL", "Croston", "HoltWinters", "SimpleSmoothing", "Theta"),
    "insight.inspection": ("inspect",),
    "insight.result": ("Insight",),
    "panel": ("Forecast", "Panel"),
    "scoring.folds": ("Folds",),
    "tasks.anomalies.detector": ("AnomalyDetector",),
    "tasks.classifier": ("SequenceClassifier",),
    "tasks.generation.generator": ("SequenceGenerator",),
    "tasks.storage": ("load",),
    "tasks.tagger": ("SequenceTagger",),
    "tasks.translation.translator": ("SequenceTranslator",),
    "tasks.transcription.transcriber": ("SequenceTranscriber",),
}
_MODULES = {name: f"tidegate.{module}" for module, names in _WHERE.items() for name in names}

if not TYPE_CHECKING:  # a type checker must see a misspelt name as an error

    def __getattr__(name: str) -> Any:
        """Load the public `name` from the module that holds it."""
        if name in _MODULES:
            value = getattr(importlib.import_module(_MODULES[name]), name)
        elif name in _SUBPACKAGES:
            value = importlib.import_module(f"tidegate.{name}")
        elif name == "__version__":
            value = importlib.import_module("importlib.metadata").version("tidegate")
        else:
            raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List every public name, loaded or not."""
        return sorted({*globals(), *__all__})
else:
    __version__: str
