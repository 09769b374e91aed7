"""What is to be learnt: the adding problem, copy memory, and digits read row by row.

Axis letters: T time, B batch, I inputs, O outputs. Inputs are (T, B, I); outputs are (B, O) where a task asks once, at
the end, and (T, B, O) where it asks at every step.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy, mse_loss, one_hot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAINED, LONGER, EARLIER, LATER = "as trained", "twice as long", "3 rows earlier", "3 rows later"
N_TEST, TEST_SEED = 1000, 2018
RECALLED, SYMBOLS = 10, 8
ROWS, MOVED = 28, 3


class Batch(NamedTuple):
    """Inputs, shape (T, B, I), and what is asked for: shape (B,), or (T, B) where a task asks at every step."""

    inputs: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Task:
    """Fresh training sequences, fixed test sequences, and the figures that networks are judged by.

    Parameters
    ----------
    n_steps, n_inputs, n_outputs
        T, I and O.
    draw
        Returns a batch of so many sequences from a generator.
    tests
        Returns the test sequences by the name of the test.
    loss
        What training lowers, from outputs and targets.
    score
        What the tables show, from outputs and targets; None for the loss.
    every_step
        Whether it asks at every step, or once at the end.
    """

    n_steps: int
    n_inputs: int
    n_outputs: int
    draw: Callable[[int, torch.Generator], Batch]
    tests: Callable[[], dict[str, Batch]]
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    score: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    every_step: bool = False


def task_named(name: str, folder: Path) -> Task:
    """Return the task called "adding-T", "copy-T" or "digits"; `folder` holds the images."""
    kind, _, steps = name.partition("-")
    if kind == "digits":
        return digits(folder)
    return adding(int(steps)) if kind == "adding" else copying(int(steps))


def adding(n_steps: int) -> Task:
    """Sum the two marked ones of T numbers, uniform in [0, 1]: Hochreiter & Schmidhuber 1997, experiment 4."""

    def draw(count: int, generator: torch.Generator, length: int = n_steps) -> Batch:
        numbers = torch.rand(count, length, generator=generator)
        marked = torch.rand(count, length, generator=generator).topk(2, dim=1).indices
        marks = torch.zeros(count, length).scatter_(1, marked, 1)
        return Batch(torch.stack((numbers, marks), -1).transpose(0, 1).contiguous(), (numbers * marks).sum(1))

    def tests() -> dict[str, Batch]:
        return {TRAINED: draw(N_TEST, _fixed()), LONGER: draw(N_TEST, _fixed(), 2 * n_steps)}

    return Task(n_steps, 2, 1, draw, tests, lambda outputs, targets: mse_loss(outputs[:, 0], targets))


def memoryless(silence: int) -> float:
    """Return the loss of whoever knows when to speak but has forgotten what: 10 ln 8 / (T + 20)."""
    return RECALLED * math.log(SYMBOLS) / (silence + 2 * RECALLED)


def copying(silence: int) -> Task:
    """Repeat ten symbols after a silence; 0 is blank, 1 to 8 are symbols, 9 asks for them: Bai et al. 2018, 5.1."""
    n_steps, n_kinds = silence + 2 * RECALLED, SYMBOLS + 2

    def draw(count: int, generator: torch.Generator) -> Batch:
        symbols = torch.randint(1, SYMBOLS + 1, (RECALLED, count), generator=generator)
        read = torch.zeros(n_steps, count, dtype=torch.long)
        wanted = torch.zeros_like(read)
        read[:RECALLED], read[-RECALLED - 1 :], wanted[-RECALLED:] = symbols, SYMBOLS + 1, symbols
        return Batch(one_hot(read, n_kinds).float(), wanted)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return cross_entropy(outputs.reshape(-1, n_kinds), targets.reshape(-1))

    return Task(n_steps, n_kinds, n_kinds, draw, lambda: {TRAINED: draw(N_TEST, _fixed())}, loss, every_step=True)


def digits(folder: Path) -> Task:
    """Name the digit of an image, read one row of 28 pixels a step; the score is the percentage of right answers."""

    def draw(count: int, generator: torch.Generator) -> Batch:
        images, named = _images(folder / "mnist_train.npz")
        chosen = torch.randint(len(images), (count,), generator=generator)
        return _rows(images[chosen], named[chosen])

    def tests() -> dict[str, Batch]:
        images, named = _images(folder / "mnist_test.npz")
        nothing = torch.zeros_like(images[:, :MOVED])
        moved = {
            TRAINED: images,
            EARLIER: torch.cat([images[:, MOVED:], nothing], 1),
            LATER: torch.cat([nothing, images[:, :-MOVED]], 1),
        }
        return {name: _rows(values, named) for name, values in moved.items()}

    def score(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return 100 * (outputs.argmax(-1) == targets).double().mean()

    return Task(ROWS, ROWS, 10, draw, tests, cross_entropy, score)


def _fixed() -> torch.Generator:
    return torch.Generator().manual_seed(TEST_SEED)


@functools.cache
def _images(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    with np.load(path) as kept:
        return torch.from_numpy(kept["x"]), torch.from_numpy(kept["y"].astype(np.int64))


def _rows(images: torch.Tensor, named: torch.Tensor) -> Batch:
    return Batch((images.float() / 255).transpose(0, 1).contiguous(), named)
