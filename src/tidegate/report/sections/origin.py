"""The closing sections: what was done to the data, and how to make the same report again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.analysis.wording import listing, span, step
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.report.view import View

_MOST_RANGES = 20


def data(view: View, notes: tuple[str, ...]) -> blocks.Block:
    """Return what was read and every treatment of it.

    Parameters
    ----------
    view
        Where the panel is.
    notes
        Further remarks, of the profile.
    """
    panel = view.panel
    lengths = panel.lengths
    first, last = axes.moments(panel.times[[panel.times.argmin(), panel.times.argmax()]], panel)
    count = f"{lengths.min():,}" if lengths.min() == lengths.max() else f"{lengths.min():,} to {lengths.max():,}"
    seasons = [span(season, panel.frequency) for season in panel.seasons if season > 1]
    pairs = [
        ("Target", panel.target),
        ("Series", f"{len(panel):,}"),
        ("Observations per series", count),
        ("From, to", f"{first}, {last}"),
        ("Frequency", f"{panel.frequency} (one step is {_one_step(panel.frequency)})"),
        ("Season", listing(seasons) or "none found"),
    ]
    kinds = (("Known covariates", panel.known), ("Past covariates", panel.past), ("Static attributes", panel.static))
    pairs += [(title, listing(kind.names)) for title, kind in kinds if kind.names]
    said = dict.fromkeys((*panel.notes, *notes))
    return blocks.section(
        "data", "The data and what was done to it", [blocks.facts(pairs), blocks.bullets(said)], short="Data"
    )


def _one_step(frequency: str) -> str:
    count, noun = step(frequency)
    return f"a {noun}" if count == 1 else f"{count} {noun}s"


def reproduction(view: View, run: dict[str, Any]) -> blocks.Block:
    """Return seed, versions, fingerprint, fit ranges and the exact command.

    Parameters
    ----------
    view
        Where the folds are.
    run
        As from `provenance.run_facts`.
    """
    settings = [(name.capitalize(), _said(value)) for name, value in run["settings"].items() if name != "seed"]
    pairs = [
        ("Seed", str(run["seed"])),
        ("Data fingerprint", run["fingerprint"]),
        ("Made on", f"{run['started']}, in {wording.seconds(run['seconds'])}"),
        ("Most memory in use", wording.memory(run.get("peak_memory_bytes"))),
        ("Machine", run["machine"]),
        *((name, value) for name, value in settings if value),
    ]
    command = {"kind": "code", "title": "The exact command", "text": run["command"]}
    versions = [[blocks.cell(name), blocks.cell(version)] for name, version in run["versions"].items()]
    columns = [blocks.column("Package"), blocks.column("Version")]
    parts = [
        command,
        blocks.facts(pairs),
        ranges(view),
        blocks.table(columns, versions, caption="Installed versions.", folded="Versions"),
    ]
    return blocks.section("reproduce", "How to make this again", parts, short="Reproduce")


def _said(value: Any) -> str:
    """Return a setting as text; empty for what was not set."""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def ranges(view: View) -> blocks.Block:
    """Return what each fold was fitted on and judged on, for the first series shown."""
    n, _ = view.shown[0]
    panel, backtest = view.panel, view.backtest
    start = int(panel.offsets[n])
    rows = []
    for k in range(len(backtest.ends))[-_MOST_RANGES:]:
        end = int(backtest.ends[k, n])
        window = backtest.folds.window
        first = start if window is None else max(start, start + end - window)
        fitted = " to ".join(axes.moments(panel.times[[first, start + end - 1]], panel))
        judged = " to ".join(axes.moments(backtest.times[k, n][[0, -1]], panel))
        rows.append([blocks.cell(f"Fold {k + 1}"), blocks.cell(fitted), blocks.cell(judged)])
    whole = " to ".join(axes.moments(panel.times[[start, int(panel.offsets[n + 1]) - 1]], panel))
    rows.append([blocks.cell("Final forecast"), blocks.cell(whole), blocks.cell(wording.NOTHING)])
    of = f" of {panel.ids[n]}" if len(panel) > 1 else ""
    columns = [blocks.column("Fit"), blocks.column("Fitted on"), blocks.column("Judged on")]
    return blocks.table(columns, rows, caption=f"Fit ranges{of}: no fit saw anything after its range.")
