"""The section on the scores of a translator: beside the simple model, on all sources and on short and long ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.report import blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.tasks.translation.judging import Measure
    from tidegate.tasks.translation.trial import TranslatorTrial

_MEANT = {
    "bleu": "BLEU counts the runs of one to four words that are also in the reference, of all texts together: 100 is "
    "word for word the same.",
    "exact": "The share of targets that are right as a whole.",
}


def section(trial: TranslatorTrial) -> blocks.Block:
    """Return the scores of the translator and the simple model, on all test sources and by their length."""
    told = trial.judgement
    low, high = told.interval()
    columns = [
        blocks.column("Source"),
        *(blocks.column(name, numeric="yes") for name in ("Sequences", "Simple model", "Translator")),
    ]
    whole = {
        "label": "all", "sequences": len(told.wanted), "score": told.score, "simple_score": told.simple_score
    }  # fmt: skip
    rows = [_row(row, told.measure) for row in (whole, *trial.by_length())]
    sure = f"Of all test sources, {shown(low, told.measure)} to {shown(high, told.measure)} with 95 % confidence."
    name = "BLEU" if told.measure == "bleu" else "Exact matches"
    return blocks.section(
        "scores",
        "How well it translates",
        [blocks.table(columns, rows, caption=f"{name}, by the length of the source"), blocks.text([sure])],
        lead=f"Of the test sequences alone. {_MEANT[told.measure]} The simple model is {told.simple_name}.",
        short="Scores",
    )


def shown(score: float, measure: Measure) -> str:
    """Return a score in percent as people write it.

    >>> shown(31.25, "bleu"), shown(99.5, "exact")
    ('31.2', '99.5 %')
    """
    return f"{score:.1f}" + (" %" if measure == "exact" else "")


def _row(row: Mapping[str, Any], measure: Measure) -> list[blocks.Block]:
    simple, ours = (shown(row[name], measure) for name in ("simple_score", "score"))
    cells = map(blocks.cell, (row["label"], f"{row['sequences']:,}", simple))
    return [*cells, blocks.cell(ours, bar=row["score"] / 100, role="recommended")]
