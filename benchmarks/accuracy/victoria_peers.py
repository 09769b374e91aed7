"""Victoria's electricity demand by recurrent networks of other libraries, as `victoria` judges ours.

The same data, origins, scale and known covariates (temperature and holidays of the horizon, perfect foresight). Each
network has its library's defaults, but for the horizon, a week as its window, the covariates and, for Darts, a Scaler;
it is fitted once before the first origin. Training stops after --seconds, or where its library ends it.

Usage: python -m benchmarks.accuracy.victoria_peers FILE [--models darts-rnn-gru] [--seconds 300] [--last 17520]
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from benchmarks.accuracy.peers import ENDLESS, QUIET
from benchmarks.accuracy.scoring import gigabytes
from benchmarks.accuracy.victoria import KNOWN, ORIGINS, STEPS, WEEK, origins, read, scaled_error

if TYPE_CHECKING:
    from tidegate.panel import Panel


def frame(panel: Panel) -> pd.DataFrame:
    """Return demand and covariates by half-hour, gaps filled linearly: ds, y, temperature, holiday."""
    names = [name for name in panel.known.names if name in KNOWN]
    columns = {name: panel.known.values[:, panel.known.names.index(name)].astype(float) for name in names}
    data = pd.DataFrame({"ds": pd.to_datetime(panel.times), "y": panel.values, **columns})
    data[["y", *names]] = data[["y", *names]].interpolate(limit_direction="both")
    return data


def of_neuralforecast(data: pd.DataFrame, limits: dict[str, Any], *, name: str, recurrent: bool) -> np.ndarray:
    """Return its LSTM's or GRU's forecasts; `recurrent` decodes step by step instead of all at once, as shipped."""
    from neuralforecast import NeuralForecast, models

    settings: dict[str, Any] = (
        {"futr_exog_list": list(data.columns[2:]), "enable_checkpointing": False} | QUIET | limits
    )
    model = getattr(models, name)(h=STEPS, input_size=WEEK, recurrent=recurrent, **settings)
    made = NeuralForecast(models=[model], freq="30min").cross_validation(
        data.assign(unique_id="victoria"), n_windows=ORIGINS, step_size=STEPS, refit=False
    )
    return made.sort_values(["cutoff", "ds"])[name].to_numpy().reshape(ORIGINS, STEPS)


def of_darts(data: pd.DataFrame, limits: dict[str, Any]) -> np.ndarray:
    """Return the forecasts of its RNNModel, the only recurrent one there that takes future covariates."""
    from darts import TimeSeries
    from darts.dataprocessing.transformers import Scaler
    from darts.models import RNNModel

    first = len(data) - ORIGINS * STEPS
    whole, known = (
        TimeSeries.from_dataframe(data, "ds", columns).astype(np.float32) for columns in (["y"], list(data.columns[2:]))
    )
    scaler, other = Scaler().fit(whole[:first]), Scaler().fit(known[:first])
    series, covariates = scaler.transform(whole), other.transform(known)
    settings = {"input_chunk_length": WEEK, "training_length": WEEK + STEPS, "random_state": 0}
    model = RNNModel(model="GRU", pl_trainer_kwargs=QUIET | limits, **settings)
    model.fit(series[:first], future_covariates=covariates)
    made = [
        model.predict(STEPS, series=series[:end], future_covariates=covariates)
        for end in range(first, len(data), STEPS)
    ]
    return np.stack([scaler.inverse_transform(one).values()[:, 0] for one in made])


def of_gluonts(data: pd.DataFrame, limits: dict[str, Any]) -> np.ndarray:
    """Return the medians of DeepAR's samples."""
    import lightning
    from gluonts.dataset.common import ListDataset
    from gluonts.torch import DeepAREstimator

    lightning.seed_everything(0)
    known = data[data.columns[2:]].to_numpy().T
    first = len(data) - ORIGINS * STEPS

    def until(end: int, ahead: int) -> dict[str, Any]:
        return {"start": data.ds[0], "target": data.y.to_numpy()[:end], "feat_dynamic_real": known[:, : end + ahead]}

    made = DeepAREstimator(
        freq="30min",
        prediction_length=STEPS,
        context_length=WEEK,
        num_feat_dynamic_real=len(known),
        trainer_kwargs=QUIET | limits,
    ).train(ListDataset([until(first, 0)], freq="30min"))
    ends = range(first, len(data), STEPS)
    found = made.predict(ListDataset([until(end, STEPS) for end in ends], freq="30min"))
    return np.stack([one.quantile(0.5) for one in found])


PEERS = {
    "neuralforecast-gru": partial(of_neuralforecast, name="GRU", recurrent=False),
    "neuralforecast-lstm-recurrent": partial(of_neuralforecast, name="LSTM", recurrent=True),
    "darts-rnn-gru": of_darts,
    "gluonts-deepar": of_gluonts,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default=",".join(PEERS))
    parser.add_argument("--seconds", type=float, default=300, help="of training")
    parser.add_argument("--last", type=int, default=52_608, help="newest half-hours that are used")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in ("lightning", "pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    panel = read(options.file, options.last)
    data, first = frame(panel), int(origins(panel)[0, 0])
    limits = {"max_steps": ENDLESS, "max_time": {"seconds": options.seconds}}
    print(f"{len(data):,} half-hours, the first {first:,} to learn from; training up to {options.seconds:g} s")
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # where some of them leave checkpoints
        for name in options.models.split(","):
            started = time.perf_counter()
            error = scaled_error(PEERS[name](data, dict(limits)), panel)
            print(
                f"{name:30} MASE {error:.4f}  {time.perf_counter() - started:.0f} s  {gigabytes():.2f} GB", flush=True
            )


if __name__ == "__main__":
    main()
