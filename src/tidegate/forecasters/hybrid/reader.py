"""From a panel to the columns that are smoothed: which rows count, on which scale, with which first season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegate.features.encoding import Encoder
from tidegate.forecasters.hybrid.columns import Source, first_seasons
from tidegate.forecasters.hybrid.scale import LogScale, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.forecasters.hybrid.rules import Shape
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reader:
    """What of the training panel, N series, must be known to read others.

    Parameters
    ----------
    seasons
        Cycles that are smoothed, in steps.
    most_rows
        Rows of a series that count, the newest of training.
    scale
        Of the series.
    starts
        Shape (N,): time of the first row that counts.
    firsts
        Of each season, shape (N, m): logs of the first factors, as `first_seasons` finds them.
    static
        Encoder of the static attributes.
    """

    seasons: tuple[int, ...]
    most_rows: int
    scale: LogScale
    starts: Integers
    firsts: tuple[Floats, ...]
    static: Encoder

    @classmethod
    def learn(cls, panel: Panel, shape: Shape) -> Self:
        """Return the reader of the training panel."""
        read = newest(panel, shape.most_rows)
        scale = LogScale.learn(read)
        firsts = first_seasons(scale.inside(read.values, _owners(read)), read.offsets, shape.seasons)
        starts = read.times[read.offsets[:-1]]
        return cls(shape.seasons, shape.most_rows, scale, starts, firsts, Encoder.learn(panel.static))

    def source(self, panel: Panel, numbers: Integers) -> tuple[Source, LogScale]:
        """Return the rows of `panel` that count, and the scale of its series.

        Those of a series begin where that of training did; of others, the newest that count.

        Parameters
        ----------
        panel
            M series.
        numbers
            Shape (M,): 1 + the place of each series among those of training, 0 for others.

        Raises
        ------
        DataError
            If a static attribute of training is missing, or text where it was numbers or the like.
        """
        seen, place = numbers > 0, np.maximum(numbers - 1, 0)
        owners, rows = _owners(panel), np.arange(len(panel.times))
        begins = (panel.times == self.starts[place][owners]) & seen[owners]
        aligned = np.zeros(len(panel), dtype=bool)
        aligned[owners[begins]] = True
        first = np.maximum(panel.offsets[:-1], panel.offsets[1:] - self.most_rows)
        first[aligned] = rows[begins]
        kept = rows >= first[owners]
        offsets = np.concatenate([[0], np.cumsum(panel.offsets[1:] - first)]).astype(np.int64)
        scale = self._scale_of(panel, place, seen)
        values = scale.inside(panel.values[kept], owners[kept])
        own = first_seasons(values, offsets, self.seasons)
        learned = (part[place] for part in self.firsts)
        firsts = tuple(np.where(aligned[:, None], *pair) for pair in zip(learned, own, strict=True))
        self.static.check(panel.static)
        features = self.static.encode(panel.static.values, panel.static)
        source = Source(
            values, offsets, firsts, numbers=numbers, aligned=aligned, features=features, ids=panel.ids
        )  # fmt: skip
        return source, scale

    def _scale_of(self, panel: Panel, place: Integers, seen: NDArray[np.bool_]) -> LogScale:
        """Return the scale of training for the series seen there, and that of their own rows for others."""
        known = self.scale.take(place)
        if seen.all():
            return known
        own = LogScale.learn(newest(panel, self.most_rows))
        return joined(known, own).take(np.arange(len(panel)) + np.where(seen, 0, len(panel)))

    def state(self) -> dict[str, Any]:
        """Return a tree of arrays, text and numbers for `from_state`."""
        return {
            "seasons": self.seasons,
            "most_rows": self.most_rows,
            "scale": self.scale.state(),
            "starts": self.starts,
            "firsts": self.firsts,
            "static": self.static.state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the reader that gave `state`."""
        learned = {"scale": LogScale(**state["scale"]), "static": Encoder(**state["static"])}
        return cls(**{**state, **learned})


def newest(panel: Panel, most_rows: int) -> Panel:
    """Return `panel` with the newest `most_rows` of each series."""
    return panel.before(panel.lengths, 1, window=most_rows)


def _owners(panel: Panel) -> Integers:
    """Return which series each row belongs to, shape (R,)."""
    return np.repeat(np.arange(len(panel)), panel.lengths)
