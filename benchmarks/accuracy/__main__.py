"""Our models on the public data sets, under the figures that others have published.

Each run of a stochastic model is one seed; the row shows the mean over seeds, never the best, and their range. Every
test value counts. With --validate the last horizon of the training part is the test: settings are chosen there.

Usage: python -m benchmarks.accuracy FOLDER SET[,SET] [--model gru] [--seeds 3] [--set hidden_size=64] [--training
       n_updates=1000] [--validate] [--find-seasons] [--intervals]
"""

from __future__ import annotations

import argparse
import ast
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.accuracy.scoring import LEVELS, gigabytes, interval_scores, naive2, scores
from benchmarks.accuracy.sets import M3, SETS, Loaded, load

from tidegate.forecasters import registry
from tidegate.training.settings import Training


def pairs(text: list[str]) -> dict[str, Any]:
    return {name: _value(value) for name, _, value in (pair.partition("=") for pair in text)}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def run(name: str, loaded: Loaded, options: argparse.Namespace, seed: int) -> dict[str, float]:
    """Return the scores of one fit, and its seconds."""
    settings = pairs(options.set)
    if registry.traits(options.model).stochastic:
        settings["seed"] = seed
    if options.training:
        settings["training"] = Training(**pairs(options.training))
    model = registry.entry(options.model).build(settings)
    started = time.perf_counter()
    made = model.fit(loaded.panel, horizon=loaded.actual.shape[1])
    forecast = made.forecast(levels=LEVELS if options.intervals else ())
    seconds = time.perf_counter() - started
    reference = naive2(options.folder, loaded) if name == "m4-hourly" and not options.validate else None
    found = scores(SETS[name], loaded, forecast.mean, reference)
    if options.intervals:
        found |= interval_scores(SETS[name], loaded, forecast)
    if not seed:
        print("   ", *made.notes_, sep="\n    ")
    return found | {"seconds": seconds, "GB": gigabytes()}


def shown(found: dict[str, float]) -> str:
    return "  ".join(f"{key} {value:.4g}" for key, value in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", help=f"of {', '.join(SETS)}, or m3")
    parser.add_argument("--model", default="gru")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--training", nargs="*", default=[])
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--find-seasons", action="store_true")
    parser.add_argument("--intervals", action="store_true")
    options = parser.parse_args()
    names = M3 if options.sets == "m3" else tuple(options.sets.split(","))
    pooled = []
    for name in names:
        loaded = load(options.folder, name, known_seasons=not options.find_seasons, validate=options.validate)
        print(f"{name}: {len(loaded.panel)} series, horizon {loaded.actual.shape[1]}")
        runs = []
        for seed in range(options.seeds):
            runs.append(run(name, loaded, options, seed))
            print(f"    seed {seed}: {shown(runs[-1])}", flush=True)
        for who, value in SETS[name].published.items():
            print(f"    {who:32}{SETS[name].score} {value}")
        mean = {key: float(np.mean([one[key] for one in runs])) for key in runs[0]}
        print(f"    {options.model + ', mean of ' + str(len(runs)):32}{shown(mean)}")
        pooled.append((len(loaded.panel), mean["sMAPE"]))
    if len(names) > 1:
        counts, errors = zip(*pooled, strict=True)
        print(f"all {sum(counts)}: sMAPE {np.average(errors, weights=counts):.3f}")


if __name__ == "__main__":
    main()
