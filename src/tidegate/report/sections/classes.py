"""The section on classes: how often each was found, and what it was taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.report import blocks
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from tidegate.tasks.judging import Judgement
    from tidegate.tasks.trial import Trial

_WIDEST = 10
_PAIRS = 12
_SCORES = ("precision", "recall", "F1")


def section(trial: Trial) -> blocks.Block:
    """Return scores of each class, and which were taken for which."""
    told = trial.judgement
    lead = "Of the test sequences alone. Precision: of those said to be it; recall: of those that are it."
    if any(row[name] is None for row in told.by_class() for name in _SCORES):
        lead += " A dash: nothing was said to be it, or no test sequence is."
    return blocks.section("classes", "Class by class", [_scores(told), _confusion(told)], lead=lead, short="Classes")


def _scores(told: Judgement) -> blocks.Block:
    names = ("label", "sequences", *_SCORES)
    columns = [blocks.column(name.capitalize(), numeric="no" if name == "label" else "yes") for name in names]
    rows = [
        [
            blocks.cell(str(row["label"])),
            blocks.cell(f"{row['sequences']:,}"),
            *(blocks.cell(percent(row[name])) for name in _SCORES[:2]),
            blocks.cell(percent(row["F1"]), bar=row["F1"], role="recommended"),
        ]
        for row in told.by_class()
    ]
    return blocks.table(columns, rows, caption="How well each class is found")


def _confusion(told: Judgement) -> blocks.Block | None:
    """Return which class was taken for which: as a table if there are few, else the commonest mistakes."""
    counts, names = told.confusion(), list(map(str, told.classes.tolist()))
    if len(names) > _WIDEST:
        return blocks.bullets(_mistakes(counts, names))
    columns = [blocks.column("It is"), *(blocks.column(f"said {name}", numeric="yes") for name in names)]
    rows = [
        [blocks.cell(name), *(_cell(count, is_right=k == j) for j, count in enumerate(counts[k].tolist()))]
        for k, name in enumerate(names)
    ]
    return blocks.table(columns, rows, caption="What each class was taken for: sequences, right ones in frames")


def _cell(count: int, *, is_right: bool) -> blocks.Block:
    return (
        blocks.cell("", mark=f"{count:,}", role="recommended")
        if is_right
        else blocks.cell(f"{count:,}" if count else "")
    )


def _mistakes(counts: np.ndarray, names: list[str]) -> list[str]:
    wrong = counts * (1 - np.eye(len(names), dtype=counts.dtype))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    found = [divmod(int(place), len(names)) for place in order if wrong.flat[place]]
    return [f"{counts[k, j]} of {counts[k].sum()} that are {names[k]} were taken for {names[j]}." for k, j in found]
