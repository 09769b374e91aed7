"""The section that compares: scores of every model, what each rung adds, errors by step, cost against accuracy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.analysis.wording import listing, probability
from tidegate.report import axes, blocks, wording
from tidegate.report.view import View, role

if TYPE_CHECKING:
    from tidegate.evaluation.selection import Rung, Verdict

_N_BINS = 24
_READING = (
    "From the simplest model to the most complex. MASE: mean absolute error in units of the seasonal naive's error in "
    "training. sMAPE: percent, from 0 to 200. In the interval: share of the outcomes. Time: to fit and to forecast."
)


def section(view: View) -> blocks.Block:
    """Return the comparison of all models on the same folds."""
    panel, folds = view.panel, view.backtest.folds
    on = f" of {len(panel):,} series" if len(panel) > 1 else ""
    ahead = wording.everyday(folds.horizon, panel.frequency)
    lead = f"Every model forecast {ahead} ahead in the same {folds.count} folds{on}. The lower the error, the better."
    parts = [
        blocks.note(_chosen_on(view)),
        scores(view),
        every_score(view),
        _remarks(view),
        ladder(view.verdict, view.measure_axis),
        blocks.grid([by_step(view), cost(view)]),
        across_series(view),
    ]
    return blocks.section("models", "Models compared", parts, lead=lead, short="Models")


def _chosen_on(view: View) -> str:
    winner, recommended = view.verdict.winner, view.verdict.recommended
    chosen = f"{winner} as the winner" + ("" if winner == recommended else f" and {recommended} as the one recommended")
    return (
        f"These scores chose {chosen}, on these very folds, and flatter the choice: expect a little less on new data."
    )


def scores(view: View) -> blocks.Block:
    """Return the main scores of each model, in ladder order, with bars."""
    levels = view.backtest.levels
    columns = [
        blocks.column("Model"),
        blocks.column(view.measure, numeric="yes"),
        blocks.column(""),
        blocks.column("Against baseline", numeric="yes"),
        blocks.column("sMAPE", numeric="yes"),
    ]
    columns += [blocks.column(f"In {level} % interval", numeric="yes") for level in levels]
    columns.append(blocks.column("Time a fold", numeric="yes"))
    worst = _longest([row[view.measure] for row in view.scores])
    rows = []
    for row in view.scores:
        name, own = row["model"], view.score(row["model"], view.measure)
        cells = [
            blocks.cell(name, mark=_mark(view, name), role=view.role(name)),
            blocks.cell(_error(own)),
            blocks.cell("", bar=own / worst, role=view.role(name)),
            blocks.cell(wording.change(_against(view, own)) if name != view.verdict.baseline else wording.NOTHING),
            blocks.cell(wording.fixed(view.score(name, "sMAPE"), 2)),
        ]
        cells += [blocks.cell(_share(view.score(name, f"coverage-{level}"))) for level in levels]
        rows.append([*cells, blocks.cell(wording.seconds(_seconds(view, name)))])
    return blocks.table(columns, rows, caption=_READING)


def _error(own: float) -> str:
    return wording.fixed(own, 3) if own < 100 else wording.number(own, 4)


def _longest(values: list[Any]) -> float:
    """Return the length of a full bar: the largest error, unless one model is far off."""
    seen = np.array([value for value in values if value is not None and math.isfinite(value)])
    if not len(seen) or seen.max() <= 0:
        return 1.0
    return float(min(seen.max(), 3 * np.median(seen)) or seen.max())


def _mark(view: View, name: str) -> str:
    marks = {"recommended": "recommended", "winner": "lowest error", "baseline": "baseline"}
    return ", ".join(said for role, said in marks.items() if name == getattr(view.verdict, role))


def _against(view: View, own: float) -> float:
    base = view.score(view.verdict.baseline, view.measure)
    return own / base - 1 if base > 0 else float("nan")


def _share(fraction: float) -> str:
    return wording.NOTHING if not math.isfinite(fraction) else f"{100 * fraction:.0f} %"


def _seconds(view: View, name: str) -> float:
    """Mean seconds per fold to fit and to forecast."""
    result = view.backtest.results[name]
    return float(np.sum(result.fit_seconds) + np.sum(result.predict_seconds)) / max(len(view.backtest.ends), 1)


def _spent(view: View, name: str) -> dict[str, float | None]:
    """Return what all folds of a model cost."""
    result = view.backtest.results[name]
    return {
        "seconds to fit": float(np.sum(result.fit_seconds)),
        "seconds to forecast": float(np.sum(result.predict_seconds)),
        "peak memory, MB": result.peak_memory / 1e6 or None,
    }


def every_score(view: View) -> blocks.Block:
    """Return all scores of scores.csv, and those that need more than one model or level."""
    detail = {row["model"]: row for row in view.backtest.scores_in_detail().to_dict("records")}
    rows = [{**row, **detail[row["model"]], **_spent(view, row["model"])} for row in view.scores]
    names = [name for name in rows[0] if name != "model"]
    columns = [blocks.column("model"), *(blocks.column(name, numeric="yes") for name in names)]
    cells = [
        [blocks.cell(row["model"]), *(blocks.cell(wording.number(_plain(row[name]), 4)) for name in names)]
        for row in rows
    ]
    caption = (
        "MAE, RMSE, pinball and width are in the unit of the data; MAPE and sMAPE in percent; coverage in shares. "
    )
    caption += (
        "OWA below 1 beats Naive2. MAPE leaves out the actual values that are 0; the count is given. Seconds are of "
    )
    caption += "all folds; memory is the most that the process held, with what had run in it before."
    return blocks.table(columns, cells, caption=caption, folded="Every score")


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def ladder(verdict: Verdict, axis: str) -> blocks.Block:
    """Return one bar per model from simple to complex with what it adds to the best simpler one.

    Parameters
    ----------
    verdict
        Its rungs are drawn.
    axis
        Title of the axis of errors.
    """
    rungs = [rung for rung in verdict.rungs if math.isfinite(rung.score)]
    longest = _longest([rung.score for rung in rungs])
    better = [rung for rung in rungs if rung.gain > 0]
    data = {
        "name": [rung.model for rung in rungs],
        "x": [min(rung.score, longest) for rung in rungs],
        "role": [role(verdict, rung.model) for rung in rungs],
        "text": [_written(rung) for rung in rungs],
        "x_title": axis,
        "reference": next((rung.score for rung in rungs if rung.model == verdict.baseline), None),
    }
    said = listing([f"{rung.model} ({wording.change(-rung.gain)}, {probability(rung.p)})" for rung in better]) or "none"
    spoken = f"{verdict.score} of {len(rungs)} models from simple to complex."
    caption = f"In brackets: the gain over the best simpler model. These improve on all simpler ones: {said}. "
    caption += f"The dashed line is {verdict.baseline}."
    return blocks.figure("ladder", data, blocks.Words("What each rung adds", spoken, caption))


def _written(rung: Rung) -> str:
    own = wording.fixed(rung.score, 2) if rung.score < 100 else wording.number(rung.score)
    return f"{own} ({wording.change(-rung.gain)})" if rung.gain > 0 else own


def by_step(view: View) -> blocks.Block | None:
    """Return the error of each model at each step ahead."""
    if view.horizon < 2:
        return None
    frame = view.backtest.scores_by_step()
    lines = []
    for name in sorted(view.backtest.results, key=lambda name: view.role(name) != "other"):
        part = frame[frame["model"] == name].sort_values("step")
        errors = part[view.measure].to_numpy(dtype=float)
        x = part["step"].to_list()
        text = [f"{name}, step {step}: {wording.fixed(error, 2)}" for step, error in zip(x, errors, strict=True)]
        lines.append({"role": view.role(name), "name": view.measure, "x": x, "y": axes.rounded(errors), "text": text})
    order = {"other": 0, "baseline": 1, "winner": 2, "recommended": 3}
    lines.sort(key=lambda line: order[str(line["role"])])
    data = {
        "x": axes.steps_axis(view.panel, view.horizon),
        "y": view.measure_axis,
        "lines": _without_outliers(lines),
        "zero": True,
        "height": 280,
    }
    spoken = f"{view.measure} by step ahead, 1 to {view.horizon}, of every model. "
    spoken += _ends(lines, view.verdict.recommended, view.role(view.verdict.recommended))
    key = [*view.key, ("other", "other models")]
    return blocks.figure(
        "lines", data, blocks.Words("Error by step ahead", spoken, "Averaged over the folds."), key=key
    )


def _ends(lines: list[dict[str, Any]], name: str, role: str) -> str:
    ys = next((line["y"] for line in lines if line["role"] == role), [None])
    return f"{name}: {wording.fixed(ys[0], 2)} at the first step, {wording.fixed(ys[-1], 2)} at the last."


def _without_outliers(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the other models that would squeeze the rest into a corner."""
    leading = [value for line in lines if line["role"] != "other" for value in line["y"] if value is not None]
    limit = 3 * max(leading, default=float("inf"))
    return [line for line in lines if line["role"] != "other" or max(v or 0.0 for v in line["y"]) <= limit]


def cost(view: View) -> blocks.Block | None:
    """Return each model's seconds against its error."""
    names = [name for name in view.backtest.results if math.isfinite(view.score(name, view.measure))]
    if len(names) < 2:
        return None
    worst = 1.02 * _longest([view.score(name, view.measure) for name in names])
    names = [name for name in names if view.score(name, view.measure) <= worst]
    spent = [max(_seconds(view, name), 1e-4) for name in names]
    errors = [view.score(name, view.measure) for name in names]
    low, high = min(errors), max(errors)
    margin = 0.12 * (high - low) or 0.1
    domain = [min(spent) / 2.2, max(spent) * 2.2]
    text = [
        f"{n}: {wording.seconds(s)}; {view.measure} {wording.fixed(e, 2)}"
        for n, s, e in zip(names, spent, errors, strict=True)
    ]
    data = {
        "name": names,
        "x": [float(f"{value:.4g}") for value in spent],
        "y": axes.rounded(np.array(errors)),
        "role": [view.role(name) for name in names],
        "text": text,
        "x_title": "Time to fit and forecast one fold (log scale)",
        "y_title": view.measure_axis,
        "x_domain": domain,
        "x_ticks": _ticks(domain),
        "y_domain": [max(0.0, low - margin), high + margin],
        "reference": view.score(view.verdict.baseline, view.measure),
        "height": 280,
    }
    cheapest, dearest = names[int(np.argmin(spent))], names[int(np.argmax(spent))]
    spoken = f"Seconds per fold against {view.measure}. {cheapest} is the quickest, {dearest} the slowest."
    key = [(f"point-{role}", text) for role, text in view.key]
    caption = "Low and to the left is best. Points without a name: the table holds their figures."
    return blocks.figure("cost", data, blocks.Words("Cost against accuracy", spoken, caption), key=key)


def _ticks(domain: list[float]) -> list[float]:
    """Return powers of ten inside `domain`, with their halves and fifths if those are few."""
    powers = [10.0**power for power in range(-5, 7)]
    finer = sorted(power * step for power in powers for step in (1.0, 2.0, 5.0))
    inside = [[tick for tick in ticks if domain[0] <= tick <= domain[1]] for ticks in (powers, finer)]
    return inside[0] if len(inside[0]) >= 3 else inside[1]


def across_series(view: View) -> blocks.Block | None:
    """Return how the recommended model compares with the baseline over the series of a panel."""
    ratios = view.ratios[np.isfinite(view.ratios)]
    ours, base = view.verdict.recommended, view.opponent
    if len(view.panel) < 4 or not len(ratios) or ours == base:
        return None
    top = float(min(max(2.0, np.quantile(ratios, 0.98)), 4.0))
    counts, edges = np.histogram(np.minimum(ratios, top), bins=_N_BINS, range=(0.0, top))
    better, median = float(np.mean(ratios < 1)), float(np.median(ratios))
    said = f"{ours} has a lower error than {base} on {100 * better:.0f} % of {len(ratios):,} series; "
    said += f"the typical ratio is {wording.fixed(median, 2)}."
    data = {
        "x": {"kind": "number", "title": f"Error of {ours} over that of {base} (ratio)", "domain": [0, top]},
        "y": "Number of series",
        "start": edges[:-1].tolist(),
        "stop": edges[1:].tolist(),
        "count": counts.tolist(),
        "rules": [{"x": 1.0, "role": "baseline"}],
    }
    caption = f"{said} Left of the dashed line it is better. Ratios above {wording.number(top)} are in the last bar."
    return blocks.figure("histogram", data, blocks.Words("How it differs between series", said, caption))


def _remarks(view: View) -> blocks.Block | None:
    """Say what to know about single models: failures, what was not tried, caps."""
    backtest = view.backtest
    said = [f"{name} failed: {why}" for name, why in backtest.failures.items()]
    said += [f"{name} was left out: {why}" for name, why in backtest.left_out.items()]
    said += [f"{name}: {result.note}" for name, result in backtest.results.items() if result.note]
    return blocks.bullets(said)
