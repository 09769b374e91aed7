"""What a network reads at an origin, gathered only when a batch asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.features.lags import cycle_shifts
from tidegate.features.windows import present

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.inputs import Inputs
    from tidegate.features.windows import Origins
    from tidegate.forecasters.network.reference import Reference

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_WINDOW_TURNS, _STEP_TURNS = 1, 2
_TREND_WITHOUT_SEASON = 8


class Batch(NamedTuple):
    """What a network reads at B origins, float32, without units.

    Attributes
    ----------
    window
        Shape (T, B, I): past values less the newest level and the season, whether they are there, covariates and
        calendar. Left of a series' first row everything is 0.
    context
        Shape (B, C): what holds for all steps: attributes of the series, and whether its season is known.
    known
        Shape (B, F, D): for each step what is known of it: the same place one cycle ago, trend, season, position,
        calendar, covariates.
    """

    window: torch.Tensor
    context: torch.Tensor
    known: torch.Tensor


class Windows:
    """Batches around any origins of one panel.

    Parameters
    ----------
    reference
        Levels and seasons on the working scale, N series.
    inputs
        Covariates and calendar of the same panel.
    units
        Shape (N,): what values are divided by; 0 turns them to 0.
    seasons
        The cycles of the panel, (1,) for none.
    window_steps
        Length of the window, T.
    """

    def __init__(
        self, reference: Reference, inputs: Inputs, units: Floats, *, seasons: tuple[int, ...], window_steps: int
    ) -> None:
        self.reference, self.inputs, self.units = reference, inputs, units
        self._inverse = np.divide(1.0, units, out=np.zeros_like(units), where=units > 0)
        self._past = np.arange(-window_steps + 1, 1)
        self._ahead = np.arange(1, inputs.horizon + 1)
        cycles = [season for season in seasons if season > 1]
        self._cycles = [cycle_shifts(self._ahead, season, 1)[:, 0] for season in cycles]
        span = reference.season if reference.season > 1 else min(_TREND_WITHOUT_SEASON, window_steps)
        self._recent = np.arange(-2 * span + 1, 1)

    def batch(self, origins: Origins) -> Batch:
        """Return what the network reads at `origins`."""
        level = self.reference.level_at(origins)
        window = self._window(origins, level).transpose(1, 0, 2)
        return Batch(*(_tensor(part) for part in (window, self._context(origins), self._known(origins, level))))

    def target(self, origins: Origins) -> torch.Tensor:
        """Return what the network should say: actual less reference, in units, shape (B, F), float32."""
        actual = self.reference.adjusted_at(origins, self._ahead)
        return _tensor((actual - self.reference.level_at(origins)[:, None]) * self._inverse[origins.series][:, None])

    def forecast(self, origins: Origins, made: Floats) -> Floats:
        """Return the forecast on the working scale, shape (B, F), for what the network said."""
        level = self.reference.level_at(origins)[:, None]
        season = self.reference.profile_at(origins, self._ahead)
        return level + season + made * self.units[origins.series][:, None]

    def _relative(self, origins: Origins, level: Floats, shifts: Integers) -> Floats:
        """Return past values less season and level in units, 0 before the first row, shape (B, L)."""
        values = (self.reference.adjusted_at(origins, shifts) - level[:, None]) * self._inverse[origins.series][:, None]
        return np.where(present(origins, shifts), values, 0.0)

    def _window(self, origins: Origins, level: Floats) -> Floats:
        there = present(origins, self._past)[..., None]
        parts = [
            self._relative(origins, level, self._past)[..., None],
            self.inputs.known_at(origins, self._past),
            self.inputs.past_at(origins, self._past),
            self.inputs.waves_at(origins, self._past, _WINDOW_TURNS),
            np.ones(there.shape),
        ]
        return np.concatenate(parts, axis=-1) * there

    def _context(self, origins: Origins) -> Floats:
        season_known = self.reference.known_at(origins)[:, None].astype(np.float64)
        return np.concatenate([self.inputs.static_of(origins), season_known], axis=1)

    def _known(self, origins: Origins, level: Floats) -> Floats:
        n_steps = len(self._ahead)
        mean, slope = self._trend(origins, level)
        columns = [
            np.repeat(mean[:, None], n_steps, axis=1),
            slope[:, None] * self._ahead,
            self.reference.profile_at(origins, self._ahead) * self._inverse[origins.series][:, None],
            np.broadcast_to(self._ahead / n_steps - 0.5, (len(level), n_steps)),
            *(self._relative(origins, level, shifts) for shifts in self._cycles),
        ]
        blocks = [
            np.stack(columns, axis=-1),
            self.inputs.waves_at(origins, self._ahead, _STEP_TURNS),
            *(self.inputs.known_at(origins, shifts) for shifts in (self._ahead, *self._cycles)),
        ]
        return np.concatenate(blocks, axis=-1)

    def _trend(self, origins: Origins, level: Floats) -> tuple[Floats, Floats]:
        """Return the mean of the newest span and its change per step since the span before, both (B,), in units.

        The change is 0 where the earlier span is not complete.
        """
        values = self._relative(origins, level, self._recent)
        there = present(origins, self._recent)
        half = values.shape[1] // 2
        counts = there[:, half:].sum(axis=1)
        mean = values[:, half:].sum(axis=1) / counts
        change = (mean - values[:, :half].mean(axis=1)) / half
        return mean, np.where(there[:, 0], change, 0.0)


def _tensor(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
