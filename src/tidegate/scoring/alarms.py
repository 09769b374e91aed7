"""How well alarms meet labelled anomalies: by step, and by event; never adjusted to the events that they touch.

Axis letters: T steps, E events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class Agreement(NamedTuple):
    """How alarms and anomalies meet.

    Attributes
    ----------
    precision
        Share of what was said that is right, in [0, 1]; NaN where nothing was said.
    recall
        Share of what is there that was found, in [0, 1]; NaN where nothing is there.
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of both, in [0, 1]; 0 where nothing was said, or nothing of it is right."""
        both = np.nan_to_num([self.precision, self.recall])
        return float(2 * both.prod() / both.sum()) if both.sum() else 0.0


def events(labels: NDArray[Any]) -> Integers:
    """Return the runs of labels that are not 0, shape (E, 2): first step, and the step after the last.

    >>> events(np.array([0, 1, 1, 0, 1])).tolist()
    [[1, 3], [4, 5]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(labels) != 0, [0]]).astype(np.int8)))
    return edges.reshape(-1, 2).astype(np.int64)


def by_step(labels: NDArray[Any], said: NDArray[Any]) -> Agreement:
    """Return precision and recall over steps, each counted by itself.

    No step counts as found because another of its event is ("point adjustment"), with which chance alone scores high.

    Parameters
    ----------
    labels, said
        Shape (T,): 1 where there is an anomaly, or an alarm, else 0.

    Raises
    ------
    DataError
        If they differ in length.

    Source: Kim, Choi, Choi, Lee & Yoon (2022), Towards a rigorous evaluation of time-series anomaly detection, AAAI,
    for why nothing is adjusted.
    """
    actual, alarmed = _flags(labels, said)
    both = int((actual & alarmed).sum())
    return Agreement(_share(both, int(alarmed.sum())), _share(both, int(actual.sum())))


def by_event(labels: NDArray[Any], said: NDArray[Any]) -> Agreement:
    """Return recall over events, those that an alarm overlaps, and precision over alarms, those that overlap an event.

    An alarm is a run of steps that are said to be odd. Takes and raises what `by_step` does.
    """
    actual, alarmed = _flags(labels, said)
    there, rung = events(actual), events(alarmed)
    found = sum(bool(alarmed[start:stop].any()) for start, stop in there)
    right = sum(bool(actual[start:stop].any()) for start, stop in rung)
    return Agreement(_share(right, len(rung)), _share(found, len(there)))


def _flags(labels: NDArray[Any], said: NDArray[Any]) -> tuple[Flags, Flags]:
    if np.shape(labels) != np.shape(said):
        raise DataError(
            f"there are labels of {np.size(labels):,} steps, and alarms of {np.size(said):,}",
            repair="Give one of each for every step.",
        )
    return np.asarray(labels) != 0, np.asarray(said) != 0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
