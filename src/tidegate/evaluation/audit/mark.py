"""One line of a seal: what should hold, the figure that it rests on, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.evaluation.audit.finding import Outcome


@dataclass(frozen=True)
class Mark:
    """One thing that was checked.

    Parameters
    ----------
    name
        What should hold.
    outcome
        As in `Finding`.
    measured
        The figure that it rests on, in a few words; "" if it was not checked.
    statement
        What came out, in a sentence.
    """

    name: str
    outcome: Outcome
    measured: str
    statement: str


def unmade(name: str, why: str) -> Mark:
    """Return the mark of what could not be checked."""
    return Mark(name, "unchecked", "", f"Not checked: {why}")
