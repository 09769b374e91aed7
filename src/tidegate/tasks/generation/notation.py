"""Keys that sound as a line of text, and back: ``0+4+7 0+5 -``, a word for each step, a dash where nothing sounds.

Axis letters: T steps, K keys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SILENCE = "-"
_STEP = re.compile(r"[0-9]{1,9}(?:\+[0-9]{1,9})*")


def sounding(steps: NDArray[Any]) -> list[list[int]]:
    """Return the numbers of the keys that sound at each step, counted from 0, of steps of 0 and 1, shape (T, K)."""
    return [np.flatnonzero(one).tolist() for one in steps]


def noted(steps: NDArray[Any]) -> str:
    """Return steps of 0 and 1, shape (T, K), as a line.

    >>> noted(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]]))
    '0+2 - 1'
    """
    return " ".join("+".join(map(str, keys)) or _SILENCE for keys in sounding(steps))


def played(line: str, n_keys: int) -> NDArray[np.float64]:
    """Return the steps of a line, shape (T, K).

    Raises
    ------
    DataError
        If a word is no step, or names a key that there is not, with its place.
    """
    words = line.split()
    steps = np.zeros((len(words), n_keys))
    for place, word in enumerate(words, start=1):
        if word == _SILENCE:
            continue
        if not _STEP.fullmatch(word):
            raise DataError(
                f"step {place} is {word!r}", repair="Name the keys that sound, such as 0+4+7, or - where none does."
            )
        keys = [int(key) for key in word.split("+")]
        if max(keys) >= n_keys:
            raise DataError(
                f"step {place} names key {max(keys)}", repair=f"Name keys from 0 to {n_keys - 1}, those of training."
            )
        steps[place - 1, keys] = 1
    return steps
