"""Recordings in .ts files, as the UCR/UEA archive has them.

Axis letters: N sequences, T steps, I channels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.lines import lines, wrong

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MISSING = ("?", "nan", "")


def read_ts(file: Path, *, labels: bool) -> tuple[list[Floats], list[str] | None, list[int]]:
    """Return recordings, their labels, and the line of each, counted from 1.

    After ``@data`` there is a line each: channels apart by colons, steps by commas, the label last.

    Parameters
    ----------
    file
        The file.
    labels
        Whether labels are asked for.

    Returns
    -------
    sequences, labels, numbers
        N arrays of shape (T, I), NaN where a value is missing; N labels, or None where the header tells of none or none
        are asked for; N lines.

    Raises
    ------
    DataError
        If a line holds what it should not, with its number and the repair.

    Source: Bagnall et al. (2018), The UEA multivariate time series classification archive, arXiv:1811.00075.
    """
    sequences: list[Floats] = []
    told: list[str] = []
    numbers: list[int] = []
    labelled = begun = equal = False
    for number, line in lines(file):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if not begun:
            lowered = word.lower()
            if lowered.startswith("@classlabel"):
                labelled = lowered.split()[1:2] == ["true"]
            if lowered.startswith("@equallength"):
                equal = lowered.split()[1:2] == ["true"]
            if lowered.startswith("@timestamps") and lowered.split()[1:2] == ["true"]:
                raise wrong(file, number, "says that steps have stamps", "Save the values alone.")
            begun = lowered == "@data"
            continue
        parts = word.split(":")
        if labelled:
            told.append(parts.pop().strip())
            if not parts or (labels and told[-1].lower() in _MISSING):
                raise wrong(file, number, "has no label", "End it with a colon and the label, or leave it out.")
        sequences.append(_channels(parts, file, number))
        numbers.append(number)
        if equal and len(sequences[-1]) != len(sequences[0]):
            uneven = f"has {len(sequences[-1])} steps, the first {len(sequences[0])}, but @equalLength is true"
            raise wrong(file, number, uneven, "Correct the row, or the header: @equalLength false.")
    return sequences, told if labelled and labels else None, numbers


def _channels(parts: list[str], file: Path, number: int) -> Floats:
    """Return shape (T, I) of channels written side by side."""
    try:
        channels = [[_number(cell) for cell in part.split(",")] for part in parts]
    except ValueError as error:
        raise wrong(file, number, f"holds what is no number: {error}", "Correct it.") from error
    if not channels or len({len(one) for one in channels}) > 1:
        raise wrong(file, number, "has channels of unequal length", "Give each channel of a recording the same steps.")
    return np.array(channels).T


def _number(cell: str) -> float:
    """Return a cell of a channel, NaN where it is missing."""
    if cell.strip().lower() in _MISSING:
        return math.nan
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(repr(cell))
    return number
