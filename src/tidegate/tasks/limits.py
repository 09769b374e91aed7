"""Sequences that are too long to be learned from as a whole.

Axis letters: N sequences, T steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn.stack import Recurrent
from tidegate.tasks.frames import FrameEncoder
from tidegate.tasks.places import faulty

if TYPE_CHECKING:
    from tidegate.tasks.learning import Examples

MOST_KEPT = 1_000_000_000
"""Numbers, of 4 bytes, that an update may keep for its gradient."""

_PER_UNIT = 4
_BILLION, _BYTES = 1e9, 4


def kept_per_step(network: torch.nn.Module) -> int:
    """Return about how many numbers are kept for the gradient at each step of each sequence.

    Four for each unit of each recurrent layer and direction, each channel of each convolution over time, each number
    that is made of a frame on the way, and each output of a network that says something after every step.

    >>> kept_per_step(torch.nn.Sequential(torch.nn.Conv1d(3, 8, 5), torch.nn.Linear(8, 2)))
    32
    """
    units = int(getattr(network, "outputs_per_step", 0))
    for part in network.modules():
        if isinstance(part, Recurrent):
            units += part.output_size * part.num_layers
        elif isinstance(part, torch.nn.Conv1d):
            units += part.out_channels
        elif isinstance(part, FrameEncoder):
            units += part.n_kept
    return _PER_UNIT * units


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
        With the longest sequence, what it would take, and what to do.
    """
    steps = examples.steps_at_once
    longest = int(steps.argmax())
    n_sequences = min(batch_size, len(steps))
    one = int(steps[longest]) * kept_per_step(network)
    if n_sequences * one <= MOST_KEPT:
        return
    fitting = MOST_KEPT // one
    smaller = [f"lower batch_size (--batch-size) to {fitting}"] if fitting else []
    told = " or ".join([*smaller, examples.SHORTER])
    raise faulty(
        examples.numbers[longest],
        "",
        f"has {int(steps[longest]):,} steps; to learn from {n_sequences} like "
        f"it at once takes about {n_sequences * one * _BYTES / _BILLION:,.0f} GB, more than "
        f"{MOST_KEPT * _BYTES / _BILLION:.0f}",
        f"{told[0].upper()}{told[1:]}.",
    )
