"""What an insight says in sentences and in figures for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import listing, span
from tidegate.insight.diagnosis import CHRONO, GATED
from tidegate.insight.units import TRACKS

if TYPE_CHECKING:
    from tidegate.insight.result import Insight, Layer


def sentences(insight: Insight) -> list[str]:
    """Return what was found in words, the most important first."""
    said = [
        headline(insight),
        *([season_says(insight)] if falls_short(insight) else []),
        *(_named(insight, layer, one) for layer in insight.layers for one in layer_says(insight, layer)),
    ]
    made = insight.contributions
    if made is not None:
        said.append(contribution_says(insight))
    if insight.course is not None:
        said.append(f"Training looks {insight.course.state}. {' '.join(insight.course.reasons)}")
    return [*said, *insight.notes]


def headline(insight: Insight) -> str:
    """Return the first sentence: how long the network remembers, beside the season."""
    window = len(insight.scene.times)
    state, length = insight.diagnosis.state.capitalize(), reach(insight)
    season = _season(insight)
    beside = f"; your season is {season:,}" if season else ""
    if length is None:
        kept = f"this network's gradient stays above 1/e of its newest value through all {window:,} steps it reads"
        return f"{state}: {kept}{beside}."
    if falls_short(insight):
        return (
            f"{state} in training, but with a short memory: this network forgets after {_steps(length)}, and your "
            f"season is {season:,}."
        )
    return f"{state}: this network forgets after {_steps(length)}{beside}."


def reach(insight: Insight) -> int | None:
    """Return the longest memory of the layers, in steps; None where one lasts through the window."""
    lengths = [layer.memory.reach for layer in insight.layers]
    known = [length for length in lengths if length is not None]
    return max(known) if len(known) == len(lengths) else None


def falls_short(insight: Insight) -> bool:
    """Whether gradients are healthy and yet the memory is shorter than the season of the series."""
    season, length = _season(insight), reach(insight)
    return insight.diagnosis.state == "healthy" and bool(season) and length is not None and length < season


def season_says(insight: Insight) -> str:
    """Return what a memory that is shorter than the season means, and what to do about it."""
    season = _season(insight)
    said = f"Its gradients neither vanish nor explode, but its state keeps little of what lies {season:,} steps back."
    longer = GATED if insight.scene.cell == "elman" else CHRONO
    how = insight.scene.asking
    short = len(insight.scene.times) < 2 * season and how.takes("window")
    window = f" with {how.typed(f'window={2 * season}')}" if short else ""
    option = how.option(longer).replace(";", f"{window};", 1) if how.suits(longer) else ""
    lengthen = f"{longer.name[0].lower()}{longer.name[1:]}: {option}"
    if insight.scene.season_by:
        given = listing(list(insight.scene.season_by))
        more = f"; what would lengthen its memory is {lengthen}" if option else ""
        return f"{said} It has its season all the same: it {given}. Nothing needs repair{more}."
    ways = [
        *([f"fit it with {how.typed('base=seasonal-naive')}, which the network then corrects"] * how.takes("base")),
        *([f"lengthen its memory by {lengthen}"] if option else []),
    ]
    advice = ", or ".join(ways)
    return f"{said} Nothing else gives it the season either.{f' {advice[0].upper()}{advice[1:]}.' if advice else ''}"


def _season(insight: Insight) -> int:
    """Return the season of a series; 0 for none, and for a made-up problem."""
    return next((one for one in insight.scene.seasons if one > 1), 0) if insight.scene.series else 0


def layer_says(insight: Insight, layer: Layer) -> list[str]:
    """Return what there is to say of one layer."""
    scene = insight.scene
    where = f"over {counted(scene.n_windows, 'window')} of {len(scene.times):,} steps"
    said = [f"Gradient, {where}: {layer.diagnosis.state}. {' '.join(layer.diagnosis.reasons)}"]
    memory = layer.memory
    if memory.half_lives is not None:
        low, middle, high = np.percentile(memory.half_lives, [10, 50, 100])
        said.append(
            f"Half of what a unit kept is gone after {_number(middle)} steps (the median of {len(memory.half_lives)} "
            f"units; for a tenth it is {_number(low)} or less, for the longest {_number(high)})."
        )
    if memory.radii is not None and len(memory.radii):
        values = memory.singular_values
        largest = float("nan") if values is None else float(np.median(values[:, 0]))
        said.append(
            f"The recurrent Jacobian has a spectral radius of {np.median(memory.radii):.2f} and a largest singular "
            f"value of {largest:.2f} (medians of {counted(len(memory.radii), 'place')})."
        )
    said += gates_say(layer)
    return [*said, *tracking_says(layer)]


def gates_say(layer: Layer) -> list[str]:
    """Return how saturated the gates are, and which units never change."""
    said = []
    for name, gate in layer.gates.items():
        text = (
            f"The {name} gate is below 0.1 at {100 * gate.closed.mean():.0f} % and above 0.9 at "
            f"{100 * gate.open.mean():.0f} % of all steps and units"
        )
        stuck = [(gate.always_open, "open"), (gate.always_closed, "closed")]
        parts = [f"always {how} in {counted(len(which), 'unit')}" for which, how in stuck if len(which)]
        said.append(f"{text}{f'; it is {listing(parts)}' if parts else ''}.")
    dead = layer.units.dead
    if len(dead):
        verb = "never moves: it is" if len(dead) == 1 else "never move: they are"
        said.append(f"{len(dead)} of {counted(len(layer.units.correlations), 'unit')} {verb} dead.")
    return said


def tracking_says(layer: Layer) -> list[str]:
    """Return which signals how many units track."""
    found = {name: len(which) for name, which in layer.units.followers().items() if len(which)}
    if not found:
        return [f"No unit tracks one signal alone: every correlation is below {TRACKS}."] if layer.units.names else []
    n_units = len(layer.units.correlations)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    parts = [f"{count} the {name}" for name, count in ranked]
    return [f"Of {n_units} units, by their strongest correlation of at least {TRACKS}: {listing(parts)}."]


def contribution_says(insight: Insight) -> str:
    """Return which of the past values weigh most in the newest forecast of the first step."""
    made = insight.contributions
    if made is None:
        return ""
    sizes = np.abs(made.values[0])[::-1]
    total = float(sizes.sum())
    if total == 0:
        return "No past value moves the first step of the newest forecast."
    newest = int(np.searchsorted(np.cumsum(np.sort(sizes)[::-1]), 0.5 * total)) + 1
    top = [int(lag) for lag in np.argsort(-sizes, kind="stable")[:3]]
    parts = [
        f"{'the newest' if lag == 0 else f'{_steps(lag)} before it'} ({100 * sizes[lag] / total:.0f} %)" for lag in top
    ]
    return (
        f"In the first step of the newest forecast these values weigh most: {listing(parts)} of what all past values "
        f"contribute; {newest} of {len(sizes)} make up half. The contributions add up to the forecast to within "
        f"{made.gap:.0e} of what they add."
    )


def figures(insight: Insight) -> dict[str, Any]:
    """Return the figures without the arrays, ready for JSON."""
    scene = insight.scene
    told: dict[str, Any] = {
        "model": scene.name, "cell": scene.cell, "member": scene.member[0], "members": scene.member[1],
        "series": scene.series, "windows": scene.n_windows, "window": len(scene.times), "steps": list(insight.steps),
        "seasons": list(scene.seasons), "state": insight.diagnosis.state,
        "layers": {layer.key: _layer_figures(layer) for layer in insight.layers},
    }  # fmt: skip
    if insight.contributions is not None:
        told["contributions"] = {"gap": insight.contributions.gap, "points": insight.contributions.n_points}
    if insight.course is not None:
        remedies = [one._asdict() for one in insight.course.remedies]
        told["training"] = {
            "state": insight.course.state, "reasons": list(insight.course.reasons), "remedies": remedies
        }  # fmt: skip
    return told


def _layer_figures(layer: Layer) -> dict[str, Any]:
    memory = layer.memory
    shares = {
        name: {
            "below_0.1": float(gate.closed.mean()),
            "above_0.9": float(gate.open.mean()),
            "always_open": gate.always_open.tolist(),
            "always_closed": gate.always_closed.tolist(),
        }
        for name, gate in layer.gates.items()
    }
    return {
        "state": layer.diagnosis.state,
        "reasons": list(layer.diagnosis.reasons),
        "remedies": [one._asdict() for one in layer.diagnosis.remedies],
        "memory_length": memory.reach,
        "half_life": None if memory.half_lives is None else float(np.median(memory.half_lives)),
        "spectral_radius": None if memory.radii is None or not len(memory.radii) else float(np.median(memory.radii)),
        "gates": shares,
        "dead": layer.units.dead.tolist(),
        "tracks": {name: which.tolist() for name, which in layer.units.followers().items()},
    }


def _named(insight: Insight, layer: Layer, sentence: str) -> str:
    if len(insight.layers) == 1:
        return sentence
    way = ", backward" if layer.direction == "backward" else ""
    return f"Layer {layer.number}{way}: {sentence}"


def _steps(count: int) -> str:
    return span(count, "1")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 step", "14 steps"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _number(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
