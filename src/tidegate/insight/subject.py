"""What is looked into: recurrent layers, and how the loss of each step comes from them.

Axis letters: T time, B windows, I inputs, F steps ahead, H hidden units, K signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from tidegate.nn.stack import Recurrent


class Signals(NamedTuple):
    """What a unit may track.

    Attributes
    ----------
    names
        K of them.
    values
        Shape (T, B, K, 2): two columns a signal, sine and cosine of a season; the second is 0 for all others.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]


class Subject(NamedTuple):
    """Recurrent layers with the windows that they are looked at over.

    Attributes
    ----------
    layers
        No parameter of theirs needs a gradient.
    losses
        Runs the whole network once and returns the loss of each step ahead, shape (B, F), 0 where there is none; its
        graph reaches the layers.
    steps
        Which of the F steps are looked at one by one, counted from 1.
    n_windows
        B' windows that have losses; those after them have none and are looked at for their gates.
    lag_steps
        Steps of the series from one step of the layers to the next: more than 1 where they read patches.
    signals
        What units may track; of the window's own steps.
    """

    layers: Recurrent
    losses: Callable[[], torch.Tensor]
    steps: tuple[int, ...]
    n_windows: int
    lag_steps: int
    signals: Signals


MOST_STEPS = 24


def spread(n_steps: int, most: int = MOST_STEPS) -> tuple[int, ...]:
    """Return at most `most` of the steps 1 to `n_steps`, evenly spread, the first and the last among them.

    >>> spread(5, 3)
    (1, 3, 5)
    """
    count = min(n_steps, most)
    if count == 1:
        return (1,)
    return tuple(dict.fromkeys(1 + round(k * (n_steps - 1) / (count - 1)) for k in range(count)))
