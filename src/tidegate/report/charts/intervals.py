"""One figure per model with the range in which it may lie."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme
from tidegate.report.charts.bars import weight
from tidegate.report.charts.lines import rule

_ORDER = ("other", "baseline", "winner", "recommended")


def intervals(data: dict[str, Any]) -> alt.LayerChart:
    """Draw a point and its range for each model, one under the other, in the given order.

    Parameters
    ----------
    data
        Columns ``name``, ``x``, ``lower``, ``upper``, ``role``, ``text``; ``x_title`` with unit; ``x_domain``;
        ``band``: lower and upper end of a band behind them, or None; ``reference``: where a vertical line stands, or
        None.
    """
    sheet = theme.Sheet()
    names = alt.Axis(
        title=None, labelLimit=150, labelFontWeight=weight(data), ticks=False, domain=False, labelPadding=6
    )
    y = alt.Y("name:N", sort=list(data["name"]), axis=names)
    x = theme.x_axis({"kind": "number", "title": data["x_title"], "domain": data["x_domain"]})
    layers = []
    if data["band"] is not None:
        low, high = data["band"]
        base = sheet.chart({"x": [low], "upper": [high]})
        layers.append(base.mark_rect(color=theme.SPREAD, opacity=0.12, clip=True).encode(x=x, x2="upper:Q"))
    if data["reference"] is not None:
        layers.append(rule(sheet, {"x": data["reference"], "role": "baseline"}, x, alt.Y()))
    for role in _ORDER:
        chosen = [n for n, own in enumerate(data["role"]) if own == role]
        if chosen:
            part = {name: [data[name][n] for n in chosen] for name in ("name", "x", "lower", "upper", "text")}
            layers += [mark.encode(y=y) for mark in _models(sheet.chart(part), theme.style(role), x)]
    return sheet.finished(layers, height=26 * len(data["name"]))


def _models(base: alt.Chart, look: theme.Style, x: alt.X) -> list[alt.Chart]:
    """Return the ranges and points of the models of one role."""
    lower = x.copy()
    lower.shorthand = "lower:Q"
    shown = [alt.Tooltip("text:N", title="model")]
    spread = base.mark_rule(color=look.colour, strokeWidth=max(look.width, 1.6), clip=True)
    point = base.mark_point(shape=look.shape, filled=True, color=look.colour, size=80, clip=True)
    return [
        spread.encode(x=lower, x2="upper:Q", tooltip=shown),
        point.encode(x=x, opacity=alt.value(1), tooltip=shown),
    ]
