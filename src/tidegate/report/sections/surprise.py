"""The section on what surprised a generator: scores beside the simple model, the hardest and the easiest it never saw.

Axis letters: T steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tidegate.report import axes, blocks
from tidegate.report.sections import opened, writing
from tidegate.tasks.generation.inspection import END

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.generation.trial import Example, GeneratorTrial


def section(trial: GeneratorTrial) -> blocks.Block:
    """Return how surprised both models were, and by what."""
    told = trial.judgement
    what = f"The {told.block}s"
    lead = (
        f"{what} of the test that it foresaw worst and best; their numbers are places in what they are from, counted "
        "from 0. "
    )
    if told.measure == "bits":
        lead += f"The deeper the shade of a {told.step}, the less probable it was given all before it."
    else:
        lead += "The higher the line, the less probable what sounds was given all before it."
    parts: list[blocks.Block | None] = [
        _scores(trial), blocks.heading("Hardest"), *_side(trial, trial.wrong),
        blocks.heading("Easiest"), *_side(trial, trial.right),
    ]  # fmt: skip
    return blocks.section("surprise", "What surprised it", parts, lead=lead, short="Surprise")


def _scores(trial: GeneratorTrial) -> blocks.Block:
    told = trial.judgement
    worst = max(told.score, told.simple_score)
    tokens = told.measure == "bits"
    columns = [blocks.column("Model"), blocks.column(f"{told.measure.capitalize()} per {told.step}", numeric="yes")]
    columns += [blocks.column("Perplexity", numeric="yes")] if tokens else []
    rows = []
    for name, score, bits, role in (
        (told.name, told.score, told.bits, "recommended"),
        (told.simple_name, told.simple_score, told.simple_bits, "baseline"),
    ):
        row = [blocks.cell(name), blocks.cell(f"{score:.3f}", bar=score / worst if worst else None, role=role)]
        rows.append([*row, blocks.cell(f"{2**bits:,.1f}")] if tokens else row)
    caption = "How surprised each is by what neither learned from; less is better."
    if tokens:
        caption += f" Perplexity: among how many equally probable {told.step}s it would be as unsure."
    else:
        caption += " Nats: minus the natural logarithm of the probability; 0.7 for one of two equally probable things."
    return blocks.table(columns, rows, caption=caption)


def _side(trial: GeneratorTrial, examples: Sequence[Example]) -> list[blocks.Block | None]:
    """Return examples, the first with its gates."""
    parts: list[blocks.Block | None] = []
    for k, one in enumerate(examples):
        parts.append(_shown(trial, one))
        if not k:
            parts.append(opened.gates(one.inspection))
    return parts


def _shown(trial: GeneratorTrial, one: Example) -> blocks.Block | None:
    """Return one example with its surprise: tokens shaded, or keys and a line below them."""
    told = trial.judgement
    title = (
        f"{told.block.capitalize()} {one.number}. {one.score:.2f} {told.measure} per {told.step}, the simple model "
        f"{one.simple_score:.2f}"
    )
    steps = one.inspection.steps
    if isinstance(steps, np.ndarray):
        return blocks.grid([writing.keys(title, steps), _line(one)])
    most = math.log2(max(len(trial.model.tokens_ or ()), 2))
    ended = len(one.surprise) == len(steps) + 1
    tokens = [*steps, END] if ended else steps
    made = opened.words(title, tokens, np.clip(one.surprise[: len(tokens)] / most, 0, 1))
    return made | {"cut": made["cut"] + len(one.surprise) - len(tokens)}


def _line(one: Example) -> blocks.Block:
    surprise = one.surprise[: writing.LONGEST]
    places = np.arange(len(surprise), dtype=float)
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(len(surprise), 1)]}
    lines = [{"role": "recommended", "name": "surprise", "x": axes.rounded(places), "y": axes.rounded(surprise)}]
    said = f"The most surprising is step {int(surprise.argmax())}, {surprise.max():.1f} nats."
    data = {"x": axis, "y": "Nats", "lines": lines, "zero": True, "height": 150}
    return blocks.figure("lines", data, blocks.Words("What surprised", said, said))
