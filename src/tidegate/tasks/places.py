"""Which of the user's sequences a message is about: by its number, or by the line of the file that it is from."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

TEST = "the test"
"""How names of what is judged by end, where that was given for itself: "the sources of the test"."""

_NUMBERS: ContextVar[NDArray[np.int64] | None] = ContextVar("numbers of sequences", default=None)


class Origin(NamedTuple):
    """Where sequences are from.

    Attributes
    ----------
    file
        Its name.
    lines
        Returns the line of each sequence, counted from 1; asked when there is something to say. None where there are
        none, and sequences are called by their numbers, counted from 0.
    unit
        What stands at a line.
    """

    file: str
    lines: Callable[[], Sequence[int]] | None = None
    unit: str = "line"

    def number(self, k: int) -> int:
        """Return the line of sequence `k`, or its number."""
        return k if self.lines is None else self.lines()[k]

    def called(self, k: int) -> str:
        """Return what sequence `k` is called: "line 3 of names.tsv"."""
        return f"{'sequence' if self.lines is None else self.unit} {self.number(k)} of {self.file}"


_ORIGINS: ContextVar[tuple[Origin | None, Origin | None]] = ContextVar("origins of sequences", default=(None, None))


@contextmanager
def counted_as(numbers: NDArray[np.int64]) -> Iterator[None]:
    """Inside the body, messages call the sequences that an estimator is given by these numbers, shape (N,)."""
    token = _NUMBERS.set(numbers)
    try:
        yield
    finally:
        _NUMBERS.reset(token)


@contextmanager
def located(data: Origin | None, test: Origin | None = None) -> Iterator[None]:
    """Inside the body, messages call sequences by where they are from.

    Parameters
    ----------
    data
        Where those are from that an estimator is given; None where there is nothing to say.
    test
        The same of those whose name ends in `TEST`.
    """
    token = _ORIGINS.set((data, test))
    try:
        yield
    finally:
        _ORIGINS.reset(token)


def place(k: int | np.int64) -> int:
    """Return by what number the user knows sequence `k` of those that an estimator was given."""
    numbers = _NUMBERS.get()
    return int(k if numbers is None else numbers[k])


def faulty(k: int | np.int64, name: str, what: str, repair: str) -> DataError:
    """Return the error that sequence `k` cannot be used.

    Parameters
    ----------
    k
        Its number among those that an estimator was given.
    name
        What these are called: "X"; empty for no name.
    what
        What is wrong: "has no tags".
    repair
        What to do.
    """
    row, (data, test) = place(k), _ORIGINS.get()
    origin = test if name.endswith(TEST) else data
    unsaid = not name and _NUMBERS.get() is None  # of the data or of the test: who knows
    if origin is None or unsaid:
        told = f"sequence {row} of {name}" if name else f"sequence {row}"
        return DataError(f"{told} {what}", place=Place(row=row), repair=repair)
    return DataError(f"{origin.called(row)} {what}", place=Place(row=origin.number(row)), repair=repair)
