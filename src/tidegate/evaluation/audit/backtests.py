"""Anyone's backtest as a Python callable: it brings its own origins, and says what it scored at each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.data.calendar import future_times
from tidegate.errors import DataError, Place
from tidegate.evaluation.audit import frames
from tidegate.evaluation.audit.callables import called
from tidegate.evaluation.audit.subject import Judged, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Covariates, Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

FOLDS = 3
"""Origins that a backtest of someone else's is asked for."""


class Backtest:
    """A callable ``backtest(frame, horizon, folds)`` that returns forecasts with their cutoffs.

    Parameters
    ----------
    function
        Called with a pandas frame (unique_id, ds, y, covariates), the horizon and the number of origins.
    name
        What to call it.
    horizon
        Steps ahead.
    """

    kind: Kind = "backtest"

    def __init__(self, function: Callable[..., Any], name: str, horizon: int) -> None:
        self.function, self.name, self.horizon = function, name, horizon
        self.notes: list[str] = [
            f"To forecast from the end of a history, {name} is asked to judge one origin, with stand-ins for the "
            "values after it."
        ]

    def forecasts(self, histories: Sequence[Panel]) -> Floats:
        """Return forecasts (V, N, F) at the one origin at the end of the histories; see `Subject`."""
        asked = frames.histories([extended(panel, self.horizon) for panel in histories], 1)
        rows = self._rows(asked, 1)
        ends = np.concatenate([panel.lengths for panel in histories])
        wrong = np.flatnonzero(rows.ends != ends[rows.series])
        if len(wrong):
            n = rows.series[wrong[0]]
            raise DataError(
                f"{self.name} put the one cutoff after {rows.ends[wrong[0]]} values of {ends[n] + self.horizon}, not "
                f"after {ends[n]}",
                place=Place(series=str(asked.ids[n])),
                repair="The newest cutoff must lie one horizon before the end of a series.",
            )
        made = np.full((len(asked.ids), self.horizon), np.nan)
        made[rows.series, rows.steps] = rows.values
        return made.reshape(len(histories), len(histories[0]), self.horizon)

    def afresh(self, panel: Panel) -> Floats:
        """Return forecasts (N, F) of one call."""
        return np.asarray(self.forecasts([panel])[0])

    def judged(self, panel: Panel, origins: Integers) -> Judged:  # noqa: ARG002 (it has origins of its own)
        """Return what it scored at three origins of its own choice, NaN where it scored nothing; see `Subject`."""
        rows = self._rows(frames.histories([panel], 1), FOLDS)
        back = panel.lengths[rows.series] - rows.ends
        distances = np.sort(np.unique(back))[::-1]
        n_lacking = max(FOLDS - len(distances), 0)
        first = int(distances[0]) if len(distances) else 0
        distances = np.concatenate([first + self.horizon * np.arange(n_lacking, 0, -1), distances])
        mean = np.full((len(distances), len(panel), self.horizon), np.nan)
        mean[np.searchsorted(-distances, -back), rows.series, rows.steps] = rows.values
        return Judged(np.maximum(panel.lengths - distances[:, None], 1).astype(np.int64), mean)

    def reordered(self, panel: Panel) -> Floats:
        """Return forecasts (N, F), the series handed over in the opposite order."""
        return self.afresh(panel.take(np.arange(len(panel))[::-1]))[::-1]

    def _rows(self, asked: frames.Histories, folds: int) -> Rows:
        """Return the answer to one call."""
        given = asked.frame.copy(deep=True)
        answer = called(self.function, (given, self.horizon, folds), self.name)
        frames.check_untouched(asked.frame, given, self.name)
        frame, column = frames.as_frame(answer, self.name, ("unique_id", "ds", "cutoff"))
        return placed(frame, column, asked, horizon=self.horizon, who=self.name)


class Rows(NamedTuple):
    """Rows of a backtest, each at its place.

    Attributes
    ----------
    series
        Shape (R,): the number of the series.
    ends
        Shape (R,): values before the cutoff.
    steps
        Shape (R,): steps ahead, from 0.
    values
        Shape (R,): what was forecast.
    """

    series: Integers
    ends: Integers
    steps: Integers
    values: Floats


def placed(frame: pd.DataFrame, column: str, asked: frames.Histories, *, horizon: int, who: str) -> Rows:
    """Return the rows of a backtest's answer, those of the oldest cutoffs first.

    Raises
    ------
    DataError
        If a series, a stamp or a cutoff is none of the data, or a stamp lies outside the horizon after its cutoff.
    """
    series = pd.Index(asked.ids.astype(str)).get_indexer(pd.Index(frame["unique_id"].astype(str)))
    _refuse(series < 0, frame, f"{who} returned a series that it was not given", "Return the unique_id of the data.")
    owners = asked.frame["unique_id"].astype(str).to_numpy()
    rank = asked.frame.groupby(owners, sort=False).cumcount().to_numpy()
    known = pd.Series(rank, index=pd.MultiIndex.from_arrays([owners, asked.frame["ds"]]))
    found = {}
    for name in ("cutoff", "ds"):
        keys = [pd.Index(frame["unique_id"].astype(str)), frames.clock(frame[name], who)]
        places = known.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
        said = f"{who} returned a {name} that is no stamp of the data"
        _refuse(np.isnan(places), frame, said, "Return stamps of the frame that was given.", column=name)
        found[name] = places.astype(np.int64)
    steps = found["ds"] - found["cutoff"] - 1
    said = f"{who} returned a row whose stamp is not within {horizon} steps after its cutoff"
    _refuse((steps < 0) | (steps >= horizon), frame, said, "The cutoff is the newest stamp that was known.")
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return Rows(series.astype(np.int64), found["cutoff"] + 1, steps, np.where(np.isfinite(values), values, np.nan))


def _refuse(wrong: Any, frame: pd.DataFrame, said: str, repair: str, *, column: str = "ds") -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        at = frame.iloc[int(rows[0])]
        place = Place(row=int(rows[0]), series=str(at["unique_id"]), time=str(at[column]))
        raise DataError(said, place=place, repair=repair)


def extended(panel: Panel, horizon: int) -> Panel:
    """Return the panel with `horizon` stand-ins after the end of each series: its values one season before."""
    back = min(panel.season, int(panel.lengths.min()))
    repeated = [panel.offsets[n + 1] - back + np.arange(horizon) % back for n in range(len(panel))]
    own = [np.arange(panel.offsets[n], panel.offsets[n + 1]) for n in range(len(panel))]
    taken = np.concatenate([part for pair in zip(own, repeated, strict=True) for part in pair])
    ahead = future_times(panel, horizon)
    times = [part for n, rows in enumerate(own) for part in (panel.times[rows], ahead[n])]
    return replace(
        panel,
        offsets=panel.offsets + horizon * np.arange(len(panel) + 1),
        times=np.concatenate(times),
        values=panel.values[taken],
        known=_continued(panel, taken, horizon),
        past=panel.past.take(taken),
        future=None,
    )


def _continued(panel: Panel, taken: Integers, horizon: int) -> Covariates:
    """Return the known covariates of the extended panel, what is known of the future in the place of stand-ins."""
    made = panel.known.take(taken)
    if panel.future is None:
        return made
    values = made.values.copy()
    for n, stop in enumerate((panel.offsets[1:] + horizon * np.arange(1, len(panel) + 1)).tolist()):
        ahead = panel.future.covariates.values[panel.future.offsets[n] : panel.future.offsets[n + 1]][:horizon]
        values[stop - horizon : stop - horizon + len(ahead)] = ahead
    return replace(made, values=values)
