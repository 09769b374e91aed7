"""What the report of a tagger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report.sections import learning, sentences, tags
from tidegate.report.trained import Told, tile
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from tidegate.tasks.trials.tagger import TaggerTrial


def told(trial: TaggerTrial) -> Told:
    """Return what is of this task alone."""
    told = trial.judgement
    name = "F1" if told.entities else "Right tags"
    n_sentences = len(told.answers.wanted)
    unseen = told.unseen_accuracy
    new = [] if unseen is None else [tile("Words never seen", percent(unseen), "tokens with the right tag")]
    return Told(
        "tagged",
        f"{told.name}: {len(told.classes)} tags, judged on {told.n_tokens:,} tokens of {n_sentences:,} "
        "sentences that it never saw",
        [
            tile(name, percent(told.score(told.answers.said)), f"{told.name}, {trial.seconds:,.1f} s to train"),
            tile("Simple model", percent(told.score(told.answers.simple)), told.simple_name),
            *new,
            tile("The difference", told.verdict.capitalize(), "exchanging the answers, sentence by sentence"),
        ],
        [
            tags.section(trial),
            sentences.section(trial),
            learning.section(trial.model, "Mean cross-entropy, in nats a step."),
        ],
    )
