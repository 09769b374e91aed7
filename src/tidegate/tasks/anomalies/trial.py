"""A detector tried out: it learns from the normal part of recordings, watches the rest, beside simple detectors."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tidegate.data.recorded import arranged, recorded
from tidegate.errors import SettingError
from tidegate.scoring.alarms import events
from tidegate.tasks.anomalies.judging import Judgement, Said
from tidegate.tasks.anomalies.simple import MovingDeviation, PrincipalResiduals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.data.recorded import Recording
    from tidegate.tasks.anomalies.detector import AnomalyDetector
    from tidegate.tasks.anomalies.episodes import Episode, Episodes

    Floats = NDArray[np.float64]

_EXAMPLES = 4
_LEARNED = 0.5
_NAMED = 5


class Watched(NamedTuple):
    """A recording that was watched, with the scores of its steps.

    Attributes
    ----------
    recording
        With its labels, if there are any.
    scores
        Shape (T,).
    """

    recording: Recording
    scores: Floats


class Missed(NamedTuple):
    """A labelled event without an alarm.

    Attributes
    ----------
    recording
        Its name.
    first, last
        Its steps.
    start
        When it starts: a stamp, or the number of the step.
    score
        The highest in it.
    """

    recording: str
    first: int
    last: int
    start: Any
    score: float


@dataclass(frozen=True)
class Trial:
    """What came out.

    Parameters
    ----------
    model
        Fitted.
    watched
        Recordings and their scores.
    alarms
        All episodes.
    judgement
        Beside simple detectors, where labels say what is odd; None without.
    simple_seconds, seconds
        To fit the simple detectors, and the network.
    notes
        What one should know of the data.
    """

    model: AnomalyDetector
    watched: list[Watched]
    alarms: Episodes
    judgement: Judgement | None
    simple_seconds: float
    seconds: float
    notes: list[str]

    @property
    def n_steps(self) -> int:
        """Steps watched."""
        return sum(len(one.scores) for one in self.watched)

    def meets(self, one: Episode) -> bool | None:
        """Return whether an episode meets a labelled event; None where there are no labels."""
        labels = next(each.recording.labels for each in self.watched if each.recording.name == one.recording)
        return None if labels is None else bool(labels[one.first : one.last + 1].any())

    @property
    def right(self) -> list[Episode]:
        """The oddest episodes that meet a labelled event; without labels the oddest of all."""
        return self._oddest([one for one in self.alarms if self.meets(one) is not False])

    @property
    def wrong(self) -> list[Episode]:
        """The oddest episodes that meet none; empty without labels."""
        return self._oddest([one for one in self.alarms if self.meets(one) is False])

    @property
    def missed(self) -> list[Missed]:
        """The labelled events that no alarm meets, in the order of the steps."""
        made = []
        for recording, scores in self.watched:
            for start, stop in [] if recording.labels is None else events(recording.labels):
                highest = float(scores[start:stop].max())
                if highest <= self.model.threshold_.value:
                    made.append(Missed(recording.name, start, stop - 1, recording.moment(start), highest))
        return made

    def frame(self) -> pd.DataFrame:
        """Return one row for each step watched: recording, time, score, alarm, and its label where there is one."""
        parts = []
        for one in self.watched:
            recording, threshold = one.recording, self.model.threshold_.value
            columns: dict[str, Any] = {
                "recording": recording.name,
                "time": [recording.moment(k) for k in range(len(one.scores))],
                "score": one.scores,
                "alarm": (one.scores > threshold).astype(np.int64),
            }
            columns |= {} if recording.labels is None else {"label": recording.labels.astype(np.int64)}
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return scores, alarms and the course of training as plain numbers and text, without clocks."""
        rows = self.alarms.frame()
        rows[["start", "end", "time"]] = rows[["start", "end", "time"]].astype(str)
        judged = {} if self.judgement is None else self.judgement.to_dict()
        return {
            "sentences": self.sentences(),
            "threshold": self.model.threshold_._asdict(),
            "steps": self.n_steps,
            "alarms": rows.to_dict("records"),
            **judged,
            "parameters": self.model.n_parameters_,
            "history": self.model.history_,
        }

    def clocks(self) -> dict[str, float]:
        """Return the seconds to fit the network and the simple detectors."""
        return {"fit_seconds": round(self.seconds, 6), "simple_fit_seconds": round(self.simple_seconds, 6)}

    def sentences(self) -> list[str]:
        """Return what came out in words, the verdict first."""
        told = self.model.threshold_
        n_above = int(sum((one.scores > told.value).sum() for one in self.watched))
        count = {0: "no alarm", 1: "1 alarm"}.get(len(self.alarms), f"{len(self.alarms):,} alarms")
        first = (
            f"{spoken(self.model)} raises {count} in {_steps(self.n_steps)} ({_steps(n_above)} above the threshold; "
            f"normal ones alone would give about {told.rate * self.n_steps:,.1f})."
        )
        second = (
            f"The threshold is to let {_one_in(told.rate)} normal steps through as a false alarm, "
            f"{100 * told.rate:.2g} %"
        )
        if told.low < told.high:
            second += (
                f"; by the {told.n_normal:,} normal steps that it rests on, the rate lies between "
                f"{_between(told.low, told.high)} with 95 % confidence"
            )
        judged = [] if self.judgement is None else self.judgement.sentences()
        unjudged = [_unjudged([one.recording for one in self.watched])] if self.judgement is None else []
        return [*judged[:1], first, *judged[1:], f"{second}.", *unjudged]

    def _oddest(self, found: Sequence[Episode]) -> list[Episode]:
        return sorted(found, key=lambda one: -one.score)[:_EXAMPLES]


def spoken(model: AnomalyDetector) -> str:
    """Return what a detector is called: "the gru forecaster"."""
    return f"The {model.cell} {'forecaster' if model.method == 'forecast' else 'autoencoder'}"


def parted(given: Sequence[Recording], normal: float = _LEARNED) -> tuple[list[Recording], list[Recording]]:
    """Return the first part of each recording, to learn from, and the rest, to be watched.

    Parameters
    ----------
    given
        Recordings.
    normal
        Fraction of each that is learned from, above 0 and below 1.

    Raises
    ------
    SettingError
        If it is outside its limits.
    """
    if not 0 < normal < 1:
        raise SettingError(f"normal is {normal!r}; it must be a number above 0 and below 1.")
    cuts = [round(normal * len(one.values)) for one in given]
    older = [one.part(0, k) for one, k in zip(given, cuts, strict=True)]
    return older, [one.part(k, len(one.values)) for one, k in zip(given, cuts, strict=True)]


def tried(
    model: AnomalyDetector,
    given: Sequence[Recording],
    test: Sequence[Recording] | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> Trial:
    """Fit a detector, let it watch, and judge it beside simple detectors where labels say what is odd.

    Parameters
    ----------
    model
        Not fitted yet.
    given
        Normal recordings; their labels are not looked at but for a warning.
    test
        What is watched; None for the second half of each of `given`, which is not learned from.
    epochs, batch_size
        As for `AnomalyDetector.fit`.

    Raises
    ------
    DataError, SettingError, TrainingError
        As `AnomalyDetector.fit`; or if what is watched has other channels.
    """
    named = recorded(list(given))  # several without names are told apart by their places
    learned, watched = parted(named) if test is None else (named, recorded(list(test)))
    watched = arranged(watched, learned[0].channels)
    started = time.perf_counter()
    model.fit(list(learned), epochs=epochs, batch_size=batch_size)
    seconds = time.perf_counter() - started
    scores = model.score_samples(list(watched))
    made = [Watched(one, each) for one, each in zip(watched, scores, strict=True)]
    started = time.perf_counter()
    judgement = _judged(model, made, learned)
    simple_seconds = time.perf_counter() - started
    notes = [
        *_mislabelled(learned),
        *_missing([*learned, *watched]),
        *model.notes_,
        *_silent(watched),
        *_uneven([*learned, *watched]),
    ]
    return Trial(model, made, model.alarms(list(watched)), judgement, simple_seconds, seconds, notes)


def _judged(model: AnomalyDetector, watched: list[Watched], learned: list[Recording]) -> Judgement | None:
    truth = [one.recording.labels for one in watched]
    known = [one for one in truth if one is not None]
    if len(known) < len(truth) or not any(one.any() for one in known) or all(one.all() for one in known):
        return None
    given = [one.recording for one in watched]
    ours = [one.scores for one in watched]
    told = [Said(spoken(model).replace("The", "the", 1), ours, [one > model.threshold_.value for one in ours])]
    for simple in (PrincipalResiduals(), MovingDeviation()):
        simple.fit(learned, false_alarms=model.threshold_.rate)
        scores = simple.score_samples(given)
        told.append(Said(simple.name, scores, [one > simple.threshold_.value for one in scores]))
    return Judgement(known, told)


def _unjudged(watched: Sequence[Recording]) -> str:
    """Return why nothing is judged."""
    known = [one.labels for one in watched if one.labels is not None]
    if len(known) < len(watched):
        return "Nothing says which steps are odd, so nothing says whether simple detectors would do as well: --labels."
    which = "No step" if not any(one.any() for one in known) else "Every step"
    return (
        f"{which} of the part watched is labelled odd, so that there is nothing to judge by: choose another --normal "
        "or --watch."
    )


def _mislabelled(learned: Sequence[Recording]) -> list[str]:
    """Return a warning where steps that are labelled odd were learned from."""
    n_odd = sum(int(one.labels.sum()) for one in learned if one.labels is not None)
    if not n_odd:
        return []
    n_steps = sum(len(one.values) for one in learned)
    return [f"{n_odd:,} of the {n_steps:,} steps that were learned from are labelled odd, and count as normal here."]


def _missing(given: Sequence[Recording]) -> list[str]:
    """Return a note where readings are missing: how many of which channels, and the first."""
    counts: Counter[str] = Counter()
    first = ""
    for one in given:
        absent = np.isnan(one.values)
        counts.update({name: int(n) for name, n in zip(one.channels, absent.sum(axis=0), strict=True) if n})
        if absent.any() and not first:
            where = f"of recording {one.name} " if one.name else ""
            first = f"the first {where}at {_at(one, int(absent.any(axis=1).argmax()))}"
    if not counts:
        return []
    listed = ", ".join(f"{n:,} of {name}" for name, n in counts.most_common(_NAMED))
    more = f" and of {len(counts) - _NAMED:,} more channels" if len(counts) > _NAMED else ""
    one_alone = counts.total() == 1
    return [
        f"Missing {'reading' if one_alone else 'readings'}: {listed}{more} ({first}). "
        f"{'It is' if one_alone else 'Each is'} read as the last one seen, and says nothing of its step."
    ]


def _at(one: Recording, step: int) -> str:
    """Return where a step is, in words."""
    return f"step {step}" if one.times is None else f"time {one.moment(step)}"


def _silent(watched: Sequence[Recording]) -> list[str]:
    """Return a warning where steps hold no reading, of which nothing can be said."""
    n_silent = sum(int(np.isnan(one.values).all(axis=1).sum()) for one in watched)
    if not n_silent:
        return []
    n_steps = sum(len(one.values) for one in watched)
    return [f"{n_silent:,} of the {_steps(n_steps)} watched hold no reading: they never raise an alarm."]


def _uneven(given: Sequence[Recording]) -> list[str]:
    """Return a warning where stamps are not evenly spaced, by more than half of the usual distance."""
    for one in given:
        if one.times is None or len(one.times) < 3:
            continue
        apart = np.diff(one.times)
        usual = float(np.median(apart))
        uneven = np.flatnonzero(np.abs(apart - usual) > 0.5 * usual)
        if len(uneven):
            first = f"{f'recording {one.name}, ' if one.name else ''}before {one.moment(int(uneven[0]) + 1)}"
            return [f"Steps are not evenly spaced (first {first}), and are read as if they were."]
    return []


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"


def _between(low: float, high: float) -> str:
    """Return two shares in percent, with as many decimals as two digits of the higher have.

    >>> _between(1.1e-6, 0.0088), _between(0.023, 0.2)
    ('0.00 and 0.88 %', '2 and 20 %')
    """
    decimals = max(0, 1 - math.floor(math.log10(100 * high))) if high > 0 else 0
    return f"{100 * low:.{decimals}f} and {100 * high:.{decimals}f} %"


def _one_in(rate: float) -> str:
    return f"1 in {1 / rate:,.0f}"
