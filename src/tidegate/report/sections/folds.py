"""The section on the backtest itself: what every fold forecast beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.analysis.wording import listing
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.report.view import View

_MOST_ROWS = 12_000
_MOST_FOLDS = 12
_MARKED = 24


def section(view: View) -> blocks.Block:
    """Return the forecasts of all folds: every model in one chart, then fold by fold the models that matter."""
    n, why = view.shown[0]
    ahead = wording.everyday(view.horizon, view.panel.frequency)
    lead = (
        f"Each model forecast {ahead} ahead from {view.backtest.folds.count} points in the past, seeing nothing after "
        "them. This is what it said, and what came."
    )
    of = f"{view.panel.ids[n]}, {why}. " if why else ""
    parts = [every_model(view, n, of), blocks.grid([one_fold(view, n, k) for k in _folds_shown(view)])]
    return blocks.section("folds", "Forecasts of the past, fold by fold", parts, lead=lead, short="Folds")


def _folds_shown(view: View) -> list[int]:
    """Return the folds, the newest if there are many."""
    return list(range(len(view.backtest.ends)))[-_MOST_FOLDS:]


def every_model(view: View, n: int, of: str) -> blocks.Block:
    """Return one chart of all folds, its model chosen by the reader."""
    folds = _folds_shown(view)
    models = _affordable(view, len(folds))
    columns: dict[str, list[Any]] = {name: [] for name in ("x", "y", "text", "model", "fold", "lower", "upper")}
    for model in models:
        for k in folds:
            _extend(columns, _forecast_columns(view, model, n, k))
    if all(value is None for value in columns["lower"]):
        del columns["lower"], columns["upper"]
    data = {
        "x": axes.time_axis(view.panel),
        "y": axes.target(view.panel),
        "observed": _observed(view, n, folds),
        "folds": columns,
        "models": models,
        "initial": view.verdict.recommended,
        "points": view.horizon <= _MARKED,
        "rules": [{"x": x, "role": "bound"} for x in axes.instants(view.backtest.cutoffs[folds, n], view.panel)],
    }
    level = view.backtest.levels[0] if view.backtest.levels and "lower" in columns else None
    key = [("observed", "observed"), ("recommended", "forecast of the chosen model")]
    key += [("band-narrow", f"{level} % interval")] if level else []
    spoken = f"Observed values and the forecasts of {view.verdict.recommended} from {len(folds)} origins."
    caption = f"{of}Vertical lines mark the origins. Every model can be chosen below the chart."
    if len(models) < len(view.backtest.results):
        caption = f"{of}Vertical lines mark the origins. The leading models can be chosen; backtest.csv holds all."
    return blocks.figure("folds", data, blocks.Words("All folds", spoken, caption), key=key)


def _affordable(view: View, n_folds: int) -> list[str]:
    """Return the models that can be chosen: all, or only the leading ones where all would make the page heavy."""
    names = list(view.backtest.results)
    return names if len(names) * n_folds * view.horizon <= _MOST_ROWS else view.leading


def _extend(columns: dict[str, list[Any]], more: dict[str, list[Any]]) -> None:
    for name, values in more.items():
        columns[name] += values


def _forecast_columns(view: View, model: str, n: int, k: int) -> dict[str, list[Any]]:
    result, size = view.backtest.results[model], view.horizon
    columns = axes.points(view.backtest.times[k, n], result.mean[k, n], view.panel)
    columns.setdefault("text", [""] * size)
    none: list[Any] = [None] * size
    wide = result.lower.shape[-1] > 0
    return columns | {
        "model": [model] * size,
        "fold": [k + 1] * size,
        "lower": axes.rounded(result.lower[k, n, :, 0]) if wide else none,
        "upper": axes.rounded(result.upper[k, n, :, 0]) if wide else none,
    }


def _observed(view: View, n: int, folds: list[int]) -> dict[str, list[Any]]:
    """Return the observations from a little before the first fold on."""
    panel, ends = view.panel, view.backtest.ends
    first = max(0, int(ends[folds[0], n]) - max(2 * view.horizon, 2 * panel.season))
    rows = slice(int(panel.offsets[n]) + first, int(panel.offsets[n + 1]))
    times, values = panel.times[rows], panel.values[rows]
    kept = axes.extremes(times, values)
    return axes.points(times[kept], values[kept], panel)


def one_fold(view: View, n: int, k: int) -> blocks.Block:
    """Return the chart of one fold: what came, and what the leading models said."""
    backtest, panel = view.backtest, view.panel
    times = backtest.times[k, n]
    lines = []
    for name in reversed(view.leading):
        line = axes.points(times, backtest.results[name].mean[k, n], panel)
        lines.append({"role": view.role(name), "name": name, "points": view.horizon <= _MARKED, **line})
    actual = axes.points(times, backtest.actual[k, n], panel)
    lines.append({"role": "observed", "name": "observed", "points": view.horizon <= _MARKED, **actual})
    data = {"x": axes.time_axis(panel), "y": axes.target(panel), "lines": lines, "height": 190}
    origin = axes.moments(backtest.cutoffs[k : k + 1, n], panel)[0]
    spoken = f"Fold {k + 1}, from {origin}: observed values and the forecasts of {listing(view.leading)}."
    words = blocks.Words(f"From {origin}", spoken)
    return blocks.figure("lines", data, words, key=[("observed", "observed"), *_short_key(view)])


def _short_key(view: View) -> list[tuple[str, str]]:
    return [(view.role(name), name) for name in view.leading]
