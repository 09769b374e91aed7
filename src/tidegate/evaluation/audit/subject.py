"""The small face behind which anything that forecasts can be audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Kind = Literal["model", "fitted", "predict", "backtest"]


class Judged(NamedTuple):
    """Forecasts from past origins.

    Attributes
    ----------
    ends
        Shape (G, N): values before each origin, the oldest first.
    mean
        Shape (G, N, F): NaN where nothing was forecast.
    """

    ends: Integers
    mean: Floats


class Subject(Protocol):
    """What is audited.

    Attributes
    ----------
    name
        What to call it.
    kind
        "model": fitted anew whenever its data change; "fitted": only ever forecasts; "predict" and "backtest": a
        callable of that face.
    notes
        What a reader of the findings should know of how it was asked.
    """

    name: str
    kind: Kind
    notes: list[str]

    def forecasts(self, histories: Sequence[Panel]) -> Floats:
        """Return forecasts from the ends of V panels of the same N series, by one fit where it can be: (V, N, F).

        The first panel is the plain one, the others are changed copies of it. NaN where nothing was forecast.
        """

    def afresh(self, panel: Panel) -> Floats:
        """Return forecasts (N, F) after learning anew from `panel`, as far as it learns."""

    def judged(self, panel: Panel, origins: Integers) -> Judged:
        """Return forecasts from past origins while everything in `panel` is within reach, as a backtest has it.

        `origins` (G, N) are wished for; one that brings its own origins returns those.
        """


def departures(made: Floats, plain: Floats, spread: Floats) -> Floats:
    """Return by how much forecasts differ, in standard deviations of their series.

    Parameters
    ----------
    made, plain
        Shape (..., N, F).
    spread
        Shape (N,).

    Returns
    -------
    ndarray
        Shape (..., N, F); where only one of both is missing it is infinite, where both are it is 0.
    """
    apart = np.abs(made - plain) / spread[:, None]
    lost = np.isnan(made) != np.isnan(plain)
    return np.where(lost, np.inf, np.nan_to_num(apart, nan=0.0, posinf=np.inf))
