"""What a generator learns to write like, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidegate.checks import check_choice
from tidegate.data.labelled import read_labelled
from tidegate.data.lines import is_plain, lines
from tidegate.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

By = Literal["text", "line"]


class Corpus(NamedTuple):
    """Sequences to write like.

    Attributes
    ----------
    sequences
        One long text, or a list of texts or arrays.
    conditions
        A label for each, shape (N,); None for none.
    """

    sequences: str | list[Any]
    conditions: NDArray[np.generic] | None


def read_corpus(path: str | Path, *, by: By = "text", conditions: bool = False) -> Corpus:
    """Read what to write like from a file, by its ending; .gz of a text is unpacked on the way.

    ``.txt`` is one long text, or with `by` "line" one text a line, empty ones left out. All else is as
    `tidegate.read_labelled` has it: ``.tsv`` and ``.csv`` one text a row, ``.npz`` and ``.ts`` arrays.

    Parameters
    ----------
    path
        The file.
    by
        What a sequence of a ``.txt`` is: "text" or "line".
    conditions
        Whether the labels of the file are what each sequence is written for.

    Raises
    ------
    DataError
        If the file cannot be read, holds no text, or bytes that are none, with the line and the repair.
    SettingError
        If `by` is neither.
    """
    check_choice("by", by, ("text", "line"))
    file = Path(path)
    if not is_plain(file):
        found = read_labelled(file, labels=conditions)
        return Corpus(found.sequences, found.labels)
    if conditions:
        raise DataError(f"{file} has no labels", repair="Give a .tsv with a label before each text.")
    read = [line for _, line in lines(file)]
    kept = [line for line in read if line.strip()]
    if not kept:
        raise DataError(f"{file} holds no text", repair="Give at least one word.")
    return Corpus(kept if by == "line" else "\n".join(read), None)
