"""Which steps mattered: how the probability of what was said falls once a step is hidden.

Axis letters: T steps, C classes, S stretches.

Source: Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV, section 4.2 (occlusion).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST = 60
"""Stretches that a sequence of values is cut into; a token is always one of its own, up to 400."""

_MOST_TOKENS = 400


def contributions(
    sequence: list[str] | Floats, neutral: str | Floats, probabilities: Callable[[list[Any]], Floats]
) -> Floats:
    """Return, for each step, how much less probable the most probable class is once its stretch is hidden, shape (T,).

    Parameters
    ----------
    sequence
        Tokens, or values (T, I).
    neutral
        What stands in place of what is hidden: a token, or a value of each channel, shape (I,).
    probabilities
        Of such sequences, shape (N, C).
    """
    edges = np.linspace(0, len(sequence), min(len(sequence), _most(sequence)) + 1).astype(int).tolist()
    hidden = [_hidden(sequence, neutral, start, stop) for start, stop in itertools.pairwise(edges)]
    made = probabilities([sequence, *hidden])
    most = int(made[0].argmax())
    return np.repeat(made[0, most] - made[1:, most], np.diff(edges))


def _most(sequence: list[str] | Floats) -> int:
    return MOST if isinstance(sequence, np.ndarray) else _MOST_TOKENS


def _hidden(sequence: list[str] | Floats, neutral: str | Floats, start: int, stop: int) -> list[str] | Floats:
    if isinstance(sequence, np.ndarray):
        made = sequence.copy()
        made[start:stop] = neutral
        return made
    return [*sequence[:start], *[str(neutral)] * (stop - start), *sequence[stop:]]
