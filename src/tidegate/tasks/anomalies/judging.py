"""How detectors did on recordings whose odd steps are known, beside each other, tested.

Axis letters: T steps of all recordings, one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score

from tidegate.analysis.wording import probability
from tidegate.scoring.alarms import by_event, by_step, events
from tidegate.scoring.volume import vus_pr
from tidegate.tasks.judging import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DRAWS, _SHORTEST, _FEWEST = 500, 50, 6
_BUFFER = 20


class Said(NamedTuple):
    """What a detector says of each step of several recordings.

    Attributes
    ----------
    name
        Of the detector.
    scores
        For each recording, shape (T,).
    alarms
        For each recording, shape (T,): whether there is an alarm.
    """

    name: str
    scores: list[Floats]
    alarms: list[NDArray[np.bool_]]


@dataclass(frozen=True)
class Judgement:
    """Detectors, the network's first, on the same labelled recordings.

    Parameters
    ----------
    truth
        For each recording, shape (T,): whether a step is odd.
    said
        By each detector; at least two.
    """

    truth: list[NDArray[np.bool_]]
    said: list[Said]

    @property
    def n_events(self) -> int:
        """Runs of odd steps."""
        return sum(len(events(one)) for one in self.truth)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The scores of each detector: VUS-PR, F1 of steps, recall and precision of events, false alarms."""
        return [self._row(one) for one in self.said]

    @property
    def simple(self) -> dict[str, Any]:
        """The scores of the best simple detector, by average precision, which is what is tested."""
        return max(self.rows[1:], key=lambda row: float(row["average precision"]))

    @cached_property
    def p_value(self) -> float:
        """How likely it is that detectors as good as each other differ as much; NaN for too few blocks to tell.

        The difference of the average precisions of the network and the best simple detector, over blocks of steps drawn
        again, each as long as the longest event and at least 50 steps.

        Source: Kuensch (1989), The jackknife and the bootstrap for general stationary observations, Annals of
        Statistics 17, for blocks.
        """
        truth = _joined(self.truth)
        best = next(one for one in self.said if one.name == self.simple["detector"])
        ours, other = _joined(self.said[0].scores), _joined(best.scores)
        longest = max(stop - start for one in self.truth for start, stop in events(one))
        blocks = np.array_split(np.arange(len(truth)), max(len(truth) // max(longest, _SHORTEST), 1))
        if len(blocks) < _FEWEST:
            return float("nan")
        generator = np.random.default_rng(0)
        found = []
        for _ in range(_DRAWS):
            drawn = np.concatenate([blocks[k] for k in generator.integers(0, len(blocks), len(blocks))])
            if truth[drawn].any():
                found.append(_average(truth, ours, drawn) - _average(truth, other, drawn))
        differences = np.array(found)
        low, high = ((differences <= 0).mean(), (differences >= 0).mean())
        return float(min(2 * max(min(low, high), 1 / len(found)), 1.0))

    @property
    def verdict(self) -> str:
        """Which to trust: "better", "worse", "no evidence of a difference" or "not tested"."""
        if np.isnan(self.p_value):
            return "not tested"
        return verdict(self.p_value, self.rows[0]["average precision"], self.simple["average precision"])

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        ours, simple = self.rows[0], self.simple
        p = self.p_value
        both = (
            f"VUS-PR {ours['VUS-PR']:.2f} beside {simple['VUS-PR']:.2f}, average precision "
            f"{ours['average precision']:.2f} beside {simple['average precision']:.2f}"
        )
        certainty = "" if np.isnan(p) else f", {probability(p)}"
        opening = {
            "better": f"{ours['detector']} is better than {simple['detector']} here",
            "worse": f"{ours['detector']} is worse than {simple['detector']} here: use that one",
            "not tested": f"{ours['detector']} and {simple['detector']}: too little to test which is better",
        }.get(
            self.verdict, f"No evidence that {ours['detector']} and {simple['detector']} differ: the simpler is cheaper"
        )
        return [
            f"{opening[0].upper()}{opening[1:]} ({both}{certainty}).",
            f"Of {self.n_events:,} labelled events its alarms meet {_percent(ours['event recall'])}; of the stretches "
            f"that it marks {_percent(ours['event precision'])} meet one; {ours['false alarms']:,} normal steps lie in "
            f"them. Those of {simple['detector']} meet {_percent(simple['event recall'])}; {simple['false alarms']:,} "
            "normal steps lie in them.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        p = self.p_value
        return {
            "verdict": self.verdict,
            "p_value": None if np.isnan(p) else p,
            "events": self.n_events,
            "detectors": self.rows,
        }

    def _row(self, one: Said) -> dict[str, Any]:
        truth, said = _joined(self.truth), _joined(one.alarms)
        step, event = by_step(truth, said), by_event(_apart(self.truth), _apart(one.alarms))
        least = float(_joined(one.scores).min())
        apart = [np.concatenate([part, np.full(_BUFFER, least)]) for part in one.scores]
        return {
            "detector": one.name,
            "VUS-PR": vus_pr(_apart(self.truth, _BUFFER), _joined(apart), buffer=_BUFFER),
            "average precision": float(average_precision_score(truth, _joined(one.scores))),
            "F1": step.f1,
            "event recall": event.recall,
            "event precision": None if np.isnan(event.precision) else event.precision,
            "false alarms": int((said & ~truth).sum()),
        }


def _average(truth: NDArray[Any], scores: Floats, rows: NDArray[Any]) -> float:
    return float(average_precision_score(truth[rows], scores[rows]))


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(list(parts))


def _apart(parts: Sequence[NDArray[Any]], steps: int = 1) -> NDArray[Any]:
    """Return flags of recordings one after another, with steps after each that are none, so that no run crosses."""
    return np.concatenate([np.concatenate([part, np.zeros(steps, dtype=bool)]) for part in parts])


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.0f} %"
