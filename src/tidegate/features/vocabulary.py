"""Tokens and their numbers: text becomes tokens, tokens become numbers, learned from training data alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from tidegate.checks import check_whole
from tidegate.errors import DataError, NotFittedError, Place, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

Unit = Literal["words", "characters"]

PADDING, UNKNOWN = "<pad>", "<unk>"
"""The tokens numbered 0 and 1: what fills a batch up, and every token that was not seen in training."""

_RESERVED = (PADDING, UNKNOWN)

UNKNOWN_NUMBER = _RESERVED.index(UNKNOWN)
"""The number of every token that was not seen in training."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*|[^\w\s]|_")


def words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text in lower case: "Don't go!" gives don't, go, !."""
    return _WORD.findall(text.lower())


UNITS: Mapping[Unit, Callable[[str], list[str]]] = {"words": words, "characters": list}
"""What a text may be cut into, and how."""


class Vocabulary:
    """The tokens of the training data, numbered from the most frequent, after padding (0) and unknown (1).

    Parameters
    ----------
    max_size
        Most tokens that are known, padding and unknown among them, at least 3; None for all.
    min_count
        How often a token must occur to be known, at least 1.
    file
        Text file with one token a line, in the order of their numbers, that stands in place of what training data
        hold; None learns from them.

    Attributes
    ----------
    tokens_ : tuple of str
        By number.

    Raises
    ------
    SettingError
        If a setting is outside its limits.
    """

    tokens_: tuple[str, ...]

    def __init__(self, *, max_size: int | None = None, min_count: int = 1, file: str | Path | None = None) -> None:
        for name, value, least in (("max_size", max_size, len(_RESERVED) + 1), ("min_count", min_count, 1)):
            if value is not None or name == "min_count":
                check_whole(name, value, least=least)
        if file is not None and (max_size is not None or min_count != 1):
            raise SettingError("a file lists the tokens that are known; leave max_size and min_count out, or the file.")
        self.max_size, self.min_count, self.file = max_size, min_count, file

    def __repr__(self) -> str:
        return f"Vocabulary(max_size={self.max_size!r}, min_count={self.min_count!r}, file={self.file!r})"

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, token: object) -> bool:
        return token in self._by_token

    @property
    def _by_token(self) -> dict[str, int]:
        return self._numbers if self._known else {}

    @property
    def _known(self) -> tuple[str, ...]:
        if not hasattr(self, "tokens_"):
            raise NotFittedError("This vocabulary knows no tokens yet: call fit first.")
        return self.tokens_

    def fit(self, sequences: Iterable[Sequence[str]]) -> Self:
        """Learn the tokens of `sequences`; of those that occur as often, the first seen comes first.

        Raises
        ------
        DataError
            If the file cannot be read or names a token twice.
        """
        found = self._counted(sequences) if self.file is None else _read(Path(self.file))
        return self.restore((*_RESERVED, *found))

    def _counted(self, sequences: Iterable[Sequence[str]]) -> list[str]:
        counts = Counter(token for sequence in sequences for token in sequence if token not in _RESERVED)
        room = None if self.max_size is None else self.max_size - len(_RESERVED)
        return [token for token, count in counts.most_common(room) if count >= self.min_count]

    def restore(self, tokens: Sequence[str]) -> Self:
        """Take `tokens`, which were the `tokens_` of a fitted vocabulary, as one's own."""
        self.tokens_ = tuple(tokens)
        self._numbers = {token: number for number, token in enumerate(self.tokens_) if token not in _RESERVED}
        return self

    def encode(self, tokens: Sequence[str]) -> Integers:
        """Return the number of each token, shape (T,); 1 for those that are not known."""
        numbers, unknown = self._by_token, UNKNOWN_NUMBER
        return np.fromiter((numbers.get(token, unknown) for token in tokens), dtype=np.int64, count=len(tokens))

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the tokens with these numbers."""
        known = self._known
        return [known[number] for number in numbers]

    def unknown_fraction(self, sequences: Iterable[Sequence[str]]) -> float:
        """Return the fraction of all tokens of `sequences` that are not known; 0 for no tokens."""
        total = missing = 0
        for sequence in sequences:
            total += len(sequence)
            missing += sum(token not in self for token in sequence)
        return missing / total if total else 0.0

    def save(self, file: str | Path) -> None:
        """Write the tokens, one a line, as the setting `file` reads them; padding and unknown are understood.

        Raises
        ------
        DataError
            If a token holds a line break.
        """
        own = self._known[len(_RESERVED) :]
        broken = next((token for token in own if token.splitlines() != [token]), None)
        if broken is not None:
            raise DataError(
                f"the token {broken!r} holds a line break, so it cannot stand on a line of its own",
                repair="Cut the text into words, or leave such tokens out.",
            )
        Path(file).write_text("".join(f"{token}\n" for token in own), encoding="utf-8")


def _read(file: Path) -> list[str]:
    """Return the tokens of a vocabulary file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}", repair="Give a text file with one token a line.") from error
    seen: dict[str, int] = {}
    for number, token in enumerate(lines, start=1):
        if token in seen:
            raise DataError(
                f"{file} names the token {token!r} twice",
                place=Place(row=number),
                repair="Keep one line for each token.",
            )
        if token and token not in _RESERVED:
            seen[token] = number
    return list(seen)
