"""What is measured: sizes, cells, kinds of work and threads.

Axis letters: B batch, T time, I inputs, H hidden units. Kinds: "training" is a step forwards and backwards from a given
gradient of the outputs, where parameters require a gradient and inputs do not; "inference" is a call without gradients;
"lengths-training" and "lengths-inference" the same with sequences of 1 to T steps, drawn once, each length as likely,
padded before and after on both sides; "packed-training" and "packed-inference" with a PackedSequence in and out.
"""

from __future__ import annotations

import os
import random
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.nn.layers import Kind

CELLS: tuple[Kind, ...] = ("rnn", "lstm", "gru")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
KINDS = ("training", "inference", "lengths-training", "lengths-inference", "packed-training", "packed-inference")
BATCHES, STEPS, INPUTS, HIDDEN = (32, 128, 512), (24, 96, 336), (1, 8, 32), (16, 32, 64, 128, 256)
SCALING_BATCH, SCALING_INPUTS = 64, 8
QUICK = ((128, 96, 8, 128), (128, 24, 8, 32), (32, 336, 1, 64))
PEERS = ("keras", "jax")
PEER_SIZES = ((128, 96, 8, 64), (512, 24, 8, 128))
SERIES, STREAMING_HIDDEN = (1, 10_000), 64
MEMORY: tuple[tuple[int, ...], ...] = ((128, 512), (96, 336), (8,), (64, 128, 256))
"""Smaller sizes are lost among the pages of a process."""

PARTS = ("grid", "peers", "memory", "streaming")


class Case(NamedTuple):
    """One measurement; `part` says of what, `peer` beside whom."""

    part: str
    cell: Kind
    kind: str
    batch: int
    steps: int
    inputs: int
    hidden: int
    threads: int
    peer: str = "torch"

    def __str__(self) -> str:
        sizes = f"B{self.batch} T{self.steps} I{self.inputs} H{self.hidden}"
        return f"{self.cell} {self.kind} {sizes} threads {self.threads}"

    @property
    def key(self) -> dict[str, Any]:
        """What tells this case from all others, as it is written down."""
        return self._asdict()

    @property
    def trains(self) -> bool:
        """Whether gradients are part of the work."""
        return self.kind.endswith("training")

    @property
    def uneven(self) -> bool:
        """Whether sequences are of unequal length."""
        return self.kind.startswith(("lengths", "packed"))

    @property
    def packed(self) -> bool:
        """Whether sequences come and go as a PackedSequence."""
        return self.kind.startswith("packed")

    def operations(self, n_steps: int) -> int:
        """Return 2 operations for each product of a weight in `n_steps` steps of one sequence, times 3 in training.

        Training multiplies by each matrix forwards, backwards and for the weight's own gradient. What the first layer
        need not do, the gradient of its inputs, is counted as well.
        """
        products = GATES[self.cell] * self.hidden * (self.inputs + self.hidden)
        return (6 if self.trains else 2) * n_steps * products


def all_threads() -> int:
    """Return how many threads this process may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cases(part: str, *, quick: bool, threads: tuple[int, ...]) -> list[Case]:
    """Return the cases of one part, shuffled by sizes, so that a part of them stands for the whole.

    The same sizes follow each other in all kinds and threads: what is compared was measured within seconds.
    """
    if part == "grid":
        return list(_quick_grid(threads) if quick else _grid(threads))
    if part == "streaming":
        found = product(CELLS, SERIES, threads)
        return [Case(part, cell, part, series, 1, 1, STREAMING_HIDDEN, n) for cell, series, n in found]
    most = threads[-1]
    if part == "peers":
        sizes, kinds = (PEER_SIZES[:1], KINDS[:1]) if quick else (PEER_SIZES, KINDS[:2])
        found = product(sizes, CELLS, kinds, PEERS)
        return [Case(part, cell, kind, *size, most, peer) for size, cell, kind, peer in found]
    memory = QUICK[:1] if quick else tuple(product(*MEMORY))
    return [Case(part, cell, "training", *size, most) for size, cell in product(memory, CELLS)]


def _grid(threads: tuple[int, ...]) -> Iterator[Case]:
    whole = list(product(CELLS, product(BATCHES, STEPS, INPUTS, HIDDEN)))
    whole += product(CELLS, product((SCALING_BATCH,), STEPS, (SCALING_INPUTS,), HIDDEN))
    random.Random(0).shuffle(whole)
    for cell, sizes in whole:
        for kind, n in product(KINDS[:1] if sizes[0] == SCALING_BATCH else KINDS, threads):
            yield Case("grid", cell, kind, *sizes, n)


def _quick_grid(threads: tuple[int, ...]) -> Iterator[Case]:
    for number, (size, cell) in enumerate(product(QUICK, CELLS)):
        for kind in KINDS if number < len(CELLS) else KINDS[:1]:
            few = threads if number < 2 * len(CELLS) and kind == "training" else threads[-1:]
            for n in few:
                yield Case("grid", cell, kind, *size, n)
