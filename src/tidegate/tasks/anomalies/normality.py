"""What a detector learned of normal recordings beside its network: units, spreads of errors, tails and a threshold.

Axis letters: T steps, I channels, S signals, N normal steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tidegate.errors import DataError, Place
from tidegate.scoring.tails import FEWEST, Threshold, placed, rate_above, redrawn
from tidegate.tasks.anomalies.signals import Gauge, Scale, Watch
from tidegate.tasks.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.signals import Joined

    Floats = NDArray[np.float64]

_CONSTANT = 1e-9
"""Spread below which a channel counts as constant, as a part of its largest value."""

_MOVED = 0.01
"""What is one spread of a channel that never moved, as a part of its size."""


@dataclass(frozen=True)
class Normality:
    """What is normal.

    Parameters
    ----------
    reader
        Median and spread of each channel.
    channels
        Their names, I of them.
    gauge
        From errors to signals.
    normal
        Signals of the normal steps that were not learned from, shape (N, S).
    threshold
        Where alarms begin.
    notes
        What one should know of the recordings.
    """

    reader: Reader
    channels: tuple[str, ...]
    gauge: Gauge
    normal: Floats
    threshold: Threshold
    notes: tuple[str, ...] = ()

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        return {
            "reader": self.reader.state(), "channels": self.channels, "gauge": self.gauge.state(),
            "normal": self.normal, "threshold": self.threshold._asdict(), "notes": self.notes,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return what was learned, whose `state` this is."""
        return cls(
            Reader.from_state(state["reader"]), tuple(state["channels"]), Gauge.from_state(state["gauge"]),
            state["normal"], Threshold(**state["threshold"]), tuple(state["notes"]),
        )  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Normal recordings in three parts of each, oldest first.

    Parameters
    ----------
    whole
        The recordings.
    learned, stopped
        Steps of each that the network learns from, and those up to which training is stopped by; the rest is neither.
    """

    whole: list[Recording]
    learned: list[int]
    stopped: list[int]

    @classmethod
    def of(cls, recordings: Sequence[Recording], fraction: float) -> Self:
        """Return the parts where this fraction of each recording is set aside, a third of it to stop training by."""
        kept = [round((1 - fraction) * len(one.values)) for one in recordings]
        stopped = [k + (len(one.values) - k) // 3 for k, one in zip(kept, recordings, strict=True)]
        return cls(list(recordings), kept, stopped)

    def n_fresh(self, unknown: int) -> int:
        """Return how many steps nothing is learned from, of those after the first `unknown` of each recording."""
        sides = zip(self.whole, self.stopped, strict=True)
        return sum(max(len(one.values) - max(k, unknown), 0) for one, k in sides)

    def apart(self, others: Sequence[Recording]) -> Parts:
        """Return the parts where all of these is learned from, and `others` are set aside."""
        n = len(self.whole)
        kept = [len(one.values) for one in self.whole]
        thirds = [len(one.values) // 3 for one in others]
        return Parts([*self.whole, *others], kept + [0] * len(others), kept[:n] + thirds)


def check_enough(n_steps: int) -> None:
    """Refuse to fit a threshold to too few normal steps: either half of them is judged beside the other.

    Raises
    ------
    DataError
        With how many there are.
    """
    if n_steps < 2 * FEWEST:
        raise DataError(
            f"{n_steps} normal steps are left to fit a threshold to; it needs {2 * FEWEST}",
            repair="Give longer recordings, or set more of them aside by validation.",
        )


def reader_of(recordings: Sequence[Recording]) -> tuple[Reader, list[str]]:
    """Return the units of each channel, median and spread over all steps, and the names of those that never moved.

    Raises
    ------
    DataError
        If a channel holds no value.
    """
    together = np.concatenate([one.values for one in recordings])
    channels = recordings[0].channels
    for k, name in enumerate(channels):
        if np.isnan(together[:, k]).all():
            raise DataError(
                "the channel holds no value", place=Place(column=name), repair="Leave it out, or give values of it."
            )
    largest = np.nanmax(np.abs(together), axis=0)
    size = np.where(largest > 0, largest, 1.0)
    parts = together / size  # so that the unit does not matter, down to the smallest numbers
    scale, deviation = Scale.of(parts, least=0.0), np.nanstd(parts, axis=0)
    still = deviation <= _CONSTANT
    spread = np.where(scale.spread > _CONSTANT, np.maximum(scale.spread, deviation / 4), deviation)
    spread = np.where(still, np.where(largest > 0, _MOVED, 1.0), spread)
    names = [name for name, is_still in zip(channels, still, strict=True) if is_still]
    return Reader("values", None, (scale.centre * size, spread * size)), names


def threshold_of(normal: Floats, rate: float, joined: Joined = "oddest") -> Threshold:
    """Return the threshold over the scores of normal steps, shape (N, S) by signal, at this rate per step.

    The scores of either half are those beside the other half, as those of new steps will be. The interval of the rate
    is that of the whole procedure, tails and threshold, on normal steps drawn again in blocks.
    """
    scores = _crossed(normal, joined)
    value, method = placed(scores, rate)
    rates = []
    for drawn in redrawn(normal, scores):
        limit, _ = placed(_crossed(drawn, joined), rate)
        rates.append(rate_above(Watch(drawn, 0, joined).walk(normal)[0], limit))
    low, high = np.quantile(rates, [0.025, 0.975])
    return Threshold(value, method, rate, float(low), float(high), len(normal))


def _crossed(normal: Floats, joined: Joined) -> Floats:
    """Return the scores of either half of normal steps beside the other half, shape (N,)."""
    half = len(normal) // 2
    older, newer = normal[:half], normal[half:]
    return np.concatenate([Watch(newer, 0, joined).walk(older)[0], Watch(older, 0, joined).walk(newer)[0]])
