"""What an advisor asks of some data before naming a model: how much there is, and what kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.overview import is_intermittent
from tidegate.analysis.seasonality import resolved, sample
from tidegate.evaluation.candidates import candidates_for, windows_in
from tidegate.evaluation.plan import plan
from tidegate.forecasters.arguments import check_horizon
from tidegate.forecasters.network.defaults import window_steps
from tidegate.scoring.folds import Folds

if TYPE_CHECKING:
    from tidegate.panel import Panel

_LOOKED_AT, _USUAL, _LARGEST_PART = 200, 12, 5


@dataclass(frozen=True)
class Situation:
    """The data in the figures that decide where to start.

    Parameters
    ----------
    n_series, length, longest
        Series, and values of a typical and of the longest one.
    seasons
        In steps, the main one first; (1,) for none.
    frequency
        As in `Panel`.
    missing
        Share of the values that are missing, 0 to 1.
    keeps_gaps
        Whether they stay gaps for the models that read them (``fill="keep"``).
    intermittent
        Whether most series are demand with many zeros.
    covariates
        Which kinds there are, of "known", "past", "static".
    horizon
        Steps ahead.
    window
        Past steps that a network reads, by its rule.
    n_windows
        Origins that a network can learn from.
    candidates
        What `auto` would try.
    """

    n_series: int
    length: int
    longest: int
    seasons: tuple[int, ...]
    frequency: str
    missing: float
    keeps_gaps: bool
    intermittent: bool
    covariates: tuple[str, ...]
    horizon: int
    window: int
    n_windows: int
    candidates: tuple[str, ...]


def situation(panel: Panel, horizon: int | None = None) -> Situation:
    """Return the situation of a panel.

    Parameters
    ----------
    panel
        One series or many.
    horizon
        Steps ahead; None for a season, or 12 steps without one, but at most a fifth of a typical series.

    Raises
    ------
    DataError
        If no series is long enough to judge a single forecast on.
    SettingError
        If `horizon` is not a whole number from 1.
    """
    if horizon is not None:
        check_horizon(horizon)
    panel = resolved(panel)
    length = int(np.median(panel.lengths))
    season = panel.season if panel.season > 1 else _USUAL
    ahead = horizon or max(min(season, length // _LARGEST_PART), 1)
    plan(panel, Folds(horizon=ahead, count=1))
    kinds = {"known": panel.known, "past": panel.past, "static": panel.static}
    return Situation(
        n_series=len(panel),
        length=length,
        longest=int(panel.lengths.max()),
        seasons=panel.seasons,
        frequency=panel.frequency,
        missing=float(np.mean(np.isnan(panel.values))),
        keeps_gaps=panel.fill == "keep",
        intermittent=_intermittent(panel),
        covariates=tuple(kind for kind, columns in kinds.items() if columns.names),
        horizon=ahead,
        window=window_steps(panel, ahead),
        n_windows=windows_in(panel, ahead),
        candidates=candidates_for(panel, ahead),
    )


def _intermittent(panel: Panel) -> bool:
    """Return whether more than half of the series looked at are intermittent."""
    rows = [panel.series(n) for n in sample(len(panel), _LOOKED_AT)]
    known = [row[np.isfinite(row)] for row in rows]
    return bool(np.mean([len(row) > 0 and is_intermittent(row) for row in known]) > 1 / 2)
