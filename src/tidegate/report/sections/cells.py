"""The section that compares cells: RNN, LSTM or GRU."""

from __future__ import annotations

import math
from typing import Any

from tidegate.report import blocks, wording

_ALIKE = {
    "parameters": "about the same number of parameters",
    "hidden": "the same number of hidden units",
    "time": "the same seconds of training",
}


def section(found: dict[str, Any] | None, score: str) -> blocks.Block | None:
    """Return how networks compare that differ in their cell alone; None where cells were not compared.

    Parameters
    ----------
    found
        ``cells`` of run.json: ``match``, ``rows`` and ``sentences``.
    score
        Name of the error.
    """
    if found is None:
        return None
    lead = f"The same data, training and decoder, {_ALIKE[found['match']]}: only the cell differs."
    return blocks.section(
        "cells",
        "Which cell?",
        [blocks.bullets(found["sentences"]), table(found["rows"], score)],
        lead=lead,
        short="Cells",
    )


def table(rows: list[dict[str, Any]], score: str) -> blocks.Block:
    """Return one row for each cell, the most accurate first."""
    titles = (
        "Cell",
        "Units",
        "Parameters",
        score,
        "Over seeds",
        "Time a fit",
        "Time a forecast",
        "Peak memory",
        "Remembers (steps)",
    )
    columns = [blocks.column(title, numeric="yes" if k else "no") for k, title in enumerate(titles)]
    cells = []
    for row in rows:
        deviation, memory = row["deviation"], row["peak_memory"]
        texts = (
            row["model"],
            f"{row['hidden_size']:,}",
            f"{row['parameters']:,}",
            wording.fixed(row["score"], 3),
            f"± {wording.number(deviation, 2)}" if math.isfinite(deviation) else wording.NOTHING,
            wording.seconds(row["fit_seconds"]),
            wording.seconds(row["predict_seconds"]),
            f"{memory / 1e6:,.0f} MB" if memory else wording.NOTHING,
            _remembers(row),
        )
        cells.append([blocks.cell(text) for text in texts])
    caption = (
        "Over seeds: standard deviation of the mean error over seeds. Peak memory is that of the whole process, with "
    )
    caption += "whatever ran in it before."
    return blocks.table(columns, cells, caption=caption)


def _remembers(row: dict[str, Any]) -> str:
    if row["window"] is None:
        return wording.NOTHING
    return f"over {row['window']:,}" if row["memory_length"] is None else f"{row['memory_length']:,}"
