"""What a transcriber hears as time goes: a line for each token over the spectrogram, its spikes named."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme

_SHADES = ("#ffffff", "#8d98a5")
"""From 0 to 1: grey, so that lines stand out and colour is not needed."""

_NEAR = 0.035
"""Names nearer to each other than this share of the width stand at different heights."""

_HEIGHTS = (1.08, 1.22)


def spikes(data: dict[str, Any]) -> alt.LayerChart:
    """Draw shades, then a line for each token, then the names of the spikes above.

    Parameters
    ----------
    data
        ``x``: axis with its domain; ``y``: title; ``lines``: list of ``name`` and columns ``x``, ``y`` in [0, 1];
        ``peaks``: pairs of place and name, in order; ``shades``: columns ``start``, ``stop`` and ``value``, a list of
        rows in [0, 1] from the lowest; ``height`` in pixels.
    """
    sheet = theme.Sheet()
    low, high = data["x"]["domain"]
    heights = _heights([place for place, _ in data["peaks"]], _NEAR * (high - low))
    x = theme.x_axis(data["x"])
    y = theme.y_axis(data["y"], domain=[0, max([1.0, *(height + 0.1 for height in heights)])], values=[0, 1])
    layers = [_shaded(sheet, data["shades"]).encode(x=x, y=y)]
    look = theme.style("recommended")
    for line in data["lines"]:
        base = sheet.chart({"x": line["x"], "y": line["y"]})
        layers.append(base.mark_line(color=look.colour, strokeWidth=look.width, clip=True).encode(x=x, y=y))
    names = {"x": [place for place, _ in data["peaks"]], "y": heights, "name": [name for _, name in data["peaks"]]}
    layers += theme.haloed(sheet.chart(names).encode(x=x, y=y, text="name:N"), align="center")
    return sheet.finished(layers, height=data.get("height", 190))


def _shaded(sheet: theme.Sheet, shades: dict[str, Any]) -> alt.Chart:
    """Return the rectangles behind the lines, from 0 to 1."""
    n_rows = len(shades["value"][0])
    columns = {"x": shades["start"], "stop": shades["stop"], "value": shades["value"]}
    columns |= {"row": [list(range(n_rows))] * len(shades["start"])}
    shade = alt.Color("value:Q", scale=alt.Scale(domain=[0, 1], range=list(_SHADES)), legend=None)
    base = sheet.chart(columns).transform_flatten(["row", "value"])
    base = base.transform_calculate(y=f"datum.row / {n_rows}", top=f"(datum.row + 1) / {n_rows}")
    made: alt.Chart = base.mark_rect(clip=True, strokeWidth=0).encode(
        x2=alt.X2("stop:Q"), y2=alt.Y2("top:Q"), color=shade
    )
    return made


def _heights(places: list[float], near: float) -> list[float]:
    """Return how high each name stands, in turns where it is near the one before."""
    made: list[float] = []
    for k, place in enumerate(places):
        close = k > 0 and place - places[k - 1] < near
        made.append(_HEIGHTS[1] if close and made[-1] == _HEIGHTS[0] else _HEIGHTS[0])
    return made
