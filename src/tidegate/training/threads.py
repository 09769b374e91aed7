"""A fixed number of threads while a network computes, so that the bits do not depend on the user's setting."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the body on one thread of torch and give the user's number back after it, also after an error.

    Sums split over threads round differently; the networks here are too small to gain from a second thread.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
