"""What one sequence did to a trained generator: what surprised it, what it expected, and how open its gates were.

Axis letters: T steps, K keys or channels, V tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from tidegate.errors import DataError
from tidegate.tasks.generation.passages import surprises, walked
from tidegate.tasks.inspection import LayerGates, columns_of, means_of, opened
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.generation.given import Given
    from tidegate.tasks.generation.members import Writer
    from tidegate.tasks.generation.read import Read

    Floats = NDArray[np.float64]

END = "<end>"
"""What the end of a sequence of tokens is called."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was seen of one sequence.

    Parameters
    ----------
    steps
        The sequence: a list of T tokens, or an array of shape (T, K).
    surprise
        Minus the logarithm of the probability of each step given those before, shape (T,), nats.
    expected
        What was most probable before each step: a list of T tokens; or the probability of each key, or the mean of each
        value, shape (T, K).
    layers
        The gates of its recurrent layers while each step is read.
    """

    steps: list[str] | Floats
    surprise: Floats
    expected: list[str] | Floats
    layers: tuple[LayerGates, ...]

    def since(self, start: int) -> Inspection:
        """Return what was seen from step `start` on, counted from 0."""
        return Inspection(self.steps[start:], self.surprise[start:], self.expected[start:], _from(self.layers, start))

    def frame(self) -> pd.DataFrame:
        """Return one row for each step.

        Columns are ``token``, or ``channel 0`` and so on; ``surprise``; ``expected``, or ``expected 0`` and so on; then
        each gate, as the mean over its units, such as ``layer 1, forward: update``.
        """
        expected: dict[str, Any] = (
            {f"expected {k}": one for k, one in enumerate(self.expected.T)}
            if isinstance(self.expected, np.ndarray)
            else {"expected": self.expected}
        )
        return pd.DataFrame(columns_of(self.steps) | {"surprise": self.surprise} | expected | means_of(self.layers))


def inspected(network: Writer, data: Read, given: Given) -> Inspection:
    """Return what one sequence does to a network.

    Parameters
    ----------
    network, data
        Trained, and what was learned of its data.
    given
        The one sequence.

    Raises
    ------
    DataError
        If it has no step.
    """
    (steps,) = given.sequences.items
    if not len(steps):
        raise DataError("the sequence is empty", repair="Give at least one step.")
    (item,) = data.begun(given)
    network.eval()
    with torch.no_grad(), one_thread():
        parts = walked(network, torch.from_numpy(item[:-1, None]))
        expected = np.concatenate([_expected(data, network.said.told(made[:, 0]).numpy()) for _, made, _ in parts])
    (surprise,) = surprises(network, data.passages(given))
    layers = _from(opened(network.steps, network.layers, item), 1)
    likeliest = expected.tolist() if isinstance(steps, list) else expected
    return Inspection(steps, surprise[: len(steps)], likeliest, layers)


def _expected(data: Read, told: Floats) -> NDArray[Any]:
    """Return what was most probable, tokens (T,) or numbers (T, K), by what is told of each step, (T, V) or (T, K)."""
    known = data.reader.vocabulary
    if known is not None:
        names: NDArray[Any] = np.array((END, *known.tokens_[1:]), dtype=object)[told.argmax(axis=1)]
        return names
    return told if data.kind == "notes" else told * data.reader.spread + data.reader.mean


def _from(layers: tuple[LayerGates, ...], start: int) -> tuple[LayerGates, ...]:
    """Return gates from step `start` on."""
    return tuple(
        layer._replace(gates={name: replace(gate, values=gate.values[start:]) for name, gate in layer.gates.items()})
        for layer in layers
    )
