"""A thousand monthly series of 120 values: read, profile and backtest with three folds of 18 steps.

Prints seconds per case, with the machine named, and each model's share of the work. The series are synthetic and
seeded: level, trend, season and noise of different strength.
Usage: python benchmarks/panel_backtest.py [--series N] [--processes N] [--cases a,b] [--save]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from tidegate.analysis.profile import profile
from tidegate.data.reading import read
from tidegate.evaluation.backtest import Backtest, Settings, backtest
from tidegate.scoring.folds import Folds

LENGTH, HORIZON, FOLDS = 120, 18, 3
TO_SES = ["naive", "seasonal-naive", "ses"]
TO_THETA = [*TO_SES, "holt-winters", "ets", "theta"]
CASES = {
    "naive to ses, refit each fold": (TO_SES, 1),
    "naive to theta, refit each fold": (TO_THETA, 1),
    "naive to theta, fitted once": (TO_THETA, 0),
    "gru, refit each fold": (["gru"], 1),
}
TARGETS = dict(zip(CASES, (10, 240, 90, 120), strict=True))


def series(n_series: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    months, shape = np.arange(LENGTH), (n_series, 1)
    season = rng.normal(size=(n_series, 12))[:, months % 12]
    values = rng.uniform(50, 500, shape) + rng.normal(0, 0.5, shape) * months + rng.gamma(2, 5, shape) * season
    values += rng.gamma(2, 4, shape) * rng.normal(size=(n_series, LENGTH))
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"shop-{n:04d}" for n in range(n_series)], LENGTH),
            "ds": np.tile(pd.date_range("2015-01-01", periods=LENGTH, freq="MS"), n_series),
            "y": np.round(values, 2).ravel(),
        }
    )


def machine() -> str:
    names = [line.split(":")[1].strip() for line in _cpu_lines() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"


def _cpu_lines() -> list[str]:
    info = Path("/proc/cpuinfo")
    return info.read_text(encoding="utf-8").splitlines() if info.exists() else []


def shares(found: Backtest) -> dict[str, float]:
    seconds = {name: float(one.fit_seconds.sum() + one.predict_seconds.sum()) for name, one in found.results.items()}
    total = sum(seconds.values())
    return {name: round(spent / total, 3) for name, spent in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--cases", default=",".join(CASES), help="comma-separated beginnings of case names")
    parser.add_argument("--save", action="store_true", help="keep the figures under benchmarks/results")
    options = parser.parse_args()
    print(f"{machine()}; {options.series} series, {options.processes} processes")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        series(options.series).to_csv(path, index=False)
        started = time.perf_counter()
        panel = read(path)
        reading = time.perf_counter() - started
    profile(panel)
    looking = time.perf_counter() - started - reading
    print(f"read {reading:.1f} s, profile {looking:.1f} s")
    results = {"read": reading, "profile": looking}
    for case in (name for name in CASES if any(name.startswith(one.strip()) for one in options.cases.split(","))):
        models, refit = CASES[case]
        started = time.perf_counter()
        folds = Folds(horizon=HORIZON, count=FOLDS, refit=refit)
        found = backtest(panel, models, folds=folds, settings=Settings(processes=options.processes))
        results[case] = time.perf_counter() - started
        print(f"{case}: {results[case]:.1f} s (target {TARGETS[case]} s); shares {shares(found)}")
        for name, why in {**found.failures, **found.left_out}.items():
            print(f"  {name}: {why}")
    if options.save:
        kept = Path(__file__).parent / "results" / f"panel_backtest-{datetime.now(UTC):%Y-%m-%d}.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"machine": machine(), **vars(options), "seconds": results}, indent=1))
        print(f"kept in {kept}")


if __name__ == "__main__":
    main()
