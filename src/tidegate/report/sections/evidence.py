"""The section that proves: how sure the scores are, who differs from whom, and which models may be the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.analysis.wording import probability
from tidegate.evaluation.evidence.wording import of_intervals
from tidegate.report import blocks, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.evaluation.evidence.evidence import Evidence
    from tidegate.evaluation.evidence.pairs import Pair
    from tidegate.report.view import View

_FAR = 4.0
"""Errors above so many times the smallest are drawn at the edge."""


def section(view: View, found: Evidence) -> blocks.Block | None:
    """Return the evidence; None where there is one model alone."""
    if not found.pairs:
        return None
    figures = blocks.grid([scores(view, found), ranks(view, found)])
    apart = of_intervals(found)
    said = [sentence for sentence in found.sentences if sentence not in apart]
    parts = [blocks.bullets(said), figures, pairs(found), steps(found)]
    lead = "Scores of a few folds or series owe something to luck. How much, and which differences are more than that:"
    return blocks.section("evidence", "Is the difference real?", parts, lead=lead, short="Evidence")


def scores(view: View, found: Evidence) -> blocks.Block | None:
    """Return the error of each model with its 95 % interval, the smallest first."""
    own = {name: of[found.score] for name, of in found.intervals.items() if np.isfinite(of[found.score].lower)}
    if not own:
        return None
    names = sorted(own, key=lambda name: own[name].value)
    first = own[names[0]]
    kept = [name for name in names if own[name].value <= _FAR * max(first.value, first.upper / 2)]
    far = len(names) - len(kept)
    top = min(max(own[name].upper for name in kept), _FAR * max(first.value, first.upper / 2))
    low = min(own[name].lower for name in kept)
    margin = 0.04 * (top - low) or 0.1
    columns = [[getattr(own[name], part) for name in kept] for part in ("value", "lower", "upper")]
    said = [
        f"{name}: {wording.fixed(own[name].value, 2)} ({wording.fixed(own[name].lower, 2)} to "
        f"{wording.fixed(own[name].upper, 2)})"
        for name in kept
    ]
    base = own.get(view.verdict.baseline)
    data = _data(view, kept, columns, said)
    data |= {"x_title": view.measure_axis, "x_domain": [max(0.0, low - margin), top + margin], "band": None}
    data["reference"] = base.value if base is not None and view.verdict.baseline in kept else None
    spoken = f"{found.score} with 95 % intervals. " + "; ".join(said[:3]) + "."
    caption = "Lines: 95 % of the scores over resampled folds and series. They say how sure each score is by itself; "
    caption += "two models that err on the same days can differ clearly although their lines overlap."
    caption += f" Not drawn: {far} with errors far above." if far else ""
    return blocks.figure("intervals", data, blocks.Words("How sure each score is", spoken, caption))


def ranks(view: View, found: Evidence) -> blocks.Block | None:
    """Return the mean ranks with half the critical difference to both sides: models whose lines do not meet differ."""
    if found.ranks is None:
        return None
    names, half = list(found.ranks.mean), found.ranks.critical / 2
    means = list(found.ranks.mean.values())
    said = [f"{name}: mean rank {wording.fixed(mean, 2)}" for name, mean in found.ranks.mean.items()]
    data = _data(view, names, [means, [mean - half for mean in means], [mean + half for mean in means]], said)
    data |= {"x_title": "Mean rank (1 is best)", "x_domain": [min(means) - half - 0.2, max(means) + half + 0.2]}
    data |= {"band": [means[0] - half, means[0] + half], "reference": None}
    unit = "series" if found.unit == "series" else "folds"
    spoken = f"Mean ranks of {len(names)} models on {found.ranks.n:,} {unit}. {said[0]}; {said[-1]}."
    caption = (
        f"Critical-difference diagram (Nemenyi, 5 %; Friedman: {probability(found.ranks.p)}): two models differ if "
    )
    caption += "their lines do not meet. The band is that of the first."
    return blocks.figure("intervals", data, blocks.Words("Who ranks first how often", spoken, caption))


def _data(view: View, names: Sequence[str], columns: Sequence[Sequence[float]], text: Sequence[str]) -> blocks.Block:
    x, lower, upper = ([float(f"{value:.5g}") for value in column] for column in columns)
    roles = [view.role(name) for name in names]
    return {"name": list(names), "x": x, "lower": lower, "upper": upper, "role": roles, "text": list(text)}


def pairs(found: Evidence) -> blocks.Block | None:
    """Return every pair of models with its tests, folded away."""
    tested = [pair for pair in found.pairs if pair.comparison.tested]
    if not tested:
        return None
    by_series = found.unit == "series"
    titles = ["Better", "Worse", found.score, "", "Difference", "p", "p (Holm)"]
    titles += ["p (permutation)", "p (Wilcoxon)"] if by_series else []
    columns = [blocks.column(title, numeric="yes" if k > 1 else "no") for k, title in enumerate(titles)]
    rows = [_row(pair, by_series=by_series) for pair in sorted(tested, key=lambda pair: pair.p_holm)]
    caption = (
        f"Paired tests on {found.n:,} {'series' if by_series else 'folds'}. Holm's correction allows for their number: "
    )
    caption += "read that column."
    return blocks.table(columns, rows, caption=caption, folded=f"All {len(tested)} pairs")


def _row(pair: Pair, *, by_series: bool) -> list[blocks.Block]:
    ours, theirs = pair.errors
    mark = "clear" if pair.clear else ""
    cells = [blocks.cell(pair.better, mark=mark), blocks.cell(pair.worse)]
    numbers = (ours, theirs, pair.comparison.difference)
    cells += [blocks.cell(wording.number(value)) for value in numbers]
    p_values = [pair.comparison.p, pair.p_holm, *([pair.p_permutation, pair.p_wilcoxon] if by_series else [])]
    return cells + [blocks.p_value(p) for p in p_values]


def steps(found: Evidence) -> blocks.Block | None:
    """Return the tests of each step ahead, folded away."""
    made = found.steps
    if made is None or not np.isfinite(made.p).any():
        return None
    columns = [
        blocks.column("Step ahead", numeric="yes"),
        blocks.column("Difference", numeric="yes"),
        blocks.column("p (Holm)", numeric="yes"),
    ]
    rows = [
        [
            blocks.cell(str(step)),
            blocks.cell(wording.number(float(difference))),
            blocks.p_value(float(p)),
        ]
        for step, (difference, p) in enumerate(zip(made.difference, made.p, strict=True), start=1)
    ]
    caption = (
        f"{found.score} of {made.model} minus that of {made.other}, step by step; negative: {made.model} is better. "
    )
    caption += (
        "Diebold and Mariano's test with the correction of Harvey, Leybourne and Newbold on folds, the paired t-test "
    )
    caption += "on ten series or more."
    return blocks.table(columns, rows, caption=caption, folded=f"{made.model} against {made.other}, step by step")
