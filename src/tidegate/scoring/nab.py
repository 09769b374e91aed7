"""The score of the Numenta Anomaly Benchmark: early alarms in a window of each anomaly, one threshold for all.

Axis letters: T steps, E windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_STEEP, _FAR = 5.0, 3.0
_PROBATION, _LONGEST_PROBATION = 0.15, 750


class Profile(NamedTuple):
    """What hits and mistakes count for.

    Attributes
    ----------
    hit
        At most for a window that was found.
    alarm
        Lost at most for each step with an alarm outside windows.
    missed
        Lost for a window without an alarm.
    """

    hit: float = 1.0
    alarm: float = 0.11
    missed: float = 1.0


STANDARD = Profile()


class Scored(NamedTuple):
    """A recording with its scores.

    Attributes
    ----------
    scores
        Shape (T,): the higher, the odder.
    windows
        Shape (E, 2): first and last row of the window around each anomaly, ascending, without overlap.
    """

    scores: Floats
    windows: Integers


class NabScore(NamedTuple):
    """What came out.

    Attributes
    ----------
    score
        100 for who finds every window at its first step and gives no other alarm, 0 for who never gives one.
    threshold
        Alarms are scores of at least this; infinite for none at all.
    found, windows
        Windows with an alarm, and all of them.
    outside
        Steps with an alarm outside windows, after probation.
    """

    score: float
    threshold: float
    found: int
    windows: int
    outside: int


def probation(n_steps: int) -> int:
    """Return how many steps at the start of a recording are not judged: 15 %, of the first 5,000 at most.

    >>> probation(4_032), probation(22_695)
    (604, 750)
    """
    return int(min(_PROBATION * n_steps, _LONGEST_PROBATION))


def nab_score(recordings: Sequence[Scored], *, threshold: float | None = None, profile: Profile = STANDARD) -> NabScore:
    """Return the normalised score of a detector over recordings, with one threshold for all of them.

    Parameters
    ----------
    recordings
        At least one window among them.
    threshold
        None for the one that scores best on these very recordings, as the benchmark chooses it: by the labels.
    profile
        What hits and mistakes count for.

    Raises
    ------
    DataError
        If there is no window, or a score is NaN.

    Source: Lavin & Ahmad (2015), Evaluating real-time anomaly detection algorithms - the Numenta anomaly benchmark,
    ICMLA, equations 1 to 4; the sigmoid at the left edge of a window counts 1 as in the benchmark's program.
    """
    n_windows = sum(len(one.windows) for one in recordings)
    if not n_windows:
        raise DataError("the recordings have no window", repair="Give at least one with an anomaly.")
    if any(np.isnan(one.scores).any() for one in recordings):
        raise DataError("a score is not a number", repair="Score every step; 0 where nothing can be said.")
    parts = [_changes(one, profile) for one in recordings]
    scores, changes, inside, first = (np.concatenate([part[k] for part in parts]) for k in range(4))
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)) if len(falling) else np.empty(0, np.int64)
    lost = -profile.missed * n_windows
    totals = np.concatenate([[lost], lost + np.cumsum(changes[order])[last]])
    thresholds = np.concatenate([[np.inf], falling[last]])
    chosen = int(totals.argmax()) if threshold is None else int((thresholds >= threshold).sum()) - 1
    given = scores >= thresholds[chosen]
    made = 100 * (totals[chosen] - lost) / (profile.hit * n_windows - lost)
    said = float(thresholds[chosen]) if threshold is None else threshold
    return NabScore(float(made), said, int((given & first).sum()), n_windows, int((given & ~inside).sum()))


def _changes(one: Scored, profile: Profile) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return, for each step after probation: its score, and what an alarm there changes beside those of higher scores.

    Further, whether it lies in a window, and whether it is its window's first alarm as the threshold falls.
    """
    n_steps, start = len(one.scores), probation(len(one.scores))
    worth = np.full(n_steps, -profile.alarm)
    inside, first = np.zeros(n_steps, dtype=bool), np.zeros(n_steps, dtype=bool)
    for left, right in one.windows:
        width = int(right - left) + 1
        after = np.arange(right + 1, n_steps)
        past = (after - right) / max(width - 1, 1)
        worth[after] = profile.alarm * np.where(past >= _FAR, -1.0, 2 * expit(-_STEEP * past) - 1)
    for left, right in one.windows:
        width = int(right - left) + 1
        rows = np.arange(left, right + 1)
        early = (2 * expit(_STEEP * (right - rows + 1) / width) - 1) / (2 * expit(_STEEP) - 1)
        inside[rows] = True
        judged = rows[rows >= start]
        ranked = judged[np.argsort(-one.scores[judged], kind="stable")]
        best = np.maximum.accumulate(np.concatenate([[-profile.missed], profile.hit * early[ranked - left]]))
        worth[ranked] = np.diff(best)
        first[ranked[:1]] = True
    return one.scores[start:], worth[start:], inside[start:], first[start:]
