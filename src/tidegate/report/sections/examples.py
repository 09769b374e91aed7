"""The section on single sequences: some it was surest of, right and wrong, and what it looked at in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes, blocks
from tidegate.report.sections import opened
from tidegate.tasks.contributions import MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.inspection import Inspection
    from tidegate.tasks.trials.classifier import ClassifierTrial, Example

_ROLES = ("observed", "baseline", "winner")
_OF_FRAMES, _MOST_FRAMES, _MOST_PLACES, _FILLED = 3, 6, 32, 0.92
_PAGE = 440
"""Pixels of half a page, about."""


def section(trial: ClassifierTrial) -> blocks.Block:
    """Return examples it got right and wrong."""
    lead = (
        "Test sequences of which it was surest, by turns of what it said; their numbers are places in their file, "
        "counted from 0. The deeper the shade of a word or the higher the line, the more the odds of what was said "
        "fall once that word or step is hidden."
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
        shown = _film if seen.steps.ndim == _OF_FRAMES else _recording
        return blocks.grid([shown(seen.steps, f"{title}. {_most(seen.contributions)}.", title), _why(seen)])
    why = opened.cost(seen.contributions, "word")
    return opened.words(f"{title}. {why}" if why else title, seen.steps, opened.shares(seen.contributions))


def _most(contributions: np.ndarray) -> str:
    """Return in words where what mattered most is."""
    if contributions.max() > 0:
        return f"What mattered most is around step {contributions.argmax()}"
    return "No step mattered by itself"


def _axis(n_steps: int) -> dict[str, Any]:
    return {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(n_steps - 1, 1)]}


def _why(seen: Inspection) -> blocks.Block:
    """Return how much each step mattered."""
    values = seen.contributions
    steps = axes.rounded(np.arange(len(values), dtype=float))
    lines = [{"role": "recommended", "name": "mattered", "x": steps, "y": axes.rounded(values)}]
    hidden = "the step" if len(values) <= MOST else f"the stretch around it, of up to {-(-len(values) // MOST)} steps,"
    words = blocks.Words(
        "What mattered", f"{_most(values)}.", f"Fall of the log-odds once {hidden} is hidden; 0.7 halves the odds."
    )
    data = {"x": _axis(len(values)), "y": "Log-odds", "lines": lines, "zero": True, "height": 150}
    return blocks.figure("lines", data, words)


def _film(values: np.ndarray, alt: str, title: str) -> blocks.Block:
    """Return some frames side by side, each where its step is on the axis; dark is a high value."""
    thin = -(-max(values.shape[1:]) // _MOST_PLACES)
    values = values[:, ::thin, ::thin]
    n_steps, height, width = values.shape
    apart = -(-n_steps // _MOST_FRAMES)
    shown = np.arange(0, n_steps, apart)
    low, high = values.min(), values.max()
    shade = (values[shown] - low) / (high - low if high > low else 1.0)
    frame, row, column = (one.ravel() for one in np.indices(shade.shape))
    starts = shown[frame] + column * (_FILLED * apart / width)
    data = {
        "x": {**_axis(n_steps), "domain": [0, len(shown) * apart]},
        "y": "Row from below",
        "start": axes.rounded(starts),
        "stop": axes.rounded(starts + _FILLED * apart / width),
        "row": (height - 1 - row).tolist(),
        "value": axes.rounded(shade.ravel()),
        "legend": "Value",
        "graded": False,
        "height": round(_PAGE / len(shown) * height / width) + 20,
    }
    told = f"{len(shown)} of {n_steps} frames, each at its step" if len(shown) < n_steps else "Its frames"
    told += f", every {thin} rows and columns" if thin > 1 else ""
    return blocks.figure("heat", data, blocks.Words(title, alt, f"{told}; dark is a high value."))


def _recording(values: np.ndarray, alt: str, title: str) -> blocks.Block:
    """Return the first channels over time."""
    steps = np.arange(len(values), dtype=float)
    channels = range(min(values.shape[1], len(_ROLES)))
    lines = [
        {"role": _ROLES[k], "name": f"channel {k}", "x": axes.rounded(steps), "y": axes.rounded(values[:, k])}
        for k in channels
    ]
    left = f"; the first {len(_ROLES)} of {values.shape[1]} channels" if values.shape[1] > len(_ROLES) else ""
    words = blocks.Words(title, alt, f"The recording{left}.")
    key = [(str(line["role"]), str(line["name"])) for line in lines] if len(lines) > 1 else []
    return blocks.figure("lines", {"x": _axis(len(steps)), "y": "Value", "lines": lines, "height": 150}, words, key=key)
