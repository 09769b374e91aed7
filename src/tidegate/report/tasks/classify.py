"""What the report of a classifier says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report.sections import classes, examples, learning
from tidegate.report.trained import Told, tile
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from tidegate.tasks.trials.classifier import ClassifierTrial


def told(trial: ClassifierTrial) -> Told:
    """Return what is of this task alone."""
    told = trial.judgement
    return Told(
        "classified",
        f"{told.name}: {len(told.classes)} classes, judged on {len(told.wanted):,} sequences that it never saw",
        [
            tile("Right", percent(told.accuracy), f"{told.name}, {trial.seconds:,.1f} s to train"),
            tile("Simple model", percent(told.simple_accuracy), told.simple_name),
            tile("Most frequent label", percent(told.most_frequent), "of training, always said"),
            tile("The difference", told.verdict.capitalize(), "McNemar's test on the same sequences"),
        ],
        [
            classes.section(trial),
            examples.section(trial),
            learning.section(trial.model, "Mean cross-entropy, in nats a sequence."),
        ],
    )
