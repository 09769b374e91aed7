"""The section on single sources: some said right and some wrong beside their references, and where it looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.report import blocks
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.translation.alignment import Alignment
    from tidegate.tasks.translation.trial import Example, TranslatorTrial

MOST = 30
"""Tokens of a side that are drawn."""

_SPACE = "\u2423"
_SPOKEN = 6
_CLEAR = 0.5


def section(trial: TranslatorTrial) -> blocks.Block:
    """Return sources with what was said of them, and for the first of each side where the decoder looked."""
    measure = trial.judgement.measure
    by = "by the BLEU of each alone" if measure == "bleu" else "the surest first"
    titles = ("Best", "Worst") if measure == "bleu" else ("Right", "Wrong")
    lead = (
        f"Test sequences, {by}; their numbers are places in their file, counted from 0. The percentage is how probable "
        "the translator finds a token that it says, on average. Where it looked: each column is a token that was said; "
        "the darker a token of the source in it, the more of that was read for it."
    )
    parts = [blocks.heading(titles[0]), *_side(trial.right)]
    parts += [blocks.heading(titles[1]), *_side(trial.wrong)]
    if not trial.right:
        parts.insert(1, blocks.text(["None: no test sequence was right."]))
    if not trial.wrong:
        parts.append(blocks.text(["None: every test sequence was right."]))
    return blocks.section("examples", "What it said, and where it looked", parts, lead=lead, short="Examples")


def _side(examples: Sequence[Example]) -> list[blocks.Block | None]:
    parts: list[blocks.Block | None] = []
    for k, one in enumerate(examples):
        parts.append(_said(one))
        if not k:
            parts.append(looked(one.alignment, f"Where it looked in sequence {one.number}"))
    return parts


def _said(one: Example) -> blocks.Block:
    """Return a source, what was said of it, and what it should have been."""
    named = {"Reference": one.wanted, "Said": one.said, "Simple model": one.simple}
    rows = [[blocks.cell(name), blocks.cell(_text(text))] for name, text in named.items()]
    columns = [blocks.column("Source"), blocks.column(_text(one.source))]
    return blocks.table(columns, rows, caption=f"Sequence {one.number}, {percent(one.probability)} a token")


def looked(seen: Alignment, title: str) -> blocks.Block:
    """Return where each token that was said looked, as a figure: a row for each token of the source.

    Parameters
    ----------
    seen
        What was said, and where it looked; of long ones the first 30 tokens of either side are drawn.
    title
        Of the figure.
    """
    source, target = ([_name(token) for token in one[:MOST]] for one in (seen.source_tokens, seen.target_tokens))
    weights = seen.weights[: len(target), : len(source)]
    cells = [(f, t) for t in range(len(source)) for f in range(len(target))]
    data: dict[str, Any] = {
        "x": "Said",
        "y": "Source",
        "size": [len(target), len(source)],
        "names": {"x": target, "y": source},
        "column": [f + 1 for f, _ in cells],
        "row": [t + 1 for _, t in cells],
        "share": [round(float(weights[f, t]), 3) for f, t in cells],
        "text": [f"{target[f]} looked at {source[t]}: {percent(float(weights[f, t]))}" for f, t in cells],
        "marked": {"x": [], "y": []},
    }
    longer = max(len(seen.source_tokens), len(seen.target_tokens)) > MOST
    told = {f"The first {MOST} tokens of either side.": longer, f"{_SPACE} is a space.": _SPACE in source + target}
    caption = " ".join(sentence for sentence, is_so in told.items() if is_so)
    words = blocks.Words(title, _spoken(seen), caption)
    return blocks.figure("matrix", data, words, key=[("band-narrow", "looked at, the darker the more")])


def _spoken(seen: Alignment) -> str:
    """Return where the tokens looked that looked at one place above all."""
    clear = [
        f"{_name(token)} looked most at {_name(seen.source_tokens[int(row.argmax())])}"
        for token, row in zip(seen.target_tokens, seen.weights, strict=True)
        if row.max() >= _CLEAR
    ]
    if not clear:
        return "No token looked at one place above all."
    more = f", and {len(clear) - _SPOKEN} more tokens at one place above all" if len(clear) > _SPOKEN else ""
    return f"{'; '.join(clear[:_SPOKEN])}{more}."


def _name(token: str) -> str:
    """Return a token as it is drawn: a space alone as a sign."""
    return token.strip() or _SPACE


def _text(one: Any) -> str:
    return one if isinstance(one, str) else " ".join(one)
