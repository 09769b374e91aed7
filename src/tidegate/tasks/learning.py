"""The training problem of a task: examples to learn from, and held-out ones to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import torch

from tidegate.tasks.places import faulty, place
from tidegate.tasks.reading import Batch, at_once, batch
from tidegate.training.epochs import Epochs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.errors import DataError

_NAMED = 5
_PROBED = 8

PADDING = -1
"""What fills targets of unequal length up."""


class Losses(Protocol):
    """Says how far what a network made, a tensor or several, lies from what was wanted."""

    def __call__(self, made: Any, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each example, shape (B,)."""


class Order(Protocol):
    """Which examples each update learns from."""

    def __len__(self) -> int:
        """Return the number of updates of an epoch."""

    def __call__(self, update: int) -> torch.Tensor:
        """Return what an update, counted from 0, learns from, as `Learning.loss` takes it."""


class Examples:
    """Sequences as numbers, with what is wanted of each.

    Parameters
    ----------
    items
        N arrays, of shape (T,) or (T, I).
    targets
        Shape (N, ...); or N arrays of shape (L,), whose lengths differ.
    numbers
        Shape (N,): their places in what the user gave.
    """

    ONE: ClassVar[str] = "sequence"
    """What one of them is called."""

    SHORTER: ClassVar[str] = "cut long sequences into shorter ones, or keep every tenth step of them"
    """How fewer steps are learned from at once."""

    def __init__(
        self, items: Sequence[NDArray[Any]], targets: torch.Tensor | list[NDArray[np.int64]], numbers: NDArray[np.int64]
    ) -> None:
        self.items, self.targets, self.numbers = items, targets, numbers

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each, shape (N,)."""
        return np.array([len(item) for item in self.items], dtype=np.int64)

    def called(self, k: int) -> str:
        """Return which the one at place `k` is, after `ONE`: its number in what the user gave."""
        return str(place(self.numbers[k]))

    def faulty(self, k: int, what: str, repair: str) -> DataError:
        """Return the error that the one at place `k` cannot be learned from."""
        return faulty(self.numbers[k], "", what, repair)

    @property
    def steps_at_once(self) -> NDArray[np.int64]:
        """Steps of each that an update learns from, shape (N,)."""
        return self.lengths

    @property
    def wanted_at_once(self) -> NDArray[np.int64]:
        """Steps of the target of each that an update learns from, shape (N,); 0 where targets are no arrays."""
        targets = [0] * len(self) if isinstance(self.targets, torch.Tensor) else map(len, self.targets)
        return np.fromiter(targets, dtype=np.int64, count=len(self))

    def __len__(self) -> int:
        return len(self.items)

    def take(self, chosen: NDArray[np.int64]) -> Examples:
        """Return those at these places, their arrays not copied."""
        targets = self.targets
        own = targets[chosen] if isinstance(targets, torch.Tensor) else [targets[k] for k in chosen]
        return Examples([self.items[k] for k in chosen], own, self.numbers[chosen])

    def order(self, batch_size: int, seed: int) -> Order:
        """Return in which batches they are learned from."""
        return Epochs(self.lengths, batch_size, seed)

    def problem(self, network: torch.nn.Module, losses: Losses, held_out: Examples | None) -> Learning:
        """Return the training problem of learning from them, judged by what is held out."""
        return Learning(network, losses, self, held_out)

    def batch(self, chosen: Sequence[int]) -> tuple[Batch, torch.Tensor]:
        """Return those with these numbers side by side; targets that are arrays as shape (L, B), -1 after the end."""
        inputs = batch([self.items[k] for k in chosen])
        if isinstance(self.targets, torch.Tensor):
            return inputs, self.targets[torch.as_tensor(chosen)]
        wanted = [torch.from_numpy(self.targets[k]) for k in chosen]
        return inputs, torch.nn.utils.rnn.pad_sequence(wanted, padding_value=PADDING)

    def batches(self) -> Iterator[tuple[Batch, torch.Tensor]]:
        """Return all of them, several at once, in their order."""
        for part in at_once(self.items, range(len(self))):
            yield self.batch(part)


class Learning:
    """Examples to learn from and, perhaps, held-out ones.

    Parameters
    ----------
    network
        What learns.
    losses
        How far off it is.
    learned, held_out
        Examples; None for none held out.
    """

    def __init__(
        self, network: torch.nn.Module, losses: Losses, learned: Examples, held_out: Examples | None = None
    ) -> None:
        self._network, self._losses, self._learned, self._held_out = network, losses, learned, held_out

    def __len__(self) -> int:
        return len(self._learned)

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over the examples with these numbers."""
        return self._each(*self._learned.batch(chosen.tolist())).mean()

    def held_out_loss(self) -> float | None:
        """Return the mean loss over the held-out examples, or None if there are none."""
        if self._held_out is None:
            return None
        return sum(self._each(*part).sum().item() for part in self._held_out.batches()) / len(self._held_out)

    def probe(self) -> torch.Tensor:
        """Return the mean loss over the first 8 examples."""
        return self._each(*self._learned.batch(range(min(_PROBED, len(self._learned))))).mean()

    @torch.no_grad()
    def named(self, chosen: torch.Tensor | None) -> str:
        """Return which of the user's sequences these are, of those alone whose loss is not finite if some are.

        None stands for the held-out examples.
        """
        examples = self._learned if chosen is not None or self._held_out is None else self._held_out
        places = torch.arange(len(examples)) if chosen is None else chosen
        batches = examples.batches() if chosen is None else [examples.batch(chosen.tolist())]
        broken = places[~torch.cat([self._each(*part) for part in batches]).isfinite()]
        told = (broken if len(broken) else places).tolist()
        rest = f" and {len(told) - _NAMED:,} more" if len(told) > _NAMED else ""
        return f"{examples.ONE}s {', '.join(map(examples.called, told[:_NAMED]))}{rest}"

    def _each(self, batch: Batch, target: torch.Tensor) -> torch.Tensor:
        return self._losses(self._network(batch), target)
