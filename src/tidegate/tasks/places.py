"""Which of the user's sequences a message is about, also where an estimator learns from a part of them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_NUMBERS: ContextVar[NDArray[np.int64] | None] = ContextVar("numbers of sequences", default=None)


@contextmanager
def counted_as(numbers: NDArray[np.int64]) -> Iterator[None]:
    """Inside the body, messages call the sequences that an estimator is given by these numbers, shape (N,)."""
    token = _NUMBERS.set(numbers)
    try:
        yield
    finally:
        _NUMBERS.reset(token)


def place(k: int | np.int64) -> int:
    """Return by what number the user knows sequence `k` of those that an estimator was given."""
    numbers = _NUMBERS.get()
    return int(k if numbers is None else numbers[k])


def faulty(k: int | np.int64, what: str, repair: str) -> DataError:
    """Return the error that sequence `k` of `what` cannot be used: "y has no tags"."""
    row = place(k)
    return DataError(f"sequence {row} of {what}", place=Place(row=row), repair=repair)
