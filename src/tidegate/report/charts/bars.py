"""Bars and stems: the ladder of models, a distribution, correlations by lag."""

from __future__ import annotations

import json
from typing import Any

import altair as alt

from tidegate.report.charts import theme
from tidegate.report.charts.lines import rule

_LETTER, _NARROWEST = 7.6, 226.0


def ladder(data: dict[str, Any]) -> alt.LayerChart:
    """Draw one bar per model in the given order, its figure and gain written beside it.

    Parameters
    ----------
    data
        Columns ``name``, ``x`` (length of the bar), ``role``, ``text`` (written at the bar's end); ``x_title`` with
        unit; ``reference``: where the vertical line of the baseline stands; optionally ``what`` the text is about.
    """
    sheet, look = theme.Sheet(), theme.ROLES
    columns = {name: data[name] for name in ("name", "x", "role", "text")}
    base = sheet.chart(columns)
    names = alt.Axis(
        title=None, labelLimit=150, labelFontWeight=weight(data), ticks=False, domain=False, labelPadding=6
    )
    y = alt.Y("name:N", sort=None, axis=names, scale=alt.Scale(paddingInner=0.38, paddingOuter=0.25))
    room = max(value / (1 - _written_share(text)) for value, text in zip(data["x"], data["text"], strict=True)) or 1.0
    axis = alt.Axis(title=data["x_title"], tickCount={"expr": "max(2, floor(width / 90))"}, grid=True)
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, room], nice=False))
    used = list(dict.fromkeys(data["role"]))
    colours = alt.Color("role:N", legend=None, scale=alt.Scale(domain=used, range=[look[r].colour for r in used]))
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=x, y=y, color=colours, tooltip=alt.Tooltip("text:N", title=data.get("what", "error"))
    )
    words = [mark.encode(x=x, y=y, text="text:N") for mark in theme.haloed(base, align="left", dx=6)]
    lines = [] if data["reference"] is None else [rule(sheet, {"x": data["reference"], "role": "baseline"}, x, alt.Y())]
    layers = [bars, *lines, *words]
    return sheet.finished(layers, height=28 * len(data["name"]))


def _written_share(text: str) -> float:
    """Return the share of a narrow chart's width that the words at the end of a bar take."""
    return min((_LETTER * len(text) + 12) / _NARROWEST, 0.6)


def weight(data: dict[str, Any]) -> dict[str, Any]:
    """Return the weight of the labels: the names of the models that are singled out are bold."""
    leading = [name for name, role in zip(data["name"], data["role"], strict=True) if role != "other"]
    test = f"indexof({json.dumps(leading)}, datum.value) >= 0"
    return {"condition": {"test": test, "value": "bold"}, "value": "normal"}


def histogram(data: dict[str, Any]) -> alt.LayerChart:
    """Draw counts over equal bins, and optionally the curve expected and a reference line.

    Parameters
    ----------
    data
        ``x``: axis; ``y``: title with unit; columns ``start``, ``stop``, ``count``; optionally ``curve`` (columns
        ``x``, ``y``), ``rules``; ``height`` in pixels.
    """
    sheet = theme.Sheet()
    y = theme.y_axis(data["y"], zero=True)
    x = theme.x_axis(data["x"])
    columns = {"x": data["start"], "stop": data["stop"], "y": data["count"]}
    base = sheet.chart(columns)
    bars = base.mark_bar(color="#7ea6cf", stroke="white", strokeWidth=1, clip=True)
    layers = [bars.encode(x=x.bin("binned"), x2="stop:Q", y=y, tooltip=alt.Tooltip("y:Q", title="count"))]
    if "curve" in data:
        curve = {name: data["curve"][name] for name in ("x", "y")}
        look = theme.style("baseline")
        mark = sheet.chart(curve).mark_line(color=look.colour, strokeWidth=2, strokeDash=list(look.dash))
        layers.append(mark.encode(x=x, y=y))
    layers += [rule(sheet, one, x, y) for one in data.get("rules", [])]
    return sheet.finished(layers, height=data.get("height", 220))


def stems(data: dict[str, Any]) -> alt.LayerChart:
    """Draw one stem per lag and the band in which chance alone would leave it.

    Parameters
    ----------
    data
        ``x``: axis; ``y``: title with unit; columns ``lag``, ``value``, ``lower``, ``upper`` (the band); ``height``.
    """
    sheet = theme.Sheet()
    y = theme.y_axis(data["y"], domain=data["domain"])
    x = theme.x_axis(data["x"])
    columns = {"x": data["lag"], "y": data["value"], "lower": data["lower"], "upper": data["upper"]}
    base = sheet.chart(columns | {"zero": [0] * len(data["lag"])})
    look = theme.style("recommended")
    lower = theme.y_axis(data["y"], domain=data["domain"], field="lower")
    band = base.mark_area(color="#c9d1d9", opacity=0.6, clip=True).encode(x=x, y=lower, y2="upper:Q")
    many = len(data["lag"]) > 60
    stem = base.mark_rule(color=look.colour, strokeWidth=1 if many else 2, clip=True).encode(x=x, y=y, y2="zero:Q")
    shown = [alt.Tooltip("x:Q", title="lag"), alt.Tooltip("y:Q", title="correlation", format=".2f")]
    head = base.mark_point(color=look.colour, filled=True, size=8 if many else 26, opacity=1, clip=True).encode(
        x=x, y=y, tooltip=shown
    )
    layers = [band, rule(sheet, {"y": 0}, x, y), stem, head]
    return sheet.finished(layers, height=data.get("height", 180))
