"""Cost against accuracy: one point per model, named where there is room."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from tidegate.report.charts import theme
from tidegate.report.charts.labels import place
from tidegate.report.charts.lines import rule

_IMPORTANCE = ["recommended", "winner", "baseline", "other"]


def cost(data: dict[str, Any]) -> alt.LayerChart:
    """Draw each model at its seconds (log scale) and its error.

    Parameters
    ----------
    data
        Columns ``name``, ``x`` (seconds), ``y``, ``role``, ``text``; ``x_title``, ``y_title`` with units;
        ``x_domain``, ``y_domain``, ``x_ticks``; ``reference``: height of the baseline's line; ``height`` in pixels.
    """
    sheet = theme.Sheet()
    axis = {"kind": "number", "title": data["x_title"], "log": True, "domain": data["x_domain"]}
    x = theme.x_axis(axis | {"values": data["x_ticks"]})
    y = theme.y_axis(data["y_title"], domain=data["y_domain"])
    layers = [rule(sheet, {"y": data["reference"], "role": "baseline"}, x, y)]
    for role in reversed(_IMPORTANCE):
        chosen = [n for n, own in enumerate(data["role"]) if own == role]
        if chosen:
            layers.append(_points(sheet, data, chosen, theme.style(role)).encode(x=x, y=y))
    layers += [mark.encode(x=x, y=y) for mark in _names(sheet, data)]
    return sheet.finished(layers, height=data["height"])


def _points(sheet: theme.Sheet, data: dict[str, Any], chosen: list[int], look: theme.Style) -> alt.Chart:
    columns = {name: [data[name][n] for n in chosen] for name in ("name", "x", "y", "text")}
    size = 55 if look is theme.style("other") else 130
    mark = sheet.chart(columns).mark_point(shape=look.shape, filled=True, color=look.colour, size=size)
    made: alt.Chart = mark.encode(opacity=alt.value(1), tooltip=[alt.Tooltip("text:N", title="model")])
    return made


def _names(sheet: theme.Sheet, data: dict[str, Any]) -> list[alt.Chart]:
    order = sorted(range(len(data["name"])), key=lambda n: (_IMPORTANCE.index(data["role"][n]), data["y"][n]))
    points = [
        (_fraction(data["x"][n], data["x_domain"]), _fraction_linear(data["y"][n], data["y_domain"])) for n in order
    ]
    line = 1 - _fraction_linear(data["reference"], data["y_domain"])
    spots = place([(a, 1 - b) for a, b in points], [data["name"][n] for n in order], data["height"], line=line)
    marks = []
    for spot in dict.fromkeys(one for one in spots if one is not None):
        chosen = [n for n, own in zip(order, spots, strict=True) if own == spot]
        columns = {name: [data[name][n] for n in chosen] for name in ("name", "x", "y")}
        base = sheet.chart(columns).encode(text="name:N")
        marks += theme.haloed(base, align=spot.align, dx=spot.dx, dy=spot.dy)
    return marks


def _fraction(value: float, domain: list[float]) -> float:
    low, high = math.log(domain[0]), math.log(domain[1])
    return (math.log(value) - low) / (high - low)


def _fraction_linear(value: float, domain: list[float]) -> float:
    return (value - domain[0]) / (domain[1] - domain[0])
