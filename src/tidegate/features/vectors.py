"""Vectors of words learned elsewhere, from a file in the text format of GloVe, word2vec or fastText.

Axis letters: V tokens found, W width of a vector.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.data.lines import lines, wrong
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

_REPAIR = "Give a token and its numbers on each line, apart by blanks."


class Vectors(NamedTuple):
    """Vectors of those tokens that a file has.

    Attributes
    ----------
    numbers
        Which tokens were found, by their place among those wanted, shape (V,).
    values
        Their vectors, shape (V, W).
    """

    numbers: Integers
    values: Floats


def read_vectors(path: str | Path, tokens: Sequence[str], width: int) -> Vectors:
    """Return the vectors of `tokens` that a file has; of those that it lacks, the vector of the lower case.

    Parameters
    ----------
    path
        Text file: a token and its W numbers on each line, apart by blanks; a first line of two whole numbers, as
        word2vec writes it, is passed over. ``.gz`` is unpacked on the way.
    tokens
        Whose vectors are wanted.
    width
        W.

    Raises
    ------
    DataError
        If the file cannot be read, or a line holds what is no vector, with the line.
    SettingError
        If its vectors have another width.
    """
    file = Path(path)
    wanted = {*tokens, *(token.lower() for token in tokens)}
    found: dict[str, Floats] = {}
    n_read = 0
    for number, line in lines(file):
        cells = line.rstrip().split(" ")
        if number == 1 and len(cells) == 2 and all(cell.isdigit() for cell in cells):
            continue
        if not n_read and len(cells) - 1 != width:
            other = len(cells) - 1
            raise SettingError(
                f"embedding is {width}; the vectors of {file.name} have {other}. Give embedding={other}."
            )
        if len(cells) <= width:
            raise wrong(file, number, f"has {len(cells) - 1} numbers, not {width}", _REPAIR)
        n_read += 1
        token = " ".join(cells[:-width])
        if token in wanted and token not in found:
            found[token] = _values(cells[-width:], file, number)
    if not n_read:
        raise DataError(f"{file} holds no vectors", repair=_REPAIR)
    known = [(k, token if token in found else token.lower()) for k, token in enumerate(tokens)]
    kept = [(k, found[token]) for k, token in known if token in found]
    numbers = np.array([k for k, _ in kept], dtype=np.int64)
    return Vectors(numbers, np.array([values for _, values in kept], dtype=np.float32).reshape(-1, width))


def _values(cells: list[str], file: Path, number: int) -> Floats:
    try:
        values = np.array(cells, dtype=np.float32)
    except ValueError as error:
        raise wrong(file, number, f"holds what is no number: {error}", _REPAIR) from error
    if not np.isfinite(values).all():
        raise wrong(file, number, "holds a number that is not finite", _REPAIR)
    return values
