"""Darts' models as functions that can be audited: fitted once, then asked with `predict(series=...)`.

Darts scales nothing by itself; values are brought to mean 0 and standard deviation 1 by two numbers of the training
data, which stay what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from darts import TimeSeries, models

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
}


def predictor(
    name: str, frame: pd.DataFrame, frequency: str, *, settings: dict[str, Any], steps: int
) -> Callable[[pd.DataFrame, int], pd.DataFrame]:
    """Return ``predict(history, horizon)`` of one model, as shipped but for `settings`, after `steps` updates."""
    level, unit = frame["y"].mean(), frame["y"].std()

    def series_of(rows: pd.DataFrame) -> list[TimeSeries]:
        scaled = rows.assign(y=((rows["y"] - level) / unit).astype(np.float32))
        groups = scaled.groupby("unique_id", sort=False)
        return [TimeSeries.from_dataframe(one, "ds", "y", freq=frequency) for _, one in groups]

    model = getattr(models, name)(random_state=0, pl_trainer_kwargs={**QUIET, "max_steps": steps}, **settings)
    model.fit(series_of(frame))

    def predict(history: pd.DataFrame, horizon: int) -> pd.DataFrame:
        made = model.predict(horizon, series=series_of(history), verbose=False)
        ids = history["unique_id"].drop_duplicates()
        rows = [
            pd.DataFrame({"unique_id": one, "ds": ahead.time_index, name: ahead.values()[:, 0] * unit + level})
            for one, ahead in zip(ids, made, strict=True)
        ]
        return pd.concat(rows)

    return predict
