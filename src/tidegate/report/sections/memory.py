"""The section on memory: half-lives of the units, and the recurrent Jacobian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.insight import wording as words_of
from tidegate.report import blocks, wording
from tidegate.report.sections.gradient import titled

if TYPE_CHECKING:
    from tidegate.insight.result import Insight, Layer

_LONGEST = 1e4
_N_BINS = 20


def section(insight: Insight, prefix: str = "") -> blocks.Block:
    """Return how long every layer remembers."""
    parts: list[blocks.Block | None] = []
    for layer in insight.layers:
        if len(insight.layers) > 1:
            parts.append(blocks.heading(titled(layer)))
        parts += [figures(insight, layer), _half_lives(layer), _singular_values(layer)]
    lead = (
        "How long a state lasts, by what its gate lets stay, by the reach of its gradient and by one step's Jacobian."
    )
    return blocks.section(f"{prefix}memory", "Memory", parts, lead=lead, short="Memory")


def figures(insight: Insight, layer: Layer) -> blocks.Block:
    """Return the lengths and sizes that say how long a layer remembers."""
    memory, window = layer.memory, len(insight.scene.times)
    reach = (
        words_of.counted(memory.reach, "step")
        if memory.reach is not None
        else f"longer than the window of {window:,} steps"
    )
    pairs = [("Effective memory length (gradient down to 1/e)", reach)]
    season = next((one for one in insight.scene.seasons if one > 1), None)
    if season is not None:
        pairs.append(("Season", f"{season:,} steps"))
    if memory.half_lives is not None:
        low, middle, high = (wording.number(float(one), 2) for one in np.percentile(memory.half_lives, [10, 50, 100]))
        pairs.append(("Half-life of the units: a tenth below, median, longest", f"{low}, {middle}, {high} steps"))
    if memory.radii is not None and memory.singular_values is not None and len(memory.radii):
        ends = (
            wording.fixed(float(one), 2) for one in (memory.radii.min(), np.median(memory.radii), memory.radii.max())
        )
        pairs.append(("Spectral radius of the recurrent Jacobian: least, median, greatest", ", ".join(ends)))
        largest = wording.fixed(float(np.median(memory.singular_values[:, 0])), 2)
        pairs.append(("Largest singular value, median", largest))
    return blocks.facts(pairs)


def _half_lives(layer: Layer) -> blocks.Block | None:
    lives = layer.memory.half_lives
    if lives is None:
        return None
    shown = np.sort(np.minimum(lives, _LONGEST))[::-1]
    line = {"role": "recommended", "name": "half-life", "x": list(range(1, len(shown) + 1)), "y": shown.tolist()}
    axis = {"kind": "number", "title": "Units, by their half-life", "whole": True, "domain": [1, max(len(shown), 2)]}
    low, high = 10.0 ** np.floor(np.log10(max(shown[-1], 1e-2))), 10.0 ** np.ceil(np.log10(max(shown[0], 1e-1)))
    data = {"x": axis, "y": "Half-life (steps)", "lines": [line], "log": [float(low), float(max(high, 10 * low))]}
    middle = wording.number(float(np.median(lives)), 2)
    words = blocks.Words(
        "Half-life of each unit",
        f"Half-lives of {len(lives)} units; the median is {middle} steps.",
        "Steps after which half of what a unit kept is left, by the mean logarithm of its forget or update gate.",
    )
    return blocks.figure("lines", data | {"height": 200}, words)


def _singular_values(layer: Layer) -> blocks.Block | None:
    values = layer.memory.singular_values
    if values is None or not len(values):
        return None
    places = list(range(1, values.shape[1] + 1))
    middle, lowest, highest = np.median(values, axis=0), values.min(axis=0), values.max(axis=0)
    line = {"role": "recommended", "name": "singular value", "x": places, "y": middle.tolist()}
    band = {"x": places, "lower": lowest.tolist(), "upper": highest.tolist()}
    axis = {"kind": "number", "title": "Number, the largest first", "whole": True, "domain": [1, max(len(places), 2)]}
    data = {"x": axis, "y": "Singular value", "lines": [line], "bands": [band], "zero": True, "height": 200}
    data["rules"] = [{"y": 1.0, "role": "bound"}]
    words = blocks.Words(
        "Singular values of the recurrent Jacobian",
        f"Singular values of one step's Jacobian; the largest is {middle[0]:.2f}, the median of {len(values)} places.",
        "Above 1 a difference between two states grows in that direction, below it shrinks. The band is from the least "
        f"to the greatest of {len(values)} places in the windows.",
    )
    return blocks.figure("lines", data, words, key=[("recommended", "median"), ("band-narrow", "least to greatest")])
