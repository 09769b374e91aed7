"""The adding problem, on which cells part: add the two marked numbers of a long sequence.

Hochreiter & Schmidhuber 1997, Long short-term memory, Neural Computation 9, experiment 4; here with the marks of Le,
Jaitly & Hinton 2015: one in the first half, one in the second. Always saying 1 has a mean squared error of 1/6.

Axis letters: T time, B sequences.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import SettingError
from tidegate.insight.diagnosis import Case, training_of
from tidegate.insight.inspection import look
from tidegate.insight.result import Insight, Scene
from tidegate.insight.subject import Signals, Subject
from tidegate.nn.cells import catalogue
from tidegate.nn.initialisation import built
from tidegate.nn.stack import Recurrent
from tidegate.training.loop import Run, train
from tidegate.training.settings import Training
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.insight.walk import Walked
    from tidegate.training.loop import Losses

CELLS = ("elman", "lstm", "gru")
CHANCE = 1 / 6
"""Mean squared error of always saying 1."""

_STEPS, _HIDDEN, _SEQUENCES, _HELD_OUT, _PROBED, _LOOKED = 100, 32, 20_000, 512, 8, 16
_TRAINING = Training(n_updates=2_000, learning_rate=0.005, weight_decay=0.0, patience=20)


class Sequences(NamedTuple):
    """Seeded sequences of the problem.

    Attributes
    ----------
    inputs
        Shape (T, B, 2): numbers from U(0, 1), and 1 at the two marked steps, else 0.
    sums
        Shape (B,): of the two marked numbers.
    """

    inputs: torch.Tensor
    sums: torch.Tensor


def sequences(n_sequences: int, n_steps: int, generator: torch.Generator) -> Sequences:
    """Return `n_sequences` of `n_steps`, at least 2: one mark in the first half, one in the second."""
    numbers = torch.rand(n_steps, n_sequences, generator=generator)
    half = n_steps // 2
    first = torch.randint(half, (n_sequences,), generator=generator)
    second = half + torch.randint(n_steps - half, (n_sequences,), generator=generator)
    marks = torch.zeros(n_steps, n_sequences)
    each = torch.arange(n_sequences)
    marks[first, each], marks[second, each] = 1.0, 1.0
    return Sequences(torch.stack([numbers, marks], dim=-1), (numbers * marks).sum(0))


class _Drawn(NamedTuple):
    """To learn from, to stop by, and to say an error on."""

    learned: Sequences
    held_out: Sequences
    tested: Sequences


class Adder(torch.nn.Module):
    """Recurrent layers of any cell whose final hidden state is read out as one number.

    Parameters
    ----------
    cell
        A name of the catalogue.
    hidden_size
        H.
    """

    def __init__(self, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.layers = Recurrent(catalogue.kind(cell)(), 2, hidden_size)
        self.output = torch.nn.Linear(hidden_size, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the sum that it says, shape (B,), for inputs of shape (T, B, 2)."""
        _, state = self.layers(inputs)
        hidden = state if isinstance(state, torch.Tensor) else state[0]
        said: torch.Tensor = self.output(hidden[-1])
        return said[:, 0]


class _Adding:
    """The problem, as the training loop takes it."""

    def __init__(self, network: Adder, learned: Sequences, held_out: Sequences) -> None:
        self._network, self._learned, self._held_out = network, learned, held_out

    def __len__(self) -> int:
        return len(self._learned.sums)

    def loss(self, chosen: torch.Tensor) -> torch.Tensor:
        return _error(self._network, self._learned.inputs[:, chosen], self._learned.sums[chosen])

    def held_out_loss(self) -> float | None:
        return _error(self._network, *self._held_out).item()

    def named(self, chosen: torch.Tensor | None) -> str:
        if chosen is None:
            return f"{len(self._held_out.sums):,} drawn sequences"
        return f"sequences {int(chosen.min())} to {int(chosen.max())}"

    def probe(self) -> torch.Tensor:
        return _error(self._network, self._learned.inputs[:, :_PROBED], self._learned.sums[:_PROBED])


def adding(
    cells: Sequence[str] = CELLS, *, n_steps: int = _STEPS, n_updates: int | None = None, seed: int = 0
) -> tuple[Insight, ...]:
    """Return what a network of each cell does on the adding problem, after all were trained alike.

    Parameters
    ----------
    cells
        Names of the catalogue.
    n_steps
        Length of the sequences, T, at least 10.
    n_updates
        Updates of each network's training; None for 2,000, some 10 seconds each.
    seed
        Of the sequences and the networks.

    Raises
    ------
    SettingError
        If a cell is unknown, or the sequences are shorter than 10 steps.
    """
    if n_steps < 10:
        raise SettingError(f"n_steps is {n_steps}; the adding problem needs at least 10.")
    training = _TRAINING if n_updates is None else _TRAINING._replace(n_updates=n_updates)
    generator = torch.Generator().manual_seed(seed)
    drawn = _Drawn(*(sequences(count, n_steps, generator) for count in (_SEQUENCES, _HELD_OUT, _HELD_OUT)))
    with one_thread():
        return tuple(_looked(cell, drawn, training, seed=seed) for cell in cells)


def _looked(cell: str, drawn: _Drawn, training: Training, *, seed: int) -> Insight:
    generator = torch.Generator().manual_seed(seed)
    network = built(lambda: Adder(cell, _HIDDEN), generator)
    run = Run(f"adding-{cell}", f"{cell} on the adding problem", training.n_updates or 0, generator)
    losses = train(network, _Adding(network, drawn.learned, drawn.held_out), training, run)
    return seen(network, drawn.tested, losses)


def seen(network: Adder, tested: Sequences, losses: Losses) -> Insight:
    """Return what a trained network does with the first 16 of some sequences that it has not seen."""
    own = copy.deepcopy(network).requires_grad_(requires_grad=False).eval()
    few = Sequences(tested.inputs[:, :_LOOKED], tested.sums[:_LOOKED])
    n_steps = len(few.inputs)
    cell = own.layers.cell.name
    values = few.inputs.double().numpy()
    signals = Signals(("number", "mark"), np.stack([values, np.zeros_like(values)], axis=-1))
    subject = Subject(own.layers, lambda: (own(few.inputs) - few.sums).square()[:, None], (1,), _LOOKED, 1, signals)

    def case(walked: Walked) -> Case:
        return Case(cell, walked.kept, n_steps // 2, "half the sequence, where the first number has been", 1)

    layers, notes = look(subject, case)
    error = float(_error(own, *tested))
    said = (
        f"On {len(tested.sums):,} sequences that it had not seen its mean squared error is {error:.4f}; always saying 1"
    )
    marked = tuple(np.flatnonzero(values[:, -1, 1]).tolist())
    scene = Scene(
        cell,
        cell,
        (1, 1),
        "",
        "number",
        np.arange(n_steps),
        values[:, -1, 0],
        "1",
        None,
        (1,),
        1,
        len(few.sums),
        marked,
    )
    notes = (f"{said} has {CHANCE:.4f}.", *notes)
    return Insight(scene, (1,), layers, None, (losses,), training_of((losses,), cell), notes)


def _error(network: Adder, inputs: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
    error: torch.Tensor = (network(inputs) - sums).square().mean()
    return error
