"""Sentences, or other sequences, with a tag for each of their steps, and what of them is held out.

Axis letters: N sequences, T steps, C tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.errors import DataError
from tidegate.tasks.entities import first_broken
from tidegate.tasks.labels import REPAIR, following, hits, plain, strange
from tidegate.tasks.places import faulty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.tasks.sequences import Sequences

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Tagged(NamedTuple):
    """Sequences with their tags.

    Attributes
    ----------
    sequences
        N of them.
    tags
        N arrays of shape (T,): text, or whole numbers.
    numbers
        Shape (N,): their places in what the user gave.
    """

    sequences: Sequences
    tags: list[NDArray[Any]]
    numbers: Integers

    @classmethod
    def of(cls, sequences: Sequences, y: Any, *, name: str = "y") -> Tagged:
        """Return sequences with their tags, checked; `name` is what the tags are called in messages."""
        return cls(sequences, tags_of(y, sequences, name), np.arange(len(sequences.items)))

    @property
    def every(self) -> NDArray[Any]:
        """The tags of all steps one after another."""
        return np.concatenate(self.tags)

    def take(self, chosen: Integers) -> Tagged:
        """Return those with these numbers."""
        return Tagged(self.sequences.take(chosen), [self.tags[k] for k in chosen], self.numbers[chosen])

    def following(self, classes: NDArray[Any], name: str) -> Tagged:
        """Return them with their tags in the type of the classes, as `labels.following`."""
        ends = np.cumsum([len(one) for one in self.tags])
        return self._replace(tags=np.split(following(self.every, classes, name), ends[:-1]))

    def places(self, classes: NDArray[Any]) -> list[Integers]:
        """Return tags as places among the classes, which are sorted and hold them all."""
        return [np.searchsorted(classes, one) for one in self.tags]

    def parted(self, fraction: float, seed: int) -> tuple[Tagged, Tagged | None]:
        """Return what to learn from, and what is held out: this fraction of the sequences, rounded, never all."""
        n_sequences = len(self.tags)
        n_held = min(round(fraction * n_sequences), n_sequences - 1)
        if not n_held:
            return self, None
        order = np.random.default_rng(seed).permutation(n_sequences)
        return self.take(np.sort(order[n_held:])), self.take(np.sort(order[:n_held]))


def accuracy(given: Tagged, said: list[list[Any]]) -> float:
    """Return the fraction of all steps whose tag is right, in [0, 1]."""
    return float(np.mean(hits(given.every, np.concatenate(said))))


def tags_of(y: Any, sequences: Sequences, name: str) -> list[NDArray[Any]]:
    """Return the tags of each sequence as text or whole numbers, N arrays of shape (T,).

    Raises
    ------
    DataError
        If a sequence has more or fewer tags than steps, or one names none, with its place.
    """
    if isinstance(y, str | bytes) or not hasattr(y, "__len__") or len(y) != len(sequences.items):
        given = f"{len(y):,} lists" if hasattr(y, "__len__") else f"a {type(y).__name__}"
        raise DataError(
            f"{name} holds {given} of tags for {len(sequences.items):,} sequences",
            repair="Give one list of tags for each sequence.",
        )
    unit = "tokens" if sequences.kind == "tokens" else "steps"
    found = []
    for k, (own, item) in enumerate(zip(y, sequences.items, strict=True)):
        if isinstance(own, str | bytes) or not hasattr(own, "__len__"):
            raise faulty(k, name, f"is {own!r:.40}, not a list of tags", "Give one tag for each of its steps.")
        if len(own) != len(item):
            raise faulty(k, name, f"has {len(own)} tags for {len(item)} {unit}", "Give one tag for each.")
        found.append(np.fromiter(own, dtype=object, count=len(own)))
    return _plain(found, name)


def _plain(tags: list[NDArray[Any]], name: str) -> list[NDArray[Any]]:
    """Return tags of one kind, all text or all whole numbers."""
    whole = np.concatenate(tags)
    ends = np.cumsum([len(one) for one in tags])
    wrong = strange(whole)
    if wrong is not None:
        k = int(np.searchsorted(ends, wrong, side="right"))
        step = wrong - int(ends[k]) + len(tags[k])
        raise faulty(k, name, f"has the tag {whole[wrong]!r} at step {step}, which names none", REPAIR)
    return np.split(plain(whole), ends[:-1])


def broken(given: Tagged, classes: NDArray[Any], never: Mask) -> tuple[int, int] | None:
    """Return the first sequence, and the step of it, whose tag may not follow the one before; None if all may.

    Parameters
    ----------
    given
        Sequences with their tags.
    classes
        The tags, sorted, shape (C,).
    never
        Which tag may not follow which, shape (C + 1, C), as from `entities.forbidden`.
    """
    found = ((k, first_broken(numbers, never)) for k, numbers in enumerate(given.places(classes)))
    return next(((k, step) for k, step in found if step is not None), None)


def check_order(given: Tagged, classes: NDArray[Any], never: Mask, name: str) -> None:
    """Refuse tags that follow each other as they may not; takes what `broken` does, and what the user calls them.

    Raises
    ------
    DataError
        With the sequence and the step.
    """
    wrong = broken(given, classes, never)
    if wrong is not None:
        k, step = wrong
        before = f"follows {given.tags[k][step - 1]!s}" if step else "begins it"
        raise faulty(
            k,
            name,
            f"has the tag {given.tags[k][step]!s} at step {step}, which {before}",
            "Begin each entity with its B tag, or choose scheme='none'.",
        )
