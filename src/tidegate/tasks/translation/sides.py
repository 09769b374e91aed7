"""One side of a translator: texts or lists of tokens into numbers and back, or arrays, learned from training alone.

Axis letters: N sequences, T steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from tidegate.errors import DataError
from tidegate.features.pieces import Pieces, chunks, joined
from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import Sequences, taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

Unit = Literal["pieces", "words", "characters"]

_RESERVED = 2
_KINDS = {str: "texts", list: "lists of tokens", np.ndarray: "arrays of numbers"}


class Side:
    """What makes numbers of sources or targets, and targets of numbers.

    Attributes
    ----------
    unit
        What texts are cut into; None for lists of tokens, and for arrays.
    lowercase
        Whether texts are put in lower case first.
    reader
        Tokens by number, or the scales of arrays.
    """

    def __init__(self, unit: Unit | None, reader: Reader, pieces: Pieces | None, *, lowercase: bool) -> None:
        self.unit, self.reader, self.lowercase, self._pieces = unit, reader, lowercase, pieces

    @classmethod
    def learn(cls, items: Sequence[Any], unit: Unit, n_tokens: int, *, lowercase: bool) -> Self:
        """Return the side of training sequences.

        Parameters
        ----------
        items
            N texts, or N lists of tokens or arrays of numbers, which `unit` and `lowercase` do not touch.
        unit
            What texts are cut into.
        n_tokens
            Most tokens that are known, two special ones among them.
        lowercase
            Whether texts are put in lower case first.
        """
        if isinstance(items[0], np.ndarray):
            values = taken(items, None, frames=True)
            return cls(None, Reader.learn(values, Vocabulary()), None, lowercase=False)
        listed = not isinstance(items[0], str)
        texts = [] if listed else [_cased(one, lowercase=lowercase) for one in items]
        pieces = Pieces.learn(texts, n_tokens - _RESERVED) if texts and unit == "pieces" else None
        made = cls(None if listed else unit, _no_tokens(), pieces, lowercase=lowercase)
        made.reader = Reader.learn(Sequences("tokens", made.cut(items)), Vocabulary(max_size=n_tokens))
        return made

    @property
    def kind(self) -> str:
        """What it takes, in words."""
        if self.reader.kind == "values":
            return "arrays of numbers"
        return "lists of tokens" if self.unit is None else "texts"

    @property
    def tokens(self) -> Vocabulary:
        """The known tokens."""
        vocabulary = self.reader.vocabulary
        if vocabulary is None:
            raise ValueError("the reader of a side is of tokens")
        return vocabulary

    def cut(self, items: Sequence[Any]) -> list[list[str]]:
        """Return sequences as tokens; of arrays the numbers of their steps."""
        if self.reader.kind == "values":
            return [list(map(str, range(len(one)))) for one in items]
        return [self._tokens_of(one) for one in items]

    def read(self, items: Sequence[Any], *, name: str = "X") -> list[NDArray[Any]]:
        """Return sequences as numbers, N of shape (T,), or (T, I) of arrays.

        Raises
        ------
        DataError
            If they are of another kind than those of training, or, of arrays, of another width.
        """
        given = _KINDS[type(items[0])]
        if given != self.kind:
            raise DataError(
                f"{name} holds {given}, that of training held {self.kind}",
                repair="Give sequences like those of training.",
            )
        if self.reader.kind == "values":
            return self.reader.read(taken(items, None, name=name, frames=True))
        return self.reader.read(Sequences("tokens", self.cut(items)))

    def rare(self, items: Sequence[Any]) -> NDArray[np.bool_] | None:
        """Return which tokens occur once in these sequences, shape (n_tokens,); None for arrays."""
        return None if self.reader.kind == "values" else self.reader.rare(Sequences("tokens", self.cut(items)))

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
