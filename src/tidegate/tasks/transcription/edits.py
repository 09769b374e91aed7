"""How far a transcript lies from what was said: the fewest tokens to replace, leave out or put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def matched(wanted: Sequence[str], said: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was wanted beside what was said, token by token, with the fewest edits; ties as in `edits`.

    Parameters
    ----------
    wanted, said
        Tokens, or texts.

    Returns
    -------
    list of (str, str)
        What was wanted and what was said for it; "" for nothing.

    Source: Levenshtein (1966), Binary codes capable of correcting deletions, insertions, and reversals, Soviet Physics
    Doklady 10; Wagner & Fischer (1974), The string-to-string correction problem, JACM 21.

    >>> matched("four", "fours")[-2:], matched("ab", "b")
    ([('r', 'r'), ('', 's')], [('a', ''), ('b', 'b')])
    """
    one = 1 + min(len(wanted), len(said))  # more than there can be substitutions: these decide among as few edits
    costs = [[one * j for j in range(len(said) + 1)]]
    for i, token in enumerate(wanted, start=1):
        row, above = [one * i], costs[-1]
        for j, other in enumerate(said, start=1):
            kept = above[j - 1] + (0 if token == other else one + 1)
            row.append(min(kept, above[j] + one, row[-1] + one))
        costs.append(row)
    return _walked(costs, wanted, said, one)


def _walked(costs: list[list[int]], wanted: Sequence[str], said: Sequence[str], one: int) -> list[tuple[str, str]]:
    """Return the pairs on the cheapest way through the costs, from the end to the beginning and turned around."""
    i, j, pairs = len(wanted), len(said), []
    while i or j:
        if i and costs[i][j] == costs[i - 1][j] + one:
            i -= 1
            pairs.append((wanted[i], ""))
        elif j and costs[i][j] == costs[i][j - 1] + one:
            j -= 1
            pairs.append(("", said[j]))
        else:
            i, j = i - 1, j - 1
            pairs.append((wanted[i], said[j]))
    return pairs[::-1]


def edits(wanted: Sequence[str], said: Sequence[str]) -> Edits:
    """Return the fewest edits; among as few, those with the fewest substitutions.

    Parameters
    ----------
    wanted, said
        Tokens, or texts.

    >>> edits("kitten", "sitting")
    Edits(substitutions=2, deletions=0, insertions=1, tokens=6)
    """
    return counted(matched(wanted, said))


def counted(pairs: Iterable[tuple[str, str]]) -> Edits:
    """Return how many of the pairs of `matched` are which edit."""
    found = list(pairs)
    n_replaced = sum(one != other and bool(one) and bool(other) for one, other in found)
    n_left, n_put = sum(not other for _, other in found), sum(not one for one, _ in found)
    return Edits(n_replaced, n_left, n_put, len(found) - n_put)


def of_all(wanted: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Edits:
    """Return the edits of all transcripts together."""
    whole = NONE
    for one, other in zip(wanted, said, strict=True):
        whole = whole.plus(edits(one, other))
    return whole
