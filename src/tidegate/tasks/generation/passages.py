"""Sequences to write like, as a training problem: whole, or stretch by stretch with the state carried on.

Axis letters: N sequences, T steps, B batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tidegate.tasks.generation.network import Ahead
from tidegate.tasks.learning import PADDING, Examples, Learning
from tidegate.tasks.reading import Batch, at_once, batch
from tidegate.training.epochs import Epochs
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.nn.stack import HX
    from tidegate.tasks.generation.members import Writer
    from tidegate.tasks.generation.network import GenerativeNetwork
    from tidegate.tasks.learning import Losses, Order

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_SAID = 16_000_000
"""Numbers that a network says at once where nothing is learned."""

_PROBED, _PROBED_STEPS = 8, 200


@dataclass(frozen=True)
class Surprise:
    """How far off what was said is, in nats per step.

    Parameters
    ----------
    mean_length
        Steps of a sequence of training, on average; None where stretches are learned from, which are divided by their
        own length.
    """

    mean_length: float | None

    def __call__(self, made: Ahead, target: torch.Tensor) -> torch.Tensor:
        """Return shape (B,)."""
        return made.surprise(target).sum(0) / (self.mean_length or len(target))


class Passages(Examples):
    """Sequences as numbers, each step with the one that follows it.

    Parameters
    ----------
    items
        N arrays, of shape (T,) or (T, W): what is read.
    targets
        N arrays of shape (T,) or (T, K): the step that follows each.
    numbers
        Shape (N,): their places in what the user gave.
    truncate
        Steps that are learned from at once; the state goes on from stretch to stretch, the gradient does not. None for
        whole sequences.

    Source: Williams & Peng (1990), An efficient gradient-based algorithm for on-line training of recurrent network
    trajectories, Neural Computation 2 (truncated backpropagation through time).
    """

    SHORTER = "set truncate=100 to learn from 100 steps at once with the state carried on"

    def __init__(
        self,
        items: Sequence[NDArray[Any]],
        targets: list[NDArray[Any]],
        numbers: Integers,
        *,
        truncate: int | None = None,
    ) -> None:
        super().__init__(items, targets, numbers)
        self._wanted, self.truncate = targets, truncate

    @property
    def n_steps(self) -> int:
        """Steps of all of them."""
        return int(self.lengths.sum())

    @property
    def steps_at_once(self) -> Integers:
        """Steps of each that an update learns from, shape (N,)."""
        return self.lengths if self.truncate is None else np.minimum(self.lengths, self.truncate)

    @property
    def wanted_at_once(self) -> Integers:
        """The same of their targets: one step for each."""
        return self.steps_at_once

    def cut(self, n_parts: int) -> Passages:
        """Return one long sequence as so many neighbouring parts of the same length or nearly so."""
        places = np.linspace(0, len(self.items[0]), min(n_parts, len(self.items[0])) + 1).astype(int)[1:-1]
        items, targets = np.split(self.items[0], places), np.split(self._wanted[0], places)
        return Passages(items, targets, np.arange(len(items)), truncate=self.truncate)

    def order(self, batch_size: int, seed: int) -> Order:
        """Return in which batches they are learned from."""
        if self.truncate is None:
            return Epochs(self.lengths, batch_size, seed)
        return Stretches(self.lengths, (batch_size, self.truncate), seed)

    def problem(self, network: torch.nn.Module, losses: Losses, held_out: Examples | None) -> Learning:
        """Return the training problem of learning from them, judged by what is held out."""
        return Writing(network, losses, self, held_out)

    def batch(self, chosen: Sequence[int]) -> tuple[Batch, torch.Tensor]:
        """Return those with these numbers side by side; targets are -1 or NaN after the end."""
        return self.stretch(chosen, slice(None))

    def stretch(self, chosen: Sequence[int], steps: slice) -> tuple[Batch, torch.Tensor]:
        """Return some steps of those with these numbers side by side; one that has ended has none."""
        wanted = [torch.from_numpy(self._wanted[k][steps]) for k in chosen]
        numbers = wanted[0].is_floating_point()
        padding = torch.nan if numbers else PADDING
        target = torch.nn.utils.rnn.pad_sequence(wanted, padding_value=padding)
        return batch([self.items[k][steps] for k in chosen]), target if numbers else target.long()


class Stretches:
    """Updates stretch by stretch: each batch of sequences from its first stretch to its last, batches in a new order.

    Sequences of about a length stay in one batch, the same in every epoch. What an update learns from are numbers
    ``k + N * s``: stretch s of sequence k of N.

    Parameters
    ----------
    lengths
        Shape (N,): steps of each.
    sizes
        Sequences of a batch, and steps of a stretch, each at least 1.
    seed
        Of the order.
    """

    def __init__(self, lengths: Integers, sizes: tuple[int, int], seed: int) -> None:
        size, steps = sizes
        order = np.argsort(lengths, kind="stable")
        self._batches = [order[start : start + size] for start in range(0, len(order), size)]
        self._counts = np.array([-(-int(lengths[one].max()) // steps) for one in self._batches])
        self._n_sequences, self._seed = len(lengths), seed
        self._drawn = lru_cache(maxsize=1)(self._epoch)

    def __len__(self) -> int:
        """Return the number of updates of an epoch."""
        return int(self._counts.sum())

    def __call__(self, update: int) -> torch.Tensor:
        """Return what an update, counted from 0, learns from, shape (B,)."""
        epoch, place = divmod(update, len(self))
        order, ends = self._drawn(epoch)
        turn = int(np.searchsorted(ends, place, side="right"))
        chosen = order[turn]
        stretch = place - (int(ends[turn - 1]) if turn else 0)
        return torch.from_numpy(self._batches[chosen] + self._n_sequences * stretch)

    def _epoch(self, epoch: int) -> tuple[Integers, Integers]:
        """Return the order of the batches, and at which update of the epoch each ends."""
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._batches))
        return order, self._counts[order].cumsum()


class Writing(Learning):
    """Passages to learn from and, perhaps, held-out ones; between stretches of a sequence the state is kept."""

    _network: GenerativeNetwork
    _learned: Passages
    _held_out: Passages | None

    def __init__(
        self, network: torch.nn.Module, losses: Losses, learned: Examples, held_out: Examples | None = None
    ) -> None:
        super().__init__(network, losses, learned, held_out)
        self._states: dict[tuple[int, ...], HX] = {}

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over what these numbers stand for: sequences, or stretches of them."""
        if self._learned.truncate is None:
            return super().loss(chosen)
        places, stretch = tuple((chosen % len(self)).tolist()), int(chosen[0]) // len(self)
        start = stretch * self._learned.truncate
        inputs, target = self._learned.stretch(places, slice(start, start + self._learned.truncate))
        before = self._states.pop(places, None) if stretch else None
        made, after = self._network.walk(inputs.inputs, before)
        if start + self._learned.truncate < max(len(self._learned.items[k]) for k in places):
            self._states[places] = tuple(one.detach() for one in after) if isinstance(after, tuple) else after.detach()
        return self._losses(Ahead(made, self._network.said), target).mean()

    def held_out_loss(self) -> float | None:
        """Return the mean loss over the held-out steps in nats, or None if there are none."""
        if self._held_out is None:
            return None
        found = surprises(self._network, self._held_out)
        return float(sum(one.sum() for one in found)) / self._held_out.n_steps

    def probe(self) -> torch.Tensor:
        """Return the mean loss over the first 200 steps of the first 8 sequences."""
        first = range(min(_PROBED, len(self._learned)))
        return self._each(*self._learned.stretch(first, slice(_PROBED_STEPS))).mean()

    def named(self, chosen: torch.Tensor | None) -> str:
        """Return which of the user's sequences these are; None stands for the held-out ones."""
        if chosen is None or self._learned.truncate is None:
            return super().named(chosen)
        stretch, numbers = int(chosen[0]) // len(self), self._learned.numbers[(chosen % len(self)).numpy()]
        return f"stretch {stretch} of sequences {', '.join(map(str, numbers.tolist()[:5]))}"


@torch.no_grad()
def surprises(network: Writer, passages: Passages) -> list[Floats]:
    """Return minus the logarithm of the probability of each step given all before it, N arrays of shape (T,), in nats.

    Parameters
    ----------
    network
        Trained.
    passages
        Sequences of any length: they are walked through a few steps at a time, to the same numbers.
    """
    order = passages.lengths.argsort(kind="stable")
    network.eval()
    said = network.said
    found: list[Floats] = []
    with one_thread(of_kernels=torch.get_num_threads()):
        for part in at_once(passages.items, order):
            inputs, target = passages.batch(part)
            steps = walked(network, inputs.inputs)
            whole = torch.cat([said.surprise(made, target[own]).double() for own, made, _ in steps])
            found += [whole[: len(passages.items[k]), b].numpy() for b, k in enumerate(part)]
    return [found[place] for place in order.argsort()]


def walked(network: Writer, inputs: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor, Any]]:
    """Yield steps, what is said after each of them, shape (T, B, n_outputs), and the state after the last.

    Parameters
    ----------
    network
        Trained.
    inputs
        Steps of any number, (T, B) or (T, B, W): so many at a time that no more than 16,000,000 numbers are said.
    """
    size = max(MOST_SAID // (inputs.shape[1] * network.said.n_outputs), 1)
    state = None
    for start in range(0, len(inputs), size):
        steps = slice(start, start + size)
        made, state = network.walk(inputs[steps], state)
        yield steps, made, state
