"""Memory that is used again: fresh pages cost as much as the arithmetic that fills them."""

from __future__ import annotations

import math
import mmap
import os
import sys
import threading
import weakref
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Piece = NDArray[np.uint8]

IDLE_BYTES = 2**28
"""How much memory waits for its next use at most."""

KEPT_BYTES = 2**16
"""Smaller pieces come from the allocator, which reuses them itself."""

SHOWN_BYTES = 2**20
"""What is handed to callers is of this size at least where it comes from here."""

_LARGE_PAGES = 2**22
_NUMPY = {torch.uint8: np.uint8, torch.float32: np.float32, torch.float64: np.float64}


class Buffers:
    """Pieces of memory on the CPU that come back when the last tensor on them is gone.

    Any thread may ask for a piece and any may let it go, also the garbage collector in the midst of asking.
    """

    def __init__(self, idle_bytes: int = IDLE_BYTES) -> None:
        self._idle_bytes = idle_bytes
        self._idle: list[Piece] = []
        self._returned: SimpleQueue[Piece] = SimpleQueue()
        self._lock = threading.Lock()

    def take(self, shape: tuple[int, ...], dtype: torch.dtype, least: int = KEPT_BYTES) -> torch.Tensor:
        """Return a tensor with any contents, that begins at a multiple of 64 bytes; less than `least` bytes are fresh.

        It is a tensor like others, but for its storage, which cannot be resized.
        """
        n_bytes = math.prod(shape) * dtype.itemsize
        if n_bytes < least or n_bytes > sys.maxsize:  # the latter is refused in torch's words
            return torch.empty(shape, dtype=dtype, device="cpu")
        piece = self._fitting(n_bytes)
        if piece is None:
            piece = _new(n_bytes)
        values = piece[:n_bytes].view(_NUMPY[dtype]).reshape(shape)
        lent = torch.from_numpy(values)
        weakref.finalize(values, self._give_back, piece).atexit = False
        return lent

    @property
    def idle_bytes(self) -> int:
        """How much memory waits for its next use."""
        with self._lock:
            self._sort_in()
            return sum(piece.size for piece in self._idle)

    def clear(self) -> None:
        """Return what is idle to the system."""
        with self._lock:
            self._sort_in()
            self._idle.clear()

    def _fitting(self, n_bytes: int) -> Piece | None:
        """Return the smallest idle piece of at least `n_bytes`, unless it is more than twice as large."""
        with self._lock:
            self._sort_in()
            sizes = [(piece.size, at) for at, piece in enumerate(self._idle) if n_bytes <= piece.size <= 2 * n_bytes]
            return self._idle.pop(min(sizes)[1]) if sizes else None

    def _give_back(self, piece: Piece) -> None:
        """Take `piece` in; where another holds the lock, or this very thread further down, the next to hold it does."""
        self._returned.put(piece)
        if self._lock.acquire(blocking=False):
            try:
                self._sort_in()
            finally:
                self._lock.release()

    def _sort_in(self) -> None:
        """Add what has come back to the idle pieces, of which the oldest go where they are too many."""
        try:
            while True:
                self._idle.append(self._returned.get_nowait())
        except Empty:
            pass
        while sum(piece.size for piece in self._idle) > self._idle_bytes:
            self._idle.pop(0)

    def renew_lock(self) -> None:
        """Begin anew in a forked process, where another thread may have held the lock and will not open it."""
        self._lock = threading.Lock()


def _new(n_bytes: int) -> Piece:
    """Return new memory at a multiple of 64 bytes, a large piece in large pages where the system has such.

    The system clears each page when it is first touched, and one of 2 MiB costs far less than 512 of 4 KiB.
    """
    if n_bytes < _LARGE_PAGES or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(n_bytes, dtype=torch.uint8, device="cpu").numpy()
    try:
        pages = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError:  # more than there is: torch says so in its words
        return torch.empty(n_bytes, dtype=torch.uint8, device="cpu").numpy()
    with suppress(OSError):  # a system that has the word alone
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=np.uint8)


BUFFERS = Buffers()
"""What the kernels of this process share."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BUFFERS.renew_lock)
