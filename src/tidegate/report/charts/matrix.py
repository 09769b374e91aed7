"""A matrix of shades: what each step ahead sees of each past value, or how much was scored where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import altair as alt

from tidegate.report.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_TALLEST, _LOWEST, _ROW, _LABELS = 420, 90, 22, 12


def matrix(data: dict[str, Any]) -> alt.LayerChart:
    """Draw one rectangle per cell, the darker the larger its share, and a square on the cells that are singled out.

    Parameters
    ----------
    data
        ``x``, ``y``: titles of the axes, with their units; ``size``: numbers of columns and rows; columns ``column``,
        ``row`` (from 1), ``share`` (0 to 1) and ``text``; ``marked``: columns ``x``, ``y`` of the cells singled out;
        optionally ``names``: ``x``, ``y``, what columns and rows are called in place of their numbers.
    """
    sheet = theme.Sheet()
    n_columns, n_rows = data["size"]
    axis = {"kind": "number", "title": data["x"], "whole": True, "domain": [0.5, n_columns + 0.5]}
    x = theme.x_axis(axis)
    y = theme.y_axis(data["y"], domain=[n_rows + 0.5, 0.5], values=_labelled(n_rows))
    height = min(max(_ROW * n_rows, _LOWEST), _TALLEST)
    if "names" in data:
        height = max(_ROW * n_rows, _LOWEST)
        _name(x["axis"], data["names"]["x"])
        _name(y["axis"], data["names"]["y"])
        x["axis"].labelAngle, x["axis"].labelOverlap, x["axis"].labelSeparation = -90, "greedy", 0
        x["axis"].labelFlush = x["axis"].labelBound = False
    cells = {
        "x": [value - 0.5 for value in data["column"]],
        "right": [value + 0.5 for value in data["column"]],
        "y": [value - 0.5 for value in data["row"]],
        "bottom": [value + 0.5 for value in data["row"]],
        "share": data["share"],
        "text": data["text"],
    }
    shade = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.0, 1.0]), legend=None)
    base = sheet.chart(cells)
    rects = base.mark_rect(color=theme.SPREAD, stroke=theme.GRID, strokeWidth=0.5).encode(
        x=x, x2="right:Q", y=y, y2="bottom:Q", fillOpacity=shade, tooltip=alt.Tooltip("text:N", title="cell")
    )
    layers = [rects]
    if data["marked"]["x"]:
        look = theme.style("baseline")
        size = 40 if n_columns <= 60 else 12
        mark = sheet.chart(data["marked"]).mark_point(shape=look.shape, filled=True, color=look.colour, size=size)
        layers.append(mark.encode(x=x, y=y, opacity=alt.value(1)))
    return sheet.finished(layers, height=height)


def _name(axis: alt.Axis, names: Sequence[str]) -> None:
    """Call the whole numbers from 1 on an axis by their names."""
    axis.values, axis.tickCount = list(range(1, len(names) + 1)), len(names)
    axis.labelExpr = f"{json.dumps(list(names))}[datum.value - 1]"


def _labelled(n_rows: int) -> list[int]:
    """Return the rows whose number is written: the first, and about twelve at even distances."""
    every = -(-n_rows // _LABELS)
    return sorted({1, *range(every, n_rows + 1, every)})
