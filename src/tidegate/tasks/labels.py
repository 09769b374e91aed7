"""Sequences with their labels, and what of them is held out.

Axis letters: N sequences, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError
from tidegate.tasks.learning import Examples
from tidegate.tasks.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.sequences import Sequences

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

REPAIR = "Give text, or whole numbers of at most 64 bits."
"""What to do where a label names no class."""

_PLAIN = "biU"
_BEYOND = 2**63
_NAMED = 10


class Known(NamedTuple):
    """Labelled sequences.

    Attributes
    ----------
    sequences
        N of them.
    labels
        Shape (N,).
    numbers
        Shape (N,): their places in what the user gave.
    """

    sequences: Sequences
    labels: NDArray[Any]
    numbers: Integers

    @classmethod
    def of(cls, sequences: Sequences, y: Any) -> Known:
        """Return sequences with their labels, checked."""
        return cls(sequences, labels_of(y, len(sequences.items)), np.arange(len(sequences.items)))

    def take(self, chosen: Integers) -> Known:
        """Return those with these numbers."""
        return Known(self.sequences.take(chosen), self.labels[chosen], self.numbers[chosen])

    def examples(self, reader: Reader, classes: NDArray[Any]) -> Examples:
        """Return them as numbers, their labels as places among the classes."""
        targets = torch.from_numpy(np.searchsorted(classes, self.labels))
        return Examples(reader.read(self.sequences), targets, self.numbers)

    def parted(self, fraction: float, seed: int) -> tuple[Known, Known | None]:
        """Return what to learn from, and what is held out: this fraction of each class, rounded, never all of it."""
        rng = np.random.default_rng(seed)
        held = np.zeros(len(self.labels), dtype=bool)
        for one in np.unique(self.labels):
            own = rng.permutation(np.flatnonzero(self.labels == one))
            held[own[: min(round(fraction * len(own)), len(own) - 1)]] = True
        if not held.any():
            return self, None
        return self.take(np.flatnonzero(~held)), self.take(np.flatnonzero(held))


def examples_of(
    given: Known, parts: Sequence[tuple[Known, Known | None]], reader: Reader, classes: NDArray[Any]
) -> list[tuple[Examples, Examples | None]]:
    """Return parts as numbers; what is held out of `given` is known by its places there, a named pair is not.

    Parameters
    ----------
    given
        All sequences.
    parts
        What to learn from, of these, and what is held out: of these, or of others where all are learned from.
    reader
        Makes numbers of them.
    classes
        The labels, sorted, shape (C,).
    """
    whole = given.examples(reader, classes)
    made: list[tuple[Examples, Examples | None]] = []
    for learned, held in parts:
        named = held is not None and len(learned.labels) == len(given.labels)
        own = None if held is None else held.examples(reader, classes) if named else whole.take(held.numbers)
        made.append((whole.take(learned.numbers), own))
    return made


def saved_labels(classes: NDArray[Any]) -> NDArray[Any]:
    """Return labels as an archive takes them: numbers, or objects that are text."""
    return classes if classes.dtype.kind in "biuf" else classes.astype(object)


def loaded_labels(saved: NDArray[Any]) -> NDArray[Any]:
    """Return the labels that `saved_labels` made ready."""
    return saved.astype(str) if saved.dtype == object else saved


def labels_of(y: Any, n_sequences: int) -> NDArray[Any]:
    """Return labels as text or whole numbers, shape (N,).

    Raises
    ------
    DataError
        If there are more or fewer than sequences, or one names no class, with its place.
    """
    try:
        labels = np.asarray(y)
    except ValueError:  # lists among them
        labels = np.fromiter(y, dtype=object, count=len(y))
    if labels.dtype.kind == "U" and not hasattr(y, "dtype"):
        labels = np.asarray(y, dtype=object)  # as it was given: numbers beside text are no text
    if labels.ndim != 1 or len(labels) != n_sequences:
        given = f"has {len(labels):,} labels" if labels.ndim == 1 else f"has shape {labels.shape}"
        raise DataError(f"y {given} for {n_sequences:,} sequences", repair="Give one label for each sequence.")
    wrong = strange(labels)
    if wrong is not None:
        raise DataError(f"label {wrong} of y is {labels.tolist()[wrong]!r:.40}, which names no class", repair=REPAIR)
    return plain(labels)


def strange(labels: NDArray[Any]) -> int | None:
    """Return which label is the first that names no class: neither text nor a whole number, or not like the first."""
    if labels.dtype.kind in _PLAIN:
        return None
    given = labels.tolist()
    wrong = next((k for k, one in enumerate(given) if not isinstance(one, str) and not _is_whole(one)), None)
    if wrong is not None:
        return wrong
    return next((k for k, one in enumerate(given) if isinstance(one, str) is not isinstance(given[0], str)), None)


def plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels, none of them strange, as text or whole numbers."""
    if labels.dtype.kind in _PLAIN:
        return labels
    return labels.astype(str if isinstance(labels.tolist()[0], str) else np.int64)


def _is_whole(one: Any) -> bool:
    number = one.item() if isinstance(one, np.generic) else one
    return isinstance(number, int | float) and -_BEYOND <= number < _BEYOND and number == int(number)


def classes_of(labels: NDArray[Any], what: str = "labels") -> NDArray[Any]:
    """Return the labels that occur, sorted, shape (C,); `what` they are called in messages.

    Raises
    ------
    DataError
        If there is one alone.
    """
    classes = np.unique(labels)
    if len(classes) < 2:
        raise DataError(
            f"all {len(labels):,} {what} are {classes.tolist()[0]!r}; there is nothing to tell apart",
            repair=f"Give sequences of two {'classes' if what == 'labels' else what} at least.",
        )
    return classes


def check_known(labels: NDArray[Any], classes: NDArray[Any], name: str) -> None:
    """Refuse labels that are none of the classes."""
    unknown = sorted(set(labels.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise DataError(
            f"{name} holds the label {unknown[0]!r}, which training does not",
            repair=f"Known labels are {', '.join(map(str, classes.tolist()[:_NAMED]))}.",
        )


def following(labels: NDArray[Any], classes: NDArray[Any], name: str) -> NDArray[Any]:
    """Return labels in the type of the classes: a file of a few labels may hold numbers where training holds text.

    Parameters
    ----------
    labels, classes
        Text or whole numbers, shapes (N,) and (C,).
    name
        What the labels are of, for messages.

    Raises
    ------
    DataError
        If a label is none of the classes.
    """
    if (labels.dtype.kind == "U") is (classes.dtype.kind == "U"):
        check_known(labels, classes, name)
        return labels
    named = {str(one): one for one in classes.tolist()}
    told = labels.astype(str)
    check_known(told, np.array(list(named)), name)
    return np.array([named[one] for one in told.tolist()], dtype=classes.dtype)


def hits(labels: NDArray[Any], said: NDArray[Any]) -> Mask:
    """Return which labels are what is said of them, as `following` has it; of labels unknown in training, none."""
    if (labels.dtype.kind == "U") is not (said.dtype.kind == "U"):
        labels, said = labels.astype(str), said.astype(str)
    return np.asarray(labels == said)


def weights_of(labels: NDArray[Any], classes: NDArray[Any]) -> torch.Tensor:
    """Return what a sequence of each class counts, so that classes count alike and sequences 1 on average, (C,)."""
    counts = np.array([(labels == one).sum() for one in classes])
    return torch.from_numpy(len(labels) / (len(classes) * np.maximum(counts, 1))).float()
