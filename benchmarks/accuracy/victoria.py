"""Victoria's electricity demand: the next 48 half-hours from 30 daily origins, temperature and holidays known.

The temperature of the horizon is the one observed (perfect foresight): every row here has it that can use it. Each
model is fitted once, before the first origin, and forecasts from all 30 without refitting. Scores are scaled by the
mean absolute change over a week (336 steps) of the training part.

Usage: python -m benchmarks.accuracy.victoria FILE [--models seasonal-naive,linear,xgboost,gru] [--seeds 3]
       [--last 17520] [--validate] [--intervals] [--set hidden_size=32] [--training n_updates=1000]

--models takes auto too. Peak memory is that of the process up to then: the most of all rows above as well.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.accuracy.__main__ import pairs
from benchmarks.accuracy.scoring import LEVELS, adapted, coverage, gigabytes

from tidegate.data.columns import Columns
from tidegate.data.frames import from_frame
from tidegate.forecasters import registry
from tidegate.panel import Panel
from tidegate.training.settings import Training

STEPS, ORIGINS, WEEK = 48, 30, 336
KNOWN = ("temperature", "holiday")


def read(file: Path, last: int) -> Panel:
    """Return the newest `last` half-hours as a panel with known covariates."""
    data = pd.read_csv(file, parse_dates=["ds"]).iloc[-last:]
    known = [name for name in data.columns if name not in ("unique_id", "ds", "y", "split")]
    return replace(from_frame(data, Columns(known=tuple(known))), seasons=(STEPS, WEEK))


def judged(name: str, panel: Panel, options: argparse.Namespace, seed: int) -> dict[str, float]:
    """Return MASE over all origins, coverage of the intervals if asked for, seconds of fit and forecasts, memory."""
    settings = pairs(options.set) if name in ("gru", "lstm", "rnn", "recurrent") else {}
    if registry.traits(name).stochastic:
        settings["seed"] = seed
    if options.training and name in ("gru", "lstm", "rnn", "recurrent"):
        settings["training"] = Training(**pairs(options.training))
    ends = origins(panel)
    started = time.perf_counter()
    model = registry.entry(name).build(settings).fit(panel.before(ends[0], STEPS), horizon=STEPS)
    forecasts = model.forecast_at(panel, ends, levels=LEVELS if options.intervals else ())
    seconds = time.perf_counter() - started
    found = {"MASE": scaled_error(np.stack([one.mean[0] for one in forecasts]), panel)}
    if options.intervals:
        bounds = [one.intervals for one in forecasts if one.intervals is not None]
        lower, upper = (np.stack([getattr(one, side)[0] for one in bounds]) for side in ("lower", "upper"))
        actual = panel.values[int(ends[0, 0]) :].reshape(ORIGINS, STEPS)
        made = tuple(part[:, None] for part in (np.stack([one.mean[0] for one in forecasts]), lower, upper))
        found |= coverage(lower, upper, actual) | adapted(made, actual[:, None], np.ones(STEPS, dtype=np.int64))
    return found | {"seconds": seconds, "GB": gigabytes()}


def published() -> list[str]:
    """Return the rows of other libraries on the same origins, as they were measured and written down."""
    file = max((Path(__file__).parents[1] / "results").glob("peers-*.txt"))
    _, _, after = file.read_text("utf-8").partition("Victoria's demand")
    rows = [line for line in after.partition("\n\n")[0].splitlines()[2:] if not line.startswith("tidegate")]
    return [f"Other libraries, of all three years ({file.name}): MASE, seconds", *rows]


def origins(panel: Panel) -> np.ndarray:
    """Return how many half-hours lie before each origin, shape (30, 1)."""
    return (int(panel.lengths[0]) - STEPS * np.arange(ORIGINS, 0, -1))[:, None]


def scaled_error(made: np.ndarray, panel: Panel) -> float:
    """Return MASE of forecasts of shape (30, 48)."""
    values, first = panel.values, int(origins(panel)[0, 0])
    actual = values[first:].reshape(ORIGINS, STEPS)
    scale = np.abs(values[WEEK:first] - values[: first - WEEK]).mean()
    return float(np.abs(made - actual).mean() / scale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default="seasonal-naive,linear,random-forest,xgboost,narn,rnn,lstm,gru")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--last", type=int, default=52_608, help="newest half-hours that are used")
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--intervals", action="store_true", help="coverage of 80 and 95 % intervals too")
    parser.add_argument("--validate", action="store_true", help="the 30 days before the newest 30 are the test")
    options = parser.parse_args()
    panel = read(options.file, options.last)
    if options.validate:
        panel = panel.before(panel.lengths - STEPS * ORIGINS, 0)
    for name in options.models.split(","):
        runs = range(options.seeds if registry.traits(name).stochastic else 1)
        found = [judged(name, panel, options, seed) for seed in runs]
        errors = [one["MASE"] for one in found]
        mean = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
        cover = "".join(f"{key} {mean[key]:.1f} %  " for key in mean if key.startswith(("coverage", "adaptive")))
        print(
            f"{name:16} MASE {mean['MASE']:.4f}  from {min(errors):.4f} to {max(errors):.4f} over {len(found)}  {cover}"
            f"{mean['seconds']:.0f} s  {mean['GB']:.2f} GB",
            flush=True,
        )
    if not options.validate:
        print(*published(), sep="\n")


if __name__ == "__main__":
    main()
