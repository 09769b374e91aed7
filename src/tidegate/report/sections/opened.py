"""What one sequence did to the network: words shaded by what they did, and each gate by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.inspection import LayerGates

    Floats = NDArray[np.float64]

LONGEST, MOST_CHARACTERS = 120, 600
"""Tokens of a text that are shown, and characters of one that is cut into these."""

_MOSTLY, _BREAK = 0.9, "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}\n"
_ROLES = ("observed", "baseline", "winner", "recommended")
_LEAST, _NOTABLE, _MOST, _EXACT = 1.0, 1.1, 1e6, 10
_MOVED = 0.1
"""By how much a gate must open or close for the deepest shade: what hardly moves is hardly shaded."""


def words(title: str, tokens: Sequence[str], shares: Floats) -> blocks.Block:
    """Return tokens shaded by shares in [0, 1], characters side by side; of a long text its beginning."""
    tight = _spelt(tokens)
    longest = MOST_CHARACTERS if tight else LONGEST
    told = [_BREAK if token == "\n" else token for token in tokens[:longest]]
    shaded = [[token, share] for token, share in zip(told, shares.round(2).tolist(), strict=False)]
    cut = max(len(tokens) - longest, 0)
    return {"kind": "tokens", "title": title, "words": shaded, "cut": cut, "tight": tight}


def _spelt(tokens: Sequence[str]) -> bool:
    """Return whether tokens are the characters of a text, but for a few marks."""
    return sum(len(token) == 1 for token in tokens) > _MOSTLY * len(tokens)


def shares(contributions: Floats) -> Floats:
    """Return contributions as shares of the largest, or of 1 where none is as large, in [0, 1]."""
    return np.clip(contributions / max(float(contributions.max()), _LEAST), 0, 1)


def cost(contributions: Floats, unit: str) -> str:
    """Say what hiding a `unit`, such as "word", does to the odds at most; nothing where it does next to nothing.

    >>> cost(np.array([0.0, 0.7]), "word"), cost(np.array([0.0, -0.7]), "word")
    ('Hiding a word divides the odds by up to 2.0', '')
    """
    factor = math.exp(min(float(contributions.max()), 2 * math.log(_MOST)))
    if factor < _NOTABLE:
        return ""
    if factor > _MOST:
        return f"Hiding a {unit} divides the odds by more than a million"
    told = wording.fixed(factor, 1) if factor < _EXACT else f"{factor:,.0f}"
    return f"Hiding a {unit} divides the odds by up to {told}"


class Seen(Protocol):
    """What was seen of one sequence."""

    @property
    def steps(self) -> list[str] | Floats:
        """The sequence: tokens, or values of shape (T, I)."""

    @property
    def layers(self) -> tuple[LayerGates, ...]:
        """The gates of each layer."""


def gates(seen: Seen) -> blocks.Block | None:
    """Return each gate by token or step, behind a fold; None where there are none."""
    found = [layer for layer in seen.layers if layer.gates]
    if not found:
        return None
    if isinstance(seen.steps, np.ndarray):
        drawn: list[blocks.Block | None] = [blocks.grid([_lines(layer) for layer in found])]
        return blocks.folded("How open each gate was at each step", drawn)
    unit = "character" if _spelt(seen.steps) else "word"
    lead = f"The deeper the shade of a {unit}, the wider open the gate at it, as the mean over units: 0 closed, 1 open."
    parts = [_shaded(seen.steps, layer, name) for layer in found for name in layer.gates]
    return blocks.folded(f"How open each gate was at each {unit}", [blocks.text([lead]), *parts])


def _shaded(tokens: Sequence[str], layer: LayerGates, name: str) -> blocks.Block:
    opened = layer.gates[name].values.mean(axis=1)
    low, high = float(opened.min()), float(opened.max())
    title = f"{layer.title.capitalize()}: {name} gate, {low:.2f} to {high:.2f}"
    return words(title, tokens, (opened - low) / max(high - low, _MOVED))


def _lines(layer: LayerGates) -> blocks.Block:
    """Return the gates of a layer as lines."""
    means = {name: gate.values.mean(axis=1) for name, gate in layer.gates.items()}
    n_steps = len(next(iter(means.values())))
    steps = np.arange(n_steps, dtype=float)
    axis = {"kind": "number", "title": "Step", "whole": True, "domain": [0, max(n_steps - 1, 1)]}
    lines: list[dict[str, Any]] = [
        {"role": role, "name": name, "x": axes.rounded(steps), "y": axes.rounded(mean)}
        for role, (name, mean) in zip(_ROLES, means.items(), strict=False)
    ]
    told = ", ".join(f"{name} {mean.mean():.2f}" for name, mean in means.items())
    title = blocks.Words(layer.title.capitalize(), f"{layer.title}, on average {told}.", "Mean over units, 0 to 1.")
    key = [(str(line["role"]), str(line["name"])) for line in lines]
    return blocks.figure("lines", {"x": axis, "y": "Open", "lines": lines, "height": 150}, title, key=key)
