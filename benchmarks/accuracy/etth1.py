"""The segment decoder on ETTh1: all seven variables as seven series, every test window, scores on scaled data.

The protocol of the published figures: z-scores by the first 8,640 hours, 2,880 hours to validate, 2,880 to test, the
last horizon steps after every test hour from stride 1, none left out; mean squared and mean absolute error over all
windows, steps and variables. Training sees the first 11,520 hours, the newest quarter of them held out for stopping.

Usage: python -m benchmarks.accuracy.etth1 FILE [--horizons 96,192,336,720] [--seeds 0,1,2] [--set hidden_size=512]
       [--training n_updates=1000] [--validate] [--intervals]

The published figures are of point forecasts, and so is the head here; with --intervals it is that of quantiles, which
users get, unless --set names another, and what its 80 and 95 % intervals cover is shown too: as they are, and adapted
to what became of those of earlier hours.
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
from benchmarks.accuracy.scoring import LEVELS, adapted, coverage, gigabytes

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


def forecasts(
    model: Forecaster, panel: Panel, first: int, horizon: int, *, levels: tuple[int, ...] = ()
) -> tuple[np.ndarray, dict[str, float]]:
    """Return what is forecast for every window whose first future hour is `first` or later, shape (windows, N, F).

    Beside it what the intervals of these levels cover, in percent.
    """
    ends = np.repeat(np.arange(first, int(panel.lengths[0]) - horizon + 1)[:, None], len(panel), axis=1)
    parts = np.array_split(ends, max(1, len(ends) // 100))
    means, bounds = [], []
    for part in parts:
        made = model.forecast_at(panel, part, levels=levels)
        means.append(np.stack([one.mean for one in made]).astype(np.float32))
        told = [one.intervals for one in made if one.intervals is not None]
        if told:
            bounds.append(np.stack([np.stack([one.lower, one.upper]) for one in told], axis=1).astype(np.float32))
    mean = np.concatenate(means)
    if not bounds:
        return mean, {}
    lower, upper = np.concatenate(bounds, axis=1)
    actual, delays = actual_at(panel, ends, horizon), np.arange(1, horizon + 1)
    return mean, coverage(lower, upper, actual) | adapted((mean, lower, upper), actual, delays)


def actual_at(panel: Panel, ends: np.ndarray, horizon: int) -> np.ndarray:
    """Return what happened after the origins `ends`, shape (G, N): shape (G, N, F)."""
    return panel.values[(panel.offsets[:-1] + ends)[..., None] + np.arange(horizon)]


def errors(made: np.ndarray, panel: Panel, first: int) -> tuple[float, float]:
    """Return MSE and MAE over all windows, variables and steps of `made`."""
    values = panel.values.reshape(len(panel), -1)
    windows = np.lib.stride_tricks.sliding_window_view(values[:, first:], made.shape[-1], axis=1).swapaxes(0, 1)
    error = made - windows
    return float(np.mean(error**2)), float(np.mean(np.abs(error)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--horizons", default="96,192,336,720")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--seasons", default="24", help="in hours, 24,168 or 1 for none")
    parser.add_argument(
        "--validate", action="store_true", help="train on the first 8,640 hours, judge on the next 2,880"
    )
    parser.add_argument("--intervals", action="store_true", help="coverage of 80 and 95 % intervals too")
    options = parser.parse_args()
    long, _ = scaled(options.file)
    seasons = tuple(int(season) for season in options.seasons.split(","))
    settings = SETTINGS | ({"head": "quantiles"} if options.intervals else {}) | pairs(options.set)
    training = Training(**(TRAINING | pairs(options.training)))
    first, last = (TRAIN, CHECKED) if options.validate else (CHECKED, TESTED)
    seen, whole = panel_of(long, first, seasons), panel_of(long, last, seasons)
    for horizon in map(int, options.horizons.split(",")):
        runs, found = [], []
        for seed in map(int, options.seeds.split(",")):
            started = time.perf_counter()
            model = GRU(**settings, training=training, seed=seed).fit(seen, horizon=horizon)
            seconds = time.perf_counter() - started
            made, covered = forecasts(model, whole, first, horizon, levels=LEVELS if options.intervals else ())
            runs.append(made)
            found.append(errors(runs[-1], whole, first))
            cover = "".join(f"  {name} {share:.1f} %" for name, share in covered.items())
            row = f"{shown(*found[-1])}{cover}  {seconds:.0f} s  {gigabytes():.2f} GB"
            print(f"{horizon}, seed {seed}: {row}", flush=True)
        others = ", ".join(f"{who} {figures[horizon]}" for who, figures in PUBLISHED.items())
        print(f"{horizon}, mean of {len(found)}: {shown(*np.mean(found, axis=0))}; published MSE: {others}")
        together = errors(np.median(runs, axis=0), whole, first)
        print(f"{horizon}, the median of these {len(runs)} as one forecast: {shown(*together)}", flush=True)


def shown(mse: float, mae: float) -> str:
    """Return the scores of a row."""
    return f"MSE {mse:.4f}  MAE {mae:.4f}"


if __name__ == "__main__":
    main()
