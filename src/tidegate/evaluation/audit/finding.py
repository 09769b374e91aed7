"""What one check of the audit found, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

Outcome = Literal["passed", "warned", "failed", "allowed", "unchecked"]
CHECKS = ("blind-spots", "leaks", "echo", "points", "sameness")
"""The names of the checks, in the order in which they are told."""
FATAL = ("blind-spots", "leaks", "points", "sameness")
"""The checks that can fail; an echo only warns."""
_GRAVITY: tuple[Outcome, ...] = ("failed", "warned", "allowed", "unchecked", "passed")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check
        One of `CHECKS`.
    outcome
        "passed"; "warned": worth knowing; "failed": the forecaster must not be used like that; "allowed": failed, but
        the user said that it may; "unchecked": there was nothing to check it by.
    statement
        The finding in a sentence.
    sentences
        What it rests on and what to do.
    """

    check: str
    outcome: Outcome
    statement: str
    sentences: tuple[str, ...] = ()

    def allowed(self, names: Sequence[str]) -> Finding:
        """Return the finding as it counts where the checks called `names` may fail."""
        return replace(self, outcome="allowed") if self.outcome == "failed" and self.check in names else self


def gravest(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the gravest of some outcomes; "passed" if there are none.

    >>> gravest(["passed", "warned"])
    'warned'
    """
    return min(outcomes, key=_GRAVITY.index, default="passed")


def checked_names(allow: Sequence[str]) -> tuple[str, ...]:
    """Return the names of checks that may fail.

    Raises
    ------
    SettingError
        If one of them is none of `FATAL`.
    """
    names = (allow,) if isinstance(allow, str) else tuple(allow)
    wrong = [name for name in names if name not in FATAL]
    if wrong:
        raise SettingError(f"allow names {wrong[0]!r}; the checks that can fail are {', '.join(FATAL)}.")
    return names


def times(count: int, noun: str) -> str:
    """Return a count with its noun: "1 value", "11 values".

    >>> times(1, "value"), times(1200, "value")
    ('1 value', '1,200 values')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def runs(numbers: Sequence[int]) -> str:
    """Return ascending numbers with neighbours drawn together.

    >>> runs([1, 2, 3, 7])
    '1 to 3 and 7'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    said = [f"{part[0]}" if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts]
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1]))) if said else ""
