"""The one training loop: AdamW, clipped gradients, warm-up and decay, early stopping, checkpoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from tidegate.errors import TrainingError
from tidegate.training import checkpoints, progress
from tidegate.training.checkpoints import Snapshot
from tidegate.training.schedule import rate

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.training.settings import Training


class Problem(Protocol):
    """What is learned: training windows by number, and perhaps held-out ones to judge by."""

    def __len__(self) -> int:
        """Return the number of training windows, at least 1."""

    def loss(self, network: torch.nn.Module, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over the windows with these numbers, shape (B,), as a scalar."""

    def held_out_loss(self, network: torch.nn.Module) -> float | None:
        """Return the mean loss over the held-out windows, or None if none are held out."""


class Run(NamedTuple):
    """One training run.

    Attributes
    ----------
    name
        For checkpoints: holds a digest of data, settings and seed.
    label
        For people.
    n_updates
        How many updates to make.
    generator
        Source of all randomness: order of the windows, dropout.
    """

    name: str
    label: str
    n_updates: int
    generator: torch.Generator


class Losses(NamedTuple):
    """The course of a run, one entry per check.

    Attributes
    ----------
    updates
        Updates made before the check; the first is 0.
    training
        Mean loss of the batches since the check before; NaN at the first.
    held_out
        Loss over the held-out windows; NaN without any.
    best
        The entry whose parameters were kept.
    """

    updates: tuple[int, ...]
    training: tuple[float, ...]
    held_out: tuple[float, ...]
    best: int


def train(network: torch.nn.Module, problem: Problem, training: Training, run: Run) -> Losses:
    """Train `network` in place; it ends with the parameters of the smallest held-out loss, or the last ones.

    The starting point counts as the first check, so a network that only gets worse stays what it was. The result
    depends on the arguments alone: neither on a clock nor, inside `threads.one_thread`, on the number of threads.

    Raises
    ------
    TrainingError
        If a loss or gradient stops being finite; says at which update, and what to change.
    """
    place = checkpoints.path(run.name)
    watcher = progress.current()
    state = _State(network, training, run)
    found = checkpoints.read(place) if place else None
    if found is not None:
        state.restore(found)
    watcher.begin(run.label, run.n_updates)
    try:
        while not state.finished:
            if state.done in state.checks:
                _check(state, problem, place)
            if not state.finished:
                watcher.advance(state.done + 1, _update(state, problem))
    finally:
        watcher.finish()
    network.load_state_dict(state.best_parameters)
    network.eval()
    return state.losses


class _State:
    """Everything that changes during a run, and its way into a checkpoint and back."""

    def __init__(self, network: torch.nn.Module, training: Training, run: Run) -> None:
        self.network, self.training, self.run = network, training, run
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        n_checks = min(training.n_checks, run.n_updates)
        self.checks = {round(k * run.n_updates / n_checks) for k in range(n_checks + 1)}
        self.done = 0
        self.finished = False
        self.since: list[float] = []
        self.losses = Losses((), (), (), 0)
        self.best_parameters: dict[str, torch.Tensor] = {}

    def keep_best(self) -> None:
        """Remember the parameters as they are."""
        self.best_parameters = {name: value.clone() for name, value in self.network.state_dict().items()}

    def snapshot(self) -> Snapshot:
        """Return the state as tensors and facts; taken right after a check."""
        tensors = {f"now.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_parameters.items()}
        tensors["generator"] = self.run.generator.get_state()
        for number, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in moments.items()}
        facts = {"done": self.done, "finished": self.finished, "losses": [list(part) for part in self.losses[:3]]}
        return Snapshot(tensors, facts | {"best": self.losses.best})

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to the state that gave `snapshot`."""
        tensors, facts = snapshot
        self.network.load_state_dict(_part(tensors, "now."))
        self.best_parameters = _part(tensors, "best.")
        self.run.generator.set_state(tensors["generator"])
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _part(tensors, "optimiser.").items():
            number, _, name = key.partition(".")
            moments.setdefault(int(number), {})[name] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})
        self.done, self.finished = facts["done"], facts["finished"]
        updates, training, held_out = facts["losses"]
        self.losses = Losses(tuple(updates), tuple(training), tuple(held_out), facts["best"])


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _check(state: _State, problem: Problem, place: Path | None) -> None:
    """Judge the network as it is: keep it if it is the best, stop if it has not been for long; write a checkpoint."""
    if state.losses.updates and state.losses.updates[-1] == state.done:
        return
    state.network.eval()
    with torch.no_grad():
        found = problem.held_out_loss(state.network)
    held_out = math.nan if found is None else found
    if found is not None and not math.isfinite(found):
        raise TrainingError(_message("held-out loss", found, state))
    mean = sum(state.since) / len(state.since) if state.since else math.nan
    old = state.losses
    best = len(old.updates) if found is None or not old.updates or found < old.held_out[old.best] else old.best
    state.losses = Losses((*old.updates, state.done), (*old.training, mean), (*old.held_out, held_out), best)
    state.since = []
    if best == len(old.updates):
        state.keep_best()
    overdue = len(old.updates) - best >= state.training.patience
    state.finished = state.done >= state.run.n_updates or overdue
    if place is not None:
        checkpoints.write(state.snapshot(), place)


def _update(state: _State, problem: Problem) -> float:
    """Make one step of the optimiser and return the loss of its batch."""
    training, run = state.training, state.run
    for group in state.optimiser.param_groups:
        group["lr"] = training.learning_rate * rate(state.done, run.n_updates, training.warmup_fraction)
    state.network.train()
    chosen = torch.randint(len(problem), (training.batch_size,), generator=run.generator)
    loss = problem.loss(state.network, chosen)
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    norm = float(torch.nn.utils.clip_grad_norm_(state.network.parameters(), training.clip_norm))
    for what, value in (("loss", loss.item()), ("gradient", norm)):
        if not math.isfinite(value):
            raise TrainingError(_message(what, value, state))
    state.optimiser.step()
    state.done += 1
    state.since.append(loss.item())
    return state.since[-1]


def _message(what: str, value: float, state: _State) -> str:
    return (
        f"{state.run.label}: the {what} became {value} at update {state.done + 1} of {state.run.n_updates}; it must "
        f"stay finite. Lower the learning rate, now {state.training.learning_rate}, or look for extreme values in the "
        "series and covariates."
    )
