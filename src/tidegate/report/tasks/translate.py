"""What the report of a translator says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report.sections import learning, lengths, translations
from tidegate.report.trained import Told, tile
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from tidegate.tasks.translation.trial import TranslatorTrial


def told(trial: TranslatorTrial) -> Told:
    """Return what is of this task alone."""
    told = trial.judgement
    exact = told.measure == "exact"
    name = "Exact matches" if exact else "BLEU"
    test = "McNemar's test" if exact else "drawing the test sequences anew, 2,000 times"
    low, high = (lengths.shown(one, told.measure) for one in told.interval())
    third = (
        tile("Confidence", f"{low} to {high}", "95 % interval of the exact matches")
        if exact
        else tile("Word for word", percent(float(told.right.mean())), "targets that are right as a whole")
    )
    return Told(
        "translated",
        f"{told.name}, judged on {len(told.wanted):,} sequences that it never saw",
        [
            tile(name, lengths.shown(told.score, told.measure), f"{told.name}, {trial.seconds:,.1f} s to train"),
            tile("Simple model", lengths.shown(told.simple_score, told.measure), told.simple_name),
            third,
            tile("The difference", told.verdict.capitalize(), test),
        ],
        [
            lengths.section(trial),
            translations.section(trial),
            learning.section(trial.model, "Mean cross-entropy, in nats a token of a target."),
        ],
    )
