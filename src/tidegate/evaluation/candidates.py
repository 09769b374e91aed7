"""Which models `auto` tries and on how many origins it judges them: rules that follow from the size of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.contenders import BASELINE

if TYPE_CHECKING:
    from tidegate.panel import Panel

LEAST_WINDOWS = 200
"""Windows to learn from, below which a network is no candidate."""

_SHORT, _FEW_SERIES, _MANY_SERIES = 500, 3, 10_000
_FORECASTS, _LEAST_FOLDS, _MOST_FOLDS, _LARGEST_PART = 30, 3, 5, 1 / 3


def candidates_for(panel: Panel, horizon: int) -> tuple[str, ...]:
    """Return the models to try: seasonal naive and theta always, the others where they can pay.

    Fewer than 10,000 series add ets; up to three of at most 500 values add sarima, or arima without a season; 200
    windows to learn from (origins with two seasons or six steps before them and a horizon after) add gru, the median of
    three networks, and without them linear comes instead.
    """
    names = [BASELINE, "theta"]
    if len(panel) < _MANY_SERIES:
        names.append("ets")
    if len(panel) <= _FEW_SERIES and panel.lengths.max() <= _SHORT:
        names.append("sarima" if panel.season > 1 else "arima")
    names.append("gru" if windows_in(panel, horizon) >= LEAST_WINDOWS else "linear")
    return tuple(names)


def windows_in(panel: Panel, horizon: int) -> int:
    """Return how many origins have two seasons, or six steps, before them and a horizon after."""
    past = max(2 * panel.season, 6)
    return int(np.maximum(panel.lengths - past - horizon + 1, 0).sum())


def folds_for(panel: Panel, horizon: int) -> int:
    """Return how many origins to judge on: enough for 30 forecasts, from 3 to 5, at most a third of a typical series.

    The series of a panel share the luck of an origin: on the end of the training part of quarterly tourism (427 series)
    three origins instead of one chose better (MASE 1.82 instead of 1.89) and gave intervals that cover what they say.
    """
    wanted = min(max(-(-_FORECASTS // len(panel)), _LEAST_FOLDS), _MOST_FOLDS)
    room = int(np.median(panel.lengths) * _LARGEST_PART) // horizon
    return max(min(wanted, room), 1)
