"""How many threads a forecaster uses: one, but for what gives the same bits on any number."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEFORE: ContextVar[int] = ContextVar("threads before the limit", default=1)


@contextmanager
def limited() -> Iterator[None]:
    """Run the body with one thread for the libraries of linear algebra and OpenMP: their bits depend on the number."""
    torch = sys.modules.get("torch")  # not imported for models that do without
    token = _BEFORE.set(max(torch.get_num_threads() if torch else 1, _BEFORE.get()))
    try:
        with threadpool_limits(1):
            yield
    finally:
        _BEFORE.reset(token)


def before() -> int:
    """Return how many threads torch could use before the outermost `limited`; 1 outside of it."""
    return _BEFORE.get()
