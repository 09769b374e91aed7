"""What a backtest will judge: which series are long enough, where their origins lie, which season is pinned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.seasonality import resolved
from tidegate.errors import DataError, Place, SettingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """The series and origins of a backtest.

    Parameters
    ----------
    panel
        The N series that are judged, with the season chosen before the first origin.
    ends
        Shape (K, N): observations before each origin, oldest fold first.
    notes
        What was decided, in sentences.
    """

    panel: Panel
    ends: Integers
    notes: tuple[str, ...]


def plan(panel: Panel, folds: Folds) -> Plan:
    """Place the folds on every series that is long enough for all of them.

    The season is looked for once, in what lies before the oldest origin, and pinned for all folds and scores.

    Raises
    ------
    DataError
        If no series is long enough: names the longest, its length, what is needed and what would fit.
    SettingError
        If the sliding window is not longer than one season.
    """
    long_enough = panel.take(np.flatnonzero(_enough(panel, folds, 2)))
    seasons = resolved(long_enough.before(folds.ends(long_enough.lengths)[0], folds.reach)).seasons
    season = seasons[0]
    if folds.window is not None and folds.window <= season:
        raise SettingError(
            f"folds: window is {folds.window}; it must be longer than one season, {season} steps. "
            "Use a longer window, or set the season to 1."
        )
    enough = _enough(panel, folds, season + 1)
    notes = _left_out(panel, folds, season, enough)
    judged = replace(panel if enough.all() else panel.take(np.flatnonzero(enough)), seasons=seasons)
    return Plan(judged, folds.ends(judged.lengths), notes)


def _enough(panel: Panel, folds: Folds, training: int) -> NDArray[np.bool_]:
    """Which series have `training` observations before the oldest origin; at least one does."""
    enough = panel.lengths >= folds.span + training
    if enough.any():
        return np.asarray(enough)
    n = int(np.argmax(panel.lengths))
    raise DataError(
        f"{panel.lengths[n]} observation{'s' if panel.lengths[n] > 1 else ''}; {_need(folds, training)}",
        place=Place(series=str(panel.ids[n])),
        repair=_repair(int(panel.lengths[n]), folds, training),
    )


def _need(folds: Folds, training: int) -> str:
    gap = f" after a gap of {folds.gap}" if folds.gap else ""
    first = f"one season and one value ({training})" if training > 2 else f"{training} values"
    many, steps = folds.count > 1, f"{folds.horizon} step{'s' if folds.horizon > 1 else ''}"
    return (
        f"{folds.count} fold{'s' if many else ''} of {steps}{gap} {'need' if many else 'needs'} "
        f"{folds.span + training}: {first} before the first origin and {folds.span} after it"
    )


def _repair(length: int, folds: Folds, training: int) -> str:
    """Say which number of folds or which horizon would fit."""
    fewer = (length - training - folds.reach) // folds.step + 1
    if fewer >= 1:
        return f"Use --folds {fewer}, a shorter --horizon, or a longer series."
    shorter = length - training - folds.gap
    if shorter >= 1:
        return f"Use --horizon {shorter} with --folds 1, or a longer series."
    return "Give a longer series, or set a shorter --season." if training > 2 else "Give a longer series."


def _left_out(panel: Panel, folds: Folds, season: int, enough: NDArray[np.bool_]) -> tuple[str, ...]:
    short = np.flatnonzero(~enough)
    if not len(short):
        return ()
    n = short[0]
    return (
        f"{len(short):,} of {len(panel):,} series {'are' if len(short) > 1 else 'is'} too short to be judged and left "
        "out of the scores: "
        f"{_need(folds, season + 1)}. The first of them is {str(panel.ids[n])!r} with {panel.lengths[n]}.",
    )
