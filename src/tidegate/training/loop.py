"""The one training loop: AdamW, clipped gradients, warm-up and decay, early stopping, checkpoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import torch

from tidegate.errors import TrainingError
from tidegate.training import checkpoints, progress
from tidegate.training.checkpoints import Snapshot
from tidegate.training.pace import Pace
from tidegate.training.parallel import Replica, shared
from tidegate.training.record import Record, look
from tidegate.training.schedule import rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tidegate.training.parallel import Backward
    from tidegate.training.settings import Training


class Problem(Protocol):
    """What a network learns: training windows by number, and perhaps held-out ones to judge by."""

    def __len__(self) -> int:
        """Return the number of training windows, at least 1."""

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over the windows with these numbers, shape (B,), as a scalar."""

    def held_out_loss(self) -> float | None:
        """Return the mean loss over the held-out windows, or None if none are held out."""

    def named(self, chosen: torch.Tensor | None) -> str:
        """Return where the windows with these numbers come from, for people who look for what broke a run.

        None stands for the held-out windows.
        """


class Run(NamedTuple):
    """One training run.

    Attributes
    ----------
    name
        For checkpoints: holds a digest of data, settings and seed.
    label
        For people.
    n_updates
        How many updates to make, at most.
    generator
        Source of all randomness: order of the windows, dropout.
    order
        Returns the numbers of the windows of an update, counted from 0, the same ones each time it is asked; None draws
        `batch_size` of them, each as likely as any other.
    """

    name: str
    label: str
    n_updates: int
    generator: torch.Generator
    order: Callable[[int], torch.Tensor] | None = None


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
    planned
        How many updates the run was to make: those of `Run`, or fewer where its budget ended first.
    record
        How gradients and gates were; None of runs that were made before there was one.
    """

    updates: tuple[int, ...]
    training: tuple[float, ...]
    held_out: tuple[float, ...]
    best: int
    planned: int = 0
    record: Record | None = None

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the course whose ``_asdict()`` was saved."""
        record = state.get("record")
        return cls(**{**state, "record": None if record is None else Record.from_state(record)})


def train(network: torch.nn.Module, problem: Problem, training: Training, run: Run) -> Losses:
    """Train `network` in place; it ends with the parameters of the smallest held-out loss, or the last ones.

    The starting point counts as the first check, so a network that only gets worse stays what it was. The result
    depends on the arguments alone: not, inside `threads.one_thread`, on the number of threads, and on a clock only
    where `training` has a budget, which is this run's then.

    Raises
    ------
    TrainingError
        If a loss or gradient stops being finite; says at which update, in which series, which parameter had the
        largest gradient, and what to change.
    """
    place = checkpoints.path(run.name)
    watcher = progress.current()
    state = _State(network, training, run)
    found = checkpoints.read(place) if place else None
    if found is not None:
        state.restore(found)
    watcher.begin(run.label, run.n_updates)
    try:
        if not state.finished:
            _go_on(state, problem, place)
    finally:
        watcher.finish()
    network.load_state_dict(state.best_parameters)
    network.eval()
    return state.losses


def _go_on(state: _State, problem: Problem, place: Path | None) -> None:
    """Make the updates that are left."""
    replica = Replica(state.network, problem, state.run.generator)
    processes = min(state.training.processes, state.training.batch_size)
    with shared(replica, processes, state.run.name) as backward:
        while not state.finished:
            if state.due:
                _check(state, problem, place)
            if not state.finished:
                progress.current().advance(state.done + 1, _update(state, problem, backward))


class _State:
    """Everything that changes during a run, and its way into a checkpoint and back."""

    def __init__(self, network: torch.nn.Module, training: Training, run: Run) -> None:
        self.network, self.training, self.run = network, training, run
        self.parameters = list(network.parameters())
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        self.pace = Pace(run.n_updates, training.n_checks, training.budget)
        self.done = 0
        self.finished = False
        self.since: list[float] = []
        self.norms: list[float] = []
        self.losses = Losses((), (), (), 0, record=Record())
        self.best_parameters: dict[str, torch.Tensor] = {}

    @property
    def due(self) -> bool:
        """Whether it is time for a check: they lie evenly over the run, the first before and the last after it."""
        number, pace = len(self.losses.updates), self.pace
        return self.done >= min(round(number * pace.planned / pace.n_checks), pace.planned)

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
        facts |= {"planned": self.pace.planned, "spent": self.pace.spent, "record": self.losses.record}
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
        record = Record.from_state(facts["record"]) if facts.get("record") else None
        self.losses = Losses(tuple(updates), tuple(training), tuple(held_out), facts["best"], facts["planned"], record)
        self.pace.go_on(facts["planned"], facts["spent"])


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _check(state: _State, problem: Problem, place: Path | None) -> None:
    """Judge the network as it is: keep it if it is the best, stop if it has not been for long; write a checkpoint."""
    if state.losses.updates and state.losses.updates[-1] == state.done:
        return
    state.network.eval()
    with torch.no_grad():
        found = problem.held_out_loss()
    held_out = math.nan if found is None else found
    if found is not None and not math.isfinite(found):
        raise TrainingError(
            _message("held-out loss", found, state, f"over the held-out windows of {problem.named(None)}")
        )
    mean = sum(state.since) / len(state.since) if state.since else math.nan
    old = state.losses
    best = len(old.updates) if found is None or not old.updates or found < old.held_out[old.best] else old.best
    parts = (*old.updates, state.done), (*old.training, mean), (*old.held_out, held_out)
    state.losses = Losses(*parts, best, state.pace.planned, _recorded(state, problem))
    state.since, state.norms = [], []
    if best == len(old.updates):
        state.keep_best()
    overdue = len(old.updates) - best >= state.training.patience
    state.finished = state.done >= state.pace.planned or overdue
    if place is not None:
        checkpoints.write(state.snapshot(), place)
    state.pace.checked()


def _recorded(state: _State, problem: Problem) -> Record | None:
    """Return the record with what happened since the check before; None in a run that was begun without one."""
    before = state.losses.record
    if before is None:
        return None
    seen = look(state.network, problem, state.done) if before.due(state.done) else None
    return before.after(state.norms, seen, state.training.clip_norm)


def _update(state: _State, problem: Problem, backward: Backward) -> float:
    """Make one step of the optimiser and return the loss of its batch."""
    training, run = state.training, state.run
    for group in state.optimiser.param_groups:
        group["lr"] = training.learning_rate * rate(state.done, state.pace.planned, training.warmup_fraction)
    state.network.train()
    if run.order is None:
        chosen = torch.randint(len(problem), (training.batch_size,), generator=run.generator)
    else:
        chosen = run.order(state.done)
    loss = backward(chosen, state.done, state.done / state.pace.planned)
    parameters = state.parameters
    norm = torch.nn.utils.get_total_norm([one.grad for one in parameters if one.grad is not None])
    for what, value in (("loss", loss), ("gradient", float(norm))):
        if not math.isfinite(value):
            where = f"in {problem.named(chosen)}; {_largest_gradient(state.network)}"
            raise TrainingError(_message(what, value, state, where))
    torch.nn.utils.clip_grads_with_norm_(parameters, training.clip_norm, norm)
    state.optimiser.step()
    state.done += 1
    state.pace.updated(state.done, len(state.losses.updates))
    state.since.append(loss)
    state.norms.append(float(norm))
    return loss


def _largest_gradient(network: torch.nn.Module) -> str:
    """Return a sentence on the parameter with the largest gradient; NaN counts as the largest."""
    sizes = {name: one.grad.abs().max().item() for name, one in network.named_parameters() if one.grad is not None}
    name = max(sizes, key=lambda each: math.inf if math.isnan(sizes[each]) else sizes[each])
    return f"the largest gradient is {sizes[name]:.3g}, of {name}"


def _message(what: str, value: float, state: _State, where: str) -> str:
    return (
        f"{state.run.label}: the {what} became {value} at update {state.done + 1} of {state.pace.planned} {where}. It "
        f"must stay finite. Lower the learning rate, now {state.training.learning_rate}, or look for extreme values in "
        "the data."
    )
