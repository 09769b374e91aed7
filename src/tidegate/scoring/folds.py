"""Where a backtest's origins lie: how many, how far apart, what is refitted at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.checks import check_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Folds:
    """The rolling origins of a backtest.

    Parameters
    ----------
    horizon
        Steps judged after each origin, at least 1.
    count
        How many origins, at least 1. The newest lies `gap` + `horizon` steps before the end of each series.
    stride
        Steps from one origin to the next; None for `horizon`, so that no value is judged twice.
    gap
        Steps between the origin and the first one judged: what happens while data arrive late.
    window
        Train on the newest `window` values before each origin (a sliding window); None for all (expanding).
    refit
        1 refits at every origin, k at every k-th, 0 only at the oldest; in between the fitted model reads on.

    Raises
    ------
    SettingError
        If a number is outside its limits.

    >>> Folds(horizon=12, count=3).ends(np.array([144]))
    array([[108], [120], [132]])
    """

    horizon: int
    count: int = 5
    stride: int | None = None
    gap: int = 0
    window: int | None = None
    refit: int = 1

    def __post_init__(self) -> None:
        limits = {"horizon": 1, "count": 1, "stride": 1, "gap": 0, "window": 1, "refit": 0}
        for name, least in limits.items():
            value = getattr(self, name)
            if not (name in ("stride", "window") and value is None):
                check_whole(f"folds: {name}", value, least=least)

    @property
    def step(self) -> int:
        """Steps from one origin to the next."""
        return self.horizon if self.stride is None else self.stride

    @property
    def reach(self) -> int:
        """Steps that a model must forecast: those skipped and those judged."""
        return self.gap + self.horizon

    @property
    def span(self) -> int:
        """Steps from the oldest origin to the end of a series."""
        return (self.count - 1) * self.step + self.reach

    @property
    def overlap(self) -> int:
        """How many following folds judge some of the same steps: 0 unless `stride` is shorter than `horizon`."""
        return -(-self.horizon // self.step) - 1

    @property
    def delays(self) -> Integers:
        """After how many further origins the outcome of each step ahead is known: ceil((gap + step) / stride), (F,)."""
        return -(-(self.gap + np.arange(1, self.horizon + 1)) // self.step)

    def ends(self, lengths: Integers, *, minimum: int = 1) -> Integers:
        """Return how many observations lie before each origin, shape (K, N), oldest fold first.

        Parameters
        ----------
        lengths
            Shape (N,): observations per series.
        minimum
            Observations that training needs; where fewer lie before an origin, the entry is 0.
        """
        ends = lengths - self.reach - self.step * np.arange(self.count, dtype=np.int64)[::-1, None]
        return np.where(ends >= minimum, ends, 0)

    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Return the folds that share one fit, oldest first; the fit happens at the first of each group."""
        every = self.refit or self.count
        return tuple(tuple(range(k, min(k + every, self.count))) for k in range(0, self.count, every))
