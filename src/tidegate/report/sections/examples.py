"""The section on single sequences: some it was surest of, right and wrong, and what it looked at in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.report import axes, blocks

if TYPE_CHECKING:
    from tidegate.tasks.trial import Example, Trial

_ROLES = ("observed", "baseline", "winner")
_LONGEST = 120
"""Tokens of a text that are shown."""


def section(trial: Trial) -> blocks.Block:
    """Return examples it got right and wrong."""
    lead = (
        "Test sequences of which it was surest, by turns of what it said; their numbers are places in their file, "
        "counted from 0. The darker a word or the higher the line, the more of its probability what was said loses "
        "once that word or step is hidden."
    )
    parts: list[blocks.Block | None] = [blocks.heading("Right"), *map(_shown, trial.right)]
    parts += [blocks.heading("Wrong"), *map(_shown, trial.wrong)]
    if not trial.wrong:
        parts.append(blocks.text(["None: every test sequence was right."]))
    return blocks.section("examples", "What it looked at", parts, lead=lead, short="Examples")


def _shown(one: Example) -> blocks.Block | None:
    said = f"Said {one.said} ({100 * one.probability:.1f} %)"
    title = f"Sequence {one.number}. {said}" + ("" if one.said == one.wanted else f"; it is {one.wanted}")
    if one.values is None:
        return _text(one, one.tokens or [], title)
    return _recording(one, one.values, title)


def _text(one: Example, tokens: list[str], title: str) -> blocks.Block:
    shares = np.clip(one.contributions, 0, 1).round(2).tolist()
    words = [[token, share] for token, share in zip(tokens[:_LONGEST], shares, strict=False)]
    told = f"{title}. Hiding a word costs up to {max(shares):.2f}" if max(shares) else title
    return {"kind": "tokens", "title": told, "words": words, "cut": max(len(tokens) - _LONGEST, 0)}


def _recording(one: Example, values: np.ndarray, title: str) -> blocks.Block | None:
    steps = np.arange(len(values), dtype=float)
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(len(steps) - 1, 1)]}
    channels = range(min(values.shape[1], len(_ROLES)))
    lines = [
        {"role": _ROLES[k], "name": f"channel {k}", "x": axes.rounded(steps), "y": axes.rounded(values[:, k])}
        for k in channels
    ]
    mattered = [{"role": "recommended", "name": "mattered", "x": lines[0]["x"], "y": axes.rounded(one.contributions)}]
    most = (
        f"What mattered most is around step {one.contributions.argmax()}"
        if one.contributions.max() > 0
        else ("No step mattered by itself")
    )
    left = f"; the first {len(_ROLES)} of {values.shape[1]} channels" if values.shape[1] > len(_ROLES) else ""
    first = blocks.Words(title, f"{title}. {most}.", f"The recording{left}.")
    second = blocks.Words("What mattered", f"{most}.", "Fall of the probability once the step is hidden.")
    key = [(str(line["role"]), str(line["name"])) for line in lines] if len(lines) > 1 else []
    shown = blocks.figure("lines", {"x": axis, "y": "Value", "lines": lines, "height": 150}, first, key=key)
    why = blocks.figure("lines", {"x": axis, "y": "Probability", "lines": mattered, "height": 150}, second)
    return blocks.grid([shown, why])
