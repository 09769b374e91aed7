"""How many threads a kernel may use."""

from __future__ import annotations

import os

import torch

_FORKED = [False]


def n_threads() -> int:
    """Return torch's number of threads; 1 in a process forked from one that had begun to use several.

    The pool of threads does not survive a fork, and waiting for it would last for ever: workers of data loaders and
    of process pools are forked.
    """
    return 1 if _FORKED[0] else torch.get_num_threads()


def _after_fork() -> None:
    _FORKED[0] = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
