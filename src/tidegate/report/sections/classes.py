"""The section on classes: how often each was found, and what it was taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import blocks
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.judging import Judgement
    from tidegate.tasks.trials.classifier import ClassifierTrial

_WIDEST = 10
_PAIRS = 12
_SCORES = ("precision", "recall", "F1")


def section(trial: ClassifierTrial) -> blocks.Block:
    """Return scores of each class, and which were taken for which."""
    told = trial.judgement
    lead = "Of the test sequences alone. Precision: of those said to be it; recall: of those that are it."
    if any(row[name] is None for row in told.by_class() for name in _SCORES):
        lead += " A dash: nothing was said to be it, or no test sequence is."
    return blocks.section(
        "classes",
        "Class by class",
        [scores(told.by_class(), "sequences", "How well each class is found"), _confusion(told)],
        lead=lead,
        short="Classes",
    )


def scores(found: Sequence[Mapping[str, Any]], unit: str, caption: str) -> blocks.Block:
    """Return precision, recall and F1 of each class as a table.

    Parameters
    ----------
    found
        Of each ``label``, how many there are, under `unit`, and its scores, in [0, 1] or None.
    unit
        What is counted: "sequences".
    caption
        What the table holds.
    """
    names = ("label", unit, *_SCORES)
    columns = [blocks.column(name.capitalize(), numeric="no" if name == "label" else "yes") for name in names]
    rows = [
        [
            blocks.cell(str(row["label"])),
            blocks.cell(f"{row[unit]:,}"),
            *(blocks.cell(percent(row[name])) for name in _SCORES[:2]),
            blocks.cell(percent(row["F1"]), bar=row["F1"], role="recommended"),
        ]
        for row in found
    ]
    return blocks.table(columns, rows, caption=caption)


def _confusion(told: Judgement) -> blocks.Block | None:
    return confusion(
        told.confusion(), list(map(str, told.classes.tolist())), "What each class was taken for: sequences"
    )


def confusion(counts: NDArray[np.int64], names: Sequence[str], caption: str) -> blocks.Block | None:
    """Return which class was taken for which: as a table if there are few, else the commonest mistakes.

    Parameters
    ----------
    counts
        How often each, by row, was said to be each, by column, shape (C, C).
    names
        Of the classes.
    caption
        What the table holds.
    """
    if len(names) > _WIDEST:
        return blocks.bullets(_mistakes(counts, names))
    columns = [blocks.column("It is"), *(blocks.column(f"said {name}", numeric="yes") for name in names)]
    rows = [
        [blocks.cell(name), *(_cell(count, is_right=k == j) for j, count in enumerate(counts[k].tolist()))]
        for k, name in enumerate(names)
    ]
    return blocks.table(columns, rows, caption=f"{caption}, right ones in frames")


def _cell(count: int, *, is_right: bool) -> blocks.Block:
    return (
        blocks.cell("", mark=f"{count:,}", role="recommended")
        if is_right
        else blocks.cell(f"{count:,}" if count else "")
    )


def _mistakes(counts: NDArray[np.int64], names: Sequence[str]) -> list[str]:
    wrong = counts * (1 - np.eye(len(names), dtype=counts.dtype))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    found = [divmod(int(place), len(names)) for place in order if wrong.flat[place]]
    told = [f"{counts[k, j]} of {counts[k].sum()} that are {names[k]} were taken for {names[j]}." for k, j in found]
    left = int(wrong.sum() - sum(wrong[k, j] for k, j in found))
    return [*told, f"{left} more mistakes, of rarer kinds."] if left else told
