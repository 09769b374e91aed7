"""Symmetric percentage errors of the statistical models on M3, beside the published methods and the library's own.

Prints one table per kind of series (yearly, quarterly, monthly, other): sMAPE in percent, the mean over series of the
mean over the horizon, for our models, for the library called directly, and for the methods of the competition on the
same series; then milliseconds a series for ours. The folder holds m3_<kind>.csv.gz (columns unique_id, ds, y, split:
"train" and the rest) and m3_reference_forecasts.csv.gz (columns method, unique_id, step, forecast).

Usage: python -m benchmarks.accuracy.m3 FOLDER [--models ses,ets] [--every 12] [--kinds monthly] [--no-library]
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from benchmarks.accuracy.scoring import gigabytes
from statsforecast import models as library

from tidegate.data.frames import from_frame
from tidegate.forecasters import registry

KINDS = {"yearly": 1, "quarterly": 4, "monthly": 12, "other": 1}
MODELS = "naive,seasonal-naive,ses,holt-winters,ets,theta,arima"
METHODS = ("NAIVE2", "SINGLE", "HOLT", "DAMPEN", "WINTER", "THETA", "B-J auto", "ForecastPro")


def peers(season: int) -> dict[str, Any]:
    """Return the library's own models that ours stand beside."""
    return {
        "ses": library.SimpleExponentialSmoothingOptimized(),
        "holt-winters": library.AutoETS(season_length=season, model="AAA" if season > 1 else "AAN"),
        "ets": library.AutoETS(season_length=season),
        "theta": library.DynamicOptimizedTheta(season_length=season),
        "arima": library.AutoARIMA(season_length=season, seasonal=False),
        "sarima": library.AutoARIMA(season_length=season),
    }


def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    return float(np.mean(200 * np.abs(actual - forecast) / (np.abs(actual) + np.abs(forecast))))


def ours(name: str, frame: pd.DataFrame, horizon: int, season: int) -> np.ndarray:
    panel = replace(from_frame(frame[["unique_id", "ds", "y"]]), seasons=(season,))
    return registry.forecaster(name).fit(panel, horizon=horizon).forecast().mean


def theirs(model: Any, rows: list[np.ndarray], horizon: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(
            [
                model.new().forecast(row / 2 ** np.round(np.log2(row.std())), horizon)["mean"]
                * 2 ** np.round(np.log2(row.std()))
                for row in rows
            ]
        )


def report(folder: Path, kind: str, options: argparse.Namespace, published: pd.DataFrame) -> None:
    data = pd.read_csv(folder / f"m3_{kind}.csv.gz")
    chosen = sorted(data.unique_id.unique())[:: options.every]
    data = data[data.unique_id.isin(chosen)].sort_values(["unique_id", "ds"])
    if kind != "other":
        data["ds"] = pd.to_datetime(data.ds)
    train, test = data[data.split == "train"], data[data.split != "train"]
    actual = np.stack([rows.to_numpy(float) for _, rows in test.groupby("unique_id").y])
    rows = [values.to_numpy(float) for _, values in train.groupby("unique_id").y]
    season, horizon = KINDS[kind], actual.shape[1]
    direct = {} if options.no_library else peers(season)
    print(f"\n{kind}: {len(chosen)} series, horizon {horizon}")
    print(f"{'model':16}{'ours':>8}{'library':>9}{'ms a series':>13}{'GB':>7}")
    for name in options.models.split(","):
        started = time.process_time()
        error = smape(actual, ours(name, train, horizon, season))
        cost = 1000 * (time.process_time() - started) / len(rows)
        peer = f"{smape(actual, theirs(direct[name], rows, horizon)):9.3f}" if name in direct else f"{'':9}"
        print(f"{name:16}{error:8.3f}{peer}{cost:13.1f}{gigabytes():7.2f}", flush=True)
    for method in METHODS:
        made = published[(published.method == method) & published.unique_id.isin(chosen)]
        table = made.pivot(index="unique_id", columns="step", values="forecast").loc[chosen].to_numpy()[:, :horizon]
        print(f"{method:16}{smape(actual, table):8.3f}  published")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--every", type=int, default=1, help="take every n-th series")
    parser.add_argument("--no-library", action="store_true", help="leave out the library's own figures")
    options = parser.parse_args()
    published = pd.read_csv(options.folder / "m3_reference_forecasts.csv.gz")
    for kind in options.kinds.split(","):
        report(options.folder, kind, options, published)


if __name__ == "__main__":
    main()
