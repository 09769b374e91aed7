"""Sequences with what was said in each, and what of them is held out.

Axis letters: N sequences, L tokens of a transcript, K tokens there are.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tidegate.errors import DataError
from tidegate.tasks.places import faulty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.sequences import Sequences

    Integers = NDArray[np.int64]

Form = Literal["text", "tokens"]

_NAMED = 10


class Transcripts(NamedTuple):
    """What was said.

    Attributes
    ----------
    form
        "text": each is a text, whose characters are the tokens; "tokens": each is a list of them.
    items
        N lists of tokens.
    """

    form: Form
    items: list[list[str]]

    @property
    def every(self) -> NDArray[Any]:
        """The tokens of all transcripts one after another."""
        return np.array([token for item in self.items for token in item], dtype=str)


class Transcribed(NamedTuple):
    """Sequences with their transcripts.

    Attributes
    ----------
    sequences, transcripts
        N of them.
    numbers
        Shape (N,): their places in what the user gave.
    """

    sequences: Sequences
    transcripts: Transcripts
    numbers: Integers

    @classmethod
    def of(cls, sequences: Sequences, y: Any, *, name: str = "y") -> Transcribed:
        """Return sequences with their transcripts, checked; `name` is what these are called in messages."""
        n_sequences = len(sequences.items)
        if isinstance(y, str | bytes) or not hasattr(y, "__len__") or len(y) != n_sequences:
            given = f"{len(y):,}" if hasattr(y, "__len__") and not isinstance(y, str | bytes) else f"{y!r:.40} for"
            raise DataError(
                f"{name} holds {given} transcripts for {n_sequences:,} sequences",
                repair="Give one text, or one list of tokens, for each sequence.",
            )
        return cls(sequences, transcripts_of(y, name), np.arange(n_sequences))

    def take(self, chosen: Integers) -> Transcribed:
        """Return those with these numbers."""
        items = [self.transcripts.items[k] for k in chosen]
        return Transcribed(self.sequences.take(chosen), self.transcripts._replace(items=items), self.numbers[chosen])

    def places(self, tokens: NDArray[Any]) -> list[Integers]:
        """Return transcripts as places among the tokens, which are sorted and hold them all, counted from 1."""
        return [1 + np.searchsorted(tokens, np.array(one, dtype=str)) for one in self.transcripts.items]

    def parted(self, fraction: float, seed: int) -> tuple[Transcribed, Transcribed | None]:
        """Return what to learn from, and what is held out: this fraction of the sequences, rounded.

        Never all of them, nor all in which something was said.
        """
        n_sequences = len(self.numbers)
        n_held = min(round(fraction * n_sequences), n_sequences - 1)
        if not n_held:
            return self, None
        order = np.random.default_rng(seed).permutation(n_sequences)
        said = np.array([bool(self.transcripts.items[k]) for k in order])
        if not said[n_held:].any():
            places = [np.flatnonzero(said)[-1], n_held]
            order[places] = order[places[::-1]]
        return self.take(np.sort(order[n_held:])), self.take(np.sort(order[:n_held]))


def transcripts_of(y: Any, name: str) -> Transcripts:
    """Return transcripts, all texts or all lists of tokens; one may be empty, not all.

    Raises
    ------
    DataError
        If one is neither, or another than the first, with its place; or all are empty.
    """
    given = y.tolist() if isinstance(y, np.ndarray) else list(y)
    texts = isinstance(given[0], str)
    items = []
    for k, one in enumerate(given):
        if isinstance(one, str) is not texts:
            form = "a text" if texts else "a list of tokens"
            raise faulty(k, name, f"is {one!r:.40}, the first transcript is {form}", "Give transcripts of one form.")
        if not texts and not hasattr(one, "__len__"):
            raise faulty(k, name, f"is {one!r:.40}", "Give a text, or a list of tokens: '42' instead of 42.")
        wrong = next((token for token in one if not isinstance(token, str) or not token), None)
        if wrong is not None:
            raise faulty(k, name, f"has the token {wrong!r}, which is no text", "Give tokens as text: '4' for 4.")
        items.append([str(token) for token in one])
    if not any(items):
        raise DataError(f"every transcript of {name} is empty", repair="Give what was said.")
    return Transcripts("text" if texts else "tokens", items)


def check_tokens(transcripts: Transcripts, tokens: NDArray[Any], name: str) -> None:
    """Refuse tokens that training does not hold.

    Raises
    ------
    DataError
        With the token, its place, and those that are known.
    """
    known = set(tokens.tolist())
    for k, item in enumerate(transcripts.items):
        new = next((token for token in item if token not in known), None)
        if new is not None:
            told = ", ".join(map(repr, tokens.tolist()[:_NAMED]))
            raise faulty(k, name, f"has the token {new!r}, which training does not", f"Known tokens are {told}.")


def steps_needed(transcript: list[str]) -> int:
    """Return the fewest steps that can say a transcript: one for each token, one more between two equal ones."""
    return len(transcript) + sum(one == other for one, other in pairwise(transcript))


def check_room(given: Transcribed, n_steps: list[int], stacked: int, name: str) -> None:
    """Refuse transcripts that are longer than their sequences allow.

    Parameters
    ----------
    given
        Sequences and transcripts.
    n_steps
        Steps of the network for each.
    stacked
        Steps that become one.
    name
        What the transcripts are called.

    Raises
    ------
    DataError
        With the first sequence, what it needs and has, and the repair.
    """
    for k, (item, there) in enumerate(zip(given.transcripts.items, n_steps, strict=True)):
        needed = steps_needed(item)
        if needed > there:
            less = f"Choose stacked below {stacked}, or leave" if stacked > 1 else "Leave"
            raise faulty(
                int(given.numbers[k]),
                name,
                f"has a transcript of {len(item)} tokens, which needs {needed} steps (one between two equal "
                f"tokens); the sequence has {there}{f' of {stacked} stacked frames' if stacked > 1 else ''}",
                f"{less} the sequence out.",
            )
