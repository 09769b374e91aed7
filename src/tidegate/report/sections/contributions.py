"""The section on contributions: what the newest forecast is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.insight import wording as words_of
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.insight.result import Insight

_ROLES = ("recommended", "winner", "baseline")


def section(insight: Insight, prefix: str = "") -> blocks.Block | None:
    """Return what past values and covariates contribute to the newest forecast; None where it is not known."""
    made = insight.contributions
    if made is None:
        return None
    chosen = sorted({0, len(made.steps) // 2, len(made.steps) - 1})
    unit = "logs of the data" if made.in_logs else "the data's unit"
    lags = list(range(made.values.shape[1] - 1, -1, -1))
    lines: list[dict[str, Any]] = []
    for k, role in zip(chosen, _ROLES, strict=False):
        name = f"step {made.steps[k]} ahead"
        lines.append({"role": role, "name": name, "x": lags, "y": axes.rounded(made.values[k])})
    axis = {"kind": "number", "title": "Lag (steps before the newest)", "whole": True, "domain": [0, max(lags[0], 1)]}
    rules = [{"x": season} for season in insight.scene.seasons if 1 < season <= lags[0]]
    data = {"x": axis, "y": f"Contribution (in {unit})", "lines": lines, "rules": [{"y": 0.0}, *rules], "height": 260}
    words = blocks.Words(
        "Past values",
        words_of.contribution_says(insight),
        "Integrated gradients from a window that is flat at its level, with all covariates at their mean; level and "
        "unit of the window are held fixed.",
    )
    figure = blocks.figure("lines", data, words, key=[(line["role"], line["name"]) for line in lines])
    parts = [blocks.text([words_of.contribution_says(insight)]), figure, _sums(insight, chosen)]
    return blocks.section(f"{prefix}contributions", "What the newest forecast is made of", parts, short="Contributions")


def _sums(insight: Insight, chosen: list[int]) -> blocks.Block | None:
    made = insight.contributions
    if made is None:
        return None
    titles = ["Step ahead", "Forecast from the baseline", "Past values", *made.names, "Forecast"]
    columns = [blocks.column(title, numeric="yes") for title in titles]
    rows = []
    for k in chosen:
        numbers = [made.baseline[k], made.values[k].sum(), *made.covariates[k], made.forecast[k]]
        rows.append(
            [blocks.cell(text) for text in (str(made.steps[k]), *(wording.number(float(x), 4) for x in numbers))]
        )
    caption = f"The parts add up to the forecast of this one network, to within {made.gap:.0e} of what they add."
    if made.in_logs:
        caption += (
            f" In logs: exp({wording.number(float(np.max(made.forecast)), 4)}) is the largest forecast of all steps."
        )
    return blocks.table(columns, rows, caption=caption)
