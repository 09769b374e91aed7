"""What one should know of the recordings that a detector learned from, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.scoring.tails import Threshold

_NAMED = 5


class Found(NamedTuple):
    """What was found in training.

    Attributes
    ----------
    still
        Channels that never moved.
    unheard
        Channels that were to be judged, but whose errors are not known.
    stopped
        Whether anything was held out to stop training by.
    threshold
        Where alarms begin.
    """

    still: Sequence[str]
    unheard: Sequence[str]
    stopped: bool
    threshold: Threshold


def notes(found: Found) -> tuple[str, ...]:
    """Return a sentence for each thing that one should know."""
    made = []
    if found.still:
        made.append(f"Never moved in training, so that any move of it is odd: {_listed(found.still)}.")
    if found.unheard:
        made.append(
            "Hardly a reading in the part of training that says how large errors are, so that it is read but not "
            f"judged: {_listed(found.unheard)}."
        )
    if not found.stopped:
        made.append("Nothing was left to stop training by, so that the network is that of the last epoch.")
    told = found.threshold
    if told.method == "fitted":
        made.append(
            f"{told.n_normal:,} normal steps are too few to count alarms at a rate of {told.rate:.2g} per "
            "step: the threshold comes from a tail fitted to the largest of their scores."
        )
    return tuple(made)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
