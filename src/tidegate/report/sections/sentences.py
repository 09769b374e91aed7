"""The section on single sentences: some right and some wrong, what was missed marked, and what it looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report import blocks
from tidegate.report.sections import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.trials.tagger import Example, TaggerTrial

_PLAIN = "O"


def section(trial: TaggerTrial) -> blocks.Block:
    """Return sentences it got right and wrong."""
    entities = trial.judgement.entities
    lead = (
        "Test sentences: right ones with the most different tags, wrong ones by how sure the mistake was; their "
        "numbers are places in their file, counted from 0. What is wrong is struck out, followed by what it is. "
        "Under each sentence, one of its tags: the deeper the shade of a word, the more the odds of that tag fall "
        "once that word is hidden."
    )
    if entities:
        lead += f" Words without a mark have the tag {_PLAIN}."
    plain = _PLAIN if entities else ""
    parts: list[blocks.Block | None] = [blocks.heading("Right"), *_side(trial.right, plain)]
    if not trial.right:
        parts.append(blocks.text(["None: every test sentence has a mistake."]))
    parts += [blocks.heading("Wrong"), *_side(trial.wrong, plain)]
    if not trial.wrong:
        parts.append(blocks.text(["None: every test sentence was right."]))
    return blocks.section("examples", "What it looked at", parts, lead=lead, short="Examples")


def _side(examples: Sequence[Example], plain: str) -> list[blocks.Block | None]:
    """Return sentences, the first with its gates."""
    parts: list[blocks.Block | None] = []
    for k, one in enumerate(examples):
        parts += [_tagged(one, plain), _owed(one)]
        if not k:
            parts.append(opened.gates(one.inspection))
    return parts


def _tagged(one: Example, plain: str) -> blocks.Block:
    """Return a sentence with its tags; each mistake with what it is."""
    seen = one.inspection
    words = [
        [str(token), "" if said == wanted == plain else str(said), "" if said == wanted else str(wanted)]
        for token, said, wanted in zip(seen.steps, seen.said, one.wanted, strict=True)
    ]
    cut = max(len(words) - opened.LONGEST, 0)
    return {"kind": "tagged", "title": f"Sentence {one.number}", "words": words[: opened.LONGEST], "cut": cut}


def _owed(one: Example) -> blocks.Block:
    """Return what the tag of one token owes to each word."""
    seen, tokens = one.inspection, list(map(str, one.inspection.steps))
    found = seen.contributions[one.step]
    why = opened.cost(found, "word")
    title = f"Why {tokens[one.step]} is said to be {seen.said[one.step]}"
    return opened.words(f"{title}. {why}" if why else title, tokens, opened.shares(found))
