"""The section on single sequences: some it was surest of, right and wrong, and what it looked at in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.report import axes, blocks
from tidegate.report.sections import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.trials.classifier import ClassifierTrial, Example

_ROLES = ("observed", "baseline", "winner")


def section(trial: ClassifierTrial) -> blocks.Block:
    """Return examples it got right and wrong."""
    lead = (
        "Test sequences of which it was surest, by turns of what it said; their numbers are places in their file, "
        "counted from 0. The darker a word or the higher the line, the more the odds of what was said fall once that "
        "word or step is hidden."
    )
    parts: list[blocks.Block | None] = [blocks.heading("Right"), *_side(trial.right)]
    parts += [blocks.heading("Wrong"), *_side(trial.wrong)]
    if not trial.wrong:
        parts.append(blocks.text(["None: every test sequence was right."]))
    return blocks.section("examples", "What it looked at", parts, lead=lead, short="Examples")


def _side(examples: Sequence[Example]) -> list[blocks.Block | None]:
    """Return examples, the first with its gates."""
    return [
        *map(_shown, examples[:1]),
        *(opened.gates(one.inspection) for one in examples[:1]),
        *map(_shown, examples[1:]),
    ]


def _shown(one: Example) -> blocks.Block | None:
    seen = one.inspection
    said = f"Said {seen.said} ({100 * one.probability:.1f} %)"
    title = f"Sequence {one.number}. {said}" + ("" if seen.said == one.wanted else f"; it is {one.wanted}")
    if isinstance(seen.steps, np.ndarray):
        return _recording(seen.contributions, seen.steps, title)
    why = opened.cost(seen.contributions, "word")
    return opened.words(f"{title}. {why}" if why else title, seen.steps, opened.shares(seen.contributions))


def _recording(contributions: np.ndarray, values: np.ndarray, title: str) -> blocks.Block | None:
    steps = np.arange(len(values), dtype=float)
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(len(steps) - 1, 1)]}
    channels = range(min(values.shape[1], len(_ROLES)))
    lines = [
        {"role": _ROLES[k], "name": f"channel {k}", "x": axes.rounded(steps), "y": axes.rounded(values[:, k])}
        for k in channels
    ]
    mattered = [{"role": "recommended", "name": "mattered", "x": lines[0]["x"], "y": axes.rounded(contributions)}]
    most = (
        f"What mattered most is around step {contributions.argmax()}"
        if contributions.max() > 0
        else ("No step mattered by itself")
    )
    left = f"; the first {len(_ROLES)} of {values.shape[1]} channels" if values.shape[1] > len(_ROLES) else ""
    first = blocks.Words(title, f"{title}. {most}.", f"The recording{left}.")
    second = blocks.Words(
        "What mattered", f"{most}.", "Fall of the log-odds once the step is hidden; 0.7 halves the odds."
    )
    key = [(str(line["role"]), str(line["name"])) for line in lines] if len(lines) > 1 else []
    shown = blocks.figure("lines", {"x": axis, "y": "Value", "lines": lines, "height": 150}, first, key=key)
    why = blocks.figure("lines", {"x": axis, "y": "Log-odds", "lines": mattered, "height": 150}, second)
    return blocks.grid([shown, why])
