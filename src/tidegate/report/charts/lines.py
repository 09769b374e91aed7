"""Lines over time or steps: a history with its forecast, a component, a rolling figure, scores by step."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme


def lines(data: dict[str, Any]) -> alt.LayerChart:
    """Draw bands, then rules, then lines, in the order given.

    Parameters
    ----------
    data
        ``x``: axis (see `theme.x_axis`); ``y``: title with unit; ``lines``: list of ``role`` and columns ``x``, ``y``,
        optionally ``text`` (what a pointer shows), ``name``, ``points``; ``bands``: list of columns ``x``, ``lower``,
        ``upper``, widest first; ``rules``: list of ``x`` or ``y`` positions with ``role``; ``height`` in pixels;
        ``zero``: whether the vertical axis starts at 0; ``log``: lowest and highest value of one with powers of 10.
    """
    sheet = theme.Sheet()
    y = (
        theme.log_axis(data["y"], data["log"])
        if "log" in data
        else theme.y_axis(data["y"], zero=data.get("zero", False))
    )
    x = theme.x_axis(data["x"])
    bands = data.get("bands", [])
    layers = [_band(sheet, band, narrow=band is bands[-1]).encode(x=x, y=y) for band in bands]
    layers += [rule(sheet, one, x, y) for one in data.get("rules", [])]
    for line in data["lines"]:
        layers += _line(sheet, line, x, y)
    return sheet.finished(layers, height=data.get("height", 260))


def _line(sheet: theme.Sheet, line: dict[str, Any], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    look = theme.style(line["role"])
    columns: dict[str, list[Any]] = {name: line[name] for name in ("x", "y", "text") if name in line}
    base = sheet.chart(columns).encode(x=x, y=y)
    width = line.get("width", look.width)
    layers = [base.mark_line(color=look.colour, strokeWidth=width, strokeDash=list(look.dash))]
    shown = bool(line.get("points"))
    if "text" in line:
        size = 34 if shown else 70
        hover = base.mark_point(color=look.colour, shape=look.shape, filled=True, size=size, opacity=1 if shown else 0)
        layers.append(hover.encode(tooltip=alt.Tooltip("text:N", title=line.get("name", "value"))))
    return layers


def _band(sheet: theme.Sheet, band: dict[str, Any], *, narrow: bool) -> alt.Chart:
    columns = {"x": band["x"], "y": band["lower"], "upper": band["upper"]}
    opacity = theme.BANDS[0] if narrow else theme.BANDS[1]
    made: alt.Chart = sheet.chart(columns).mark_area(color=theme.SPREAD, opacity=opacity).encode(y2="upper:Q")
    return made


def rule(sheet: theme.Sheet, one: dict[str, Any], x: alt.X, y: alt.Y) -> alt.Chart:
    """Draw a straight line across the chart at ``x`` or at ``y`` of `one`, in the style of its ``role``."""
    look = theme.style(one.get("role", "bound"))
    axis = "x" if "x" in one else "y"
    base = sheet.chart({axis: [one[axis]]})
    mark = base.mark_rule(color=look.colour, strokeWidth=look.width, strokeDash=list(look.dash))
    made: alt.Chart = mark.encode(x=x) if axis == "x" else mark.encode(y=y)
    return made
