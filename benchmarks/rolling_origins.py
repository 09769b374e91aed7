"""Forecasts of a fitted gru from many past origins of a panel, without refitting: all at once, and one by one.

Prints the seconds of `forecast_at`, which makes one pass over all origins of all series, beside those of cutting the
panel at each origin and calling `forecast`, and how far the results differ. With Darts installed, also the seconds of
its `historical_forecasts` with a GRU of the same hidden units, window and horizon, trained for one epoch: only the
forecasts are timed. The series are synthetic and seeded. Every figure is the median of several runs.
Usage: python benchmarks/rolling_origins.py [--series A,B] [--length N] [--origins N] [--save]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tidegate.forecasters.recurrent import GRU
from tidegate.panel import Panel
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable

HORIZON, SEASON, HIDDEN, WINDOW, RUNS = 12, 12, 64, 48, 5
LEVELS = (80, 95)


def panel(n_series: int, length: int) -> Panel:
    rng = np.random.default_rng(0)
    steps, shape = np.arange(length), (n_series, 1)
    values = rng.uniform(50, 500, shape) + rng.normal(0, 0.2, shape) * steps
    values += rng.gamma(2, 5, shape) * np.sin(2 * np.pi * (steps + rng.integers(0, SEASON, shape)) / SEASON)
    values += rng.gamma(2, 2, shape) * rng.normal(size=(n_series, length))
    return Panel(
        ids=np.array([f"shop-{n:04d}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1) * length,
        times=np.tile(steps, n_series),
        values=values.ravel(),
        frequency="1",
        seasons=(SEASON,),
    )


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of several calls after one that is not counted."""
    work()
    found = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def ours(data: Panel, ends: np.ndarray) -> dict[str, float]:
    model = GRU(hidden_size=HIDDEN, window=WINDOW, n_members=1, training=Training(n_updates=100))
    started = time.perf_counter()
    model.fit(data.before(ends[0], HORIZON), horizon=HORIZON)
    fitting = time.perf_counter() - started

    def together() -> list[np.ndarray]:
        return [one.mean for one in model.forecast_at(data, ends, levels=LEVELS)]

    def one_by_one() -> list[np.ndarray]:
        return [model.forecast(data.before(row, HORIZON), levels=LEVELS).mean for row in ends]

    apart = float(np.abs(np.stack(together()) - np.stack(one_by_one())).max() / data.values.std())
    return {"fit": fitting, "one pass": seconds(together), "one by one": seconds(one_by_one), "difference": apart}


def darts(data: Panel, ends: np.ndarray) -> float | None:
    """Return the seconds of Darts' historical forecasts, or None where it is not installed."""
    if importlib.util.find_spec("darts") is None:
        return None
    from darts import TimeSeries
    from darts.models import BlockRNNModel

    length = int(data.lengths[0])
    rows = data.values.reshape(len(data), length).astype(np.float32)
    series = [TimeSeries.from_values(row[:, None]) for row in rows]
    first, stride = int(ends[0, 0]), int(ends[1, 0] - ends[0, 0])
    model = BlockRNNModel(
        input_chunk_length=WINDOW, output_chunk_length=HORIZON, model="GRU", hidden_dim=HIDDEN, n_epochs=1,
        random_state=0, pl_trainer_kwargs={"accelerator": "cpu", "enable_progress_bar": False, "logger": False},
    )  # fmt: skip
    model.fit([one[:first] for one in series])
    return seconds(
        lambda: model.historical_forecasts(
            series, start=first, forecast_horizon=HORIZON, stride=stride, retrain=False, last_points_only=False
        )
    )


def machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def measured(data: Panel, n_origins: int) -> dict[str, float | None]:
    ends = data.lengths - HORIZON - np.arange(n_origins)[::-1, None]
    found = ours(data, ends)
    whole, single = found["one pass"], found["one by one"]
    print(f"{len(data)} series: fit {found['fit']:.1f} s, once")
    print(f"  all origins in one pass: {whole:.3f} s")
    print(f"  one origin after another: {single:.3f} s, {single / whole:.1f} times as long")
    print(f"  largest difference: {found['difference']:.1e} standard deviations")
    theirs = darts(data, ends)
    if theirs is not None:
        print(f"  Darts historical_forecasts: {theirs:.3f} s, {theirs / whole:.1f} times as long")
    return {**found, "darts": theirs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", default="1,10,100")
    parser.add_argument("--length", type=int, default=400)
    parser.add_argument("--origins", type=int, default=20)
    parser.add_argument("--save", action="store_true", help="keep the figures under benchmarks/results")
    options = parser.parse_args()
    print(f"{machine()}; series of {options.length}, {options.origins} origins, {HORIZON} steps ahead")
    found = {n: measured(panel(int(n), options.length), options.origins) for n in options.series.split(",")}
    if importlib.util.find_spec("darts") is None:
        print("Darts is not installed: pip install darts to have its historical_forecasts timed")
    if options.save:
        kept = Path(__file__).parent / "results" / f"rolling_origins-{datetime.now(UTC):%Y-%m-%d}.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"machine": machine(), **vars(options), "seconds": found}, indent=1))
        print(f"kept in {kept}")


if __name__ == "__main__":
    main()
