"""The bricks of a report: plain dictionaries that the template prints and the charts are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.analysis.wording import probability
from tidegate.report.wording import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Block = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What a figure says in words.

    Parameters
    ----------
    title
        What is drawn, as a heading.
    alt
        The same for someone who cannot see it: one or two sentences with the main finding.
    caption
        How to read it; may be empty.
    """

    title: str
    alt: str
    caption: str = ""


def section(name: str, title: str, blocks: Sequence[Block | None], *, lead: str = "", short: str = "") -> Block:
    """Return a section called `name` (the anchor), `short` in the list of sections; blocks that are None fall away."""
    kept = [block for block in blocks if block is not None]
    return {"name": name, "title": title, "short": short or title, "lead": lead, "blocks": kept}


def heading(title: str) -> Block:
    """Return a heading inside a section."""
    return {"kind": "heading", "title": title}


def text(sentences: Iterable[str]) -> Block | None:
    """Return one paragraph of sentences, or None if there are none."""
    kept = [sentence for sentence in sentences if sentence]
    return {"kind": "text", "sentences": kept} if kept else None


def note(sentence: str) -> Block:
    """Return a remark that must not be overlooked."""
    return {"kind": "note", "text": sentence}


def bullets(sentences: Iterable[str]) -> Block | None:
    """Return a list of sentences, or None if there are none."""
    kept = [sentence for sentence in sentences if sentence]
    return {"kind": "bullets", "sentences": kept} if kept else None


def figure(drawing: str, data: Block, words: Words, *, key: Sequence[tuple[str, str]] = ()) -> Block:
    """Return a figure.

    Parameters
    ----------
    drawing
        A name of `charts.drawing.DRAWINGS`.
    data
        What that drawing takes.
    words
        Title, text for those who cannot see, caption.
    key
        Pairs of role (see `charts.theme.ROLES`; "point-<role>" shows its point instead of its line; or "band-narrow",
        "band-wide") and what it stands for, printed above the chart.
    """
    spoken = {"title": words.title, "alt": words.alt, "caption": words.caption}
    return {"kind": "figure", "drawing": drawing, "data": data, **spoken, "key": [list(pair) for pair in key]}


def grid(figures: Sequence[Block | None]) -> Block | None:
    """Return figures side by side where the page is wide enough."""
    kept = [one for one in figures if one is not None]
    return {"kind": "grid", "figures": kept} if kept else None


def table(columns: Sequence[Block], rows: Sequence[Sequence[Block]], *, caption: str, folded: str = "") -> Block:
    """Return a table.

    Parameters
    ----------
    columns
        From `column`.
    rows
        Cells from `cell`, as many per row as there are columns.
    caption
        What the table holds.
    folded
        If not empty, the table is hidden behind these words until asked for.
    """
    return {"kind": "table", "columns": list(columns), "rows": list(rows), "caption": caption, "folded": folded}


def column(title: str, *, numeric: str = "no") -> Block:
    """Return a column's heading; `numeric` "yes" aligns it to the right."""
    return {"title": title, "numeric": numeric == "yes"}


def cell(text: str, *, bar: float | None = None, mark: str = "", role: str = "") -> Block:
    """Return a cell: its text, or a bar of `bar` in [0, 1], a badge `mark`, the role that styles the bar."""
    length = None if bar is None or not math.isfinite(bar) else round(100 * min(max(bar, 0.0), 1.0), 1)
    return {"text": text, "bar": length, "mark": mark, "role": role}


def p_value(p: float) -> Block:
    """Return a p-value as a cell of its column: "0.034", "< 0.001", a dash where there is none."""
    return cell(probability(p).removeprefix("p ").removeprefix("= ") if math.isfinite(p) else NOTHING)


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return names and their values, one under the other."""
    return {"kind": "facts", "pairs": [list(pair) for pair in pairs]}


def folded(title: str, blocks: Sequence[Block | None]) -> Block:
    """Return blocks that are hidden behind `title` until asked for; those that are None fall away."""
    return {"kind": "folded", "title": title, "blocks": [block for block in blocks if block is not None]}
