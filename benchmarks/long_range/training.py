"""One network trained on one task for a fixed number of steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from benchmarks.long_range.networks import FEED_FORWARD_UNITS, FeedForward, Reader, built, reach
from benchmarks.long_range.tasks import TRAINED, Batch, task_named

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from benchmarks.long_range.tasks import Task

N_AT_ONCE, N_TRACED = 250, 50
GRADIENT_NORM = 1.0


class Settings(NamedTuple):
    """What all cells share on a task: steps of Adam, sequences a step, and hidden units."""

    steps: int
    batch: int
    hidden: int


class Run(NamedTuple):
    """One line of the results."""

    task: str
    cell: str
    seed: int
    settings: Settings
    rate: float

    @property
    def key(self) -> dict[str, Any]:
        """What tells this run from all others, as it is written down."""
        return {**self._asdict(), "settings": self.settings._asdict()}


def done(run: Run, folder: Path) -> dict[str, Any]:
    """Train and judge; return figures by name.

    Sequences come from a generator of the run's seed, never twice; the gradient is clipped to norm 1. A loss that is
    no longer a number ends the training.
    """
    torch.set_num_threads(1)
    started = time.process_time()
    task = task_named(run.task, folder)
    network = built(run.cell, task, run.settings.hidden, run.seed)
    generator = torch.Generator().manual_seed(run.seed)
    tests = task.tests()
    before = _reach(network, task, tests[TRAINED])
    optimizer = torch.optim.Adam(network.parameters(), lr=run.rate)
    for _ in range(run.settings.steps):
        inputs, targets = task.draw(run.settings.batch, generator)
        loss = task.loss(network(inputs), targets)
        if not torch.isfinite(loss):
            break
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        optimizer.step()
    return {
        **run.key,
        "scores": {name: _score(network, task, test) for name, test in tests.items()},
        "reach": [before, _reach(network, task, tests[TRAINED])],
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "units": FEED_FORWARD_UNITS if isinstance(network, FeedForward) else run.settings.hidden,
        "seconds": round(time.process_time() - started, 1),
    }


@torch.no_grad()
def _score(network: Reader | FeedForward, task: Task, test: Batch) -> float | None:
    """Return the score on `test`; None where the network cannot read sequences of that length at all."""
    if isinstance(network, FeedForward) and len(test.inputs) != task.n_steps:
        return None
    outputs = [network(part) for part in test.inputs.split(N_AT_ONCE, dim=1)]
    score = task.score or task.loss
    return float(score(torch.cat(outputs, dim=1 if task.every_step else 0), test.targets))


def _reach(network: Reader | FeedForward, task: Task, test: Batch) -> float | None:
    """Return how much of the last step's gradient reaches the first; a feed-forward network has no steps."""
    if isinstance(network, FeedForward):
        return None
    targets = test.targets[-1, :N_TRACED] if task.every_step else test.targets[:N_TRACED]
    return reach(network, test.inputs[:, :N_TRACED], lambda outputs: task.loss(outputs, targets))
