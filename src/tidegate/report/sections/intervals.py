"""The section on the recommended model's intervals: do they hold, where outcomes fall, and what would hold better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.wording import listing
from tidegate.evaluation.evidence.wording import of_intervals
from tidegate.evaluation.significance import ALPHA
from tidegate.report import axes, blocks, wording

if TYPE_CHECKING:
    from tidegate.evaluation.evidence.alternatives import Alternatives
    from tidegate.evaluation.evidence.calibration import Calibration
    from tidegate.evaluation.evidence.evidence import Evidence
    from tidegate.evaluation.evidence.pit import Pit
    from tidegate.report.view import View

_ROLES = ("recommended", "winner", "observed", "other")
_LISTED = 10
_KINDS = {"own": "its own", "split": "split-conformal", "adaptive": "adaptive"}


def section(view: View, found: Evidence) -> blocks.Block | None:
    """Return what is known of the intervals; None where the model gave none."""
    if not found.intervals_held:
        return None
    figures = blocks.grid([held(view, found), transform(found.pit)])
    parts = [blocks.bullets(of_intervals(found)), figures, alternatives(found), by_series(view, found), bins(found.pit)]
    return blocks.section("intervals", "Do the intervals hold?", parts, short="Intervals")


def held(view: View, found: Evidence) -> blocks.Block | None:
    """Return the share of outcomes inside the intervals, step by step; of at most four levels, the others named."""
    if not found.intervals_held or view.horizon < 2:
        return None
    x = list(range(1, view.horizon + 1))
    drawn = list(zip(_ROLES, found.intervals_held, strict=False))
    lines = [{"role": role, "name": "held", **_line(x, one)} for role, one in drawn]
    data = {
        "x": axes.steps_axis(view.panel, view.horizon),
        "y": "Outcomes inside (%)",
        "lines": lines,
        "rules": [{"y": one.level, "role": "bound"} for _, one in drawn],
        "zero": True,
        "height": 200,
    }
    model, n = found.intervals_held[-1].model, found.intervals_held[-1].n
    spoken = f"Share of outcomes inside the intervals of {model} by step ahead. {found.intervals_held[0]}"
    caption = f"Dashed: what the intervals of {model} should hold. Below the dashes they are too narrow, above too "
    caption += f"wide; {n // view.horizon:,} outcomes a step leave some of that to luck."
    missing = [f"{one.level} %" for one in found.intervals_held[len(drawn) :]]
    caption += f" Not drawn: the intervals of {listing(missing)}." if missing else ""
    key = [(role, f"inside the {one.level} % interval") for role, one in drawn]
    words = blocks.Words("Step by step", spoken, caption)
    return blocks.figure("lines", data, words, key=[*key, ("bound", "what they should hold")])


def _line(x: list[int], one: Calibration) -> blocks.Block:
    said = zip(x, one.by_step, strict=True)
    text = [f"{one.level} %, step {step}: {100 * share:.0f} % held" for step, share in said]
    return {"x": x, "y": axes.rounded(100 * one.by_step), "text": text}


def transform(found: Pit | None) -> blocks.Block | None:
    """Return the histogram of the probability integral transform: where outcomes fell, against what is honest."""
    if found is None:
        return None
    ratios = found.shares / found.nominal
    rows = list(reversed(range(len(ratios))))
    data = {
        "name": [_range(found, k) for k in rows],
        "x": axes.rounded(ratios[rows]),
        "role": ["recommended" if found.p[k] < ALPHA else "other" for k in rows],
        "text": [f"{100 * found.shares[k]:.1f} % ({100 * found.nominal[k]:.3g} %)" for k in rows],
        "what": "outcomes",
        "x_title": "Outcomes (1 = as many as there should be)",
        "reference": 1,
    }
    caption = f"Bars are ranges of the distribution that the model forecast: {_range(found, rows[0])} lies "
    caption += (
        f"{found.place(rows[0])}. All at 1: as the intervals say; long on top: it forecasts too low, at the foot: "
    )
    caption += (
        "too high, at both: too narrow. Written: the share of outcomes (and what it should be). Blue: clearly off. "
    )
    caption += "(Probability integral transform; the forecast itself bounds no range, since it need not be a median.)"
    words = blocks.Words("Where outcomes fall", str(found), caption)
    return blocks.figure("ladder", data, words, key=[("baseline", "as many as there should be")])


def _range(found: Pit, k: int) -> str:
    low, high = (f"{100 * edge:.3g}" for edge in found.edges[k : k + 2])
    return f"{low} to {high} %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def bins(found: Pit | None) -> blocks.Block | None:
    """Return the figures of the histogram, folded away."""
    if found is None:
        return None
    columns = [blocks.column("Outcomes")]
    columns += [blocks.column(title, numeric="yes") for title in ("Share", "Should be", "p (Holm)")]
    rows = [
        [
            blocks.cell(_capital(found.place(k)), mark="clear" if found.p[k] < ALPHA else ""),
            blocks.cell(f"{wording.fixed(100 * found.shares[k], 1)} %"),
            blocks.cell(f"{wording.fixed(100 * found.nominal[k], 1)} %"),
            blocks.p_value(found.p[k]),
        ]
        for k in reversed(range(len(found.shares)))
    ]
    caption = f"Of {found.n:,} outcomes, tested over {found.comparison.counted}; Holm's correction allows for the "
    caption += "number of rows."
    return blocks.table(columns, rows, caption=caption, folded="Where outcomes fall, in numbers")


def alternatives(found: Evidence) -> blocks.Block | None:
    """Return the model's own intervals beside conformal ones from the same backtest."""
    compared = [one for one in found.alternatives if one.kinds]
    if not compared:
        return None
    columns = [blocks.column("Level"), blocks.column("Intervals")]
    columns += [blocks.column(title, numeric="yes") for title in ("Held", "Mean width", "Interval score", "p")]
    rows = [row for one in compared for row in _kinds(one)]
    unit = "units of MASE's scale" if found.score == "MASE" else "the data's unit"
    spans = listing(list(dict.fromkeys(f"{one.folds} folds ({one.n:,} outcomes)" for one in compared)))
    caption = f"Around the forecasts of {compared[0].model}, on the newest {spans}, where all three exist. "
    caption += (
        "Split-conformal: as far as earlier errors reached. Adaptive: its own, but wider after misses and narrower "
    )
    caption += f"after hits. Interval score (Winkler, in {unit}): width plus a penalty for each miss; lower is better. "
    caption += "p: of the difference in score between adaptive ones and its own."
    late = [f"{one.needed} for {one.level} %" for one in found.alternatives if one.comparison is None]
    caption += f" Not compared, since more folds are needed: {listing(late)}." if late else ""
    return blocks.table(columns, rows, caption=caption)


def _kinds(one: Alternatives) -> list[list[blocks.Block]]:
    """Return a row for each kind of intervals of one level."""
    best = min(one.kinds, key=lambda kind: one.kinds[kind].score)
    p = blocks.p_value(float("nan") if one.comparison is None else one.comparison.p)
    rows = []
    for name, kind in one.kinds.items():
        cells = [f"{one.level} %", _KINDS[name], f"{100 * kind.share:.0f} %", wording.number(kind.width)]
        score = blocks.cell(wording.number(kind.score), mark="lowest" if name == best else "")
        rows.append([*map(blocks.cell, cells), score, p if name == "adaptive" else blocks.cell("")])
    return rows


def by_series(view: View, found: Evidence) -> blocks.Block | None:
    """Return the series whose intervals are farthest from what they say, folded away; None for one series."""
    judged = np.flatnonzero(np.isfinite(found.intervals_held[0].by_series)) if found.intervals_held else np.array([])
    if len(judged) < 2:
        return None
    smallest = np.min([np.nan_to_num(one.p_by_series, nan=1.0) for one in found.intervals_held], axis=0)
    farthest = np.max([np.abs(one.by_series - one.level / 100) for one in found.intervals_held], axis=0)
    order = judged[np.lexsort((-farthest[judged], smallest[judged]))][:_LISTED]
    columns = [blocks.column("Series")]
    for one in found.intervals_held:
        columns += [blocks.column(f"Inside {one.level} %", numeric="yes"), blocks.column("p (Holm)", numeric="yes")]
    rows = []
    for n in order:
        cells = [blocks.cell(str(view.panel.ids[n]))]
        for one in found.intervals_held:
            mark = "clear" if one.p_by_series[n] < ALPHA else ""
            cells += [blocks.cell(f"{100 * one.by_series[n]:.0f} %", mark=mark), blocks.p_value(one.p_by_series[n])]
        rows.append(cells)
    caption = "Tested over the folds of each series; Holm's correction allows for the number of series. What is not "
    caption += "clear may be luck."
    some = f"The {len(order)} of {len(judged):,} series" if len(order) < len(judged) else f"The {len(judged)} series"
    return blocks.table(columns, rows, caption=caption, folded=f"{some} whose intervals are farthest off")
