"""Series of a panel as the columns that charts read: thinned, rounded, with the words that a pointer shows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.data.zones import to_local
from tidegate.report import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Panel

MOST_POINTS = 1_500
MOST_HOVERED = 500
_LONGEST_NAME = 28


def local(times: NDArray[np.int64], panel: Panel) -> NDArray[np.int64]:
    """Return times as the clock on the wall showed them: nanoseconds without zone, or steps; same shape."""
    return times if panel.integer_time else to_local(times, panel.timezone)


def time_axis(panel: Panel) -> dict[str, Any]:
    """Return the horizontal axis over the panel's times, with its unit."""
    if panel.integer_time:
        return {"kind": "number", "title": "Time (steps)", "whole": True}
    return {"kind": "date", "title": f"Time ({wording.steps_label(panel.frequency)})"}


def steps_axis(panel: Panel, horizon: int) -> dict[str, Any]:
    """Return the horizontal axis over steps ahead, 1 to `horizon`, with its unit."""
    axis = {"kind": "number", "title": f"Steps ahead ({wording.steps_label(panel.frequency)})", "whole": True}
    return axis | {"domain": [0.7, max(horizon, 2) + 0.3]}


def target(panel: Panel, *, unit: str = "in the data's unit") -> str:
    """Return the title of an axis that shows the target: its name and unit."""
    return f"{clipped(panel.target)} ({unit})"


def clipped(name: str) -> str:
    """Return `name`, shortened if it would not fit on an axis."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def instants(times: NDArray[np.int64], panel: Panel) -> list[Any]:
    """Return times as the charts take them: milliseconds since 1970 on the local clock, or steps."""
    shown = local(times, panel)
    return list(shown.tolist()) if panel.integer_time else list((shown // 1_000_000).tolist())


def moments(times: NDArray[np.int64], panel: Panel) -> list[str]:
    """Return times in words."""
    return [wording.moment(time, panel.frequency) for time in local(times, panel).tolist()]


def rounded(values: NDArray[np.float64]) -> list[float | None]:
    """Return values with six significant digits, None where there is no finite one."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]


def points(times: NDArray[np.int64], values: NDArray[np.float64], panel: Panel) -> dict[str, list[Any]]:
    """Return columns ``x``, ``y`` and, for a line short enough to point at, ``text`` of one line, shape (T,) each."""
    columns: dict[str, list[Any]] = {"x": instants(times, panel), "y": rounded(values)}
    if len(times) <= MOST_HOVERED:
        said = zip(moments(times, panel), values, strict=True)
        columns["text"] = [f"{when}: {wording.number(value, 4)}" for when, value in said]
    return columns


def extremes(times: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions to draw of a long series, keeping the lowest and highest of each stretch.

    Parameters
    ----------
    times, values
        Shape (T,); missing values are skipped.

    Returns
    -------
    ndarray
        At most about `MOST_POINTS` ascending positions; all of them if there are no more.
    """
    if len(times) <= MOST_POINTS:
        return np.arange(len(times))
    edges = np.linspace(0, len(times), MOST_POINTS // 2 + 1).astype(np.int64)
    kept: list[int] = []
    for start, stop in itertools.pairwise(edges):
        part = values[start:stop]
        seen = np.flatnonzero(np.isfinite(part))
        if len(seen):
            kept += [int(start + seen[np.argmin(part[seen])]), int(start + seen[np.argmax(part[seen])])]
    return np.unique(kept)


def said_if_condensed(n_points: int) -> str:
    """Say that a long series is drawn by the extremes of its stretches; empty if it is drawn whole."""
    if n_points <= MOST_POINTS:
        return ""
    return f"Of {n_points:,} values the chart draws the lowest and highest of each of {MOST_POINTS // 2} stretches."


def quantile_positions(scores: NDArray[np.float64], shares: Sequence[float]) -> list[int]:
    """Return the positions of the series at the given shares (0 to 1) of the ranking by `scores`, each once."""
    order = np.argsort(scores, kind="stable")
    order = order[np.isfinite(scores[order])]
    if not len(order):
        return [0]
    return list(dict.fromkeys(int(order[round(share * (len(order) - 1))]) for share in shares))
