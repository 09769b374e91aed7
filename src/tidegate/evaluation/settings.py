"""How a backtest is run: levels, seed, processes, budget, store, and who is told how it gets on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tidegate.checks import check_whole
from tidegate.errors import SettingError
from tidegate.evaluation.kinds import INTERVAL_KINDS, IntervalKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Watch(Protocol):
    """Told how a backtest gets on."""

    def begin(self, models: Sequence[str], folds: int) -> None:
        """Hear which models will be tried on how many folds."""

    def done(self, model: str, fold: int, seconds: float, score: float) -> None:
        """Hear that `model` finished `fold` (0 is the oldest) with this MASE; NaN if it failed."""

    def finish(self) -> None:
        """Hear that nothing more will come, however it ended."""


@dataclass(frozen=True)
class Settings:
    """How a backtest is run.

    Parameters
    ----------
    levels
        Coverage of the intervals in percent, from 1 to 99.
    seed
        Given to every stochastic model that is named; a model given as an object keeps its own.
    processes
        Workers, at least 1; the results do not depend on it.
    budget
        Seconds after which no further model is started, in ladder order, and those under way are given up; None for no
        limit. The baseline and models whose folds are all stored already are exempt. Of a `study` it is the time for
        the whole, of which judging gets half (see `study`).
    store
        Folder that keeps every finished fold and from which an interrupted run resumes; None for none.
    watch
        Told how it gets on.
    seeds
        How often each stochastic model is run, with seeds that follow its own, at least 1: its scores are means over
        the runs. With a budget, further runs come last and may be fewer.
    intervals
        Of the final forecast (`study`): "own" of the model; "split", split-conformal from its errors in the backtest;
        "adaptive", its own at levels that follow its misses there (`evaluation.intervals`). The backtest itself judges
        the model's own.
    warm
        Whether a network that is refitted at a later fold starts from its fit at the one before and makes fewer
        updates; its folds then wait for each other. Without, every fit starts afresh.

    Raises
    ------
    SettingError
        If a level, the number of processes or seeds, the budget or the kind of intervals is outside its limits.
    """

    levels: tuple[int, ...] = (80, 95)
    seed: int = 0
    processes: int = 1
    budget: float | None = None
    store: str | Path | None = None
    watch: Watch | None = None
    warm: bool = False
    seeds: int = 1
    intervals: IntervalKind = "own"

    def __post_init__(self) -> None:
        wrong = [level for level in self.levels if isinstance(level, bool) or level not in range(1, 100)]
        if wrong:
            raise SettingError(f"level {wrong[0]!r} is not a whole number of percent from 1 to 99; try 80 or 95.")
        if self.intervals not in INTERVAL_KINDS:
            *most, last = map(repr, INTERVAL_KINDS)
            raise SettingError(f"intervals is {self.intervals!r}; it must be {', '.join(most)} or {last}.")
        if self.processes < 1:
            raise SettingError(f"processes is {self.processes}; it must be at least 1.")
        check_whole("seeds", self.seeds, least=1)
        if self.budget is not None and not self.budget > 0:
            raise SettingError(f"budget is {self.budget} seconds; it must be above 0, or None for no limit.")
        object.__setattr__(self, "levels", tuple(sorted(set(self.levels))))
