"""What a look into a network costs, beside one training step of the same network on a batch of 64 windows.

The step gathers the windows, runs forward and backward, clips and updates. The look traces every gate and takes the
gradient through time: of the loss of all steps together over the whole batch, as training does; and, as
`tidegate.inspect` does by default, of each step ahead over as many windows as make 64 rows in all. Prints the median of
each and the ratios. The series are synthetic and seeded. Usage: python -m benchmarks.insight
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.evaluation.held import held
from tidegate.features.windows import Origins
from tidegate.forecasters.network.problem import examples
from tidegate.forecasters.recurrent import RecurrentForecaster
from tidegate.insight.inspection import inspect
from tidegate.insight.target import target
from tidegate.insight.walk import walk
from tidegate.insight.where import Where
from tidegate.panel import Panel
from tidegate.training.settings import Training

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH, HORIZON, SEASON, LENGTH, RUNS = 64, 12, 12, 400, 21


def panel() -> Panel:
    rng = np.random.default_rng(0)
    steps = np.arange(LENGTH)
    values = 100 + 10 * np.sin(2 * np.pi * steps / SEASON) + rng.normal(size=LENGTH).cumsum()
    return Panel(
        ids=np.array(["a"], dtype=object),
        offsets=np.array([0, LENGTH]),
        times=steps,
        values=values,
        frequency="1",
        seasons=(SEASON,),
    )


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of several calls after two that are not counted."""
    found = []
    for run in range(RUNS + 2):
        started = time.perf_counter()
        work()
        if run > 1:
            found.append(1000 * (time.perf_counter() - started))
    return statistics.median(found)


def training_step(model: RecurrentForecaster) -> Callable[[], object]:
    opened = model.opened()
    network = opened.networks[0]
    first = opened.windows.layout.window_steps
    ends = np.linspace(first, LENGTH - HORIZON, BATCH).round().astype(np.int64)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-12, fused=True)

    def step() -> None:
        network.train()
        reading, actual = examples(opened.windows, Origins(0 * ends, ends))
        network.head.loss(network(reading, actual), actual, reading.unit).mean().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    return step


def measured(cell: str) -> str:
    """Return the line of one cell."""
    model = RecurrentForecaster(cell=cell, n_members=1, training=Training(n_updates=5)).fit(panel(), horizon=HORIZON)
    found = held(model)[0]
    whole = target(found, Where(origins=BATCH)).subject._replace(steps=())
    default = target(found, Where()).subject
    step = milliseconds(training_step(model))
    costs = [
        milliseconds(lambda: walk(whole)),
        milliseconds(lambda: walk(default)),
        milliseconds(lambda: inspect(model)),
    ]
    return f"{cell:8} {step:6.1f} ms " + " ".join(f"{cost:6.1f} ms {cost / step:6.2f}" for cost in costs)


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'cell':8} {'step':>9} {'batch':>9} {'ratio':>6} {'by step':>9} {'ratio':>6} {'inspect':>9} {'ratio':>6}")
    for cell in ("elman", "gru", "lstm", "min_gru", "min_lstm", "slstm"):
        print(measured(cell))


if __name__ == "__main__":
    main()
