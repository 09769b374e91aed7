"""What every trial of a task has: an estimator fitted, judged on what it never saw, and what came out in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from tidegate.tasks.estimator import SequenceEstimator

SET_ASIDE = 0.2
"""What is set aside to judge by where there is no file for it."""

MOST_EXAMPLES = 4
"""Test sequences that are shown, of those that are right and of those that are wrong."""


class Trial(Protocol):
    """What came out of a task that was tried: `train` writes and shows it."""

    @property
    def model(self) -> SequenceEstimator[Any]:
        """The estimator, fitted."""

    @property
    def notes(self) -> list[str]:
        """What one should know of the data, in sentences."""

    def sentences(self) -> list[str]:
        """Return what came out in words, what matters most first."""

    def frame(self) -> pd.DataFrame:
        """Return what was said of what was set aside, in rows that begin with the number of the sequence."""

    def to_dict(self) -> dict[str, Any]:
        """Return scores and the course of training as plain numbers and text, without clocks."""

    def clocks(self) -> dict[str, float]:
        """Return seconds by name."""


def shared(learned: Sequence[Any], judged: Sequence[Any]) -> list[str]:
    """Return a warning where test sequences were learned from too.

    Parameters
    ----------
    learned, judged
        Sequences as they were given: texts, lists of tokens, or arrays.
    """
    seen = {_key(one) for one in learned}
    n_both = sum(_key(one) in seen for one in judged)
    if not n_both:
        return []
    part = f"{n_both:,} of {len(judged):,}"
    same = "" if isinstance(judged[0], np.ndarray) else ", word for word"
    verb = "is" if n_both == 1 else "are"
    return [f"{part} test sequences {verb} among those learned from too{same}: the scores may flatter by up to {part}."]


def left(n_sequences: int, aside: NDArray[np.int64], test: object) -> NDArray[np.int64]:
    """Return the places of what is learned from: all but what was set aside, or all where there is a test of its own.

    Parameters
    ----------
    n_sequences
        That were given.
    aside
        Places of what is judged by.
    test
        Where that is from; None if it was set aside.
    """
    every = np.arange(n_sequences)
    return every if test is not None else np.delete(every, aside)


def too_few(what: str) -> DataError:
    """Return the error that `what`, such as "sequences", cannot be parted."""
    return DataError(f"there are too few {what}", repair="Give more, or a file to judge by with --test.")


def in_turns(order: Iterable[int | np.int64], kinds: Sequence[Any] | NDArray[Any]) -> list[int]:
    """Return the first four of `order`, no more of one kind than of another if it can be; `kinds` by number.

    >>> in_turns([3, 0, 1, 2, 4, 5], ["a", "a", "b", "a", "a", "b"])
    [3, 2, 0, 5]
    """
    turns: Counter[Hashable] = Counter()
    ranked = []
    for rank, k in enumerate(map(int, order)):
        turns[kinds[k]] += 1
        ranked.append((turns[kinds[k]], rank, k))
    return [k for _, _, k in sorted(ranked)[:MOST_EXAMPLES]]


def _key(one: Any) -> Any:
    if isinstance(one, np.ndarray):
        return one.shape, np.ascontiguousarray(one).tobytes()
    return one if isinstance(one, str) else tuple(map(str, one))
