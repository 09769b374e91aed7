"""The sections on alarms: scores over time with the threshold, every alarm, and the oddest ones looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes, blocks
from tidegate.report.wording import percent
from tidegate.scoring.alarms import events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tidegate.tasks.anomalies.episodes import Episode
    from tidegate.tasks.anomalies.trial import Missed, Trial, Watched

    Floats = NDArray[np.float64]

_POINTS = 700
_RECORDINGS, _ROWS = 3, 60
_AROUND = 40
_MEANT = (
    "Detectors on the same steps. VUS-PR and average precision: how far odd steps score above the others whatever the "
    "threshold, 1 at best; VUS-PR is lenient at the edges of events. F1 is of single steps, not adjusted to the events."
)
_FROM = {True: ("Start", "Step"), False: ("Start",)}
"""Columns that say where an alarm starts, with dates and without."""
_HIGHEST = 4.0
"""Scores are drawn up to so many times the threshold; beyond they are cut off."""


def section(trial: Trial) -> blocks.Block:
    """Return scores over time, the alarms, and detectors beside each other."""
    which = (
        "the oddest of the signals of a step" if trial.model.joined == "oddest" else "a signal of a step, on average"
    )
    lead = (
        f"A score of 3 says: {which}, such as the size of its errors or how long they lean to one side, is as large on "
        "one normal step in a thousand. The threshold is set by the scores of normal steps that were held back, and "
        "may be another number. Alarms are scores above it; those close together are one."
    )
    named = {one.recording for one in trial.alarms}
    shown = [one for one in trial.watched if one.recording.name in named] or trial.watched
    parts = [*(_timeline(trial, one) for one in shown[:_RECORDINGS]), _table(trial), _missed(trial), _beside(trial)]
    return blocks.section("alarms", "Alarms", parts, lead=lead)


def examples(trial: Trial) -> blocks.Block:
    """Return the oddest alarms with the channels that are to blame."""
    known = trial.judgement is not None
    parts: list[blocks.Block | None] = [blocks.heading("Alarms that meet a labelled event")] if known else []
    parts += [_closer(trial, one) for one in trial.right]
    if known:
        parts += [blocks.heading("Alarms that meet none"), *(_closer(trial, one) for one in trial.wrong)]
        parts += [] if trial.wrong else [blocks.text(["None: every alarm meets a labelled event."])]
    if not trial.alarms:
        parts.append(blocks.text(["There is no alarm to look at."]))
    lead = "The channel that has most of the blame, around the alarm; the lines across mark where it starts and ends."
    return blocks.section("examples", "A closer look", parts, lead=lead, short="Examples")


def _timeline(trial: Trial, one: Watched) -> blocks.Block:
    threshold = trial.model.threshold_.value
    places, peaks = _thinned(one.scores)
    drawn = np.minimum(peaks, _HIGHEST * threshold)
    line = {"role": "recommended", "name": "score", "x": axes.rounded(places), "y": axes.rounded(drawn)}
    rules: list[dict[str, Any]] = [{"y": threshold, "role": "winner"}]
    labels = one.recording.labels
    key = [("recommended", "score"), ("winner", "threshold")]
    lines = [line]
    if labels is not None and labels.any():
        lines += _marks(labels, threshold)
        key.append(("observed", "labelled odd"))
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(len(one.scores) - 1, 1)]}
    n_above = int((one.scores > threshold).sum())
    title = f"Scores of {one.recording.name}" if one.recording.name else "Scores"
    cut = " Higher ones are cut off." if peaks.max(initial=0.0) > _HIGHEST * threshold else ""
    words = blocks.Words(
        title,
        f"{n_above:,} of {len(one.scores):,} steps score above the threshold of {threshold:.2f}; the highest scores "
        f"{one.scores.max(initial=0.0):,.1f}.",
        f"The highest score of each stretch of steps.{cut}",
    )
    data = {"x": axis, "y": "Score", "lines": lines, "rules": rules, "zero": True, "height": 200}
    return blocks.figure("lines", data, words, key=key)


def _marks(labels: NDArray[np.bool_], threshold: float) -> list[dict[str, Any]]:
    """Return a short line above the axis for each labelled event."""
    level = -0.12 * threshold
    return [
        {"role": "observed", "name": "labelled odd", "x": [int(start), int(stop)], "y": [level, level], "width": 5}
        for start, stop in events(labels)
    ]


def _thinned(scores: Floats) -> tuple[Floats, Floats]:
    """Return the place and height of the highest score of each of at most 700 stretches."""
    stretches = np.array_split(np.arange(len(scores)), min(len(scores), _POINTS))
    places = np.array([part[scores[part].argmax()] for part in stretches], dtype=np.float64)
    return places, scores[places.astype(np.int64)]


def _table(trial: Trial) -> blocks.Block | None:
    if not trial.alarms:
        return None
    several, known = any(one.recording for one in trial.alarms), trial.judgement is not None
    stamped = _stamped(trial.alarms)
    titles = [
        *(["Recording"] if several else []),
        *_FROM[stamped],
        "Steps",
        "Score",
        "To blame",
        *(["Labelled"] if known else []),
    ]
    columns = [blocks.column(title, numeric="yes" if title in ("Step", "Steps", "Score") else "no") for title in titles]
    rows = []
    for one in sorted(trial.alarms, key=lambda each: -each.score)[:_ROWS]:
        cells = [one.recording] if several else []
        cells += [*_place(one, stamped=stamped), f"{one.score:,.1f}", one.blamed()]
        cells += [("odd" if trial.meets(one) else "not odd")] if known else []
        rows.append([blocks.cell(cell) for cell in cells])
    left = len(trial.alarms) - len(rows)
    more = f"; {left:,} more in alarms.csv" if left else ""
    return blocks.table(columns, rows, caption=f"Alarms, oddest first{more}")


def _missed(trial: Trial) -> blocks.Block | None:
    """Return the labelled events that no alarm meets; None where there are none."""
    missed = trial.missed
    if not missed:
        return None
    several, stamped = any(one.recording for one in missed), _stamped(missed)
    titles = [*(["Recording"] if several else []), *_FROM[stamped], "Steps", "Highest score"]
    columns = [blocks.column(title, numeric="no" if title in ("Recording", "Start") else "yes") for title in titles]
    rows = []
    for one in missed[:_ROWS]:
        cells = [*([one.recording] if several else []), *_place(one, stamped=stamped), f"{one.score:,.1f}"]
        rows.append([blocks.cell(cell) for cell in cells])
    left = f"; {len(missed) - len(rows):,} more are left out" if len(missed) > len(rows) else ""
    return blocks.table(columns, rows, caption=f"Labelled events without an alarm{left}")


def _beside(trial: Trial) -> blocks.Block | None:
    """Return what simple detectors reach on the same steps, where labels say what is odd."""
    if trial.judgement is None:
        return None
    names = ("Detector", "VUS-PR", "Average precision", "F1 of steps", "Events met", "False alarm steps")
    columns = [blocks.column(name, numeric="no" if name == "Detector" else "yes") for name in names]
    rows = [
        [
            blocks.cell(one["detector"]),
            blocks.cell(f"{one['VUS-PR']:.3f}", bar=one["VUS-PR"], role="recommended"),
            blocks.cell(f"{one['average precision']:.3f}"),
            blocks.cell(f"{one['F1']:.3f}"),
            blocks.cell(percent(one["event recall"])),
            blocks.cell(f"{one['false alarms']:,}"),
        ]
        for one in trial.judgement.rows
    ]
    return blocks.table(columns, rows, caption=_MEANT)


def _closer(trial: Trial, one: Episode) -> blocks.Block:
    watched = next(each for each in trial.watched if each.recording.name == one.recording)
    channel = next(iter(one.shares))
    column = watched.recording.channels.index(channel)
    start, stop = max(one.first - _AROUND, 0), min(one.last + 1 + _AROUND, len(watched.scores))
    steps = np.arange(start, stop, dtype=np.float64)
    values = watched.recording.values[start:stop, column]
    there = np.isfinite(values)
    lines = [{"role": "observed", "name": channel, "x": axes.rounded(steps[there]), "y": axes.rounded(values[there])}]
    rules = [{"x": one.first, "role": "winner"}, {"x": one.last, "role": "winner"}]
    title = f"{one.recording + ', ' if one.recording else ''}{_moment(one.start)}: score {one.score:,.1f}"
    words = blocks.Words(title, f"{title}. To blame: {one.blamed()}.", f"{channel}. To blame: {one.blamed()}.")
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [start, stop - 1]}
    data = {"x": axis, "y": axes.clipped(channel), "lines": lines, "rules": rules, "height": 150}
    return blocks.figure("lines", data, words)


def _stamped(those: Iterable[Episode | Missed]) -> bool:
    return any(isinstance(one.start, np.datetime64) for one in those)


def _place(one: Episode | Missed, *, stamped: bool) -> list[str]:
    """Return where an alarm or event starts, also by the number of the step, and how long it is."""
    return [_moment(one.start), *([f"{one.first:,}"] if stamped else []), f"{one.last - one.first + 1:,}"]


def _moment(when: Any) -> str:
    if isinstance(when, np.datetime64):
        return str(when.astype("datetime64[s]")).replace("T", " ")
    return f"step {when:,}"
