"""Words as the numbers of their characters.

Axis letters: T tokens of a sentence, M characters of a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from tidegate.features.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Integers = NDArray[np.int32]

LONGEST = 24
"""Characters that are read of a word; of a longer one the first 12 and the last 12."""


class Spelling:
    """Characters by number, learned from training sentences alone.

    Attributes
    ----------
    characters
        Known ones.
    """

    def __init__(self, characters: Vocabulary) -> None:
        self.characters = characters

    @classmethod
    def learn(cls, sentences: Sequence[Sequence[str]]) -> Self:
        """Return the spelling of all characters that training sentences hold."""
        return cls(Vocabulary().fit(token for sentence in sentences for token in sentence))

    def read(self, sentences: Sequence[Sequence[str]]) -> list[Integers]:
        """Return each sentence as numbers, shape (T, 24), 0 after the end of a word."""
        words = {token: k for k, token in enumerate(dict.fromkeys(t for sentence in sentences for t in sentence))}
        rows = np.zeros((len(words), LONGEST), dtype=np.int32)
        for token, k in words.items():
            half = LONGEST // 2
            seen = token if len(token) <= LONGEST else token[:half] + token[-half:]
            rows[k, : len(seen)] = self.characters.encode(seen)
        return [rows[[words[token] for token in sentence]] for sentence in sentences]

    def state(self) -> Tree:
        """Return what was learned, for saving."""
        return list(self.characters.tokens_)

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the spelling whose `state` this is."""
        return cls(Vocabulary().restore(state))
