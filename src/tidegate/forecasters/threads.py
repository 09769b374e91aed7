"""How many threads a forecaster uses: one, but for what gives the same bits on any number."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEFORE: ContextVar[int] = ContextVar("threads before the limit", default=1)


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:  # noqa: ARG001 (a key: importing may load another library)
    """Return what has threads of its own; to look for it takes milliseconds, more than a small forecast."""
    return ThreadpoolController()


@contextmanager
def limited() -> Iterator[None]:
    """Run the body with one thread for the libraries of linear algebra and OpenMP: their bits depend on the number."""
    torch = sys.modules.get("torch")  # not imported for models that do without
    token = _BEFORE.set(max(torch.get_num_threads() if torch else 1, _BEFORE.get()))
    try:
        with _libraries(len(sys.modules)).limit(limits=1):
            yield
    finally:
        _BEFORE.reset(token)


def before() -> int:
    """Return how many threads torch could use before the outermost `limited`; 1 outside of it."""
    return _BEFORE.get()
