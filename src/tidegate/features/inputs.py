"""One panel as a model reads it: target, covariates and calendar around any batch of origins, gathered when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegate.data.calendar import future_times
from tidegate.features.calendar import Calendar, calendar
from tidegate.features.encoding import Encoder
from tidegate.features.windows import Origins, gather, places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Encoding:
    """Everything about covariates and calendar that is learned at fit, from the rows given and nothing else.

    Parameters
    ----------
    known, past, static
        Encoders of the three kinds of covariates.
    calendar
        The cycles that the training rows cover.
    """

    known: Encoder
    past: Encoder
    static: Encoder
    calendar: Calendar

    @classmethod
    def learn(cls, panel: Panel) -> Self:
        """Return the encoding of `panel`."""
        cycles = calendar(
            panel.frequency, timezone=panel.timezone, seasons=panel.seasons, n_steps=int(panel.lengths.max())
        )
        return cls(Encoder.learn(panel.known), Encoder.learn(panel.past), Encoder.learn(panel.static), cycles)

    def state(self) -> dict[str, Any]:
        """Return a tree of arrays, text and numbers for `from_state`."""
        return {name: getattr(self, name).state() for name in ("known", "past", "static", "calendar")}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the encoding that gave `state`."""
        encoders = {name: Encoder(**state[name]) for name in ("known", "past", "static")}
        return cls(**encoders, calendar=Calendar(**state["calendar"]))


class Inputs:
    """Arrays around origins of `panel`; only what a call asks for is made.

    Shifts (see `features.windows`) have shape (L,) or (B, L): 0 is the newest observation of an origin, +k the step k
    ahead. Before the first row of a series, its first row stands in.

    Parameters
    ----------
    panel
        N series, without missing covariates; its `future` continues the known ones.
    encoding
        Learned at fit, perhaps on another panel.
    horizon
        The largest positive shift that will be asked for after the end of a series.

    Raises
    ------
    DataError
        If a covariate of the encoding is missing in the panel, or holds text where it held numbers or the like.
    """

    def __init__(self, panel: Panel, encoding: Encoding, horizon: int) -> None:
        self.panel, self.encoding, self.horizon = panel, encoding, horizon
        for kind in ("known", "past", "static"):
            getattr(encoding, kind).check(getattr(panel, kind))
        self._ahead = future_times(panel, horizon)
        every = (panel.times, self._ahead.ravel()) if encoding.calendar.cycles else ()
        self._grid = np.unique(np.concatenate(every)) if every else np.empty(0, dtype=np.int64)
        self._fields = encoding.calendar.fields(self._grid)

    def target_at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return the target, shape (B, L); positive shifts must stay inside the series."""
        return gather(self.panel.values, self.panel.offsets, origins, shifts)

    def past_at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return the encoded past covariates, shape (B, L, P); no shift may be positive: nothing after an origin."""
        if np.max(shifts, initial=0) > 0:
            raise ValueError(f"past covariates were asked for {np.max(shifts)} steps after the origin")
        rows = gather(self.panel.past.values, self.panel.offsets, origins, shifts)
        return self.encoding.past.encode(rows, self.panel.past)

    def known_at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return the encoded known covariates, shape (B, L, K), up to the horizon after the end of a series."""
        panel = self.panel
        place = places(origins, shifts)
        beyond = place - panel.lengths[origins.series][:, None]
        inside = panel.offsets[origins.series][:, None] + np.minimum(place, panel.lengths[origins.series][:, None] - 1)
        rows = panel.known.values[inside]
        if panel.known.names and (beyond >= 0).any():
            rows[beyond >= 0] = self._future_rows(origins, beyond)[beyond >= 0]
        return self.encoding.known.encode(rows, panel.known)

    def static_of(self, origins: Origins) -> Floats:
        """Return the encoded static attributes, shape (B, S)."""
        return self.encoding.static.encode(self.panel.static.values[origins.series], self.panel.static)

    def fields_at(self, origins: Origins, shifts: Integers) -> NDArray[np.int16]:
        """Return the places in the calendar's cycles, shape (B, L, C), counted from 0: for trees."""
        if not self.encoding.calendar.cycles:
            return np.empty((*places(origins, shifts).shape, 0), dtype=np.int16)
        return self._fields[np.searchsorted(self._grid, self.times_at(origins, shifts))]

    def waves_at(self, origins: Origins, shifts: Integers, harmonics: int = 3) -> Floats:
        """Return sines and cosines of the calendar's cycles, shape (B, L, W): for linear models and networks."""
        return self.encoding.calendar.waves(self.fields_at(origins, shifts), harmonics)

    def times_at(self, origins: Origins, shifts: Integers) -> Integers:
        """Return the times, shape (B, L), up to the horizon after the end of a series."""
        panel = self.panel
        place = places(origins, shifts)
        lengths = panel.lengths[origins.series][:, None]
        inside = panel.times[panel.offsets[origins.series][:, None] + np.minimum(place, lengths - 1)]
        ahead = np.clip(place - lengths, 0, self.horizon - 1)
        return np.where(place < lengths, inside, self._ahead[origins.series[:, None], ahead])

    def _future_rows(self, origins: Origins, beyond: Integers) -> Floats:
        """Return rows of `Panel.future`, shape (B, L, columns); NaN where it ends."""
        future = self.panel.future
        n_columns = len(self.panel.known.names)
        if future is None or not len(future.covariates.values):
            return np.full((*beyond.shape, n_columns), np.nan)
        counts = np.diff(future.offsets)[origins.series][:, None]
        place = future.offsets[origins.series][:, None] + np.clip(beyond, 0, np.maximum(counts - 1, 0))
        rows = future.covariates.values[np.minimum(place, len(future.covariates.values) - 1)]
        rows[beyond >= counts] = np.nan
        return rows
