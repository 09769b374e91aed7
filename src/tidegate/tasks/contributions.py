"""Which steps mattered: how the probability of what was said falls once a step is hidden.

Axis letters: T steps, C classes, S stretches.

Source: Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV, section 4.2 (occlusion).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.features.vocabulary import UNKNOWN_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST = 60
"""Stretches that a sequence of values is cut into; a token is always one of its own, up to 400."""

_MOST_TOKENS = 400


def contributions(item: NDArray[Any], probabilities: Callable[[Sequence[NDArray[Any]]], Floats]) -> Floats:
    """Return, for each step, how much less probable the most probable class is once its stretch is hidden, shape (T,).

    A hidden token is read as an unknown one without pieces; a hidden value as the mean of its channel.

    Parameters
    ----------
    item
        A sequence as numbers: tokens (T,), with pieces (T, 1 + M), or values (T, I).
    probabilities
        Of such sequences, shape (N, C).
    """
    tokens = item.dtype.kind == "i"
    edges = np.linspace(0, len(item), min(len(item), _MOST_TOKENS if tokens else MOST) + 1).astype(int)
    hidden = []
    unknown = np.zeros(item.shape[1:], dtype=item.dtype)
    if tokens:
        unknown.flat[0] = UNKNOWN_NUMBER
    for start, stop in itertools.pairwise(edges):
        one = item.copy()
        one[start:stop] = unknown
        hidden.append(one)
    made = probabilities([item, *hidden])
    most = int(made[0].argmax())
    return np.repeat(made[0, most] - made[1:, most], np.diff(edges))
