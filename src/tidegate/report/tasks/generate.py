"""What the report of a generator says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.report.sections import learning, surprise, writing
from tidegate.report.trained import Told, tile

if TYPE_CHECKING:
    from tidegate.tasks.generation.trial import GeneratorTrial


def told(trial: GeneratorTrial) -> Told:
    """Return what is of this task alone."""
    told = trial.judgement
    unit = f"{told.measure.capitalize()} per {told.step}"
    n_steps = sum(map(len, told.nats))
    blocks = f"{len(told.nats):,} {told.block}{'' if len(told.nats) == 1 else 's'}"
    among = [tile("As unsure as among", f"{2**told.bits:,.1f}", f"{told.step}s that are equally probable")]
    return Told(
        "imitated",
        f"{told.name}: judged on {n_steps:,} {told.step}s in {blocks} that it never saw",
        [
            tile(unit, f"{told.score:.3f}", f"{told.name}, {trial.seconds:,.1f} s to train; less is better"),
            tile("Simple model", f"{told.simple_score:.3f}", told.simple_name),
            *(among if told.measure == "bits" else []),
            tile("The difference", told.verdict.capitalize(), f"a paired test over {blocks}"),
        ],
        [
            writing.section(trial),
            surprise.section(trial),
            learning.section(trial.model, f"Mean surprise, in nats per {told.step}; a nat is 1.44 bits."),
        ],
    )
