"""The section on top: each series shown with its forecast and intervals, and the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import span, step
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.panel import Forecast, Panel
    from tidegate.report.view import View

_LONGEST_TABLE = 60
_OPEN_TABLE = 14


def section(view: View, forecast: Forecast, intervals: str = "") -> blocks.Block:
    """Return the forecast of the recommended model as charts and a table.

    Parameters
    ----------
    view
        The backtest and its verdict.
    forecast
        What comes next.
    intervals
        Where its intervals come from; "" if they are the model's own.
    """
    chosen = [(n, why) for n, why in view.shown if view.panel.ids[n] in forecast.ids]
    shown = [figure(view.panel, forecast, n, why) for n, why in chosen]
    parts: list[blocks.Block | None] = [*shown[:1], blocks.grid(shown[1:])]
    parts.append(blocks.text([intervals]))
    if len(forecast.ids) > len(shown):
        parts.append(blocks.text([_of_many(view, forecast)]))
    parts += [table(view.panel, forecast, n) for n, _ in chosen[:1]]
    return blocks.section("forecast", "Forecast", parts)


def figure(panel: Panel, forecast: Forecast, n: int, why: str = "") -> blocks.Block:
    """Return the figure of one series: history, forecast, intervals.

    Parameters
    ----------
    panel
        The series that were forecast.
    forecast
        What comes next.
    n
        Position of the series in `panel`.
    why
        Why this series is shown; empty if it is the only one.
    """
    row = _row(forecast, panel.ids[n])
    times, values = _recent(panel, n, forecast.times.shape[1])
    kept = axes.extremes(times, values)
    ahead = axes.points(forecast.times[row], forecast.mean[row], panel)
    newest = axes.points(times[-1:], values[-1:], panel)
    joined = {name: newest[name] + ahead[name] for name in ahead}
    data = {
        "x": axes.time_axis(panel),
        "y": axes.target(panel),
        "lines": [
            {"role": "observed", "name": "observed", **axes.points(times[kept], values[kept], panel)},
            {"role": "recommended", "name": "forecast", **joined},
        ],
        "bands": _bands(panel, forecast, row),
        "rules": [{"x": newest["x"][0], "role": "bound"}],
        "height": 320,
    }
    return blocks.figure("lines", data, _words(panel, forecast, n, why), key=_key(forecast))


def _row(forecast: Forecast, series: object) -> int:
    return int(np.flatnonzero(forecast.ids == series)[0])


def _recent(panel: Panel, n: int, horizon: int) -> tuple[Any, Any]:
    """Return times and values of the newest stretch in which the forecast can still be seen."""
    rows = slice(int(panel.offsets[n]), int(panel.offsets[n + 1]))
    times, values = panel.times[rows], panel.values[rows]
    wanted = max(8 * horizon, 4 * panel.season, 60)
    start = 0 if len(times) <= 1.3 * wanted else len(times) - wanted
    return times[start:], values[start:]


def _bands(panel: Panel, forecast: Forecast, row: int) -> list[blocks.Block]:
    """Return the intervals, widest first."""
    if forecast.intervals is None:
        return []
    x = axes.instants(forecast.times[row], panel)
    made = []
    for q in reversed(range(len(forecast.intervals.levels))):
        lower, upper = forecast.intervals.lower[row, :, q], forecast.intervals.upper[row, :, q]
        made.append({"x": x, "lower": axes.rounded(lower), "upper": axes.rounded(upper)})
    return made


def _key(forecast: Forecast) -> list[tuple[str, str]]:
    key = [("observed", "observed"), ("recommended", f"forecast ({forecast.model})")]
    levels = () if forecast.intervals is None else forecast.intervals.levels
    for q, level in enumerate(levels):
        key.append(("band-narrow" if q == 0 else "band-wide", f"{level} % interval"))
    return key


def _words(panel: Panel, forecast: Forecast, n: int, why: str) -> blocks.Words:
    row, frequency = _row(forecast, panel.ids[n]), panel.frequency
    first, last = axes.moments(forecast.times[row][[0, -1]], panel)
    start, end = wording.number(forecast.mean[row, 0], 4), wording.number(forecast.mean[row, -1], 4)
    name = f"{panel.ids[n]}, {why}" if why else str(panel.ids[n])
    title = f"{name}: the next" if len(panel) > 1 else "The next"
    ahead = span(forecast.times.shape[1], frequency)
    spoken = f"{panel.target} with its forecast by {forecast.model}: {start} in {first}, {end} in {last}."
    newest = axes.moments(panel.times[panel.offsets[n + 1] - 1 : panel.offsets[n + 1]], panel)[0]
    caption = f"The vertical line marks the last observation, {newest}."
    drawn, whole = len(_recent(panel, n, forecast.times.shape[1])[0]), int(panel.lengths[n])
    if drawn < whole:
        caption += f" Only the newest {drawn:,} of {whole:,} observations are drawn."
    return blocks.Words(f"{title} {ahead}", spoken, caption)


def _of_many(view: View, forecast: Forecast) -> str:
    return (
        f"{len(forecast.ids):,} series were forecast. Of the {len(view.panel):,} judged, {len(view.shown)} are drawn, "
        f"chosen by the error of {forecast.model}: half, a tenth and nine tenths of the series have a lower one. "
        "All are in forecast.csv."
    )


def table(panel: Panel, forecast: Forecast, n: int) -> blocks.Block:
    """Return the numbers of one series, one row per step."""
    row = _row(forecast, panel.ids[n])
    intervals = forecast.intervals
    levels = () if intervals is None else intervals.levels
    columns = [blocks.column(_when(panel)), blocks.column("Forecast", numeric="yes")]
    columns += [blocks.column(f"{level} % interval", numeric="yes") for level in levels]
    n_steps = forecast.times.shape[1]
    rows = []
    for f, when in enumerate(axes.moments(forecast.times[row][:_LONGEST_TABLE], panel)):
        cells = [blocks.cell(when), blocks.cell(wording.number(forecast.mean[row, f], 4))]
        for q in range(len(levels)):
            ends = (intervals.lower[row, f, q], intervals.upper[row, f, q]) if intervals else ()
            cells.append(blocks.cell(" to ".join(wording.number(end, 4) for end in ends)))
        rows.append(cells)
    of = f" of {panel.ids[n]}" if len(panel) > 1 else ""
    caption = f"Forecast{of} in the unit of {panel.target}."
    if n_steps > _LONGEST_TABLE:
        caption += f" The first {_LONGEST_TABLE} of {n_steps} steps; all are in forecast.csv."
    folded = "" if n_steps <= _OPEN_TABLE and len(panel) == 1 else f"The numbers{of}"
    return blocks.table(columns, rows, caption=caption, folded=folded)


def _when(panel: Panel) -> str:
    count, noun = step(panel.frequency)
    return noun.capitalize() if count == 1 else "Time"
