"""The reference forecast that a network corrects: the newest level plus the season's profile, known at each origin.

Everything at an origin comes from the rows up to it, in training as in use, so no origin sees its own future.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from tidegate.features.windows import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.windows import Origins
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_RATE = 0.3
_CYCLES = 3


@dataclass(frozen=True, eq=False)
class Reference:
    """Levels and seasonal profiles of N series at any origin.

    Parameters
    ----------
    panel
        Series on the scale that the network works on.
    season
        Length of the profile in steps, 1 for none.
    profiles
        Shape (R,): what the season adds at each row, smoothed over the cycles up to that row; 0 where unknown.
    """

    panel: Panel
    season: int
    profiles: Floats

    @classmethod
    def of(cls, panel: Panel, season: int) -> Reference:
        """Return the reference of every series of `panel`."""
        parts = [profile(panel.series(n), season) for n in range(len(panel))]
        return cls(panel, season, np.concatenate(parts))

    @property
    def rows_needed(self) -> int:
        """Rows up to an origin from which on its profile is known."""
        return 2 * (self.season // 2) + self.season if self.season > 1 else 1

    def known_at(self, origins: Origins) -> NDArray[np.bool_]:
        """Return whether the profile is known at each origin, shape (B,)."""
        return np.asarray(origins.ends >= self.rows_needed)

    def profile_at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return what the season adds at `shifts` as known at the origin, shape (B, L); 0 where it is not known.

        The newest place of the same phase counts whose centred average is complete at the origin.
        """
        if self.season == 1:
            return np.zeros(np.broadcast_shapes(shifts.shape, (len(origins.ends), shifts.shape[-1])))
        newest = -(self.season // 2)
        same_phase = newest - np.mod(newest - shifts, self.season)
        found = gather(self.profiles, self.panel.offsets, origins, same_phase)
        return np.where(self.known_at(origins)[:, None], found, 0.0)

    def adjusted_at(self, origins: Origins, shifts: Integers) -> Floats:
        """Return past values without the season, shape (B, L); before its first row, a series' first row stands in."""
        return gather(self.panel.values, self.panel.offsets, origins, shifts) - self.profile_at(origins, shifts)

    def level_at(self, origins: Origins) -> Floats:
        """Return the newest value without the season, shape (B,)."""
        level: Floats = self.adjusted_at(origins, np.zeros(1, dtype=np.int64))[:, 0]
        return level


def profile(values: Floats, season: int) -> Floats:
    """Return what the season adds at each row, from rows at most half a season later, shape (T,).

    The deviation from the centred moving average over one season, averaged over the first three cycles of its phase
    and smoothed exponentially with rate 0.3 after. Zero in the half seasons at the ends, and everywhere for a series
    shorter than two seasons.

    Source: classical decomposition (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 3.4),
    with the seasonal smoothing of Holt & Winters (ibid., 8.3) in place of the plain mean.
    """
    half = season // 2
    made = np.zeros(len(values))
    if season < 2 or len(values) < 2 * half + season:
        return made
    weights = np.full(2 * half + 1, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    deviations = values[half : len(values) - half] - np.convolve(values, weights, "valid")
    n_cycles = -(-len(deviations) // season)
    cycles = np.concatenate([deviations, np.zeros(n_cycles * season - len(deviations))]).reshape(n_cycles, season)
    made[half : len(values) - half] = _smoothed(cycles).ravel()[: len(deviations)]
    return made


def _smoothed(cycles: Floats) -> Floats:
    """Return the running mean of the first three rows, exponential smoothing from there, shape (cycles, season)."""
    counts = np.arange(1, min(_CYCLES, len(cycles)) + 1)
    first = np.cumsum(cycles[:_CYCLES], axis=0) / counts[:, None]
    if len(cycles) <= _CYCLES:
        return first
    rest, _ = lfilter([_RATE], [1, _RATE - 1], cycles[_CYCLES:], axis=0, zi=(1 - _RATE) * first[-1:])
    return np.concatenate([first, rest])


def profile_season(seasons: tuple[int, ...], typical_steps: float, horizon: int) -> int:
    """Return the season to keep a profile of: the longest that a typical series shows three times before its horizon.

    A series with several seasons repeats all of them within the longest. Where none is shown three times, the shortest
    if it is shown twice, else 1: no profile.

    Parameters
    ----------
    seasons
        As in `Panel.seasons`.
    typical_steps
        Observations of a typical series.
    horizon
        Steps ahead.
    """
    cycles = sorted(season for season in seasons if season > 1)
    shown = [season for season in cycles if 3 * season + horizon <= typical_steps]
    if shown:
        return shown[-1]
    return cycles[0] if cycles and 2 * cycles[0] + horizon <= typical_steps else 1
