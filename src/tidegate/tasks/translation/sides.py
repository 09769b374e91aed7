"""One side of a translator: texts or lists of tokens into numbers and back, learned from training data alone.

Axis letters: N sequences, T steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from tidegate.errors import DataError
from tidegate.features.pieces import Pieces, chunks, joined
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import Sequences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

Unit = Literal["pieces", "words", "characters"]

_RESERVED = 2


class Side:
    """What makes numbers of sources or targets, and targets of numbers.

    Attributes
    ----------
    unit
        What texts are cut into; None for lists of tokens.
    lowercase
        Whether texts are put in lower case first.
    reader
        Tokens by number.
    """

    def __init__(self, unit: Unit | None, reader: Reader, pieces: Pieces | None, *, lowercase: bool) -> None:
        self.unit, self.reader, self.lowercase, self._pieces = unit, reader, lowercase, pieces

    @classmethod
    def learn(cls, items: Sequence[Any], unit: Unit, n_tokens: int, *, lowercase: bool) -> Self:
        """Return the side of training sequences.

        Parameters
        ----------
        items
            N texts, or N lists of tokens, which `unit` and `lowercase` do not touch.
        unit
            What texts are cut into.
        n_tokens
            Most tokens that are known, two special ones among them.
        lowercase
            Whether texts are put in lower case first.
        """
        listed = not isinstance(items[0], str)
        texts = [] if listed else [_cased(one, lowercase=lowercase) for one in items]
        pieces = Pieces.learn(texts, n_tokens - _RESERVED) if texts and unit == "pieces" else None
        made = cls(None if listed else unit, _no_tokens(), pieces, lowercase=lowercase)
        made.reader = Reader.learn(Sequences("tokens", made.cut(items)), Vocabulary(max_size=n_tokens))
        return made

    @property
    def kind(self) -> str:
        """What it takes, in words."""
        return "lists of tokens" if self.unit is None else "texts"

    @property
    def tokens(self) -> Vocabulary:
        """The known tokens."""
        vocabulary = self.reader.vocabulary
        if vocabulary is None:
            raise ValueError("the reader of a side is of tokens")
        return vocabulary

    def cut(self, items: Sequence[Any]) -> list[list[str]]:
        """Return sequences as tokens."""
        return [self._tokens_of(one) for one in items]

    def read(self, items: Sequence[Any], *, name: str = "X") -> list[NDArray[Any]]:
        """Return sequences as numbers, N of shape (T,).

        Raises
        ------
        DataError
            If they are texts where those of training were lists of tokens, or the other way round.
        """
        if isinstance(items[0], str) == (self.unit is None):
            given = "texts" if isinstance(items[0], str) else "lists of tokens"
            raise DataError(
                f"{name} holds {given}, that of training held {self.kind}",
                repair="Give sequences like those of training.",
            )
        return self.reader.read(Sequences("tokens", self.cut(items)))

    def written(self, numbers: Sequence[int]) -> Any:
        """Return the text, or the list of tokens, with these numbers."""
        tokens = self.tokens.decode(numbers)
        return tokens if self.unit is None else joined(tokens)

    def _tokens_of(self, one: Any) -> list[str]:
        if self.unit is None:
            return list(one)
        text = _cased(one, lowercase=self.lowercase)
        if self._pieces is not None:
            return self._pieces.cut(text)
        return chunks(text) if self.unit == "words" else list(" ".join(text.split()))

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        pieces = None if self._pieces is None else self._pieces.state()
        return {"unit": self.unit, "lowercase": self.lowercase, "pieces": pieces, "reader": self.reader.state()}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the side whose `state` this is."""
        pieces = None if state["pieces"] is None else Pieces.from_state(state["pieces"])
        return cls(state["unit"], Reader.from_state(state["reader"]), pieces, lowercase=state["lowercase"])


def _cased(text: str, *, lowercase: bool) -> str:
    return text.lower() if lowercase else text


def _no_tokens() -> Reader:
    return Reader("tokens", Vocabulary().restore(()), (np.empty(0), np.empty(0)))
