"""The section on gradient through time: how much of the loss of each step ahead reaches each past step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import listing
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.insight.diagnosis import Diagnosis
    from tidegate.insight.result import Insight, Layer

    Floats = NDArray[np.float64]

_DEPTH = 1e-10
_MOST_LAGS, _FEWEST_STEPS = 60, 3


def section(insight: Insight, prefix: str = "") -> blocks.Block:
    """Return the gradient through time of every layer; `prefix` sets its anchor apart from those of other networks."""
    parts: list[blocks.Block | None] = []
    for layer in insight.layers:
        if len(insight.layers) > 1:
            parts.append(blocks.heading(titled(layer)))
        parts += [
            blocks.text(layer.diagnosis.reasons),
            blocks.grid(figures(insight, layer)),
            step_by_step(insight, layer),
        ]
        parts.append(remedies(layer.diagnosis))
    lead = "How strongly the loss of a step ahead reaches the states of the past: what training can learn from."
    return blocks.section(f"{prefix}gradient", "Gradient through time", parts, lead=lead, short="Gradient")


def figures(insight: Insight, layer: Layer) -> list[blocks.Block]:
    """Return the gradient by the hidden state, and by the cell state where there is one."""
    kinds = [("hidden state h", layer.hidden), ("cell state c", layer.cell)]
    return [_figure(insight, layer, (title, values)) for title, values in kinds if values is not None]


def step_by_step(insight: Insight, layer: Layer) -> blocks.Block | None:
    """Return how far back the gradient of each step ahead reaches as a matrix; None where steps were left out."""
    n_steps, flow = len(insight.steps), (layer.hidden if layer.cell is None else layer.cell)[:-1, :_MOST_LAGS]
    flow = np.where(np.isfinite(flow), flow, 0.0)
    if n_steps < _FEWEST_STEPS or insight.steps != tuple(range(1, n_steps + 1)):
        return None
    most = np.maximum(flow.max(axis=1, keepdims=True), 1e-300)
    share = flow / most
    rows, columns = (axis.ravel() + 1 for axis in np.indices(flow.shape))
    lags = (columns - 1) * layer.lag_steps
    each = "" if layer.lag_steps == 1 else f"{layer.lag_steps} steps each; "
    data = {
        "x": f"Lag ({each}1 is the newest state)",
        "y": "Step ahead",
        "size": [flow.shape[1], n_steps],
        "column": columns.tolist(),
        "row": rows.tolist(),
        "share": np.round(np.sqrt(share), 3).ravel().tolist(),
        "text": [
            f"step {step}, {lag} steps before the newest: {wording.number(100 * part)} % of the largest"
            for step, lag, part in zip(rows, lags, share.ravel(), strict=True)
        ],
        "marked": {"x": [], "y": []},
    }
    said = _arrives(share, layer.lag_steps)
    state = "hidden" if layer.cell is None else "cell"
    caption = (
        f"Norm of the gradient of the loss of each step ahead by the {state} state at each lag, as a share of the "
        "largest in its row (square roots, so that faint ones show)."
    )
    if layer.hidden.shape[1] > _MOST_LAGS:
        caption += f" Shown are the newest {_MOST_LAGS} lags."
    words = blocks.Words("Step by step", said, caption)
    return blocks.figure("matrix", data, words, key=[("band-narrow", "gradient, the darker the more")])


def _arrives(share: Floats, lag_steps: int) -> str:
    """Say how far back rows (F, T), each relative to its largest, are above 1/e, and in which there is nothing."""
    above = [np.flatnonzero(row >= 1 / np.e) for row in share]
    silent = [str(step) for step, one in enumerate(above, 1) if not len(one)]
    if len(silent) == len(above):
        return "No gradient arrives of any step ahead."
    farthest = lag_steps * max(int(one[-1]) for one in above if len(one))
    said = f"At {farthest} steps back or nearer lies all that is above 1/e of the largest of its row."
    return f"{said} Of step{'s' if len(silent) > 1 else ''} {listing(silent)} no gradient arrives." if silent else said


def titled(layer: Layer) -> str:
    """Return the name of a layer in headings."""
    return f"Layer {layer.number}" + (", backward" if layer.direction == "backward" else "")


def compared(insights: Sequence[Insight]) -> blocks.Block:
    """Return one line per network: the gradient by the state that keeps the past, relative to its newest step."""
    lines, key = [], []
    for insight, role in zip(insights, ("baseline", "recommended", "winner"), strict=False):
        layer = insight.layers[-1]
        flow = (layer.hidden if layer.cell is None else layer.cell)[-1]
        relative = flow / flow[0] if flow[0] > 0 else flow
        lines.append(_line(role, insight.scene.name, relative, layer.lag_steps))
        key.append((role, insight.scene.name))
    data = _drawn(lines, "Gradient relative to the newest step", (insights[0].scene.seasons, 320))
    ends = [f"{name}: {line['y'][-1] or 0:.1e}" for (_, name), line in zip(key, lines, strict=True)]
    words = blocks.Words(
        "Gradient through time, side by side",
        f"Gradient at the oldest step relative to the newest, {', '.join(ends)}.",
        "By the cell state where there is one, else by the hidden state; root mean square over the windows.",
    )
    return blocks.figure("lines", data, words, key=key)


def remedies(diagnosis: Diagnosis) -> blocks.Block | None:
    """Return what applies against an illness as a table; None where all is healthy."""
    if not diagnosis.remedies:
        return None
    columns = [blocks.column(title) for title in ("Remedy", "What it does", "Here")]
    rows = [[blocks.cell(text) for text in one] for one in diagnosis.remedies]
    return blocks.table(columns, rows, caption="What textbooks advise, and how to ask for it here.")


def _figure(insight: Insight, layer: Layer, kind: tuple[str, Floats]) -> blocks.Block:
    scene, (title, values) = insight.scene, kind
    lines = [_line("other", f"step {k}", row, layer.lag_steps) for k, row in zip(insight.steps, values, strict=False)]
    several = len(lines) > 1
    if several:
        lines[0]["role"], lines[-1]["role"] = "winner", "baseline"
        lines = [*lines[1:-1], lines[0], lines[-1]]
    lines.append(_line("recommended", "all steps together" if several else "the loss", values[-1], layer.lag_steps))
    key = [("recommended", "all steps together" if several else "the loss")]
    if several:
        key += [("winner", f"step {insight.steps[0]} ahead"), ("baseline", f"step {insight.steps[-1]} ahead")]
    if len(insight.steps) > 2:
        key.append(("other", "the steps between"))
    total = values[-1]
    if not np.isfinite(total).all():
        left = "it is not finite everywhere"
    elif total[0] > 0:
        left = f"at the oldest step {total[-1] / total[0]:.1e} of the newest is left"
    else:
        left = "no gradient arrives at the newest step"
    words = blocks.Words(
        f"By the {title}",
        f"Norm of the gradient by the {title} at each lag; {left}.",
        f"Root mean square over {scene.n_windows} windows.",
    )
    furthest = (values.shape[1] - 1) * layer.lag_steps
    shown = [str(season) for season in scene.seasons if 1 < season <= furthest]
    key += [("bound", f"season of {' and '.join(shown)}")] if shown else []
    return blocks.figure("lines", _drawn(lines, "Norm of the gradient", (scene.seasons, 260)), words, key=key)


def _line(role: str, name: str, values: Floats, lag_steps: int) -> dict[str, Any]:
    lags = (np.arange(len(values)) * lag_steps).tolist()
    kept = np.where((values > 0) & np.isfinite(values), values, np.nan)
    return {"role": role, "name": name, "x": lags, "y": axes.rounded(kept)}


def _drawn(lines: list[dict[str, Any]], title: str, look: tuple[tuple[int, ...], int]) -> blocks.Block:
    seasons, height = look
    seen = [value for line in lines for value in line["y"] if value is not None] or [1.0]
    top = 10.0 ** np.ceil(np.log10(max(seen)))
    bottom = max(10.0 ** np.floor(np.log10(min(seen))), _DEPTH * top)
    for line in lines:
        line["y"] = [None if value is None or value < bottom else value for value in line["y"]]
    furthest = max(max(line["x"]) for line in lines)
    rules = [{"x": season, "role": "bound"} for season in seasons if 1 < season <= furthest]
    axis = {"kind": "number", "title": "Lag (steps before the newest)", "whole": True, "domain": [0, furthest or 1]}
    return {"x": axis, "y": title, "lines": lines, "rules": rules, "log": [bottom, top], "height": height}
