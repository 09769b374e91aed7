"""One short series: a network and ETS on the last year of the airline passengers, and the seconds of a fit.

The first 132 months are learned from, the last 12 forecast; MASE is scaled by the seasonal changes of the 132.

Usage: python -m benchmarks.accuracy.airline [--models ets,theta,gru,auto] [--seeds 5]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from benchmarks.accuracy.scoring import gigabytes

import tidegate
from tidegate.data.frames import from_frame
from tidegate.forecasters import registry

STEPS, SEASON = 12, 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="seasonal-naive,ets,theta,rnn,lstm,gru,auto")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    panel = from_frame(tidegate.example("air-passengers"))
    learned, actual = panel.before(panel.lengths - STEPS, 0), panel.values[-STEPS:]
    values = learned.values
    scale = np.abs(values[SEASON:] - values[:-SEASON]).mean()
    for name in options.models.split(","):
        found = []
        for seed in range(options.seeds if registry.traits(name).stochastic else 1):
            settings = {"seed": seed} if registry.traits(name).stochastic else {}
            started = time.perf_counter()
            made = registry.entry(name).build(settings).fit(learned, horizon=STEPS).forecast().mean[0]
            found.append((np.abs(made - actual).mean() / scale, time.perf_counter() - started))
        error, seconds = np.mean(found, axis=0)
        print(f"{name:16} MASE {error:.3f}  {seconds:5.1f} s  {gigabytes():.2f} GB  over {len(found)}", flush=True)


if __name__ == "__main__":
    main()
