"""What a network reads at one origin as a function of the past values and covariates that it was made from.

Axis letters: T past steps, J past values, A points on a path, F steps ahead, I, C, D features, K covariate columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.features.lags import cycle_shifts
from tidegate.features.windows import Origins
from tidegate.forecasters.network.windows import CYCLES_BACK, FARTHEST, WINDOW_TURNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.forecasters.network.windows import Frame, Windows
    from tidegate.nn.decoders.reading import Reading

    Floats = NDArray[np.float64]

_CLOSE = 1e-4


class Leaves(NamedTuple):
    """What a reading is made from, each with a first axis of A points.

    Attributes
    ----------
    values
        Shape (A, J): past values in units of the window, the newest first.
    known, past
        Shape (A, T, K): encoded covariates of the window's steps.
    ahead
        Shape (A, F, K): encoded known covariates of the steps ahead, and of their places in the newest cycle of each
        season.
    static
        Shape (A, K).
    """

    values: torch.Tensor
    known: torch.Tensor
    past: torch.Tensor
    ahead: torch.Tensor
    static: torch.Tensor

    def along(self, shares: torch.Tensor) -> Leaves:
        """Return the leaves at `shares`, shape (A,), of the way from 0 to here, where there is one point."""
        return Leaves(*(shares.reshape(-1, *[1] * (leaf.dim() - 1)) * leaf for leaf in self))


class Recipe:
    """How the reading at one origin is made; what depends neither on past values nor on covariates stays as it is.

    Level and unit of the window stay too: they count as given, not as made from the values.

    Parameters
    ----------
    windows
        Where the reading comes from.
    origin
        One.
    """

    def __init__(self, windows: Windows, origin: Origins) -> None:
        batch = windows.batch(origin)
        self.reading, self.frame = in_double(batch.reading), batch.frame
        layout, ahead = windows.layout, np.arange(1, windows.inputs.horizon + 1)
        self._layout, self._steps = layout, np.arange(layout.window_steps)[::-1].copy()
        cycles = [-cycle_shifts(ahead, season, CYCLES_BACK) for season in layout.seasons]
        self._places = [back for shifts in cycles for back in shifts.T]
        self._places += [-cycle_shifts(ahead, lag, 1)[:, 0] for lag in layout.lags]
        self._base = cycles[-1][:, 0] if cycles else np.zeros(len(ahead), dtype=np.int64)
        furthest = [self._steps, *(self._steps + back for back in (*layout.seasons, *layout.lags)), *self._places]
        n_values = 1 + max(int(np.max(part)) for part in furthest)
        self.there = np.arange(n_values) < origin.ends[0]
        self._encoding = windows.inputs.encoding
        self._widths = tuple(getattr(windows.inputs.encoding, kind).width for kind in ("known", "past", "static"))
        self.leaves = self._leaves(windows, origin, self.frame, n_values)

    def _leaves(self, windows: Windows, origin: Origins, frame: Frame, n_values: int) -> Leaves:
        values = frame.inside(windows.inputs.target_at(origin, -np.arange(n_values)))
        known, past, static = self._widths
        reading = self.reading
        first = reading.window.shape[-1] - _width_of_waves(windows) - past - known
        window = reading.window[:, 0]
        covariates = window[:, first : first + known], window[:, first + known : first + known + past]
        blocks = known * (1 + len(self._layout.seasons))
        ahead = reading.known[:, :, reading.known.shape[-1] - blocks :]
        fixed = torch.from_numpy(np.where(self.there, np.nan_to_num(values[0]), 0.0))
        self._first = first
        context = reading.context[:, reading.context.shape[-1] - static :]
        return Leaves(fixed[None], covariates[0][None], covariates[1][None], ahead, context)

    def made(self, leaves: Leaves) -> Reading:
        """Return the readings (B = A) that come from `leaves`, double precision."""
        n_points = len(leaves.values)
        held = self.reading
        window = held.window.expand(-1, n_points, -1)
        covariates = torch.cat([leaves.known, leaves.past], dim=-1).transpose(0, 1)
        own = self._window(leaves.values)
        n_own, n_covariates = own.shape[-1], covariates.shape[-1]
        middle = window[..., n_own : self._first]
        rest = window[..., self._first + n_covariates :]
        tail = leaves.values[:, : self._layout.tail_steps].flip(1).clamp(-FARTHEST, FARTHEST)
        context = held.context.expand(n_points, -1)
        n_static = leaves.static.shape[-1]
        kept = context[:, tail.shape[1] : context.shape[1] - n_static]
        return held._replace(
            window=torch.cat([own, middle, covariates, rest], dim=-1),
            context=torch.cat([tail, kept, leaves.static], dim=-1),
            known=self._known(leaves),
            base=self._based(leaves.values),
            series=held.series.expand(n_points),
            steps=held.steps.expand(n_points),
            unit=held.unit.expand(n_points, -1),
        )

    def is_faithful(self) -> bool:
        """Return whether the whole leaves make the reading itself: not across gaps, nor before a series begins."""
        made, true = self.made(self.leaves), self.reading
        pairs = ((made.window, true.window), (made.context, true.context), (made.known, true.known))
        return all(torch.allclose(a, b, atol=_CLOSE, rtol=_CLOSE) for a, b in (*pairs, (made.base, true.base)))

    def by_covariate(self, found: Leaves) -> tuple[tuple[str, ...], Floats]:
        """Return the covariates and the contribution of each to each step, (F', K), from those of the leaves."""
        n_steps = len(found.values)
        totals: dict[str, Floats] = {}
        parts = {"known": [found.known, found.ahead], "past": [found.past], "static": [found.static]}
        for kind, leaves in parts.items():
            encoder = getattr(self._encoding, kind)
            for leaf in leaves if encoder.width else []:
                columns = leaf.reshape(n_steps, -1, encoder.width).sum(1).numpy()
                for k, column in enumerate(encoder.columns):
                    name = next(one for one in encoder.names if column == one or column.startswith(f"{one} = "))
                    totals[name] = totals.get(name, np.zeros(n_steps)) + columns[:, k]
        made = np.stack(list(totals.values()), axis=1) if totals else np.empty((n_steps, 0))
        return tuple(totals), made

    def _window(self, values: torch.Tensor) -> torch.Tensor:
        """Return the columns of the window that are made from values, shape (T, A, columns)."""
        steps, there = self._steps, torch.from_numpy(self.there)
        own = values[:, steps]
        seasons = self._layout.seasons
        columns = [own, *((own - values[:, steps + season]) * there[steps + season] for season in seasons)]
        if not seasons:
            before = np.minimum(steps + 1, steps[0])
            columns.append(own - values[:, before])
        columns += [values[:, steps + lag] * there[steps + lag] for lag in self._layout.lags]
        return torch.stack(columns, dim=-1).transpose(0, 1)

    def _known(self, leaves: Leaves) -> torch.Tensor:
        held = self.reading.known.expand(len(leaves.values), -1, -1)
        places = [leaves.values[:, place].clamp(-FARTHEST, FARTHEST) for place in self._places]
        same = torch.stack(places, dim=-1) if places else held[..., :0]
        n_ahead = leaves.ahead.shape[-1]
        middle = held[..., 1 + same.shape[-1] : held.shape[-1] - n_ahead]
        return torch.cat([held[..., :1], same, middle, leaves.ahead], dim=-1)

    def _based(self, values: torch.Tensor) -> torch.Tensor:
        if self._layout.base != "seasonal-naive":
            return torch.zeros(len(values), len(self._base), dtype=values.dtype)
        return values[:, self._base]


def in_double(reading: Reading) -> Reading:
    """Return `reading` in double precision."""
    return type(reading)(*(part.double() if part.is_floating_point() else part for part in reading))


def _width_of_waves(windows: Windows) -> int:
    """Return how many columns the calendar has in the window."""
    one = Origins(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    return int(windows.inputs.waves_at(one, np.zeros(1, dtype=np.int64), WINDOW_TURNS).shape[-1])
