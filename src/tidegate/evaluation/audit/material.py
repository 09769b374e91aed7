"""The data of an audit: enough of them, not too many, and the origins that are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.seasonality import resolved
from tidegate.data.gaps import filled
from tidegate.data.intake import as_panel
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MOST_SERIES, MOST_VALUES, MOST_LAGS, MOST_ORIGINS, PROBED = 20, 2_000, 200, 40, 3
_LEAST_PAST, _LEAST_LAGS = 12, 24


@dataclass(frozen=True, eq=False)
class Material:
    """What a forecaster is audited on.

    Parameters
    ----------
    panel
        N series without gaps, their season settled.
    horizon
        Steps ahead, F.
    origins
        Shape (G, N): how many values of each series lie before each of G origins, one step apart, the oldest first;
        the newest lies `horizon` steps before the end.
    spread
        Shape (N,): standard deviation of each series, above 0.
    lags
        How many of the newest values are looked at, L.
    notes
        What was left out, in sentences.
    """

    panel: Panel
    horizon: int
    origins: Integers
    spread: Floats
    lags: int
    notes: tuple[str, ...] = ()

    @property
    def probed(self) -> Panel:
        """The first series, on which single values are changed one by one."""
        return self.panel.take(np.arange(min(PROBED, len(self.panel))))


def prepared(data: Any, horizon: int, *, seed: int = 0) -> Material:
    """Return the material that `data` are.

    Parameters
    ----------
    data
        A Panel, or a pandas or polars frame.
    horizon
        Steps ahead, at least 1.
    seed
        Draws the series if there are more than 20.

    Raises
    ------
    DataError
        If a series is too short.
    """
    panel = as_panel(data)
    season = resolved(filled(panel)).season
    least, held_back = needed(panel, horizon, season), _held_back(panel, horizon)
    short = np.flatnonzero(panel.lengths < least)
    if len(short):
        n = int(short[0])
        raise DataError(
            f"{panel.lengths[n]} observations; an audit {horizon} steps ahead with a season of {season} needs {least}",
            place=Place(series=str(panel.ids[n])),
            repair="Give longer series or a shorter horizon, or set the season with --season.",
        )
    panel, notes = _reduced(panel, seed)
    if held_back:
        panel = panel.before(panel.lengths - horizon, horizon)
        notes.append(f"The newest {horizon} rows serve as the future of {', '.join(panel.known.names)}.")
    panel = resolved(filled(panel))
    return _measured(panel, horizon, season, tuple(notes))


def needed(panel: Panel, horizon: int, season: int) -> int:
    """Return the fewest observations of a series that can be audited `horizon` steps ahead with that season."""
    return max(2 * season, _LEAST_PAST) + horizon + 1 + _held_back(panel, horizon)


def newest(panel: Panel, n_values: int) -> Panel:
    """Return the panel with at most the newest `n_values` of each series; known covariates keep their future."""
    return panel.before(panel.lengths, 0 if panel.future is None else _reach(panel), window=n_values)


def _held_back(panel: Panel, horizon: int) -> int:
    """Return how many of the newest rows serve as the future of known covariates."""
    return horizon if panel.known.names and panel.future is None else 0


def _reduced(panel: Panel, seed: int) -> tuple[Panel, list[str]]:
    """Return at most 20 series, the newest 2,000 values of each, and what was left out."""
    notes = []
    if len(panel) > MOST_SERIES:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(panel))[:MOST_SERIES])
        notes.append(f"Audited on {MOST_SERIES} of {len(panel):,} series, drawn with seed {seed}.")
        panel = panel.take(drawn)
    if panel.lengths.max() > MOST_VALUES:
        notes.append(f"Audited on the newest {MOST_VALUES:,} values of each series.")
        panel = newest(panel, MOST_VALUES)
    return panel, notes


def _reach(panel: Panel) -> int:
    return 0 if panel.future is None else int(np.diff(panel.future.offsets).max(initial=0))


def _measured(panel: Panel, horizon: int, season: int, notes: tuple[str, ...]) -> Material:
    shortest = int(panel.lengths.min())
    count = max(2, min(MOST_ORIGINS, shortest - horizon - max(2 * season, _LEAST_PAST) + 1))
    back = horizon + np.arange(count, dtype=np.int64)[::-1]
    spread = np.array([float(np.std(panel.series(n))) for n in range(len(panel))])
    size = np.array([max(abs(float(np.mean(panel.series(n)))), 1.0) for n in range(len(panel))])
    lags = min(max(3 * horizon, 2 * season, _LEAST_LAGS), MOST_LAGS, shortest - 1)
    flat = spread <= 1e-9 * size
    return Material(panel, horizon, panel.lengths - back[:, None], np.where(flat, size, spread), lags, notes)
