"""What a transcriber tells of a sequence beside its transcript: when each token was said, and how surely.

Axis letters: S steps of the network, K tokens there are, L tokens of a transcript.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Heard(NamedTuple):
    """One transcript of a sequence.

    Attributes
    ----------
    said
        A text, or a list of tokens, as transcripts of training are.
    log_probability
        Of this transcript, all its alignments summed; at most 0.
    spans
        Shape (L, 2): where each token begins and ends on the most probable alignment, in seconds of a recording, or in
        steps of another sequence.
    """

    said: Any
    log_probability: float
    spans: Floats


class Peak(NamedTuple):
    """A spike.

    Attributes
    ----------
    token
        What is said.
    at
        Where it is most probable, in seconds of a recording, or in steps of another sequence.
    probability
        There.
    """

    token: str
    at: float
    probability: float


class Spikes(NamedTuple):
    """What the network says as time goes.

    Attributes
    ----------
    tokens
        What it can say, shape (1 + K,): nothing new, as "", and each token.
    begins
        Where each of its steps begins, in seconds of a recording, or in steps of another sequence, shape (S,).
    probability
        Of each of `tokens` at each of its steps, shape (S, 1 + K); rows sum to 1.
    """

    tokens: NDArray[Any]
    begins: Floats
    probability: Floats

    def peaks(self) -> list[Peak]:
        """Return where a token is more probable than all else, one for each stretch, in the order of time."""
        most = self.probability.argmax(axis=1)
        begun = np.flatnonzero(np.diff(most, prepend=-1))
        found = []
        for begin, end in pairwise([*begun.tolist(), len(most)]):
            token = most[begin]
            if token:
                step = begin + int(self.probability[begin:end, token].argmax())
                found.append(
                    Peak(str(self.tokens[token]), float(self.begins[step]), float(self.probability[step, token]))
                )
        return found
