"""Intervals of the final forecast from the errors of the backtest, in place of the model's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from tidegate.errors import SettingError
from tidegate.evaluation.evidence.alternatives import rolling
from tidegate.forecasters.calibration import scales_of
from tidegate.panel import Intervals
from tidegate.scoring.adaptive import adaptive_widths
from tidegate.scoring.conformal import half_widths, shortage
from tidegate.scoring.rolling import Rolling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.kinds import IntervalKind
    from tidegate.evaluation.results import Backtest
    from tidegate.panel import Forecast, Panel
    from tidegate.scoring.folds import Folds

    Floats = NDArray[np.float64]

_NAMED = {"split": "split-conformal", "adaptive": "adaptive conformal"}


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

    The bounds of each step lie equally far on both sides. Errors count in units of each series' scale (that of MASE),
    so that those of all judged series bound each; with "adaptive" a judged series has a miss rate of its own
    (`scoring.adaptive`), and one that was not judged has split-conformal intervals.

    Parameters
    ----------
    ahead
        N series, F steps.
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
    scale = _scale(ahead, panel, made)
    reach = half_widths(past.scores, made.levels) * scale[:, None, None]
    judged = np.isin(ahead.ids, made.panel.ids)
    if kind == "adaptive":
        reach[judged] = _adapted(ahead, past, made, scale)[judged]
    bounds = Intervals(made.levels, ahead.mean[..., None] - reach, ahead.mean[..., None] + reach)
    unjudged = int(np.sum(~judged)) if kind == "adaptive" else 0
    return replace(ahead, intervals=bounds), _sentence(_NAMED[kind], past, made, model=model, unjudged=unjudged)


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


def _adapted(ahead: Forecast, past: Rolling, made: Backtest, scale: Floats) -> Floats:
    """Return half-widths of adaptive intervals at the ends of the series, shape (N, F, Q); NaN for those not judged.

    The end lies so many origins after the newest fold that all its outcomes are known.
    """
    rows = {name: n for n, name in enumerate(ahead.ids)}
    found = np.array([rows.get(name, -1) for name in made.panel.ids])
    there = found >= 0
    after = int(past.delays.max())
    blank = np.full((after, *past.mean.shape[1:]), np.nan)
    last = np.full((after, len(found)), np.nan)
    last[-1, there] = scale[found[there]]
    longer = Rolling(
        np.concatenate([past.actual, blank]),
        np.concatenate([past.mean, blank]),
        np.concatenate([past.scale, last]),
        past.delays,
    )
    reach = np.full((*ahead.mean.shape, len(made.levels)), np.nan)
    reach[found[there]] = adaptive_widths(longer, made.levels)[-1][there]
    return reach


def _sentence(named: str, past: Rolling, made: Backtest, *, model: str, unjudged: int) -> str:
    said = (
        f"The intervals of the forecast are {named}, from {int(np.isfinite(past.scores).sum()):,} errors of {model} at "
        f"{len(made.ends)} past origins; a saved model gives its own."
    )
    if unjudged:
        said += f" Those of {unjudged:,} series that were not judged are split-conformal."
    return " ".join(filter(None, (said, shortage(past.scores, made.levels))))
