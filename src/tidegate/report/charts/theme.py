"""How every chart looks: one style per role, one kind of axis; colours never carry meaning alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Sequence

Align = Literal["left", "center", "right"]
INK = "#1b2430"
MUTED = "#56606c"
GRID = "#e4e8ec"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


SOLID = (1, 0)


class Style(NamedTuple):
    """What a line or mark of one role looks like; told apart by dash, width and shape as well as by colour.

    Attributes
    ----------
    colour
        Hex colour with at least 4.5:1 contrast on white (grey of the crowd: 3:1), from a colour-blind-safe set.
    width
        Stroke width in pixels.
    dash
        Lengths of dash and gap in pixels; (1, 0) is a solid line.
    shape
        Name of the point mark in Vega.
    word
        The same in words, for a chart that stands alone.
    """

    colour: str
    width: float
    dash: tuple[int, ...]
    shape: str
    word: str


ROLES = {
    "observed": Style(INK, 1.6, SOLID, "circle", "black"),
    "recommended": Style("#0a58a4", 2.6, SOLID, "circle", "blue"),
    "baseline": Style("#b34700", 2.0, (6, 4), "square", "orange dashes"),
    "winner": Style("#00735c", 2.2, (10, 3, 2, 3), "triangle-up", "green dash-dots"),
    "other": Style("#8b95a1", 1.1, (2, 2), "diamond", "grey dots"),
    "bound": Style(MUTED, 1.2, (3, 3), "stroke", "grey dashes"),
}
BANDS = (0.30, 0.14)

SPREAD = "#0a58a4"


def style(role: str) -> Style:
    """Return the look of `role`."""
    return ROLES[role]


def spoken(key: Sequence[tuple[str, str]]) -> str:
    """Return the key of a figure in words: "black: observed; blue: forecast (ets)"."""
    words = {"band-narrow": "dark band", "band-wide": "light band"} | {role: look.word for role, look in ROLES.items()}
    points = {f"point-{role}": f"{look.word.split()[0]} {look.shape.split('-')[0]}s" for role, look in ROLES.items()}
    return "; ".join(f"{(words | points)[role]}: {text}" for role, text in key)


def x_axis(axis: dict[str, Any]) -> alt.X:
    """Return the horizontal axis over field ``x``.

    Parameters
    ----------
    axis
        ``kind`` ("date": milliseconds since 1970; "number"), ``title`` with the unit, and optionally ``domain``
        (lowest, highest), ``whole`` (only whole numbers are ticks), ``log`` (seconds on a log
        scale, with ticks at ``values``).
    """
    settings: dict[str, Any] = {"zero": False, "nice": False, "padding": 5}
    if axis["kind"] == "date":
        settings = {"type": "utc", "nice": False, "padding": 5}
    if axis.get("log"):
        settings = {"type": "log", "nice": False}
    if "domain" in axis:
        settings |= {"domain": axis["domain"], "padding": 0}
    count = "max(3, floor(width / 80))"
    if axis.get("whole") and "domain" in axis:  # Vega asks for at least 3, between which whole numbers repeat
        count = f"min({max(1, math.ceil(axis['domain'][1] - axis['domain'][0]))}, {count})"
    ticks: dict[str, Any] = {"tickCount": {"expr": count}}
    if axis["kind"] == "date":
        ticks |= {"labelExpr": _DATES}
    if axis.get("whole"):
        ticks |= {"tickMinStep": 1, "format": "d"}
    if axis.get("log"):
        ticks = {"values": axis["values"], "labelExpr": _SECONDS}
    made = alt.Axis(
        title=axis["title"], grid=False, labelOverlap=True, labelSeparation=10, labelFlush=True, labelBound=8, **ticks
    )
    return alt.X("x:T" if axis["kind"] == "date" else "x:Q", axis=made, scale=alt.Scale(**settings))


def y_axis(
    title: str,
    *,
    zero: bool = False,
    domain: list[float] | None = None,
    field: str = "y",
    values: list[int] | None = None,
) -> alt.Y:
    """Return the vertical axis over `field`; its title, with the unit, lies flat above the axis.

    With `values` its labels stand at these alone, and no lines are drawn across.
    """
    scale = alt.Scale(zero=zero) if domain is None else alt.Scale(domain=domain, nice=False)
    return alt.Y(f"{field}:Q", axis=_flat(title, values), scale=scale)


def log_axis(title: str, domain: list[float]) -> alt.Y:
    """Return a vertical axis over ``y`` whose ticks are powers of 10, at most about six of them."""
    low, high = math.ceil(math.log10(domain[0])), math.floor(math.log10(domain[1]))
    powers = [10.0**power for power in range(low, high + 1, max(1, -(-(high - low) // _MOST_POWERS)))]
    axis = _flat(title)
    axis.labelExpr = _POWERS
    if len(powers) > 1:
        axis.values = powers
    else:
        axis.tickCount = _MOST_POWERS
    return alt.Y("y:Q", axis=axis, scale=alt.Scale(type="log", domain=domain, nice=False, clamp=True))


def _flat(title: str, values: list[int] | None = None) -> alt.Axis:
    return alt.Axis(
        title=title,
        titleAngle=0,
        titleAlign="left",
        titleBaseline="bottom",
        titleX=0,
        titleY=-10,
        titleLimit=330,
        tickCount=5 if values is None else len(values),  # Vega leaves values out beyond this number
        values=alt.Undefined if values is None else values,
        grid=alt.Undefined if values is None else False,
        labelOverlap=alt.Undefined if values is None else False,
        minExtent=44,
        format="~s",
        formatType="number",
        labelExpr=_COMPACT,
        ticks=False,
        domain=False,
    )


# 12,000 as 12k from 10,000 on; small numbers as they are, with a true minus sign.
_COMPACT = "abs(datum.value) >= 10000 ? format(datum.value, '.3~s') : format(datum.value, ',.4~r')"
# As much of the date as changes from tick to tick: year, month, day or time of day.
# 0.01 and 100 as they are; beyond, powers of 10.
_MOST_POWERS = 6
_POWERS = "abs(log(datum.value) / LN10) < 2.5 ? format(datum.value, '.2~r') : format(datum.value, '.0e')"
_HOURS = "utchours(datum.value) + utcminutes(datum.value)"
_DATES = (
    f"{_HOURS} > 0 ? utcFormat(datum.value, '%H:%M') : utcdate(datum.value) > 1 ? utcFormat(datum.value, '%-d %b') "
    ": utcmonth(datum.value) > 0 ? utcFormat(datum.value, '%b') : utcFormat(datum.value, '%Y')"
)
_SECONDS = "datum.value < 1 ? format(1000 * datum.value, ',.3~r') + ' ms' : format(datum.value, ',.3~r') + ' s'"


def haloed(base: alt.Chart, *, align: Align, dx: float = 0, dy: float = 0) -> list[alt.Chart]:
    """Return text marks: a white outline and the letters on it, legible over lines."""
    mark = alt.MarkDef(type="text", align=align, baseline="middle", dx=dx, dy=dy, fontSize=13)
    outline, letters = mark.copy(), mark.copy()
    outline.stroke, outline.strokeWidth, outline.strokeJoin, letters.color = "white", 7, "round", INK
    return [base.properties(mark=outline), base.properties(mark=letters)]


class Sheet:
    """What one chart is drawn on: keeps its tables apart from its layers, so that no layer copies them."""

    def __init__(self) -> None:
        self._tables: dict[str, list[dict[str, Any]]] = {}

    def chart(self, columns: dict[str, list[Any]]) -> alt.Chart:
        """Return an empty layer over a table given as columns of equal length."""
        names = list(columns)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        name = f"table-{len(self._tables) + 1}"
        self._tables[name] = rows
        return alt.Chart(alt.NamedData(name=name))

    def finished(self, layers: list[alt.Chart], *, height: int) -> alt.LayerChart:
        """Lay `layers` over each other, as wide as the page allows and `height` pixels high, in the report's look."""
        made = alt.LayerChart(layer=layers, width="container", height=height, config=alt.Config(**config()))
        made.datasets = self._tables
        return made


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration that all charts share."""
    return {
        "font": FONT,
        "background": "white",
        "aria": False,
        "padding": {"left": 2, "right": 10, "top": 8, "bottom": 2},
        "view": alt.ViewConfig(stroke=None),
        "axis": alt.AxisConfig(
            labelColor=INK,
            titleColor=MUTED,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            titlePadding=8,
            gridColor=GRID,
            domainColor="#9aa4af",
            tickColor="#9aa4af",
        ),
        "title": alt.TitleConfig(
            anchor="start",
            color=INK,
            fontSize=16,
            subtitleColor=MUTED,
            subtitleFontSize=13,
            subtitlePadding=6,
            offset=14,
        ),
    }
