"""What each fold forecast beside what came: one model at a time, chosen by the reader."""

from __future__ import annotations

from typing import Any

import altair as alt

from tidegate.report.charts import theme
from tidegate.report.charts.lines import rule


def chosen_model(data: dict[str, Any]) -> alt.LayerChart:
    """Draw the observations and every fold's forecast of the model that the reader chooses.

    Parameters
    ----------
    data
        ``x``: axis; ``y``: title with unit; ``observed``: columns ``x``, ``y``, ``text``; ``folds``: columns
        ``x``, ``y``, ``text``, ``model``, ``fold`` and optionally ``lower``, ``upper``; ``models``: names in the order
        of the list; ``initial``: the name shown first; ``rules``: origins; ``points``: whether to
        mark each value.
    """
    sheet = theme.Sheet()
    x, y = theme.x_axis(data["x"]), theme.y_axis(data["y"])
    options = alt.binding_select(options=data["models"], name="Model ")
    picked = alt.param(name="picked", value=data["initial"], bind=options)
    folds = sheet.chart(data["folds"]).transform_filter("datum.model === picked")
    look, seen = theme.style("recommended"), theme.style("observed")
    band = folds.mark_area(color=theme.SPREAD, opacity=theme.BANDS[0], clip=True)
    point = {"size": 22, "color": look.colour, "opacity": 1 if data["points"] else 0}
    forecast = folds.mark_line(color=look.colour, strokeWidth=look.width, point=point)
    observed = sheet.chart(data["observed"]).mark_line(color=seen.colour, strokeWidth=seen.width)
    tip = alt.Tooltip("text:N", title="forecast")
    layers = [rule(sheet, one, x, y) for one in data["rules"]]
    if "lower" in data["folds"]:
        layers.append(band.encode(x=x, y=theme.y_axis(data["y"], field="lower"), y2="upper:Q", detail="fold:N"))
    layers += [observed.encode(x=x, y=y), forecast.encode(x=x, y=y, detail="fold:N", tooltip=tip)]
    return sheet.finished(layers, height=data.get("height", 300)).add_params(picked)
