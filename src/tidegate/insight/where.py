"""Where in a fitted model and its data to look: which series, network, steps ahead, and over how many windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.analysis.overview import overview
from tidegate.analysis.profile import position
from tidegate.checks import check_whole
from tidegate.errors import SettingError
from tidegate.insight.subject import MOST_STEPS, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Panel

ROWS = 64
"""Windows times steps ahead that backward passes go over by default: as many as a batch of training has windows."""

_FEWEST_WINDOWS = 8
"""Windows by default, however many steps ahead are looked at: fewer say little of a series."""


class Where(NamedTuple):
    """Where to look.

    Attributes
    ----------
    data, series, member, origins, steps
        As in `inspection.inspect`.
    """

    data: Any = None
    series: object = None
    member: int = 1
    origins: int | None = None
    steps: Sequence[int] | str | None = None

    def check(self, n_networks: int) -> None:
        """Refuse a network that a model does not have, and less than one origin.

        Raises
        ------
        SettingError
            With the limit.
        """
        if not 1 <= self.member <= n_networks:
            counted = f"{n_networks} network{'s' if n_networks > 1 else ''}"
            raise SettingError(f"member is {self.member}; the model has {counted}, from 1 on.")
        if self.origins is not None:
            check_whole("origins", self.origins, least=1)

    def origins_of(self, n_steps: int) -> int:
        """Return how many windows to take gradients over where `n_steps` steps ahead are looked at."""
        return self.origins or max(_FEWEST_WINDOWS, ROWS // n_steps)

    def steps_of(self, horizon: int) -> tuple[int, ...]:
        """Return the steps ahead to look at one by one, ascending.

        Raises
        ------
        SettingError
            If one is not among those that the model forecasts.
        """
        if self.steps is None:
            return spread(horizon, MOST_STEPS)
        if isinstance(self.steps, str):
            if self.steps != "all":
                raise SettingError(f"steps is {self.steps!r}; it must be 'all', or steps ahead such as 1, 6, 12.")
            return tuple(range(1, horizon + 1))
        for step in self.steps:
            check_whole("steps", step, least=1)
        wanted = tuple(sorted(set(self.steps)))
        wrong = [step for step in wanted if not 1 <= step <= horizon]
        if wrong or not wanted:
            said = f"{wrong[0]} is not among them" if wrong else "none is named"
            raise SettingError(
                f"steps: {said}; the model forecasts the steps 1 to {horizon}. Name some of them, or 'all'."
            )
        return wanted


def spaced(first: int, last: int, count: int) -> NDArray[np.int64]:
    """Return at most `count` whole numbers from `first` to `last`, evenly spread; `last` where it is one alone."""
    count = min(count, last - first + 1)
    return np.linspace(first if count > 1 else last, last, count).round().astype(np.int64)


def chosen(panel: Panel, series: object) -> int:
    """Return which series to look at: the one named, else a typical one."""
    if series is not None:
        return position(panel, series)
    return 0 if len(panel) == 1 else position(panel, overview(panel)[1])
