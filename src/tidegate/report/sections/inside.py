"""The section inside the network: memory, gradient and gates of the best recurrent model, beside the forecast."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.insight import wording as words_of
from tidegate.report import blocks
from tidegate.report.sections import gates, gradient, memory

if TYPE_CHECKING:
    from tidegate.insight.glimpse import Glimpse
    from tidegate.insight.result import Insight, Layer


def section(found: Glimpse | None) -> blocks.Block | None:
    """Return what the best recurrent model does with the past, or why that cannot be seen; None without a look."""
    if found is None:
        return None
    if found.insight is None:
        return blocks.section("inside", "Inside the network", [blocks.note(found.about)], short="Network")
    insight, layer = found.insight, found.insight.layers[-1]
    short = [words_of.season_says(insight)] if words_of.falls_short(insight) else []
    parts = [
        blocks.text([words_of.headline(insight), *short]),
        _flow(insight, layer),
        gradient.remedies(insight.diagnosis),
        blocks.folded("The gates while it reads the newest window", _gates(insight, layer)),
        blocks.folded("Its memory in figures", [memory.figures(insight, layer), blocks.bullets(_figures(layer))]),
    ]
    return blocks.section("inside", f"Inside the network: {found.model}", parts, lead=found.about, short="Network")


def _flow(insight: Insight, layer: Layer) -> blocks.Block:
    """Return the gradient by the state that keeps the past: of the first step, the last, and all together."""
    kept = [0, -2, -1] if len(insight.steps) > 1 else [0, -1]
    ends = (insight.steps[0], insight.steps[-1])[: len(kept) - 1]
    cell = None if layer.cell is None else layer.cell[kept]
    figures = gradient.figures(replace(insight, steps=ends), replace(layer, hidden=layer.hidden[kept], cell=cell))
    drawn: blocks.Block = figures[-1]
    return drawn | {"title": "How far its gradient reaches back"}


def _gates(insight: Insight, layer: Layer) -> list[blocks.Block | None]:
    """Return the series with the gates under it; of a cell without gates that there are none."""
    maps = [gates.gate_figure(insight.scene, name, gate) for name, gate in layer.gates.items()]
    none = None if maps else blocks.note(f"{insight.scene.cell} has no gates, so none are shown.")
    return [gates.series(insight.scene), none, *maps, blocks.bullets(words_of.gates_say(layer))]


def _figures(layer: Layer) -> list[str]:
    return [*layer.diagnosis.reasons, *words_of.tracking_says(layer)]
