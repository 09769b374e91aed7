"""Which columns a regression reads for a pair of origin and step, and the units they are in.

Everything about the target is in units of its origin: minus the newest value, divided by the spread of the window.
So a model that learns differences continues levels and trends that it has never seen, and adding a constant to a
series changes nothing but the forecast's level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from tidegate.features.lags import cycle_shifts, default_lags
from tidegate.features.normalisation import spreads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.features.inputs import Inputs
    from tidegate.features.windows import Origins

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LEAST_WINDOW = 12
"""Values that a spread is measured on, at least."""

MOST_CYCLES = 3
"""Earlier cycles whose same place is read."""

COVARIATE_LAGS = (1, 2, 3)
"""Lags of covariates that are read where no lags are given."""

LEAST_SPREAD = 0.2
"""Smallest spread of a window, where one is about the standard deviation of the whole series."""

LEAST_ROOM = 6
"""Observations beside the horizon that a design needs, at least."""


class Frame(NamedTuple):
    """The units of B origins: level and spread, both of shape (B,)."""

    level: Floats
    spread: Floats

    def inside(self, values: Floats) -> Floats:
        """Return `values` of shape (B, L) in units of their origin."""
        return (values - self.level[:, None]) / self.spread[:, None]


@dataclass(frozen=True)
class Design:
    """The columns that are read.

    Parameters
    ----------
    lags, covariate_lags
        Ascending; 1 is the newest observation.
    seasons, cycles
        Lengths of the cycles, and how many earlier ones are read of each.
    window
        Values that mean and spread are taken over.
    """

    lags: tuple[int, ...]
    covariate_lags: tuple[int, ...]
    seasons: tuple[int, ...]
    cycles: tuple[int, ...]
    window: int

    @classmethod
    def fitting(cls, seasons: tuple[int, ...], *, room: int, lags: tuple[int, ...] | None) -> Self:
        """Return the design that series of this length can feed.

        With `lags` given, these of the target and of every covariate and nothing else of the past. Otherwise
        `features.lags.default_lags`, of them those up to half the room; the same place in up to `MOST_CYCLES`
        earlier cycles of each season, of them as many as take a quarter of the room, but one of the main season
        whenever three origins remain, and none of a further season that takes more than half of the room; and
        `COVARIATE_LAGS`.

        Parameters
        ----------
        seasons
            As in `Panel.seasons`.
        room
            Observations of the typical series less the horizon, at least `LEAST_ROOM`.
        lags
            Ascending, or None.
        """
        most, main = room // 2, seasons[0] if seasons else 1
        window = main * -(-LEAST_WINDOW // main)
        window = min(window if main > 1 else LEAST_WINDOW, most)
        if lags is not None:
            return cls(lags, lags, (), (), window)
        kept = tuple(m for m in seasons if m > 1 and m <= (room - 3 if m == main else most))
        cycles = tuple(min(MOST_CYCLES, max(1, room // (4 * m))) for m in kept)
        recent = tuple(lag for lag in default_lags(seasons) if lag <= most)
        return cls(recent, tuple(lag for lag in COVARIATE_LAGS if lag <= most), kept, cycles, window)

    @property
    def past_steps(self) -> int:
        """Observations up to an origin that the columns reach back to."""
        reached = [m * count for m, count in zip(self.seasons, self.cycles, strict=True)]
        return max(*self.lags, *self.covariate_lags, self.window, 2, *reached)

    def frame(self, inputs: Inputs, origins: Origins) -> Frame:
        """Return the newest value and the spread of the window of each origin."""
        window = inputs.target_at(origins, np.arange(1 - self.window, 1))
        return Frame(window[:, -1], spreads(window, least=LEAST_SPREAD))

    def shared(self, inputs: Inputs, origins: Origins, frame: Frame) -> Floats:
        """Return the columns that are the same for all steps, shape (B, P).

        Lags of the target and its mean over the window and over the one before, lags of the covariates, static
        attributes. Lag 1 is left out: it is 0 in units of its origin.
        """
        older = [lag for lag in self.lags if lag > 1]
        back = 1 - np.array(self.covariate_lags, dtype=np.int64)
        blocks = [
            frame.inside(inputs.target_at(origins, 1 - np.array(older, dtype=np.int64))),
            frame.inside(self._means(inputs, origins)),
            inputs.past_at(origins, back).reshape(len(frame.level), -1),
            inputs.known_at(origins, back).reshape(len(frame.level), -1),
            inputs.static_of(origins),
        ]
        return np.concatenate(blocks, axis=1)

    def ahead(self, inputs: Inputs, origins: Origins, steps: Integers, frame: Frame) -> Floats:
        """Return the columns that belong to one step, shape (B, P).

        The target at the same place of earlier cycles and beside it in the newest one; the known covariates at the
        step, one before it, and at the same place of the newest cycle of each season.

        Parameters
        ----------
        inputs, origins, frame
            B origins and their units.
        steps
            Shape (B,), from 1: one per origin.
        """
        target, known = [], [steps, steps - 1]
        for season, count in zip(self.seasons, self.cycles, strict=True):
            same = cycle_shifts(steps, season, count)
            known.append(same[:, 0])
            target.extend([*same.T, same[:, 0] - 1, np.minimum(same[:, 0] + 1, 0)])
        blocks = [inputs.known_at(origins, np.stack(known, axis=1)).reshape(len(steps), -1)]
        if target:
            blocks.append(frame.inside(inputs.target_at(origins, np.stack(target, axis=1))))
        return np.concatenate(blocks, axis=1)

    def _means(self, inputs: Inputs, origins: Origins) -> Floats:
        """Return the mean over the window, and over the one before if the columns reach so far, shape (B, 1 or 2)."""
        count = 2 if 2 * self.window <= self.past_steps else 1
        values = inputs.target_at(origins, np.arange(1 - count * self.window, 1))
        return np.asarray(values.reshape(len(values), count, self.window).mean(axis=2))


def target(inputs: Inputs, origins: Origins, steps: Integers, frame: Frame) -> Floats:
    """Return the value at one step per origin in units of the origin, shape (B,); steps as in `Design.ahead`."""
    return frame.inside(inputs.target_at(origins, steps[:, None]))[:, 0]
