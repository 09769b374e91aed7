"""The section on what was checked of the recommended model before its forecast is trusted: the audit's seal."""

from __future__ import annotations

from typing import Any

from tidegate.report import blocks, wording
from tidegate.report.sections.habits import OUTCOMES

_ROLES = {"passed": "winner", "warned": "baseline", "failed": "baseline"}


def section(found: dict[str, Any] | None) -> blocks.Block | None:
    """Return what was checked, each with its figure; None where nothing was fitted.

    Parameters
    ----------
    found
        ``seal`` of run.json: ``statement``, ``marks`` and ``command``.
    """
    if found is None:
        return None
    lead = "A good score can come from a model that misses the newest values or knows the future. So it was asked:"
    left = any(mark["outcome"] == "unchecked" for mark in found["marks"])
    title = "Checks everything, on more series and origins" if left else "The same in full, with pictures"
    command = {"kind": "code", "title": title, "text": found["command"]}
    parts = [blocks.text([found["statement"]]), table(found["marks"]), command]
    return blocks.section("seal", "Checked before you trust it", parts, lead=lead, short="Checked")


def table(marks: list[dict[str, Any]]) -> blocks.Block:
    """Return one row for each thing that was checked."""
    columns = [blocks.column(title) for title in ("What should hold", "Measured", "In words")]
    rows = [
        [
            blocks.cell(mark["name"], mark=OUTCOMES[mark["outcome"]], role=_ROLES.get(mark["outcome"], "")),
            blocks.cell(mark["measured"] or wording.NOTHING),
            blocks.cell(mark["statement"]),
        ]
        for mark in marks
    ]
    return blocks.table(columns, rows, caption="Departures are in standard deviations of the series.")
