"""Sequences that are too long to be learned from as a whole.

Axis letters: N sequences, T steps, F steps of a target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import torch

from tidegate.nn.nouns import noun
from tidegate.nn.stack import Recurrent
from tidegate.tasks.frames import FrameEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.learning import Examples

    Integers = NDArray[np.int64]

MOST_KEPT = 1_000_000_000
"""Numbers, of 4 bytes, that an update may keep for its gradient."""

PER_NUMBER = 4
"""What a number that is made at a step counts as: itself, what it becomes on the way, and the gradients of both."""

_PER_UNIT, _PER_UNIT_STEPPED = 6, 32
"""The same of a unit of a recurrent layer that a kernel walks, and of one whose every operation is kept; measured."""

_BILLION, _BYTES = 1e9, 4


@runtime_checkable
class Stating(Protocol):
    """A network that keeps more than a share for each step."""

    def kept(self, n_steps: Integers, n_wanted: Integers) -> Integers:
        """Return about how many numbers it keeps of sequences of T steps with targets of F, shapes (N,)."""


def kept_per_step(network: torch.nn.Module) -> int:
    """Return about how many numbers are kept for the gradient at each step of each sequence.

    Six for each unit of each recurrent layer and direction, or 32 where no kernel walks; four for each number that the
    first of them reads, each channel of each convolution over time, and each number made of a frame on the way.

    >>> kept_per_step(torch.nn.Sequential(torch.nn.Conv1d(3, 8, 5), torch.nn.Linear(8, 2)))
    32
    """
    made = 0
    for part in network.modules():
        if isinstance(part, Recurrent):
            per_unit = _PER_UNIT if noun(part.cell) else _PER_UNIT_STEPPED
            made += per_unit * part.output_size * part.num_layers + PER_NUMBER * part.input_size
        elif isinstance(part, torch.nn.Conv1d):
            made += PER_NUMBER * part.out_channels
        elif isinstance(part, FrameEncoder):
            made += PER_NUMBER * part.n_kept
    return made


def kept(network: torch.nn.Module, n_steps: Integers, n_wanted: Integers) -> Integers:
    """Return about how many numbers an update keeps of each sequence, shape (N,).

    Parameters
    ----------
    network
        That learns.
    n_steps, n_wanted
        Steps T of each sequence and F of its target, shapes (N,).
    """
    if isinstance(network, Stating):
        return network.kept(n_steps, n_wanted)
    return n_steps * kept_per_step(network)


def check_memory(examples: Examples, batch_size: int, network: torch.nn.Module) -> None:
    """Refuse sequences of which an update would keep more than 4 GB for its gradient.

    Parameters
    ----------
    examples
        N to learn from.
    batch_size
        Sequences per update.
    network
        That learns.

    Raises
    ------
    DataError
        With the sequence that would take most, how much, and what to do.
    """
    steps, wanted = examples.steps_at_once, examples.wanted_at_once
    each = kept(network, steps, wanted)
    largest = int(each.argmax())
    n_sequences = min(batch_size, len(steps))
    one = int(each[largest])
    if n_sequences * one <= MOST_KEPT:
        return
    fitting = MOST_KEPT // one
    smaller = [f"lower batch_size (--batch-size) to {fitting}"] if fitting else []
    told = " or ".join([*smaller, examples.SHORTER])
    beside = f" and {int(wanted[largest]):,} of its target" if wanted[largest] not in (0, steps[largest]) else ""
    raise examples.faulty(
        largest,
        f"has {int(steps[largest]):,} steps{beside}; to learn from {n_sequences} like it at once takes about "
        f"{n_sequences * one * _BYTES / _BILLION:,.0f} GB, more than {MOST_KEPT * _BYTES / _BILLION:.0f}",
        f"{told[0].upper()}{told[1:]}.",
    )
