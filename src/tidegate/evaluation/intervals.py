"""Intervals of the final forecast that follow the errors of the backtest, in place of the model's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from tidegate.errors import SettingError
from tidegate.evaluation.evidence.alternatives import rolling
from tidegate.forecasters.calibration import scales_of
from tidegate.panel import Intervals
from tidegate.scoring.adaptive import adaptive_bounds
from tidegate.scoring.conformal import half_widths, shortage
from tidegate.scoring.rolling import Rolling, split_widths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.kinds import IntervalKind
    from tidegate.evaluation.results import Backtest
    from tidegate.panel import Forecast, Panel
    from tidegate.scoring.folds import Folds

    Floats = NDArray[np.float64]


def check(kind: IntervalKind, folds: Folds, levels: tuple[int, ...]) -> None:
    """Refuse what cannot be done with the errors of a backtest.

    Parameters
    ----------
    kind
        Where the intervals are to come from.
    folds
        Of the backtest.
    levels
        Coverage in percent.

    Raises
    ------
    SettingError
        If the backtest skips steps, or no level is asked for.
    """
    if kind == "own":
        return
    if folds.gap:
        raise SettingError(
            f"intervals are {kind!r}, from the backtest's errors, but a gap of {folds.gap} skips the first steps that "
            "the forecast has. Set the gap to 0, or the intervals to 'own'."
        )
    if not levels:
        raise SettingError(f"intervals are {kind!r}, but no level is asked for. Give levels, such as 80 and 95.")


def remade(
    ahead: Forecast, panel: Panel, made: Backtest, *, model: str, kind: Literal["split", "adaptive"]
) -> tuple[Forecast, str]:
    """Return the forecast with intervals from the errors that its model made in the backtest, and where they are from.

    Split-conformal bounds lie equally far on both sides. Errors count in units of each series' scale (that of MASE), so
    that those of all judged series bound each. Adaptive ones are the model's own, which a judged series has at levels
    that follow its misses (`scoring.adaptive`), and one that was not judged as they are; a model without intervals has
    split-conformal ones in their place.

    Parameters
    ----------
    ahead
        N series, F steps; for adaptive ones with the model's own intervals at the levels of the backtest, if it has
        any.
    panel
        Where the series of `ahead` are, up to their ends.
    made
        The backtest, without a gap.
    model
        Whose forecast it is, as the backtest calls it.
    kind
        How the errors make intervals.

    Returns
    -------
    Forecast
        With intervals at the levels of the backtest.
    str
        A sentence that says how they were made, and from how many errors.
    """
    past = rolling(made, made.results[model].mean)
    levels = made.levels
    reach = half_widths(past.scores, levels) * _scale(ahead, panel, made)[:, None, None]
    split = Intervals(levels, ahead.mean[..., None] - reach, ahead.mean[..., None] + reach)
    if kind == "split":
        said = f"split-conformal, from {int(np.isfinite(past.scores).sum()):,} errors of {model}"
        return replace(ahead, intervals=split), _sentence(said, made, shortage(past.scores, levels))
    run = made.results[model]
    own, around = (run.lower, run.upper), ahead.intervals
    if around is None:
        widths = split_widths(past, levels)
        own, around = (run.mean[..., None] - widths, run.mean[..., None] + widths), split
    said = f"adaptive: those of {model}, at levels that follow {int(np.isfinite(past.actual).sum()):,} outcomes"
    new = int(np.sum(~np.isin(ahead.ids, made.panel.ids)))
    unjudged = f"Those of {new:,} series that were not judged are as {model} gives them." if new else ""
    return replace(ahead, intervals=_adapted(around, ahead, (past, own), made)), _sentence(said, made, unjudged)


def _scale(ahead: Forecast, panel: Panel, made: Backtest) -> Floats:
    """Return the unit of the errors of each series of `ahead` at its end, shape (N,); 1 where nothing has one.

    A series without a change over a season has its changes over a step.
    """
    if not np.any(made.scales.absolute > 0):
        return np.ones(len(ahead.ids))
    position = {name: n for n, name in enumerate(panel.ids)}
    newest = slice(-made.folds.window if made.folds.window else None, None)
    parts = [panel.series(position[name])[newest] for name in ahead.ids]
    return scales_of(parts, made.panel.season)


def _adapted(
    around: Intervals, ahead: Forecast, past: tuple[Rolling, tuple[Floats, Floats]], made: Backtest
) -> Intervals:
    """Return the intervals `around` a forecast at levels that follow the past; as they are for series not judged.

    The end lies so many origins after the newest fold that all its outcomes are known.
    """
    run, own = past
    rows = {name: n for n, name in enumerate(ahead.ids)}
    found = np.array([rows.get(name, -1) for name in made.panel.ids])
    there, into = found >= 0, found[found >= 0]
    after = int(run.delays.max())
    shape = (after, *run.mean.shape[1:])
    mean = np.full(shape, np.nan)
    mean[-1, there] = ahead.mean[into]
    later = []
    for bound, end in zip(own, (around.lower, around.upper), strict=True):
        blank = np.full((*shape, bound.shape[-1]), np.nan)
        blank[-1, there] = end[into]
        later.append(np.concatenate([bound, blank]))
    longer = Rolling(
        np.concatenate([run.actual, np.full(shape, np.nan)]),
        np.concatenate([run.mean, mean]),
        np.concatenate([run.scale, np.full(shape[:2], np.nan)]),
        run.delays,
    )
    lower, upper = around.lower.copy(), around.upper.copy()
    for bound, adapted in zip((lower, upper), adaptive_bounds(longer, (later[0], later[1]), made.levels), strict=True):
        bound[into] = adapted[-1, there]
    return Intervals(made.levels, lower, upper)


def _sentence(said: str, made: Backtest, more: str) -> str:
    origins = f"The intervals of the forecast are {said} at {len(made.ends)} past origins; a saved model gives its own."
    return f"{origins} {more}".rstrip()
