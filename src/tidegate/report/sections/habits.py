"""The sections of an audit on habits: repeating the newest value, leaving points out, minding what must not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.audit.echo import LAGS
from tidegate.report import axes, blocks, wording
from tidegate.report.sections.sight import said

if TYPE_CHECKING:
    from tidegate.evaluation.audit.audit import Audit
    from tidegate.evaluation.audit.sameness import Trial

OUTCOMES = {
    "passed": "Passed",
    "warned": "Warning",
    "failed": "Failed",
    "allowed": "Allowed",
    "unchecked": "Not checked",
}
"""What the report calls each outcome."""


def echo(audit: Audit) -> blocks.Block:
    """Return the section on whether it repeats the newest value."""
    lead = "A copy of the newest value looks like a good forecast: the curves agree, one step apart. Changes tell."
    parts = [*said(audit.findings[2]), blocks.grid([_one_step(audit), _correlations(audit)])]
    return blocks.section("echo", "Does it repeat the newest value?", parts, lead=lead, short="Echo")


def _one_step(audit: Audit) -> blocks.Block:
    """Return the forecasts one step ahead beside what came."""
    found, panel = audit.echo, audit.material.panel
    rows = int(panel.offsets[0]) + found.ends
    observed = {"role": "observed", "name": "observed", **axes.points(panel.times[rows], panel.values[rows], panel)}
    forecast = {"role": "recommended", "name": "forecast", **axes.points(panel.times[rows], found.forecast, panel)}
    data = {"x": axes.time_axis(panel), "y": axes.target(panel), "lines": [observed, forecast], "height": 220}
    of = f", {panel.ids[0]}" if len(panel) > 1 else ""
    words = blocks.Words(f"One step ahead{of}", audit.findings[2].statement, "")
    return blocks.figure(
        "lines", data, words, key=[("observed", "observed"), ("recommended", "forecast one step before")]
    )


def _correlations(audit: Audit) -> blocks.Block | None:
    """Return how the changes of the forecast go with those of the series, by lag."""
    found = audit.echo
    if not np.isfinite(found.correlations).any():
        return None
    band = 1.96 / np.sqrt(max(found.n_steps, 2))
    data = {
        "x": {
            "kind": "number",
            "title": "Lag (steps by which the forecast follows)",
            "whole": True,
            "domain": [float(LAGS[0]) - 0.5, float(LAGS[-1]) + 0.5],
        },
        "y": "Correlation of changes (1 = alike)",
        "domain": [-1, 1],
        "lag": LAGS.tolist(),
        "value": axes.rounded(found.correlations),
        "lower": [-band] * len(LAGS),
        "upper": [band] * len(LAGS),
        "height": 220,
    }
    caption = "A peak at lag 1 is an echo, one at lag 0 a forecast. In the grey band chance alone would leave it."
    return blocks.figure("stems", data, blocks.Words("When its changes come", audit.findings[2].statement, caption))


def points(audit: Audit) -> blocks.Block:
    """Return the section on whether everything was forecast."""
    found = audit.points
    lead = "Scores mean what they say only if every series, origin and step is among them."
    rows, columns = (axis.ravel() + 1 for axis in np.indices(found.scored.T.shape))
    shares = found.scored.T.ravel()
    gaps = found.scored.T < 1
    data = {
        "x": "Origin (number, the oldest first)",
        "y": f"Step ahead ({wording.steps_label(audit.material.panel.frequency)})",
        "size": [found.scored.shape[0], found.scored.shape[1]],
        "column": columns.tolist(),
        "row": rows.tolist(),
        "share": np.round(0.3 * shares, 3).tolist(),
        "text": [
            f"origin {g}, step {k}: {100 * share:.0f} % of the series"
            for k, g, share in zip(rows, columns, shares, strict=True)
        ],
        "marked": {"x": (np.nonzero(gaps)[1] + 1).tolist(), "y": (np.nonzero(gaps)[0] + 1).tolist()},
    }
    key = [("band-narrow", "all series were forecast")]
    key += [("point-baseline", "some were not")] if gaps.any() else []
    words = blocks.Words("What was forecast", audit.findings[3].statement)
    parts = [*said(audit.findings[3]), blocks.figure("matrix", data, words, key=key)]
    return blocks.section("points", "Was everything forecast?", parts, lead=lead, short="Points")


def sameness(audit: Audit) -> blocks.Block:
    """Return the section on what must not matter."""
    lead = "A forecast must not depend on the unit, the level, the company of a series, or on when it is made."
    trials = audit.sameness.trials
    tried = [trial for trial in trials if trial.departure is not None]
    data = {
        "name": [trial.name for trial in tried],
        "x": [_finite(trial) for trial in tried],
        "role": ["other" if trial.outcome == "passed" else "baseline" for trial in tried],
        "text": [_size(trial) for trial in tried],
        "x_title": "Departure (standard deviations)",
        "reference": None,
    }
    caption = "By how much the forecast departs from what it should be. Orange: more than it may."
    words = blocks.Words("What matters that must not", audit.findings[4].statement, caption)
    columns = [blocks.column("What was changed"), blocks.column("Outcome"), blocks.column("In words")]
    rows = [[blocks.cell(t.name), blocks.cell(OUTCOMES[t.outcome]), blocks.cell(t.statement)] for t in trials]
    parts = [
        blocks.text([audit.findings[4].statement]),
        blocks.figure("ladder", data, words),
        blocks.table(columns, rows, caption="Everything that was tried."),
    ]
    return blocks.section("sameness", "What must not matter", parts, lead=lead, short="Sameness")


def _finite(trial: Trial) -> float:
    departure = trial.departure or 0.0
    return round(departure, 4) if np.isfinite(departure) else 1.0


def _size(trial: Trial) -> str:
    departure = trial.departure or 0.0
    return "none" if departure == 0 else "other rows" if np.isinf(departure) else f"{departure:.1g}"
