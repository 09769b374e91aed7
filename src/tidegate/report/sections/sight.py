"""The sections of an audit on what a forecaster sees: blind spots before the origin, leaks after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.data.calendar import future_times
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.evaluation.audit.audit import Audit
    from tidegate.evaluation.audit.finding import Finding
    from tidegate.panel import Panel

_MARKED = 24


def said(finding: Finding) -> list[blocks.Block | None]:
    """Return what a check found and what it rests on."""
    return [blocks.text([finding.statement]), blocks.bullets(finding.sentences)]


def blind_spots(audit: Audit) -> blocks.Block:
    """Return the section on what each step ahead sees of the newest values."""
    lead = (
        "Each of the newest values was changed by itself, and the forecasts were compared. Every step should see the "
        "newest value, at the left."
    )
    parts = [*said(audit.findings[0]), sight(audit)]
    return blocks.section("blind-spots", "What each step sees", parts, lead=lead, short="Blind spots")


def sight(audit: Audit) -> blocks.Block:
    """Return the matrix of steps and lags."""
    found, frequency = audit.blindness, audit.material.panel.frequency
    steps, lags = (axis.ravel() + 1 for axis in np.indices(found.response.shape))
    most = np.maximum(found.response.max(axis=1, keepdims=True), 1e-12)
    response = found.response.ravel()
    hidden = lags.reshape(found.seen.shape) <= np.where(found.unseen < found.seen.shape[1], found.unseen, 0)[:, None]
    rows, columns = np.nonzero(hidden)
    data = {
        "x": f"Lag ({wording.steps_label(frequency)} before; 1 is the newest value)",
        "y": f"Step ahead ({wording.steps_label(frequency)})",
        "size": [found.response.shape[1], found.response.shape[0]],
        "column": lags.tolist(),
        "row": steps.tolist(),
        "share": np.round(np.sqrt(found.response / most), 3).ravel().tolist(),
        "text": [
            f"step {k}, lag {lag}: {wording.number(value)} per unit"
            for k, lag, value in zip(steps, lags, response, strict=True)
        ],
        "marked": {"x": (columns + 1).tolist(), "y": (rows + 1).tolist()},
    }
    key = [("band-narrow", "answers to the value, the darker the more")]
    key += [("point-baseline", "a newest value that it does not see")] if len(rows) else []
    caption = (
        "How much each step ahead changes per unit of change of each past value, as a share of the largest in its row "
        "(square roots, so that faint ones show)."
    )
    words = blocks.Words("Which past values each step answers to", audit.findings[0].statement, caption)
    return blocks.figure("matrix", data, words, key=key)


def leaks(audit: Audit) -> blocks.Block:
    """Return the section on what is seen of the time after an origin."""
    lead = (
        "The same forecast was made twice: with the data as they are, and with everything after the origin changed. "
        "Both must be the same."
    )
    parts = [*said(audit.findings[1]), _twice(audit)]
    return blocks.section("leaks", "What is seen of the future", parts, lead=lead, short="Leaks")


def _twice(audit: Audit) -> blocks.Block:
    """Return the forecasts with and without the future changed, of the series that shows it."""
    found, panel = audit.leaks, audit.material.panel
    target = None if found.source is None else found.source.target
    n = next((n for n, one in enumerate(panel.ids) if str(one) == target), 0)
    end = int(found.ends[n])
    cut = panel.before(np.maximum(found.ends, 1), audit.material.horizon)
    ahead = future_times(cut, audit.material.horizon)[n]
    start = max(0, end - max(2 * audit.material.horizon, panel.season))
    rows = np.arange(int(panel.offsets[n]) + start, int(panel.offsets[n]) + end)
    marked = audit.material.horizon <= _MARKED
    lines = [
        _line("observed", "observed", (panel.times[rows], panel.values[rows]), panel, points=False),
        _line("recommended", "as it is", (ahead, found.plain[n]), panel, points=marked),
        _line("baseline", "future changed", (ahead, found.changed[n]), panel, points=marked),
    ]
    origin = axes.instants(panel.times[rows[-1:]], panel)[0]
    data = {"x": axes.time_axis(panel), "y": axes.target(panel), "lines": lines, "rules": [{"x": origin}]}
    key = [("observed", "observed"), ("recommended", "forecast"), ("baseline", "forecast, the future changed")]
    of = f" of {panel.ids[n]}" if len(panel) > 1 else ""
    lie = "They lie on one another." if not found.largest else "They differ: something of the future is seen."
    words = blocks.Words(
        f"One forecast{of}, made twice", audit.findings[1].statement, f"The vertical line is the origin. {lie}"
    )
    return blocks.figure("lines", data, words, key=key)


def _line(role: str, name: str, xy: tuple[Any, Any], panel: Panel, *, points: bool) -> dict[str, Any]:
    return {"role": role, "name": name, "points": points, **axes.points(*xy, panel)}
