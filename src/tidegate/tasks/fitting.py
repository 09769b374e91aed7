"""One training run of a task: epochs, batches by length, early stopping by what is held out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import torch

from tidegate.checks import check_whole
from tidegate.errors import SettingError
from tidegate.tasks.learning import Examples
from tidegate.tasks.limits import check_memory
from tidegate.tasks.reading import at_once
from tidegate.tasks.reading import batch as side_by_side
from tidegate.training.loop import Run, train
from tidegate.training.settings import Training, checked
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.learning import Losses
    from tidegate.training.loop import Losses as Course

Told = TypeVar("Told")

TRAINING = Training(learning_rate=0.002, patience=5, held_out_fraction=0.0)
"""How networks of tasks are trained by default; updates, batches and checks follow from epochs and `batch_size`."""


ELSEWHERE = {
    "n_updates": "epochs of fit (--epochs) says how long",
    "n_checks": "there is one after each of the epochs of fit (--epochs)",
    "batch_size": "batch_size of fit (--batch-size) says how many",
    "held_out_fraction": "validation of fit says what is held out",
}
"""Settings of training that do not count for tasks, and what says it in their place."""

_HELD_OUT, _ENOUGH = 0.1, 500
"""What is held out unless told otherwise, and from how many sequences on."""


class Schedule(NamedTuple):
    """How long a run is.

    Attributes
    ----------
    epochs
        Times that every example is seen, at least 1.
    batch_size
        Examples per update, at least 1.
    seed
        Of their order, at least 0.
    """

    epochs: int
    batch_size: int
    seed: int


class Usual(NamedTuple):
    """How long a run is unless told otherwise.

    Attributes
    ----------
    batch_size
        Examples per update.
    n_updates
        Updates that it makes, in whole epochs.
    fewest, most
        Epochs that it makes at least and at most.
    """

    batch_size: int = 32
    n_updates: int = 1_500
    fewest: int = 8
    most: int = 500

    def epochs(self, updates_per_epoch: int) -> int:
        """Return how many epochs make `n_updates`, within the limits."""
        return min(max(-(-self.n_updates // updates_per_epoch), self.fewest), self.most)


def held_out(n_examples: int) -> float | None:
    """Return the fraction that is held out unless told otherwise: a tenth of 500 or more, nothing of fewer."""
    return _HELD_OUT if n_examples >= _ENOUGH else None


def check(schedule: Schedule) -> None:
    """Refuse a schedule outside its limits.

    Raises
    ------
    SettingError
        Which number, its value and its limit.
    """
    for name, value, least in zip(schedule._fields, schedule, (1, 1, 0), strict=True):
        check_whole(name, value, least=least)


def check_training(training: Training) -> None:
    """Refuse settings of training outside their limits, and those that would not count.

    Raises
    ------
    SettingError
        Which, its value, and its limit or what to use in its place.
    """
    given = checked(training)
    for name in ELSEWHERE:
        value = getattr(given, name)
        why = elsewhere(name, value)
        if why is not None and value not in (Training._field_defaults[name], getattr(TRAINING, name)):
            raise why


def elsewhere(name: str, value: object) -> SettingError | None:
    """Return the error that a setting of training does not count, if it is one of `ELSEWHERE`."""
    if name not in ELSEWHERE:
        return None
    return SettingError(f"training: {name} is {value!r}, which does not count for sequences: {ELSEWHERE[name]}.")


def fitted(
    network: torch.nn.Module,
    losses: Losses,
    examples: tuple[Examples, Examples | None],
    schedule: Schedule,
    *,
    training: Training | None,
    run: tuple[str, torch.Generator],
    threads: int = 1,
) -> Course:
    """Train `network` in place and return the course: one check an epoch, the best by the held-out loss is kept.

    Parameters
    ----------
    network
        Freshly drawn.
    losses
        What is to be small.
    examples
        To learn from, and to judge by or None; then the last epoch is kept.
    schedule, training
        How long, and how; None for `TRAINING`.
    run
        Name for checkpoints, and source of dropout.
    threads
        Of the kernels.

    Raises
    ------
    DataError
        If an update would take more memory than `limits.check_memory` allows.
    """
    learned, held_out = examples
    check_memory(learned, schedule.batch_size, network)
    order = learned.order(schedule.batch_size, schedule.seed)
    n_updates = schedule.epochs * len(order)
    chosen = checked(training or TRAINING)._replace(batch_size=schedule.batch_size, n_checks=schedule.epochs)
    name, generator = run
    with one_thread(of_kernels=threads):
        problem = learned.problem(network, losses, held_out)
        return train(network, problem, chosen, Run(name, "network", n_updates, generator, order))


def history(course: Course) -> dict[str, list[float]]:
    """Return the course by epoch: epoch, loss, and the held-out loss as val_loss; NaN where there is none."""
    return {
        "epoch": list(map(float, range(len(course.updates)))),
        "loss": list(course.training),
        "val_loss": list(course.held_out),
    }


@torch.no_grad()
def told(network: torch.nn.Module, items: Sequence[NDArray[Any]], way: Callable[[Any], Iterable[Told]]) -> list[Told]:
    """Return what the network says of each sequence, in their order; several of about a length at a time.

    Parameters
    ----------
    network
        Trained.
    items
        Sequences as numbers.
    way
        From what the network says of a batch to what is told of each sequence.
    """
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    order = lengths.argsort(kind="stable")
    network.eval()
    with one_thread():
        made = [one for part in at_once(items, order) for one in way(network(side_by_side([items[k] for k in part])))]
    return [made[place] for place in order.argsort()]


def digest(
    settings: dict[str, Any], schedule: Schedule, known: tuple[Examples, Examples | None], network: torch.nn.Module
) -> str:
    """Return 16 hexadecimal digits that stand for all that decides a run: checkpoints go by them.

    Parameters
    ----------
    settings, schedule
        How it is made.
    known
        What is learned from, and judged by.
    network
        As it starts.
    """
    found = hashlib.sha256(repr((sorted(settings.items()), schedule, torch.__version__)).encode())
    for examples in known:
        if examples is not None:
            found.update(examples.lengths.tobytes())
            targets = examples.targets
            for item in [targets.numpy()] if isinstance(targets, torch.Tensor) else targets:
                found.update(repr(item.shape).encode())
                found.update(item.tobytes())
            for item in examples.items:
                found.update(np.ascontiguousarray(item).tobytes())
    for value in network.state_dict().values():
        found.update(value.numpy().tobytes())
    return found.hexdigest()[:16]
