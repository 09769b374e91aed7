"""The section on tags: how well entities, or tags, were found, and what was taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report import blocks
from tidegate.report.sections import classes

if TYPE_CHECKING:
    from tidegate.tasks.trials.tagger import TaggerTrial


def section(trial: TaggerTrial) -> blocks.Block:
    """Return scores of each kind of entity and of each tag, and which tags were taken for which."""
    told = trial.judgement
    names = list(map(str, told.classes.tolist()))
    lead = "Of the test sentences alone. Precision: of those said to be it; recall: of those that are it."
    by_tag = classes.scores(told.by_tag(), "tokens", "How well each tag is found")
    parts: list[blocks.Block | None] = [by_tag]
    if told.entities:
        lead += " An entity is right if its kind, its first and its last token are."
        spans = classes.scores(told.by_kind(), "entities", "How well each kind of entity is found")
        parts = [spans, by_tag | {"folded": "The same for each tag"}]
    taken = classes.confusion(told.confusion(), names, "What each tag was taken for: tokens")
    parts += [blocks.heading("Taken for another"), taken or blocks.text(["No tag was taken for another."])]
    title = "Kind by kind" if told.entities else "Tag by tag"
    return blocks.section("tags", title, parts, lead=lead, short="Tags")
