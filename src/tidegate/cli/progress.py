"""How a backtest shows that it moves: a live table on a terminal, plain lines elsewhere, both on stderr."""

from __future__ import annotations

import math
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.forecasters import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.live import Live
    from rich.table import Table

    from tidegate.evaluation.backtest import Watch

_SECONDS = (0.0002, 0.003, 0.05, 0.5, 3.0, 10.0)
"""By cost class: only the time left on the screen depends on it."""


@dataclass
class Row:
    """How far one model has come; a score that is not a number stands for a fold that failed."""

    model: str
    scores: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        """The score so far; not a number if there is none."""
        known = [score for score in self.scores if not math.isnan(score)]
        return sum(known) / len(known) if known else math.nan


@dataclass
class Board:
    """How far all models have come."""

    rows: dict[str, Row] = field(default_factory=dict)
    n_folds: int = 0
    started: float = field(default_factory=time.monotonic)

    def begin(self, models: Sequence[str], folds: int) -> None:
        """Set up one row per model."""
        self.rows = {model: Row(model) for model in models}
        self.n_folds, self.started = folds, time.monotonic()

    def done(self, model: str, seconds: float, score: float) -> Row:
        """Note one finished fold and return the model's row."""
        row = self.rows.setdefault(model, Row(model))
        row.seconds += seconds
        row.scores.append(score)
        return row

    def seconds_left(self) -> float | None:
        """Estimate what remains, None at first: a model's own pace where it is known, else its cost class.

        Models of one series each cost more with every series, models over all series do not: each kind has its pace.
        """
        if not any(row.scores for row in self.rows.values()):
            return None
        left = 0.0
        for row in self.rows.values():
            a_fold = row.seconds / len(row.scores) if row.scores else self._pace(row.model) * _guess(row.model)
            left += a_fold * (self.n_folds - len(row.scores))
        return left

    def _pace(self, model: str) -> float:
        """Return by how much models of the same kind have taken longer than guessed."""
        scope = registry.traits(model).scope
        begun = [row for row in self.rows.values() if row.scores and registry.traits(row.model).scope == scope]
        guessed = sum(_guess(row.model) * len(row.scores) for row in begun)
        return sum(row.seconds for row in begun) / guessed if guessed else 1.0


class PlainWatch:
    """One line per finished model: for logs and pipes."""

    def __init__(self) -> None:
        self.board = Board()

    def begin(self, models: Sequence[str], folds: int) -> None:
        """Say what is about to happen."""
        self.board.begin(models, folds)
        _say(f"Backtest: {len(models)} models, {folds} folds.")

    def done(self, model: str, fold: int, seconds: float, score: float) -> None:  # noqa: ARG002 (the face of a watch)
        """Say that a model has finished its last fold."""
        row = self.board.done(model, seconds, score)
        if len(row.scores) == self.board.n_folds:
            _say(f"  {model:<15} {len(row.scores)} folds  MASE {row.mean:.3f}  {row.seconds:.1f} s")

    def finish(self) -> None:
        """Say how long it took."""
        _say(f"Backtest done in {time.monotonic() - self.board.started:.0f} s.")


class LiveWatch:
    """A table that redraws itself: model, fold, score so far, seconds and time left."""

    def __init__(self) -> None:
        self.board = Board()
        self.live: Live | None = None

    def begin(self, models: Sequence[str], folds: int) -> None:
        """Draw the empty table."""
        from rich.console import Console
        from rich.live import Live

        self.board.begin(models, folds)
        self.live = Live(self, console=Console(stderr=True), refresh_per_second=4, transient=True)
        self.live.start()

    def done(self, model: str, fold: int, seconds: float, score: float) -> None:  # noqa: ARG002 (the face of a watch)
        """Note one finished fold."""
        self.board.done(model, seconds, score)

    def finish(self) -> None:
        """Take the table away: the results say the rest."""
        if self.live is not None:
            self.live.stop()
            self.live = None

    def __rich__(self) -> Table:
        """Draw the board as it stands."""
        return drawn(self.board)


def drawn(board: Board) -> Table:
    """Return the board as a table."""
    from rich.table import Table

    table = Table(caption=_caption(board), caption_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("model")
    for name in ("fold", "MASE so far", "seconds"):
        table.add_column(name, justify="right")
    current = next((row for row in board.rows.values() if len(row.scores) < board.n_folds), None)
    for row in board.rows.values():
        finished = len(row.scores)
        style = "bold" if row is current else "green" if finished == board.n_folds else "dim"
        score = "-" if math.isnan(row.mean) else f"{row.mean:.3f}"
        seconds = f"{row.seconds:.1f}" if finished else "-"
        table.add_row(row.model, f"{finished}/{board.n_folds}", score, seconds, style=style)
    return table


def watch(*, quiet: bool) -> Watch | None:
    """Return how to show progress: not at all, as a live table on a terminal, or as lines."""
    if quiet:
        return None
    return LiveWatch() if at_terminal() else PlainWatch()


def at_terminal() -> bool:
    """Return whether a person may be waiting before standard error."""
    return sys.stderr.isatty()


def span(seconds: float) -> str:
    """Return a length of time for people.

    >>> span(7.4), span(200)
    ('7 s', '3 min 20 s')
    """
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _caption(board: Board) -> str:
    elapsed = f"{span(time.monotonic() - board.started)} so far"
    left = board.seconds_left()
    if left is None:
        return elapsed
    return f"{elapsed}, about {span(left) if left < 90 else f'{round(left / 60)} min'} left"


def _guess(model: str) -> float:
    """Return the seconds that one fit of a model of this cost class takes, roughly."""
    return _SECONDS[registry.traits(model).cost]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 (the command line prints)


@contextmanager
def training_bar(*, quiet: bool) -> Iterator[None]:
    """Show every training run in the body as a bar, where a person waits at a terminal."""
    if quiet or not at_terminal():
        yield
        return
    from rich.console import Console

    from tidegate.training.progress import Bar, shown

    with shown(Bar(Console(stderr=True))):
        yield
