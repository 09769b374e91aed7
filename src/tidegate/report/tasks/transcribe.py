"""What the report of a transcriber says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report.sections import learning, transcripts
from tidegate.report.trained import Told, tile
from tidegate.report.wording import percent

if TYPE_CHECKING:
    from tidegate.tasks.transcription.trial import Trial


def told(trial: Trial) -> Told:
    """Return what is of this task alone."""
    told = trial.judgement
    low, high = told.interval()
    return Told(
        "transcribed",
        f"{told.name}: {len(trial.model.tokens_)} different tokens, judged on {told.edits.tokens:,} in "
        f"{len(told.wanted):,} sequences that it did not learn from",
        [
            tile("Tokens wrong", percent(told.edits.rate), f"{told.name}, {trial.seconds:,.1f} s to train"),
            tile("Simple model", percent(told.simple_edits.rate), told.simple_name),
            tile(
                "Right as a whole",
                percent(float(told.right.mean())),
                f"transcripts without a mistake; {100 * low:.1f} to {100 * high:.1f} % with 95 % confidence",
            ),
            tile("The difference", told.verdict.capitalize(), "exchanging the errors, sequence by sequence"),
        ],
        [
            transcripts.section(trial),
            transcripts.examples(trial),
            learning.section(trial.model, "Connectionist temporal loss, in nats a token of a mean transcript."),
        ],
    )
