"""A matrix of shades: what each step ahead sees of each past value, or how much was scored where."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme

_TALLEST, _LOWEST, _ROW, _LABELS = 420, 90, 22, 12


def matrix(data: dict[str, Any]) -> alt.LayerChart:
    """Draw one rectangle per cell, the darker the larger its share, and a square on the cells that are singled out.

    Parameters
    ----------
    data
        ``x``, ``y``: titles of the axes, with their units; ``size``: numbers of columns and rows; columns ``column``,
        ``row`` (from 1), ``share`` (0 to 1) and ``text``; ``marked``: columns ``x``, ``y`` of the cells singled out.
    """
    sheet = theme.Sheet()
    n_columns, n_rows = data["size"]
    axis = {"kind": "number", "title": data["x"], "whole": True, "domain": [0.5, n_columns + 0.5]}
    x = theme.x_axis(axis)
    y = theme.y_axis(data["y"], domain=[n_rows + 0.5, 0.5], values=_labelled(n_rows))
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
    return sheet.finished(layers, height=min(max(_ROW * n_rows, _LOWEST), _TALLEST))


def _labelled(n_rows: int) -> list[int]:
    """Return the rows whose number is written: the first, and about twelve at even distances."""
    every = -(-n_rows // _LABELS)
    return sorted({1, *range(every, n_rows + 1, every)})
