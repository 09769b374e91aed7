"""What a classifier learned of its data, beside its networks.

Axis letters: C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.tasks.counted import Counted
from tidegate.tasks.labels import loaded_labels, saved_labels
from tidegate.tasks.occurrences import Occurrences
from tidegate.tasks.reading import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.archive import Tree


class Labelling(NamedTuple):
    """How sequences become numbers, and which labels there are.

    Attributes
    ----------
    reader
        Of the sequences.
    classes
        The labels, sorted, shape (C,).
    rare
        Which tokens occur once in training, shape (n_tokens,); None for values, and after loading.
    counted
        A linear rule on counted words, or on counted patterns of numbers, beside the networks; None for none.
    """

    reader: Reader
    classes: NDArray[Any]
    rare: NDArray[np.bool_] | None = None
    counted: Counted | Occurrences | None = None

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        counted = None if self.counted is None else self.counted.state()
        return {"reader": self.reader.state(), "classes": saved_labels(self.classes), "counted": counted}

    @classmethod
    def from_state(cls, state: Tree) -> Labelling:
        """Return what gave this `state`."""
        reader, counted = Reader.from_state(state["reader"]), None
        if state["counted"] is not None:
            counted = (Occurrences if reader.kind == "values" else Counted).from_state(state["counted"])
        return cls(reader, loaded_labels(state["classes"]), counted=counted)
