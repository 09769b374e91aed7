"""The section on training: norms of the gradient, clipping and saturation over the updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.report import axes, blocks
from tidegate.report.sections.gradient import remedies

if TYPE_CHECKING:
    from tidegate.insight.result import Insight
    from tidegate.training.record import Record

_ROLES = ("recommended", "winner", "baseline", "observed")


def section(insight: Insight, prefix: str = "") -> blocks.Block:
    """Return how gradients and gates were in the first run that trained the network, or that nobody knows."""
    run = next((one for one in insight.training if one.record is not None and len(one.record.norm) > 1), None)
    parts: list[blocks.Block | None] = []
    if run is None or run.record is None or insight.course is None:
        parts.append(blocks.note("The model holds no record of its training."))
        return blocks.section(f"{prefix}training", "During training", parts, short="Training")
    record, updates = run.record, list(run.updates)
    parts.append(blocks.text([f"Training looks {insight.course.state}.", *insight.course.reasons]))
    parts.append(blocks.grid([_norms(record, updates), _clipped(record, updates), *_saturated(record), _flow(record)]))
    parts.append(remedies(insight.course))
    if len(insight.training) > 1:
        parts.append(blocks.text(["This is the first run, which the held-out values stopped; a second read them too."]))
    return blocks.section(f"{prefix}training", "During training", parts, short="Training")


def _axis(updates: list[int]) -> dict[str, Any]:
    return {"kind": "number", "title": "Updates made", "whole": True, "domain": [0, max(updates[-1], 1)]}


def _norms(record: Record, updates: list[int]) -> blocks.Block:
    pairs = [("recommended", "mean", record.norm), ("baseline", "largest", record.largest)]
    lines: list[dict[str, Any]] = [
        {"role": r, "name": n, "x": updates, "y": axes.rounded(np.array(values))} for r, n, values in pairs
    ]
    seen = [value for line in lines for value in line["y"] if value]
    low, high = 10.0 ** np.floor(np.log10(min(seen))), 10.0 ** np.ceil(np.log10(max([*seen, record.limit])))
    data = {"x": _axis(updates), "y": "Norm of the gradient", "lines": lines, "height": 190}
    data |= {"log": [low, max(high, 10 * low)], "rules": [{"y": record.limit, "role": "bound"}]}
    words = blocks.Words(
        "Norm of the gradient",
        f"Mean and largest norm of the gradient between checks, at most {max(seen):.2g}; clipped at {record.limit:g}.",
        "Of the updates since the check before, as they were before clipping.",
    )
    key = [("recommended", "mean"), ("baseline", "largest"), ("bound", f"clipped at {record.limit:g}")]
    return blocks.figure("lines", data, words, key=key)


def _clipped(record: Record, updates: list[int]) -> blocks.Block:
    share = 100 * np.array(record.clipped)
    line = {"role": "recommended", "name": "clipped", "x": updates, "y": axes.rounded(share)}
    data = {"x": _axis(updates), "y": "Updates clipped (%)", "lines": [line], "zero": True, "height": 190}
    return blocks.figure(
        "lines", data, blocks.Words("Clipping", f"Share of updates that clipping shortened: {np.nanmean(share):.0f} %.")
    )


def _saturated(record: Record) -> list[blocks.Block | None]:
    """Return the saturation of the gates of the first layer over the looks; none without gates."""
    looks = record.looks
    gates = [name for name in (looks[0].gates if looks else ()) if name not in ("candidate", "hidden")]
    if not gates:
        return []
    updates = [look.updates for look in looks]
    lines: list[dict[str, Any]] = []
    for name, role in zip(gates, _ROLES, strict=False):
        place = looks[0].gates.index(name)
        values = [100 * sum(look.saturated[0][place]) for look in looks]
        lines.append({"role": role, "name": name, "x": updates, "y": axes.rounded(np.array(values))})
    data = {"x": _axis(updates), "y": "Saturated (%)", "lines": lines, "zero": True, "height": 190}
    last = ", ".join(f"{line['name']} {line['y'][-1]:.0f} %" for line in lines)
    words = blocks.Words(
        "Saturation of the gates", f"Gates below 0.1 or above 0.9 at the last look: {last}.", "Below 0.1 or above 0.9."
    )
    return [blocks.figure("lines", data, words, key=[(str(line["role"]), str(line["name"])) for line in lines])]


def _flow(record: Record) -> blocks.Block | None:
    """Return how much of the gradient was left some steps back, over the looks."""
    looks = record.looks
    if not looks or len(looks[0].lags) < 2:
        return None
    lags = looks[0].lags
    chosen = sorted({min(3, len(lags) - 1), len(lags) // 2, len(lags) - 1})
    updates = [look.updates for look in looks]
    lines: list[dict[str, Any]] = []
    for place, role in zip(chosen, _ROLES, strict=False):
        left = np.array([look.flows[0][place] / max(look.flows[0][0], 1e-300) for look in looks])
        values = axes.rounded(np.where(left > 0, left, np.nan))
        lines.append({"role": role, "name": f"{lags[place]} steps back", "x": updates, "y": values})
    seen = [value for line in lines for value in line["y"] if value] or [1.0]
    low, high = 10.0 ** np.floor(np.log10(min(seen))), 10.0 ** np.ceil(np.log10(max(seen)))
    data = {"x": _axis(updates), "y": "Gradient relative to the newest step", "lines": lines, "height": 190}
    data["log"] = [max(low, 1e-10 * high), max(high, 10 * low)]
    words = blocks.Words(
        "Gradient through time",
        f"Share of the newest step's gradient that was left {lags[chosen[0]]} to {lags[chosen[-1]]} steps back.",
        "First layer, at some windows that training learned from.",
    )
    return blocks.figure("lines", data, words, key=[(str(line["role"]), str(line["name"])) for line in lines])
