"""The segment decoder on ETTh1: all seven variables as seven series, every test window, scores on scaled data.

The protocol of the published figures: z-scores by the first 8,640 hours, 2,880 hours to validate, 2,880 to test, the
last horizon steps after every test hour from stride 1, none left out; mean squared and mean absolute error over all
windows, steps and variables. Training sees the first 11,520 hours, the newest quarter of them held out for stopping.

Usage: python -m benchmarks.accuracy.etth1 FILE [--horizons 96,192,336,720] [--seeds 3] [--set hidden_size=512]
       [--training n_updates=1000] [--validate]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from benchmarks.accuracy.__main__ import pairs

from tidegate.data.frames import from_frame
from tidegate.forecasters.recurrent import GRU
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from tidegate.forecasters.base import Forecaster
    from tidegate.panel import Panel

TRAIN, CHECKED, TESTED = 8_640, 11_520, 14_400
PUBLISHED = {
    "SegRNN": {96: 0.351, 192: 0.392, 336: 0.423, 720: 0.466},
    "PatchTST": {96: 0.375, 192: 0.418, 336: 0.462, 720: 0.495},
}
SETTINGS = {
    "decoder": "segment",
    "head": "point",
    "hidden_size": 256,
    "window": 720,
    "segment": 48,
    "shift": "last",
    "unit": "series",
    "series_width": 16,
    "dropout": 0.5,
    "n_members": 1,
}
TRAINING = {"batch_size": 256, "learning_rate": 0.001, "held_out_fraction": 0.25, "n_updates": 1000}


def scaled(file: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the seven variables as z-scores by the training part, in long form."""
    data = pd.read_csv(file, parse_dates=["date"]).iloc[:TESTED]
    names = [name for name in data.columns if name != "date"]
    part = data[names].iloc[:TRAIN]
    data[names] = (data[names] - part.mean()) / part.std(ddof=0)
    long = data.melt(id_vars="date", var_name="unique_id", value_name="y").rename(columns={"date": "ds"})
    return long.sort_values(["unique_id", "ds"]), names


def panel_of(long: pd.DataFrame, n_rows: int, seasons: tuple[int, ...]) -> Panel:
    """Return the panel of the first `n_rows` hours."""
    return replace(from_frame(long.groupby("unique_id").head(n_rows)[["unique_id", "ds", "y"]]), seasons=seasons)


def errors(model: Forecaster, panel: Panel, first: int, horizon: int) -> tuple[float, float]:
    """Return MSE and MAE over every window whose first future hour is `first` or later, all of them complete."""
    length = int(panel.lengths[0])
    ends = np.repeat(np.arange(first, length - horizon + 1)[:, None], len(panel), axis=1)
    values = panel.values.reshape(len(panel), length)
    squares = absolutes = 0.0
    for part in np.array_split(ends, max(1, len(ends) // 100)):
        made = np.stack([forecast.mean for forecast in model.forecast_at(panel, part)])
        actual = np.stack([values[:, end : end + horizon] for end in part[:, 0]])
        squares += float(((made - actual) ** 2).sum())
        absolutes += float(np.abs(made - actual).sum())
    count = len(ends) * len(panel) * horizon
    return squares / count, absolutes / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--horizons", default="96,192,336,720")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--seasons", default="24", help="in hours, 24,168 or an empty text for none")
    parser.add_argument("--validate", action="store_true", help="judge on the windows that stop the training")
    options = parser.parse_args()
    long, _ = scaled(options.file)
    first, last = (TRAIN, CHECKED) if options.validate else (CHECKED, TESTED)
    seasons = tuple(int(season) for season in options.seasons.split(",") if season)
    training = Training(**(TRAINING | pairs(options.training)))
    for horizon in map(int, options.horizons.split(",")):
        found = []
        for seed in range(options.seeds):
            started = time.perf_counter()
            model = GRU(**(SETTINGS | pairs(options.set)), training=training, seed=seed)
            model.fit(panel_of(long, CHECKED, seasons), horizon=horizon)
            seconds = time.perf_counter() - started
            found.append(errors(model, panel_of(long, last, seasons), first, horizon))
            print(
                f"{horizon}, seed {seed}: MSE {found[-1][0]:.4f}  MAE {found[-1][1]:.4f}  {seconds:.0f} s", flush=True
            )
        mean = np.mean(found, axis=0)
        others = ", ".join(f"{who} {figures[horizon]}" for who, figures in PUBLISHED.items() if horizon in figures)
        print(f"{horizon}: MSE {mean[0]:.4f}, MAE {mean[1]:.4f}, mean of {len(found)}; published {others}", flush=True)


if __name__ == "__main__":
    main()
