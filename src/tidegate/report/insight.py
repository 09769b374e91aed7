"""From what was seen in one network, or in several side by side, to a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.analysis.wording import listing
from tidegate.insight import wording as words_of
from tidegate.report import blocks, wording
from tidegate.report.sections import contributions, gates, gradient, memory, training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.insight.result import Insight


def summarise(insights: Sequence[Insight], run: dict[str, Any]) -> blocks.Block:
    """Return the page as a dictionary, made of the bricks in `blocks`.

    Parameters
    ----------
    insights
        One network, or up to three that are shown side by side.
    run
        How it was made: ``name``, ``command``, ``started``, ``versions``.
    """
    several = len(insights) > 1
    sections = [_side_by_side(insights)] if several else []
    for insight in insights:
        sections += _sections(insight, f"{insight.scene.name}-" if several else "")
    return {
        "kind": "inside a network",
        "begin": {"anchor": sections[0]["name"], "text": "Skip to the charts"},
        "title": str(run["name"]),
        "subtitle": _subtitle(insights),
        "verdict": _verdict(insights),
        "sections": [*sections, _reproduction(run)],
        "made": wording.signed(run),
    }


def table(insights: Sequence[Insight]) -> blocks.Block:
    """Return one row per network: its state, its memory, its gates."""
    titles = ["Network", "Gradient", "Training", "Forgets after", "Half-life", "Spectral radius"]
    columns = [blocks.column(title) for title in titles]
    rows = []
    for insight in insights:
        told = insight.to_dict()
        layer = next(reversed(told["layers"].values()))
        reach, life, radius = (layer[name] for name in ("memory_length", "half_life", "spectral_radius"))
        texts = [
            insight.scene.name,
            insight.diagnosis.state,
            insight.course.state if insight.course else wording.NOTHING,
        ]
        texts.append(
            words_of.counted(reach, "step") if reach is not None else f"more than {len(insight.scene.times):,} steps"
        )
        texts += [f"{wording.number(life, 2)} steps" if life is not None else wording.NOTHING, wording.fixed(radius, 2)]
        rows.append([blocks.cell(text) for text in texts])
    caption = "Forgets after: where the gradient is down to 1/e. Half-life and spectral radius: medians."
    return blocks.table(columns, rows, caption=caption)


def _side_by_side(insights: Sequence[Insight]) -> blocks.Block:
    names = listing([insight.scene.name for insight in insights])
    parts = [table(insights), gradient.compared(insights)]
    return blocks.section("compared", f"{names} side by side", parts, short="Side by side")


def _sections(insight: Insight, prefix: str) -> list[blocks.Block]:
    found = [
        gates.section(insight, prefix),
        gradient.section(insight, prefix),
        memory.section(insight, prefix),
        contributions.section(insight, prefix),
        training.section(insight, prefix),
    ]
    kept = [one for one in found if one is not None]
    if prefix:
        for one in kept:
            one["title"] = f"{insight.scene.name}: {one['title'][0].lower()}{one['title'][1:]}"
            one["short"] = f"{insight.scene.name}: {one['short'].lower()}"
    return kept


def _subtitle(insights: Sequence[Insight]) -> str:
    scene = insights[0].scene
    if not scene.series:
        return f"Sequences of {len(scene.times):,} steps; {listing([one.scene.cell for one in insights])}"
    which = f", network {scene.member[0]} of {scene.member[1]}" if scene.member[1] > 1 else ""
    cell = "" if scene.cell == scene.name else f" ({scene.cell})"
    return f"{scene.name}{cell}{which} on {scene.target} of {scene.series}"


def _verdict(insights: Sequence[Insight]) -> blocks.Block:
    if len(insights) > 1:
        said = [f"{one.scene.name}: {words_of.headline(one)} {one.notes[0] if one.notes else ''}" for one in insights]
        statement = f"{listing([f'{one.scene.name} is {one.diagnosis.state}' for one in insights])}."
        return {"heading": "What was found", "statement": statement, "sentences": said, "tiles": []}
    insight = insights[0]
    sentences = insight.sentences()
    return {
        "heading": "What was found",
        "statement": sentences[0],
        "sentences": [
            *([words_of.season_says(insight)] if words_of.falls_short(insight) else []),
            *insight.diagnosis.reasons,
            *insight.notes,
        ],
        "tiles": _tiles(insight),
    }


def _tiles(insight: Insight) -> list[blocks.Block]:
    told = insight.to_dict()
    layer = next(reversed(told["layers"].values()))
    reach = words_of.reach(insight)
    state: str = insight.diagnosis.state
    tiles = [("Gradient through time", state, f"over {insight.scene.n_windows} windows")]
    window = len(insight.scene.times)
    length = words_of.counted(reach, "step") if reach is not None else f"over {window:,} steps"
    tiles.append(("Memory", length, "gradient down to 1/e"))
    if layer["half_life"] is not None:
        tiles.append(("Half-life", f"{wording.number(layer['half_life'], 2)} steps", "median of the units"))
    if insight.course is not None:
        tiles.append(("Training", insight.course.state, "norms, clipping and flow over the updates"))
    return [{"label": label, "value": value, "note": note} for label, value, note in tiles]


def _reproduction(run: dict[str, Any]) -> blocks.Block:
    command = {"kind": "code", "title": "The exact command", "text": run["command"]}
    versions = [[blocks.cell(name), blocks.cell(version)] for name, version in run["versions"].items()]
    columns = [blocks.column("Package"), blocks.column("Version")]
    said = "arrays.npz beside this file holds every array: numpy.load reads it."
    parts = [
        command,
        blocks.text([said]),
        blocks.table(columns, versions, caption="Installed versions.", folded="Versions"),
    ]
    return blocks.section("reproduce", "How to make this again", parts, short="Reproduce")
