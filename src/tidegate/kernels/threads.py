"""How many threads a kernel may use."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORKED = [False]
_ALLOWED: ContextVar[int | None] = ContextVar("threads of the kernels", default=None)


@contextmanager
def allowed(count: int) -> Iterator[None]:
    """Let kernels use up to `count` threads inside the body, however many torch may use.

    Their results are the same bits for any number of threads, those of other operations are not.
    """
    token = _ALLOWED.set(count)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def n_threads() -> int:
    """Return torch's number of threads, or what is allowed; 1 in a process forked from one that had used several.

    The pool of threads does not survive a fork, and waiting for it would last for ever: workers of data loaders and
    of process pools are forked.
    """
    if _FORKED[0]:
        return 1
    return _ALLOWED.get() or torch.get_num_threads()


def _after_fork() -> None:
    _FORKED[0] = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
