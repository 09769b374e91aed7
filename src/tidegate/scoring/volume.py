"""Volume under the surface of precision and recall: how well scores rank anomalies, with tolerance at their edges.

Axis letters: T steps, E events, K thresholds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.checks import check_whole
from tidegate.errors import DataError
from tidegate.scoring.alarms import events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_THRESHOLDS = 250


def vus_pr(labels: NDArray[Any], scores: Floats, *, buffer: int = 100, n_thresholds: int | None = _THRESHOLDS) -> float:
    """Return the volume under the precision-recall surface, in [0, 1]: the mean `range_pr` over buffers 0 to `buffer`.

    Parameters
    ----------
    labels
        Shape (T,): 1 where there is an anomaly, else 0; at least one of each.
    scores
        Shape (T,): the higher, the odder.
    buffer
        Widest tolerance, in steps, half of it on either side of an event; at least 0.
    n_thresholds
        At how many ranks of the scores a threshold is put, at least 2; 250 as in the authors' program, None for every
        score that there is.

    Raises
    ------
    DataError
        If lengths differ, a score is NaN, or there is no anomaly, or nothing else.
    SettingError
        If `buffer` or `n_thresholds` is outside its limits.

    Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore & Franklin (2022), Volume under the surface: a new accuracy
    evaluation measure for time-series anomaly detection, PVLDB 15(11), sections 3.2 and 3.3, in the form of its
    published program, where overlapping tolerances are added up to 1.
    """
    _check(labels, scores)
    check_whole("buffer", buffer, least=0)
    ranked = _Ranked(np.asarray(labels) != 0, np.asarray(scores, dtype=np.float64), n_thresholds)
    return float(np.mean([ranked.area(width) for width in range(buffer + 1)]))


def range_pr(labels: NDArray[Any], scores: Floats, *, buffer: int, n_thresholds: int | None = _THRESHOLDS) -> float:
    """Return the area under the precision-recall curve with one tolerance, in [0, 1]; takes what `vus_pr` does."""
    _check(labels, scores)
    check_whole("buffer", buffer, least=0)
    return _Ranked(np.asarray(labels) != 0, np.asarray(scores, dtype=np.float64), n_thresholds).area(buffer)


class _Ranked:
    """Labels and scores, with what does not depend on the buffer: the order of the scores and the thresholds."""

    def __init__(self, labels: NDArray[np.bool_], scores: Floats, n_thresholds: int | None) -> None:
        self.labels, self.scores, self.events = labels, scores, events(labels)
        self.order = np.argsort(-scores, kind="stable")
        falling = scores[self.order]
        if n_thresholds is not None:
            check_whole("n_thresholds", n_thresholds, least=2)
        ranks = len(scores) if n_thresholds is None else n_thresholds
        self.thresholds = falling[np.linspace(0, len(scores) - 1, ranks).astype(np.int64)]
        self.said = np.searchsorted(-falling, -self.thresholds, side="right")  # steps at or above each threshold

    def area(self, buffer: int) -> float:
        weights, stretches = _widened(self.labels, self.events, buffer)
        right = np.cumsum(weights[self.order])[self.said - 1]
        tolerated = np.cumsum(np.where(self.labels, 0.0, weights)[self.order])[self.said - 1]
        highest = np.array([self.scores[start:stop].max() for start, stop in stretches])
        existence = (highest[:, None] >= self.thresholds).mean(axis=0)
        recall = np.minimum(right / (self.labels.sum() + tolerated / 2), 1.0) * existence
        return float(np.diff(recall, prepend=0.0) @ (right / self.said))


def _widened(labels: NDArray[np.bool_], found: Integers, buffer: int) -> tuple[Floats, Integers]:
    """Return the weight of each step, falling from 1 at an event to the root of 1/2, and events with their edges."""
    half, n_steps = buffer // 2, len(labels)
    weights = labels.astype(np.float64)
    steps = np.arange(1, half + 1)
    slope = np.sqrt(1 - steps / max(buffer, 1))
    for start, stop in found:
        for places in (stop - 1 + steps, start - steps):
            inside = (places >= 0) & (places < n_steps)
            weights[places[inside]] += slope[inside]
    wide = np.stack([np.maximum(found[:, 0] - half, 0), np.minimum(found[:, 1] + half, n_steps)], axis=1)
    apart = np.concatenate([[True], found[:-1, 1] - 1 + half < found[1:, 0] - half])
    starts = wide[apart, 0]
    stops = wide[np.concatenate([apart[1:], [True]]), 1]
    return np.minimum(weights, 1.0), np.stack([starts, stops], axis=1)


def _check(labels: NDArray[Any], scores: Floats) -> None:
    if np.shape(labels) != np.shape(scores):
        raise DataError(
            f"there are labels of {np.size(labels):,} steps, and scores of {np.size(scores):,}",
            repair="Give one of each for every step.",
        )
    if np.isnan(scores).any():
        raise DataError(
            f"the score of step {int(np.isnan(scores).argmax())} is not a number",
            repair="Leave steps that have no score out.",
        )
    n_odd = int((np.asarray(labels) != 0).sum())
    if not 0 < n_odd < np.size(labels):
        raise DataError(
            f"{n_odd:,} of {np.size(labels):,} steps are labelled as anomalies",
            repair="Ranking them needs both: some that are, and some that are not.",
        )
