"""A blank in a sequence, and what may stand there, ranked by how probable that makes the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.errors import DataError
from tidegate.features.vocabulary import UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.features.vocabulary import Unit

    Floats = NDArray[np.float64]

BLANK = "___"
"""What stands for the blank."""


class Filled(NamedTuple):
    """What may stand in a blank.

    Attributes
    ----------
    token
        Or several, as they were given.
    probability
        That it is this one, of those that were tried, given what stands before and after; in [0, 1].
    """

    token: str
    probability: float


class Blanked(NamedTuple):
    """A sequence with a blank, cut into tokens.

    Attributes
    ----------
    before, after
        What stands on either side.
    """

    before: list[str]
    after: list[str]

    @classmethod
    def of(cls, sequence: Any, unit: Unit) -> Blanked:
        """Return the two sides of the blank in a text or a list of tokens.

        Raises
        ------
        DataError
            If there is no blank, or more than one.
        """
        text = isinstance(sequence, str)
        n_blanks = sequence.count(BLANK) if text or isinstance(sequence, list | tuple) else 0
        if n_blanks != 1:
            raise DataError(
                f"the sequence has {n_blanks} blanks {BLANK!r}",
                repair=f"Give a text or list of tokens with one {BLANK!r}.",
            )
        if text:
            before, after = sequence.split(BLANK)
            return cls(UNITS[unit](before), UNITS[unit](after))
        place = list(sequence).index(BLANK)
        return cls(list(sequence[:place]), list(sequence[place + 1 :]))

    def with_(self, tokens: list[str]) -> list[str]:
        """Return the sequence with these tokens in the blank."""
        return [*self.before, *tokens, *self.after]


def ranked(candidates: Sequence[str], nats: Floats, n: int) -> list[Filled]:
    """Return the `n` most probable candidates, the most probable first.

    Parameters
    ----------
    candidates
        What was tried.
    nats
        Minus the logarithm of the probability of the whole with each, shape (N,).
    n
        How many are returned, at most.
    """
    likely = np.exp(nats.min() - nats)
    likely /= likely.sum()
    best = np.argsort(nats, kind="stable")[:n]
    return [Filled(candidates[k], float(likely[k])) for k in best.tolist()]
