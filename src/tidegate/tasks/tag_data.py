"""What a tagger learns of the data beside its network: words, characters and tags as numbers.

Axis letters: C tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.tasks.labels import loaded_labels, saved_labels
from tidegate.tasks.reading import Reader
from tidegate.tasks.spelling import Spelling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.tasks.reading import Rare

    Mask = NDArray[np.bool_]


class Read(NamedTuple):
    """What a tagger learns of the data beside its network.

    Attributes
    ----------
    reader
        Words or values as numbers.
    spelling
        Characters as numbers; None where they are not read.
    classes
        The tags, sorted, shape (C,).
    never
        Which tag may not follow which, shape (C + 1, C); None where all may.
    rare
        Which words occur once in training, or how likely each is forgotten, shape (n_tokens,); None for values, and
        after loading.
    handicap
        How much lower O scores where tags are said, in nats.
    """

    reader: Reader
    spelling: Spelling | None
    classes: NDArray[Any]
    never: Mask | None
    rare: Rare | None = None
    handicap: float = 0.0

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        return {
            "reader": self.reader.state(),
            "spelling": self.spelling.state() if self.spelling else None,
            "classes": saved_labels(self.classes),
            "never": self.never,
            "handicap": self.handicap,
        }

    @classmethod
    def from_state(cls, state: Tree) -> Read:
        """Return what gave this `state`."""
        spelling = None if state["spelling"] is None else Spelling.from_state(state["spelling"])
        classes = loaded_labels(state["classes"])
        handicap = state.get("handicap", 0.0)
        return cls(Reader.from_state(state["reader"]), spelling, classes, state["never"], handicap=handicap)
