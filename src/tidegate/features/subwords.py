"""Pieces of words: runs of characters, numbered by a hash, so that words never seen share what they are made of.

Axis letters: T tokens of a sequence, M pieces of a word.
"""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tidegate.features.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int32]

SHORTEST, LONGEST = 3, 5
"""Characters of a piece."""

MOST = 40
"""Pieces that are read of a word; of a longer one, 20 from either end of their list."""


def pieces(token: str) -> list[str]:
    """Return the pieces of a word between marks of its ends: cat gives <ca, cat, at>, <cat, cat>, <cat>.

    A word too short for any is its own piece.

    Source: Bojanowski, Grave, Joulin & Mikolov (2017), Enriching word vectors with subword information, TACL 5,
    section 3.2.

    >>> pieces("cat")
    ['<ca', 'cat', 'at>', '<cat', 'cat>', '<cat>']
    """
    marked = f"<{token}>"
    sizes = range(SHORTEST, LONGEST + 1)
    found = [marked[start : start + size] for size in sizes for start in range(len(marked) - size + 1)]
    return found or [marked]


def numbers_of(sequences: Sequence[Sequence[str]], n_numbers: int) -> list[Integers]:
    """Return the pieces of each token as numbers from 1 to `n_numbers`, shape (T, M), 0 after the last of a token.

    The number of a piece is the CRC-32 of its UTF-8 text modulo `n_numbers`, plus 1: the same on every machine.
    What stands for unknown tokens has no pieces.
    """
    known = {token: _numbers(token, n_numbers) for token in dict.fromkeys(itertools.chain.from_iterable(sequences))}
    made = []
    for sequence in sequences:
        own = [known[token] for token in sequence]
        rows = np.zeros((len(own), max(1, *map(len, own))), dtype=np.int32)
        for row, numbers in zip(rows, own, strict=True):
            row[: len(numbers)] = numbers
        made.append(rows)
    return made


def _numbers(token: str, n_numbers: int) -> list[int]:
    if token == UNKNOWN:
        return []
    found = pieces(token)
    half = MOST // 2
    kept = found if len(found) <= MOST else found[:half] + found[-half:]
    return [1 + zlib.crc32(piece.encode("utf-8", "surrogatepass")) % n_numbers for piece in kept]
