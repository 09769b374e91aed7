"""Memory that is used again: fresh pages cost as much as the arithmetic that fills them."""

from __future__ import annotations

import os
import threading
import weakref
from queue import Empty, SimpleQueue

import torch

IDLE_BYTES = 2**28
"""How much memory waits for its next use at most."""

_KEPT_BYTES = 2**16
"""Smaller pieces come from the allocator, which reuses them itself."""


class Buffers:
    """Pieces of memory on the CPU that come back when the last tensor on them is gone.

    Any thread may ask for a piece and any may let it go, also the garbage collector in the midst of asking.
    """

    def __init__(self, idle_bytes: int = IDLE_BYTES) -> None:
        self._idle_bytes = idle_bytes
        self._idle: list[torch.Tensor] = []
        self._returned: SimpleQueue[torch.Tensor] = SimpleQueue()
        self._lock = threading.Lock()

    def take(self, count: int, dtype: torch.dtype) -> torch.Tensor:
        """Return `count` entries with any contents, at a multiple of 64 bytes."""
        n_bytes = count * dtype.itemsize
        if n_bytes < _KEPT_BYTES:
            return torch.empty(count, dtype=dtype, device="cpu")
        piece = self._fitting(n_bytes)
        if piece is None:
            piece = torch.empty(n_bytes, dtype=torch.uint8, device="cpu")
        view = piece.numpy()[:n_bytes]
        lent = torch.from_numpy(view)
        weakref.finalize(view, self._give_back, piece).atexit = False
        return lent.view(dtype)

    @property
    def idle_bytes(self) -> int:
        """How much memory waits for its next use."""
        with self._lock:
            self._sort_in()
            return sum(piece.numel() for piece in self._idle)

    def clear(self) -> None:
        """Return what is idle to the system."""
        with self._lock:
            self._sort_in()
            self._idle.clear()

    def _fitting(self, n_bytes: int) -> torch.Tensor | None:
        """Return the smallest idle piece of at least `n_bytes`, unless it is more than twice as large."""
        with self._lock:
            self._sort_in()
            sizes = [
                (piece.numel(), at) for at, piece in enumerate(self._idle) if n_bytes <= piece.numel() <= 2 * n_bytes
            ]
            return self._idle.pop(min(sizes)[1]) if sizes else None

    def _give_back(self, piece: torch.Tensor) -> None:
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
        while sum(piece.numel() for piece in self._idle) > self._idle_bytes:
            self._idle.pop(0)

    def renew_lock(self) -> None:
        """Begin anew in a forked process, where another thread may have held the lock and will not open it."""
        self._lock = threading.Lock()


BUFFERS = Buffers()
"""What the kernels of this process share."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BUFFERS.renew_lock)
