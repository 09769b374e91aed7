"""Which steps mattered: how the log-odds of what was said fall once a step is hidden.

Log-odds, log p - log (1 - p), and not the probability, which hardly moves where a network is sure.

Axis letters: T time, C classes, S stretches that are hidden one by one.

Source: Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV, section 4.2 (occlusion).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST = 60
"""Stretches that a sequence of values is cut into; a token is always one of its own, up to 400."""

_MOST_TOKENS = 400
_TINY = np.finfo(np.float64).tiny


def contributions(
    sequence: list[str] | Floats,
    neutral: str | Floats,
    probabilities: Callable[[list[Any]], Sequence[Floats] | Floats],
    said: NDArray[np.int64] | None = None,
) -> Floats:
    """Return how much the log-odds of what is said fall once the stretch of each step is hidden.

    Parameters
    ----------
    sequence
        Tokens, or values (T, I).
    neutral
        What stands in place of what is hidden: a token, or a value of each channel, shape (I,).
    probabilities
        Of such sequences: of each shape (C,), or (T, C) where each step has its own.
    said
        Number of the class that is said: one, or one of each step, shape (T,). None for the most probable.

    Returns
    -------
    ndarray
        Shape (T,), or (T, T): in row t, what the class of step t owes to each step.
    """
    edges = np.linspace(0, len(sequence), min(len(sequence), _most(sequence)) + 1).astype(int).tolist()
    hidden = [_hidden(sequence, neutral, start, stop) for start, stop in itertools.pairwise(edges)]
    made = np.asarray(probabilities([sequence, *hidden]))
    odds = log_odds(made, made[0].argmax(axis=-1) if said is None else said)
    falls = np.repeat(odds[0] - odds[1:], np.diff(edges), axis=0)
    return np.asarray(falls.T)


def log_odds(probabilities: Floats, chosen: NDArray[np.int64] | int) -> Floats:
    """Return log p - log (1 - p) of the chosen classes, shape (...), for probabilities (..., C).

    1 - p is summed over the other classes, so that it is exact where p is all but 1.

    >>> log_odds(np.array([0.5, 0.5]), 0).item(), log_odds(np.array([1e-30, 1.0]), 1).round(2).item()
    (0.0, 69.08)
    """
    is_chosen = np.arange(probabilities.shape[-1]) == np.asarray(chosen)[..., None]
    own = np.where(is_chosen, probabilities, 0).sum(axis=-1)
    others = np.where(is_chosen, 0, probabilities).sum(axis=-1)
    return np.asarray(np.log(np.maximum(own, _TINY)) - np.log(np.maximum(others, _TINY)))


def _most(sequence: list[str] | Floats) -> int:
    return MOST if isinstance(sequence, np.ndarray) else _MOST_TOKENS


def _hidden(sequence: list[str] | Floats, neutral: str | Floats, start: int, stop: int) -> list[str] | Floats:
    if isinstance(sequence, np.ndarray):
        made = sequence.copy()
        made[start:stop] = neutral
        return made
    return [*sequence[:start], *[str(neutral)] * (stop - start), *sequence[stop:]]
