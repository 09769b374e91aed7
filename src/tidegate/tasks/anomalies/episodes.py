"""Alarms as episodes: when they start, peak and end, how odd they are, and which channels are to blame.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidegate.scoring.alarms import events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.walking import Told

_BLAMED = 3


@dataclass(frozen=True)
class Episode:
    """One stretch of alarms.

    Parameters
    ----------
    recording
        Its name; "" where there is one.
    first, last, peak
        Steps, counted from 0.
    start, end, time
        When these are: stamps or steps as in the data; `time` is that of the peak.
    score
        Of the peak: minus log10 of its chance among normal steps.
    shares
        Of each channel in the steps with an alarm, the largest first; they sum to 1.
    """

    recording: str
    first: int
    last: int
    peak: int
    start: Any
    end: Any
    time: Any
    score: float
    shares: dict[str, float]

    def blamed(self) -> str:
        """Return the channels that have most of it, in words: "pressure 82 %, flow 15 %"."""
        most = list(self.shares.items())[:_BLAMED]
        return ", ".join(f"{name} {100 * share:.0f} %" for name, share in most if share >= 0.01)


class Episodes(list[Episode]):
    """Episodes of alarms, in the order of their recordings and steps."""

    def frame(self) -> pd.DataFrame:
        """Return one row for each: recording, start, end, steps, time of the peak, score, channels to blame."""
        rows = [
            (one.recording, one.start, one.end, one.last - one.first + 1, one.time, one.score, one.blamed())
            for one in self
        ]
        return pd.DataFrame(rows, columns=["recording", "start", "end", "steps", "time", "score", "channels"])


def episodes(told: Sequence[tuple[Recording, Told]], threshold: float, quiet: int) -> Episodes:
    """Return the episodes in what is said of recordings.

    Parameters
    ----------
    told
        Recordings, with what is said of their steps.
    threshold
        Alarms are scores above it.
    quiet
        Steps without an alarm that end an episode, at least 1.
    """
    return Episodes(one for each in told for one in _of_one(*each, threshold, quiet))


def _of_one(recording: Recording, told: Told, threshold: float, quiet: int) -> Iterator[Episode]:
    above = told.scores > threshold
    runs = events(above)
    if not len(runs):
        return
    apart = np.flatnonzero(runs[1:, 0] - runs[:-1, 1] >= quiet)
    firsts = runs[np.concatenate([[0], apart + 1]), 0]
    lasts = runs[np.concatenate([apart, [len(runs) - 1]]), 1] - 1
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        steps = slice(first, last + 1)
        peak = first + int(told.scores[steps].argmax())
        mean = told.shares[steps][above[steps]].mean(axis=0)
        order = np.argsort(-mean, kind="stable")
        shares = {recording.channels[k]: float(mean[k]) for k in order}
        start, end, time = (recording.moment(step) for step in (first, last, peak))
        yield Episode(recording.name, first, last, peak, start, end, time, float(told.scores[peak]), shares)
