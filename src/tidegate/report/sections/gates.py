"""The section on gates: how open each is over the newest window, which units are stuck, what units track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.insight import wording as words_of
from tidegate.panel import Panel
from tidegate.report import axes, blocks, wording
from tidegate.report.sections.gradient import titled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.insight.result import Insight, Layer, Scene
    from tidegate.nn.gates import Gate

    Floats = NDArray[np.float64]

_MOST_ROWS, _MOST_COLUMNS = 32, 96


def section(insight: Insight, prefix: str = "") -> blocks.Block:
    """Return the series of the newest window with the gates under it, and what units do."""
    cell = insight.scene.cell
    lead = "The newest window, and how open each gate is while the network reads it: 0 closed, 1 open."
    parts: list[blocks.Block | None] = [series(insight.scene)]
    for layer in insight.layers:
        if len(insight.layers) > 1:
            parts.append(blocks.heading(titled(layer)))
        if not layer.gates:
            parts.append(blocks.note(f"{cell} has no gates, so none are shown."))
        parts += [gate_figure(insight.scene, name, gate) for name, gate in layer.gates.items()]
        parts += [blocks.text(words_of.gates_say(layer)), saturation(layer), blocks.heading("What units track")]
        parts += [blocks.text(words_of.tracking_says(layer)), tracked(layer)]
    return blocks.section(f"{prefix}gates", "Gates over time", parts, lead=lead, short="Gates")


def series(scene: Scene) -> blocks.Block:
    """Return the values of the newest window."""
    panel = _panel(scene)
    line = {"role": "observed", "name": scene.target, **axes.points(scene.times, scene.values, panel)}
    line = _to_the_edge(line, scene)
    data = {"x": axes.time_axis(panel), "y": axes.target(panel), "lines": [line], "height": 150}
    data["rules"] = [
        {"x": instant} for instant in np.array(axes.instants(scene.times, panel))[list(scene.marked)].tolist()
    ]
    first, last = axes.moments(scene.times[[0, -1]], panel)
    of = f" of {scene.series}" if scene.series else ""
    key = [("bound", "marked: to be added")] if scene.marked else []
    words = blocks.Words(f"The newest window{of}", f"{scene.target}, {first} to {last}.")
    return blocks.figure("lines", data, words, key=key)


def gate_figure(scene: Scene, name: str, gate: Gate) -> blocks.Block:
    """Return one gate as a heat map, units ordered by how open they are on average."""
    data = {
        "x": axes.time_axis(_panel(scene)),
        "y": "Units, by their mean",
        "legend": f"{name} gate",
        **_cells(scene, gate),
    }
    n_units, shown = len(gate.mean), len(set(data["row"]))
    caption = "The most open unit on average is at the top."
    if shown < n_units:
        caption += f" {shown} of {n_units} units, evenly spread over that order."
    words = blocks.Words(
        f"{name.capitalize()} gate",
        f"The {name} gate over the newest window: {gate.mean.mean():.2f} on average.",
        caption,
    )
    return blocks.figure("heat", data | {"height": 40 + 5 * shown}, words)


def saturation(layer: Layer) -> blocks.Block | None:
    """Return how saturated each gate is as a table; None without gates."""
    if not layer.gates:
        return None
    titles = ("Gate", "Below 0.1", "Above 0.9", "Mean", "Units always open", "Units always closed")
    columns = [blocks.column(title, numeric="no" if title == "Gate" else "yes") for title in titles]
    rows = []
    for name, gate in layer.gates.items():
        texts = [f"{100 * gate.closed.mean():.0f} %", f"{100 * gate.open.mean():.0f} %", f"{gate.mean.mean():.2f}"]
        texts += [f"{len(gate.always_open)}", f"{len(gate.always_closed)}"]
        rows.append([blocks.cell(text) for text in (name, *texts)])
    caption = f"Shares of all steps, windows and {len(layer.units.correlations)} units; always: at 99 % of the steps."
    return blocks.table(columns, rows, caption=caption)


def tracked(layer: Layer) -> blocks.Block | None:
    """Return which units track which signal as a table; None without signals."""
    units = layer.units
    if not units.names:
        return None
    rows = []
    for k, (name, which) in enumerate(units.followers().items()):
        best = int(np.abs(units.correlations[:, k]).argmax())
        strongest = f"unit {best + 1}: {wording.fixed(float(units.correlations[best, k]), 2)}"
        rows.append([blocks.cell(name), blocks.cell(str(len(which))), blocks.cell(strongest)])
    columns = [blocks.column("Signal"), blocks.column("Units", numeric="yes"), blocks.column("Strongest correlation")]
    caption = "Units whose state has its strongest correlation with the signal, at least 0.5 in size."
    return blocks.table(columns, rows, caption=caption)


def _cells(scene: Scene, gate: Gate) -> dict[str, list[Any]]:
    n_steps, n_units = gate.values.shape
    order = np.argsort(gate.mean, kind="stable")
    rows = np.unique(np.linspace(0, n_units - 1, min(n_units, _MOST_ROWS)).round().astype(np.int64))
    edges = np.unique(np.linspace(0, n_steps, min(n_steps, _MOST_COLUMNS) + 1).round().astype(np.int64))
    sums = np.add.reduceat(gate.values[:, order[rows]], edges[:-1], axis=0) / np.diff(edges)[:, None]
    limits = _edges(scene, n_steps, lag_steps=scene.lag_steps)[edges]
    n_columns, n_rows = sums.shape
    return {
        "start": np.repeat(limits[:-1], n_rows).tolist(),
        "stop": np.repeat(limits[1:], n_rows).tolist(),
        "row": np.tile(np.arange(n_rows), n_columns).tolist(),
        "value": [float(f"{value:.2f}") for value in sums.ravel()],
    }


def _edges(scene: Scene, n_steps: int, *, lag_steps: int) -> NDArray[np.int64]:
    """Return where each step of the layers begins and the last ends, (n_steps + 1,), as `axes.instants` has them."""
    instants = np.array(axes.instants(scene.times, _panel(scene)))
    width = instants[-1] - instants[-2] if len(instants) > 1 else 1
    starts = np.concatenate([instants, [instants[-1] + width]])
    places = np.maximum(len(instants) - lag_steps * np.arange(n_steps, -1, -1), 0)
    return np.asarray(starts[places])


def _to_the_edge(line: dict[str, Any], scene: Scene) -> dict[str, Any]:
    """Return the line with a missing value where the newest step ends, so that it is as wide as the gates under it."""
    longer = {name: [*line[name], None if name == "y" else ""] for name in ("y", "text") if name in line}
    return line | longer | {"x": [*line["x"], int(_edges(scene, len(scene.times), lag_steps=1)[-1])]}


def _panel(scene: Scene) -> Panel:
    return Panel(
        ids=np.array([scene.series], dtype=object),
        offsets=np.array([0, len(scene.times)]),
        times=scene.times,
        values=scene.values,
        frequency=scene.frequency,
        seasons=scene.seasons,
        timezone=scene.timezone,
        target=scene.target,
    )
