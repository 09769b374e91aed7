"""What sequences are written for: a class each, or a vector of numbers each, as numbers beside every step.

Axis letters: N sequences, C numbers of a condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd

from tidegate.errors import DataError, Place
from tidegate.tasks.labels import following, labels_of, loaded_labels, saved_labels
from tidegate.tasks.places import place
from tidegate.tasks.reading import scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float64]


class Conditions(NamedTuple):
    """How conditions become numbers.

    Attributes
    ----------
    classes
        Of training, sorted; None for vectors.
    mean, spread
        Of each number of the vectors of training, shape (C,); empty for classes.
    """

    classes: NDArray[Any] | None
    mean: Floats
    spread: Floats

    @classmethod
    def learn(cls, conditions: NDArray[Any]) -> Self:
        """Return how conditions of training, labels (N,) or vectors (N, C), become numbers."""
        if conditions.ndim == 1:
            return cls(np.unique(conditions), np.empty(0), np.empty(0))
        return cls(None, *scale_of(conditions))

    @property
    def width(self) -> int:
        """Numbers of a condition, C."""
        return len(self.mean) if self.classes is None else len(self.classes)

    def read(self, conditions: NDArray[Any]) -> NDArray[np.float32]:
        """Return one row for each sequence, shape (N, C): which class it is, or its vector in units of training.

        Raises
        ------
        DataError
            If a class is unknown, or vectors have another width than those of training.
        """
        if (conditions.ndim == 1) is not (self.classes is not None):
            was = "vectors" if self.classes is None else "one label for each sequence"
            raise DataError("the conditions are of another kind than in training", repair=f"Give {was}.")
        if self.classes is not None:
            known = following(conditions, self.classes, "y")
            return np.asarray(known[:, None] == self.classes, dtype=np.float32)
        if conditions.shape[1] != self.width:
            raise DataError(
                f"the conditions have {conditions.shape[1]} numbers, those of training {self.width}",
                repair="Give the numbers of training, in the same order.",
            )
        return ((conditions - self.mean) / self.spread).astype(np.float32)

    def state(self) -> Tree:
        """Return it as a tree of arrays and text."""
        classes = None if self.classes is None else saved_labels(self.classes)
        return {"classes": classes, "mean": self.mean, "spread": self.spread}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return what gave this `state`."""
        classes = None if state["classes"] is None else loaded_labels(state["classes"])
        return cls(classes, state["mean"], state["spread"])


def in_shares(labels: NDArray[Any], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers of `order`, of whose first ones each label has its share; the last one of each label is left out.

    Parameters
    ----------
    labels
        Shape (N,).
    order
        Of all N.
    """
    own = pd.Series(labels[order])
    turns, counts = own.groupby(own).cumcount(), own.groupby(own).transform("size")
    ranks = ((turns + 0.5) / counts)[turns + 1 < counts].sort_values(kind="stable")
    return order[ranks.index]


def conditions_of(y: Any, n_sequences: int) -> NDArray[Any] | None:
    """Return what sequences are written for, checked: labels of shape (N,), vectors (N, C), or None for nothing.

    Raises
    ------
    DataError
        If there are more or fewer than sequences, a label names no class, or a number is none, with its place.
    """
    if y is None:
        return None
    try:
        n_axes = np.ndim(y)
    except ValueError as error:
        raise DataError("y holds vectors of unequal length", repair="Give labels, or vectors of one length.") from error
    if n_axes < 2:
        return labels_of(y, n_sequences)
    try:
        made = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"y holds no numbers: {error}", repair="Give labels, or vectors of one length.") from error
    if made.ndim != 2 or len(made) != n_sequences or not made.shape[1]:
        raise DataError(
            f"y has shape {made.shape} for {n_sequences:,} sequences",
            repair="Give one label or one vector for each sequence.",
        )
    broken = np.argwhere(~np.isfinite(made))
    if len(broken):
        row, column = broken[0].tolist()
        raise DataError(
            f"y holds {made[row, column]} in row {place(row)}, column {column}",
            place=Place(row=place(row)),
            repair="Fill it, or leave the sequence out.",
        )
    return made
