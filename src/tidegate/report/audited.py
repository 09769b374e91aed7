"""From an audit to its report as one JSON-able dictionary, and to one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.evaluation.audit.audit import KINDS
from tidegate.report import axes, blocks, wording
from tidegate.report.page import render
from tidegate.report.sections import habits, sight

if TYPE_CHECKING:
    from tidegate.evaluation.audit.audit import Audit

TITLES = {
    "blind-spots": "Blind spots",
    "leaks": "Leaks",
    "echo": "Echo",
    "points": "Points",
    "sameness": "Sameness",
}


def page(audit: Audit, run: dict[str, Any]) -> str:
    """Return the report of an audit as HTML that opens without a network.

    Parameters
    ----------
    audit
        What was found.
    run
        How it was made: ``name`` of the data, ``command``, ``started``, ``seconds``, ``versions``.
    """
    return render(summarise(audit, run))


def summarise(audit: Audit, run: dict[str, Any]) -> blocks.Block:
    """Return the report of an audit as a dictionary, of the form that `summary.summarise` gives.

    Takes what `page` does.
    """
    panel = audit.material.panel
    first, last = axes.moments(panel.times[[panel.times.argmin(), panel.times.argmax()]], panel)
    series = f"{len(panel):,} series, " if len(panel) > 1 else ""
    tiles = _tiles(audit)
    return {
        "kind": "audit",
        "begin": {"anchor": "blind-spots", "text": "Skip to the findings"},
        "title": f"Audit of {audit.name}",
        "subtitle": f"On {run['name']}: {series}{len(panel.times):,} observations, {first} to {last}, "
        f"{audit.material.horizon} ahead",
        "verdict": {"heading": "The verdict", "statement": audit.statement, "sentences": _grave(audit), "tiles": tiles},
        "sections": [
            sight.blind_spots(audit),
            sight.leaks(audit),
            habits.echo(audit),
            habits.points(audit),
            habits.sameness(audit),
            _circumstances(audit, run),
        ],
        "made": wording.signed(run),
    }


def _grave(audit: Audit) -> list[str]:
    """Return the statements of the checks that failed or warned, but for the one that the verdict names."""
    told = [one.statement for one in audit.findings if one.outcome in ("failed", "warned", "allowed")]
    return [one for one in told if one[1:] not in audit.statement]


def _tiles(audit: Audit) -> list[blocks.Block]:
    blind, echoed, scored = audit.blindness, audit.echo, audit.points
    worst = int(blind.unseen.max())
    leaked = audit.leaks.source
    notes = {
        "blind-spots": f"newest values unseen: {worst:,}" if worst else "every step sees the newest value",
        "leaks": "nothing of the future is seen" if leaked is None else f"{leaked.kind}, from {leaked.time}",
        "echo": f"{100 * echoed.skill:.0f} % less error than naive" if echoed.skill > 0 else "no better than naive",
        "points": f"{scored.expected - scored.missing:,} of {scored.expected:,} forecast",
        "sameness": f"{sum(trial.outcome == 'passed' for trial in audit.sameness.trials)} of "
        f"{sum(trial.outcome != 'unchecked' for trial in audit.sameness.trials)} trials passed",
    }
    return [
        {"label": TITLES[one.check], "value": habits.OUTCOMES[one.outcome], "note": notes[one.check]}
        for one in audit.findings
    ]


def _circumstances(audit: Audit, run: dict[str, Any]) -> blocks.Block:
    """Return what was audited on what, and how to do it again."""
    material = audit.material
    pairs = [
        ("Audited", f"{audit.name}, {KINDS[audit.kind]}"),
        ("Horizon, season", f"{material.horizon}, {material.panel.season}"),
        ("Past values tried one by one", f"{material.lags:,} of {len(material.probed)} series"),
        ("Made on", f"{run['started']}, in {run['seconds']:.1f} s"),
        *((name, version) for name, version in run["versions"].items()),
    ]
    command = {"kind": "code", "title": "The exact command", "text": run["command"]}
    parts = [command, blocks.facts(pairs), blocks.bullets(audit.notes)]
    return blocks.section("reproduce", "How this was found", parts, short="Reproduce")
