"""What a network reads at an origin, in units of the window before it, gathered only when a batch asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import torch

from tidegate.data.gaps import newest_rows
from tidegate.features.lags import cycle_shifts
from tidegate.features.windows import gather, places, present
from tidegate.nn.decoders.reading import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.inputs import Inputs
    from tidegate.features.windows import Origins

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Integers = NDArray[np.int64]

Shift = Literal["level", "mean", "last", "none"]
SHIFTS: tuple[Shift, ...] = get_args(Shift)
Base = Literal["seasonal-naive", "shift"]
BASES: tuple[Base, ...] = get_args(Base)

WINDOW_TURNS = 1
"""Harmonics of each cycle of the calendar that are read beside a past step."""

_STEP_TURNS = 2
_LEAST_UNIT, _LEAST_LOG_UNIT = 1e-3, 1e-3
_TINY = 1e-9
FARTHEST = 20.0
"""Units from the level at which what is read beside the window ends."""

CYCLES_BACK = 2
"""Cycles before an origin whose values a step ahead reads at its own place."""

_CYCLES_SEARCHED = 4


class Frame(NamedTuple):
    """In what units the windows of B origins are.

    Attributes
    ----------
    level
        Shape (B, 1): what 0 stands for.
    unit
        Shape (B, 1): what 1 more stands for; above 0.
    """

    level: Floats
    unit: Floats

    def inside(self, values: Floats) -> Floats:
        """Return `values`, shape (B, L), in units of the window."""
        return (values - self.level) / self.unit

    def outside(self, values: Floats) -> Floats:
        """Undo `inside`."""
        return values * self.unit + self.level


class Batch(NamedTuple):
    """What a network reads, and in what units.

    Attributes
    ----------
    reading
        Tensors, float32.
    frame
        Of each window.
    """

    reading: Reading
    frame: Frame


class Layout(NamedTuple):
    """What of the past is read, and how.

    Attributes
    ----------
    window_steps
        Past steps, T.
    seasons
        Cycles in steps, ascending; () for none.
    lags
        Further places in the past that are read beside each step, in steps before it.
    tail_steps
        Newest values that the decoder sees besides the encoding.
    shift
        What is subtracted: the mean of the last season ("level"), the mean of the window, the newest value, or
        nothing.
    by_series
        Whether one unit per series holds at all its origins, instead of that of each window.
    gaps
        Whether values are missing in training, so that the time since the newest one is worth reading.
    least_unit
        What a unit is at least; 1 for counts, which may be 0 throughout a window.
    base
        What a network corrects: the seasonal naive forecast, or what the window is shifted by, the same at every step.
    """

    window_steps: int
    seasons: tuple[int, ...]
    lags: tuple[int, ...]
    tail_steps: int
    shift: Shift = "level"
    by_series: bool = False
    gaps: bool = False
    least_unit: float = 0.0
    base: Base = "seasonal-naive"


class Windows:
    """Batches around any origins of one panel; at an origin only rows up to it are looked at.

    Parameters
    ----------
    inputs
        Target, covariates and calendar; the target on the working scale (see `Scale`), NaN where missing.
    layout
        What is read.
    logs
        Shape (N,): whether logs were taken of a series.
    units
        Shape (N,): units of the series, for ``by_series`` and for windows of too few values to have one.
    numbers
        Shape (N,): 1 + the place of each series among those of training, 0 for others.
    """

    def __init__(self, inputs: Inputs, layout: Layout, *, logs: Booleans, units: Floats, numbers: Integers) -> None:
        self.inputs, self.layout = inputs, layout
        self._logs, self._units, self._numbers = logs, units, numbers
        self._values, self._offsets = inputs.panel.values, inputs.panel.offsets
        self._newest = newest_rows(self._values, self._offsets) if np.isnan(self._values).any() else None
        self._past = np.arange(-layout.window_steps + 1, 1)
        self._ahead = np.arange(1, inputs.horizon + 1)
        self._cycles = [cycle_shifts(self._ahead, season, CYCLES_BACK) for season in layout.seasons]
        back = _CYCLES_SEARCHED if layout.gaps else CYCLES_BACK
        self._further = [cycle_shifts(self._ahead, season, back)[:, CYCLES_BACK:] for season in layout.seasons]

    def batch(self, origins: Origins) -> Batch:
        """Return what the network reads at `origins`."""
        past = self._at(origins, self._past)
        earlier = [self._at(origins, self._past - season) for season in self.layout.seasons]
        frame = self._frame(origins, past, earlier)
        z, *before = (frame.inside(values) for values in (past, *earlier))
        lagged = [frame.inside(self._at(origins, self._past - lag)) for lag in self.layout.lags]
        cycles = [[frame.inside(self._at(origins, back)) for back in shifts.T] for shifts in self._cycles]
        ahead = [frame.inside(self._at(origins, self._lagged(lag))) for lag in self.layout.lags]
        further = [[frame.inside(self._at(origins, back)) for back in shifts.T] for shifts in self._further]
        searched = [near + far for near, far in zip(cycles, further, strict=True)]
        reference = _base(z, searched, len(self._ahead))
        same_place = [values for back in cycles for values in back] + ahead
        if self.layout.gaps:
            same_place = [np.where(np.isnan(values), reference, values) for values in same_place]
        whole = _stood_in(z, before)
        parts = (
            self._window(origins, (z, whole), before, lagged).transpose(1, 0, 2),
            self._context(origins, frame, whole),
            self._known(origins, same_place),
            reference if self.layout.base == "seasonal-naive" else np.zeros_like(reference),
        )
        steps = np.minimum(origins.ends, self.layout.window_steps)
        window, context, known, base = (_tensor(part) for part in parts)
        series, counted = (torch.from_numpy(part) for part in (self._numbers[origins.series], steps))
        return Batch(Reading(window, context, known, base, series, counted, _tensor(frame.unit)), frame)

    def target(self, origins: Origins, frame: Frame) -> torch.Tensor:
        """Return the future in units of the window, shape (B, F), float32; NaN where missing."""
        ahead = gather(self._values, self._offsets, origins, self._ahead)
        if self._newest is not None:  # without any value before, there is nothing to count from
            ahead = np.where(np.isnan(self._before(origins))[:, None], np.nan, ahead)
        return _tensor(frame.inside(ahead))

    def _at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return values, shape (B, L); NaN before the first row and where missing."""
        found = gather(self._values, self._offsets, origins, shifts)
        return np.where(present(origins, shifts), found, np.nan)

    def _frame(self, origins: Origins, past: Floats, earlier: list[Floats]) -> Frame:
        level = self._level(origins, past)
        if self.layout.by_series:
            return Frame(level, np.maximum(self._units[origins.series], self.layout.least_unit)[:, None])
        unit = _mean(np.abs(np.diff(past, axis=1) if self._newest is None else _steps(past)))
        if earlier:
            unit = np.fmax(unit, 0.5 * _mean(np.abs(past - earlier[0])))
        unit = np.where(np.isnan(unit), self._units[origins.series], unit)
        size = np.nan_to_num(_mean(np.abs(past)))
        least = np.where(self._logs[origins.series], _LEAST_LOG_UNIT, _LEAST_UNIT * size + _TINY)
        return Frame(level, np.fmax(unit, np.maximum(least, self.layout.least_unit))[:, None])

    def _before(self, origins: Origins) -> Floats:
        """Return the newest value up to each origin, shape (B,); NaN where none is."""
        newest = self._offsets[origins.series] + origins.ends - 1
        if self._newest is not None:
            newest = self._newest[newest]
        return np.where(newest < 0, np.nan, self._values[newest])

    def _level(self, origins: Origins, past: Floats) -> Floats:
        shift = self.layout.shift
        if shift == "none":
            return np.zeros((len(past), 1))
        steps = {"level": self.layout.seasons[0] if self.layout.seasons else 1, "last": 1, "mean": past.shape[1]}[shift]
        level = _mean(past[:, -steps:])
        if np.isnan(level).any():  # nothing is there so recently
            level = np.where(np.isnan(level), self._before(origins), level)
        return np.nan_to_num(level)[:, None]

    def _lagged(self, lag: int) -> Integers:
        """Return where each future step lay `lag` steps before, or as many times that as it takes to be known."""
        return cycle_shifts(self._ahead, lag, 1)[:, 0]

    def _window(
        self, origins: Origins, values: tuple[Floats, Floats], before: list[Floats], lagged: list[Floats]
    ) -> Floats:
        """Return the features of each step, shape (B, T, I), of values as they are and with others in the gaps."""
        z, stood_in = values
        there = ~np.isnan(z)
        started = present(origins, self._past)[..., None]
        missing = np.full((len(z), 1), np.nan)
        step = np.diff(z, axis=1) if self._newest is None else _steps(z)
        changes = [z - values for values in before] or [np.concatenate([missing, step], axis=1)]
        parts = [*(np.nan_to_num(part) for part in (stood_in, *changes, *lagged)), there]
        if self.layout.gaps:
            parts.append(self._since(origins))
        columns = [
            np.stack(parts, axis=-1),
            self.inputs.known_at(origins, self._past),
            self.inputs.past_at(origins, self._past),
            self.inputs.waves_at(origins, self._past, WINDOW_TURNS),
        ]
        return np.concatenate(columns, axis=-1) * started

    def _since(self, origins: Origins) -> Floats:
        """Return log(1 + steps since the newest value) at each past step, shape (B, T); 0 before there was any."""
        if self._newest is None:
            return np.zeros((len(origins.ends), len(self._past)))
        rows = self._offsets[origins.series][:, None] + places(origins, self._past)
        newest = self._newest[rows]
        return np.asarray(np.log1p(np.where(newest < 0, 0, rows - newest)))

    def _context(self, origins: Origins, frame: Frame, z: Floats) -> Floats:
        tail = np.clip(np.nan_to_num(z[:, z.shape[1] - self.layout.tail_steps :]), -FARTHEST, FARTHEST)
        logs = self._logs[origins.series][:, None]
        with np.errstate(divide="ignore"):
            relative = np.where(logs, frame.unit, frame.unit / (np.abs(frame.level) + frame.unit))
        length = np.log1p(origins.ends[:, None] / self.layout.window_steps)
        return np.concatenate([tail, np.log(relative), length, logs, self.inputs.static_of(origins)], axis=1)

    def _known(self, origins: Origins, lagged: list[Floats]) -> Floats:
        n_steps = len(self._ahead)
        place = np.broadcast_to(self._ahead / n_steps - 0.5, (len(origins.ends), n_steps))
        cut = (np.clip(np.nan_to_num(values), -FARTHEST, FARTHEST) for values in lagged)
        cycles = [back[:, 0] for back in self._cycles]
        blocks = [
            np.stack([place, *cut], axis=-1),
            self.inputs.waves_at(origins, self._ahead, _STEP_TURNS),
            *(self.inputs.known_at(origins, shifts) for shifts in (self._ahead, *cycles)),
        ]
        return np.concatenate(blocks, axis=-1)


def _base(z: Floats, cycles: list[list[Floats]], horizon: int) -> Floats:
    """Return the seasonal naive forecast, (B, F): of the longest cycle that is there, else the newest value."""
    base = np.full((len(z), horizon), np.nan)
    for values in (values for back in reversed(cycles) for values in back):
        if not np.isnan(base).any():
            return base
        base = np.where(np.isnan(base), values, base)
    return np.where(np.isnan(base), np.nan_to_num(_newest(z))[:, None], base)


def _mean(values: Floats) -> Floats:
    """Return the mean of each row without missing values, shape (B,); NaN where none is there."""
    there = ~np.isnan(values)
    counts = there.sum(axis=1)
    total = np.where(there, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, counts, out=np.full(len(values), np.nan), where=counts > 0))


def _newest(values: Floats) -> Floats:
    """Return the newest value of each row that is there, shape (B,); NaN where none is."""
    there = ~np.isnan(values)
    last = values.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.asarray(values[np.arange(len(values)), last])


def _steps(values: Floats) -> Floats:
    """Return the change from the newest value before to each value but the first, (B, T - 1); NaN where missing."""
    return np.asarray(values[:, 1:] - _carried(values)[:, :-1])


def _carried(values: Floats) -> Floats:
    """Return the newest value up to each step, (B, T); NaN before there is any."""
    newest = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
    return np.take_along_axis(values, newest, axis=1)


def _stood_in(z: Floats, before: list[Floats]) -> Floats:
    """Return z (B, T), missing values as of the longest cycle before that is there, else the newest before."""
    for values in (*reversed(before), None):
        missing = np.isnan(z)
        if not missing.any():
            return z
        z = np.where(missing, _carried(z) if values is None else values, z)
    return z


def _tensor(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
