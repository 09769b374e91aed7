"""Who is told how training goes: nobody by default, a progress bar where a person waits."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


class Watcher(Protocol):
    """What training tells; nothing it does can change the result."""

    def begin(self, label: str, n_updates: int) -> None:
        """Take note that the run called `label` starts, or goes on from a checkpoint."""

    def advance(self, done: int, loss: float) -> None:
        """Take note that `done` updates are made; `loss` is that of the newest batch."""

    def finish(self) -> None:
        """Take note that the run ended, perhaps early."""


class Silent:
    """Tells nobody."""

    def begin(self, label: str, n_updates: int) -> None:
        """Do nothing."""

    def advance(self, done: int, loss: float) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class Bar:
    """A rich progress bar with loss, rate and time left; shown while a run is on, gone after it.

    Parameters
    ----------
    console
        Where to draw, usually one on standard error.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    def begin(self, label: str, n_updates: int) -> None:
        """Show an empty bar."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._progress.add_task(label, total=n_updates, loss=None)
        self._progress.start()

    def advance(self, done: int, loss: float) -> None:
        """Move the bar."""
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=done, loss=loss)

    def finish(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class _Rate(ProgressColumn):
    """Loss of the newest batch and updates per second."""

    def render(self, task: Task) -> Text:
        loss = task.fields["loss"]
        parts = [] if loss is None else [f"loss {loss:.4f}"]
        return Text(" ".join(parts + ([f"{task.speed:.0f} updates/s"] if task.speed else [])))


_WATCHER: ContextVar[Watcher] = ContextVar("watcher", default=Silent())  # noqa: B039 (Silent has no state)


@contextmanager
def shown(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` about every training run inside the body.

    >>> from rich.console import Console
    >>> with shown(Bar(Console(stderr=True))):
    ...     pass  # model.fit(...)
    """
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def current() -> Watcher:
    """Return who is told about the run that starts now."""
    return _WATCHER.get()
