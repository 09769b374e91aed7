"""A fixed number of threads while a network computes, so that the bits do not depend on the user's setting."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from tidegate.kernels.threads import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread(*, of_kernels: int = 1) -> Iterator[None]:
    """Run the body on one thread of torch and give the user's number back after it, also after an error.

    Sums split over threads round differently; the layers of our kernels do not, and take most of the time.

    Parameters
    ----------
    of_kernels
        Threads that the kernels may use.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with allowed(of_kernels):
            yield
    finally:
        torch.set_num_threads(before)
