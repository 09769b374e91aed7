"""A heat map of values between 0 and 1: units over time."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme

SHADES = ["#f4f8fc", "#9fc3e4", "#3d7fbd", "#0b3a6e"]
"""From 0 to 1: lighter means less, in colour as well as in grey."""


def heat(data: dict[str, Any]) -> alt.LayerChart:
    """Draw one rectangle per unit and stretch of time, the darker the nearer its value is to 1.

    Parameters
    ----------
    data
        ``x``: axis; ``y``: title with unit; columns ``start``, ``stop`` (of the stretch), ``row`` (from 0, the lowest
        first), ``value`` in [0, 1]; ``legend``: what is coloured; ``graded``: False where values are 0 or 1 alone,
        which needs no scale; ``height`` in pixels.
    """
    sheet = theme.Sheet()
    stretches: dict[tuple[Any, Any], tuple[list[int], list[float]]] = {}
    for start, stop, row, value in zip(data["start"], data["stop"], data["row"], data["value"], strict=True):
        rows, values = stretches.setdefault((start, stop), ([], []))
        rows.append(row)
        values.append(value)
    columns = {
        "x": [start for start, _ in stretches],
        "stop": [stop for _, stop in stretches],
        "y": [rows for rows, _ in stretches.values()],
        "value": [values for _, values in stretches.values()],
    }
    n_rows = max(data["row"], default=0) + 1
    legend = _legend(data["legend"]) if data.get("graded", True) else None
    shade = alt.Color("value:Q", scale=alt.Scale(domain=[0, 1 / 3, 2 / 3, 1], range=SHADES), legend=legend)
    base = sheet.chart(columns).transform_flatten(["y", "value"]).transform_calculate(top="datum.y + 1")
    mark = base.mark_rect(clip=True, strokeWidth=0).encode(
        x=theme.x_axis(data["x"]),
        x2=alt.X2("stop:T" if data["x"]["kind"] == "date" else "stop:Q"),
        y=theme.y_axis(data["y"], domain=[0, n_rows]),
        y2="top:Q",
        color=shade,
        tooltip=[alt.Tooltip("value:Q", title=data["legend"], format=".2f")],
    )  # fmt: skip
    return sheet.finished([mark], height=data.get("height", 150))


def _legend(title: str) -> alt.Legend:
    return alt.Legend(
        title=title, orient="bottom", gradientLength=180, labelFontSize=13, titleFontSize=13,
        titleFontWeight="normal", values=[0, 0.5, 1],
    )  # fmt: skip
