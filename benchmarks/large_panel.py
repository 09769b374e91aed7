"""One epoch of a network over a large panel: seconds, windows a second, and the most memory the process held.

An epoch is as many windows as there are origins to learn from; nothing is held out, so that it is one run. The series
are random walks with a season of 12 and a unit of their own.

Usage: python -m benchmarks.large_panel [--series 100000] [--length 60] [--horizon 12] [--batch 256] [--processes 1]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tidegate.evaluation.work import peak_memory
from tidegate.forecasters.recurrent import GRU
from tidegate.panel import Panel
from tidegate.training.settings import Training

SEASON = 12


def made(n_series: int, length: int) -> Panel:
    """Return the panel."""
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(n_series, length)).cumsum(axis=1)
    seasons = 3 * np.sin(2 * np.pi * (np.arange(length) + rng.integers(SEASON, size=(n_series, 1))) / SEASON)
    values = (100 + walks + seasons) * rng.lognormal(size=(n_series, 1))
    months = np.arange("2000-01", np.datetime64("2000-01") + length, dtype="M8[M]").astype("M8[ns]").astype(np.int64)
    return Panel(
        ids=np.array([f"s{n:06}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1) * length,
        times=np.tile(months, n_series),
        values=values.ravel(),
        frequency="MS",
        seasons=(SEASON,),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=60)
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    panel = made(options.series, options.length)
    n_windows = options.series * (options.length - options.horizon - 2 * SEASON + 1)
    n_updates = -(-n_windows // options.batch)
    training = Training(
        n_updates=n_updates, batch_size=options.batch, held_out_fraction=0.0, n_checks=1, processes=options.processes
    )
    print(f"{options.series:,} series of {options.length} values, {n_windows:,} windows, {n_updates:,} updates")
    started = time.perf_counter()
    model = GRU(training=training, n_members=1).fit(panel, horizon=options.horizon)
    seconds = time.perf_counter() - started
    print(f"fit: {seconds:.1f} s, {n_windows / seconds:,.0f} windows a second")
    started = time.perf_counter()
    model.forecast()
    print(f"forecast: {time.perf_counter() - started:.1f} s; peak memory {peak_memory() / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
