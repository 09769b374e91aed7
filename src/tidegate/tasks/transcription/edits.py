"""How far a transcript lies from what was said: the fewest tokens to replace, leave out or put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Edits(NamedTuple):
    """Tokens that make what was wanted of what was said.

    Attributes
    ----------
    substitutions
        Tokens said in place of others.
    deletions
        Tokens that were wanted and not said.
    insertions
        Tokens that were said and not wanted.
    tokens
        Tokens that were wanted.
    """

    substitutions: int
    deletions: int
    insertions: int
    tokens: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Edits by tokens wanted, at least 0, above 1 where much was put in; NaN where nothing was wanted."""
        return self.total / self.tokens if self.tokens else float("nan")

    def plus(self, other: Edits) -> Edits:
        """Return the edits of both."""
        return Edits(*(mine + yours for mine, yours in zip(self, other, strict=True)))


NONE = Edits(0, 0, 0, 0)
"""Of nothing said where nothing was wanted."""


def edits(wanted: Sequence[str], said: Sequence[str]) -> Edits:
    """Return the fewest edits; among as few, those with the fewest substitutions.

    Parameters
    ----------
    wanted, said
        Tokens, or texts.

    Source: Levenshtein (1966), Binary codes capable of correcting deletions, insertions, and reversals, Soviet Physics
    Doklady 10; Wagner & Fischer (1974), The string-to-string correction problem, JACM 21.

    >>> edits("kitten", "sitting")
    Edits(substitutions=2, deletions=0, insertions=1, tokens=6)
    """
    row = [(j, 0, 0, j) for j in range(len(said) + 1)]  # total, substitutions, deletions, insertions
    for i, one in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], (i, 0, i, 0)
        for j, other in enumerate(said, start=1):
            total, replaced, left, put = diagonal
            kept = diagonal if one == other else (total + 1, replaced + 1, left, put)
            above, before = row[j], row[j - 1]
            diagonal = above
            row[j] = min(
                kept,
                (above[0] + 1, above[1], above[2] + 1, above[3]),
                (before[0] + 1, before[1], before[2], before[3] + 1),
            )
    return Edits(*row[-1][1:], len(wanted))


def of_all(wanted: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Edits:
    """Return the edits of all transcripts together."""
    whole = NONE
    for one, other in zip(wanted, said, strict=True):
        whole = whole.plus(edits(one, other))
    return whole
