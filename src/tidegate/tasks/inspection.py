"""What one sequence did to a trained network: which of its steps mattered, and how open each gate was at each.

Axis letters: T time, I channels, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import torch

from tidegate.nn.gates import Gate, gates
from tidegate.tasks.reading import batch
from tidegate.training.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.nn.stack import Recurrent

    Floats = NDArray[np.float64]


class LayerGates(NamedTuple):
    """The gates of one layer in one direction.

    Attributes
    ----------
    number
        From 1, the lowest.
    direction
        In which it reads.
    gates
        By name; `Gate.values` has shape (T, H). Empty for a cell without gates.
    """

    number: int
    direction: Literal["forward", "backward"]
    gates: Mapping[str, Gate]

    @property
    def title(self) -> str:
        """What it is called: "layer 1, backward"."""
        return f"layer {self.number}, {self.direction}"


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was seen of one sequence.

    Parameters
    ----------
    steps
        The sequence: a list of T tokens, or an array of shape (T, I); of a film (T, height, width).
    said
        What is said of it: a label, or a list of T tags.
    contributions
        How much the log-odds of what is said fall once a step is hidden: shape (T,); of a tagger (T, T), in row t what
        the tag of step t owes to each step.
    layers
        The gates of its recurrent layers, by layer and direction; none where there are only convolutions.
    """

    steps: list[str] | Floats
    said: Any
    contributions: Floats
    layers: tuple[LayerGates, ...]

    def frame(self) -> pd.DataFrame:
        """Return one row for each step.

        Columns are ``token``, or ``channel 0`` and so on; of a label ``contribution``; of tags ``said``, ``itself`` and
        ``most``, what the tag owes to its own step and to the one that it owes most to, ``where``; then each gate, as
        the mean over its units, such as ``layer 1, forward: update``.
        """
        columns = columns_of(self.steps)
        if self.contributions.ndim == 1:
            columns["contribution"] = self.contributions
        else:
            most = self.contributions.argmax(axis=1)
            columns |= {"said": self.said, "itself": self.contributions.diagonal(), "where": most}
            columns["most"] = self.contributions[np.arange(len(most)), most]
        return pd.DataFrame(columns | means_of(self.layers))


def columns_of(steps: list[str] | Floats) -> dict[str, Any]:
    """Return the steps of a sequence as columns: ``token``, or ``channel 0`` and so on, of frames row by row."""
    if isinstance(steps, np.ndarray):
        return {f"channel {k}": channel for k, channel in enumerate(steps.reshape(len(steps), -1).T)}
    return {"token": steps}


def means_of(layers: Sequence[LayerGates]) -> dict[str, Any]:
    """Return each gate as a column, the mean over its units: ``layer 1, forward: update``."""
    return {
        f"{layer.title}: {name}": gate.values.mean(axis=1) for layer in layers for name, gate in layer.gates.items()
    }


@torch.no_grad()
def opened(steps: torch.nn.Module, layers: Recurrent, item: NDArray[Any]) -> tuple[LayerGates, ...]:
    """Return the gates of all layers while they read one sequence.

    Parameters
    ----------
    steps
        Makes what the layers read of numbers, of the network that they are from.
    layers
        Recurrent layers, trained.
    item
        The sequence as numbers.
    """
    steps.eval()
    layers.eval()
    with one_thread():
        traces = layers.trace(steps(batch([item]).inputs))
    n_directions = 2 if layers.bidirectional else 1
    made = []
    for k, trace in enumerate(traces):
        layer, backwards = divmod(k, n_directions)
        made.append(LayerGates(layer + 1, "backward" if backwards else "forward", gates(trace, layers.cell.gates)))
    return tuple(made)
