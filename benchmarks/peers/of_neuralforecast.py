"""neuralforecast's models as functions that can be audited: fitted once, then asked with `predict(df=history)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuralforecast import NeuralForecast, models

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

QUIET = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}


def predictor(
    name: str, frame: pd.DataFrame, horizon: int, frequency: str, *, settings: dict[str, Any]
) -> Callable[[pd.DataFrame, int], pd.DataFrame]:
    """Return ``predict(history, horizon)`` of one model, as shipped but for `settings`, fitted to `frame`."""
    model = getattr(models, name)(h=horizon, enable_checkpointing=False, **QUIET, **settings)
    library = NeuralForecast(models=[model], freq=frequency)
    library.fit(frame)
    return lambda history, _horizon: library.predict(df=history)


def backtester(
    name: str, frequency: str, *, settings: dict[str, Any], scaler: str | None
) -> Callable[[pd.DataFrame, int, int], pd.DataFrame]:
    """Return ``backtest(frame, horizon, folds)``: the library's own `cross_validation`, refitted at no origin."""

    def backtest(frame: pd.DataFrame, horizon: int, folds: int) -> pd.DataFrame:
        model = getattr(models, name)(h=horizon, enable_checkpointing=False, **QUIET, **settings)
        library = NeuralForecast(models=[model], freq=frequency, local_scaler_type=scaler)
        return library.cross_validation(df=frame, n_windows=folds, step_size=horizon)

    return backtest
