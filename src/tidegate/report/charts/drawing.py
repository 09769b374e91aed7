"""Every kind of chart by name: one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.report.charts import bars, folds, heat, intervals, lines, matrix, scatter, spikes

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

DRAWINGS: dict[str, Callable[[dict[str, Any]], alt.LayerChart]] = {
    "lines": lines.lines,
    "ladder": bars.ladder,
    "histogram": bars.histogram,
    "stems": bars.stems,
    "cost": scatter.cost,
    "intervals": intervals.intervals,
    "folds": folds.chosen_model,
    "heat": heat.heat,
    "matrix": matrix.matrix,
    "spikes": spikes.spikes,
}


def draw(figure: dict[str, Any]) -> alt.LayerChart:
    """Return the Altair chart of one figure of the summary (see `blocks.figure`)."""
    return DRAWINGS[figure["drawing"]](figure["data"])
