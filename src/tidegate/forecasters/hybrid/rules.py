"""Rules that choose from the data what the hybrid network smooths and how far its layers reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tidegate.forecasters.network.course import Course
    from tidegate.panel import Panel
    from tidegate.training.settings import Training

LONGEST_INPUT = 24
_INPUT_WITHOUT_SEASON = 6
_MOST_SEASONS = 2
_CYCLES, _FEWEST_ROWS = 20, 400
_SHORT_SEASON = 8
_WALKS = 4
_FEWEST_UPDATES, _MOST_UPDATES = 100, 600


class Shape(NamedTuple):
    """What is smoothed and what the network reads.

    Attributes
    ----------
    seasons
        Cycles that are smoothed, in steps, ascending; at most two, () for none.
    input_steps
        Newest values that each step of the network reads.
    blocks
        Dilations of the layers of each block.
    most_rows
        Rows of a series that count, the newest.
    """

    seasons: tuple[int, ...]
    input_steps: int
    blocks: tuple[tuple[int, ...], ...]
    most_rows: int


def shape(panel: Panel, horizon: int) -> Shape:
    """Return what suits `panel`.

    Smoothed are the two shortest cycles of which a typical series shows two before a horizon. Each step reads one of
    the shortest, from 4 to 24 values, or 6 without a season. Long series count with their newest 20 of the longest
    cycle, but at least 400 rows, and a horizon.
    """
    typical = float(np.median(panel.lengths))
    seasons = tuple(sorted(s for s in panel.seasons if s > 1 and 2 * s + horizon <= typical))[:_MOST_SEASONS]
    steps = min(max(seasons[0], 4), LONGEST_INPUT) if seasons else _INPUT_WITHOUT_SEASON
    rows = max(_CYCLES * max(seasons, default=1), _FEWEST_ROWS) + horizon
    return Shape(seasons, steps, dilations(seasons), rows)


def dilations(seasons: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the dilations of each block for these cycles.

    They are those of Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time
    series forecasting, for quarters, months, days and hours, and between them for others.

    >>> dilations((4,)), dilations((12,)), dilations((24, 168)), dilations(())
    (((1, 2), (4, 8)), ((1, 3), (6, 12)), ((1, 4), (24, 168)), ((1, 6),))
    """
    if not seasons:
        return ((1, 6),)
    m = seasons[0]
    if len(seasons) > 1:
        return ((1, max(2, m // 6)), (m, seasons[-1]))
    if m <= _SHORT_SEASON:
        return ((1, max(2, m // 2)), (m, 2 * m))
    return ((1, m // 4), (m // 2, m))


def updates(training: Training, plan: Course, n_series: int) -> int:
    """Return how many updates to make: as many as `plan` says, at most 600.

    Where nothing is held out to stop by, four walks through each series, but at least 100 updates: what a series has
    of its own is soon learned by heart.

    Parameters
    ----------
    training
        Its own number counts as it is.
    plan
        What to learn from.
    n_series
        Series of training.
    """
    if training.n_updates is not None:
        return training.n_updates
    walks = _MOST_UPDATES if len(plan.newer) else max(round(_WALKS * n_series / training.batch_size), _FEWEST_UPDATES)
    return min(plan.n_updates, walks, _MOST_UPDATES)
