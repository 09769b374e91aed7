"""Files of labelled sequences: texts in TSV or CSV; recordings in NPZ, long CSV or .ts (the UCR/UEA archive).

Axis letters: N sequences, T steps, I channels.
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from tidegate.data.arrays import arrays
from tidegate.data.lines import lines, wrong
from tidegate.data.long_table import NAMES, LongColumns, read_long
from tidegate.data.ts_file import read_ts
from tidegate.errors import DataError, Place, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LABEL, _TEXT = "label", "text"
_LEAST, _MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max
_OF_FRAMES, _NUMBERS = 3, "biuf"
_NAMED = 5
_COLUMNS = "Name two of them label and text; or, of a long CSV of recordings, one of them id."
_ARRAYS = "X and y, or values, lengths, channels and labels"
_LONGEST = 2**31 - 1
"""Characters of a cell of CSV, the most that its reader takes on every machine; by default it takes 131,072."""

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")


class Labelled(NamedTuple):
    """Sequences and what each is.

    Attributes
    ----------
    sequences
        N texts, or N arrays of shape (T,), (T, I), or, of films, (T, height, width).
    labels
        Shape (N,), text or whole numbers; None where the file holds none.
    """

    sequences: list[Any]
    labels: NDArray[Any] | None


class _Found(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    held
        Its sequences.
    lines
        The line of each, counted from 1; none where it has no lines.
    ids
        N names, where a column of a long table has them; None else.
    """

    held: Labelled
    lines: list[int]
    ids: list[str] | None = None


class _Reads(Protocol):
    def __call__(self, file: Path, *, labels: bool) -> _Found: ...


def read_labelled(
    path: str | Path, *, labels: bool = True, id: str | None = None, time: str | None = None, label: str | None = None
) -> Labelled:
    """Read labelled sequences from a file, by its ending; .gz of a text is unpacked on the way.

    ``.tsv`` and ``.csv`` hold one text a row, in columns called label and text; a TSV without such a header holds the
    label first. ``.txt`` holds one text a line, without labels. ``.npz`` holds X, of shape (N, T), (N, T, I) or, of
    films, (N, T, height, width), and y; or, for sequences of unequal length, values (all steps one after another, (S,
    I), S times I in one row, or frames (S, height, width)), lengths (N,), channels, labels (N,) and, if those are
    numbers of names, label_names. ``.ts`` is the format of the UCR/UEA
    archive. A ``.csv`` without texts, but with a column called id (or unique_id, series_id, item_id, series), is a long
    table of recordings: a row for each step, the label the same in all rows of a recording, every column of numbers
    else a channel; rows are sorted by a column of stamps or steps, if there is one.

    Parameters
    ----------
    path
        The file.
    labels
        Whether labels are read; False passes over them, missing ones too.
    id, time, label
        Of a long table the columns that say which recording a row is of, when it is, and what the recording is; None
        goes by how they are called.

    Raises
    ------
    DataError
        If the file cannot be read or holds what it should not, with its row and the repair.
    SettingError
        If columns are named of a file that is no CSV.
    """
    return _read(Path(path), LongColumns(id, time, label), labels=labels).held


def identified(
    path: str | Path, *, id: str | None = None, time: str | None = None, label: str | None = None
) -> tuple[list[Any], list[str] | None]:
    """Return the sequences of a file, and their names where a column of a long table has them, else None.

    Parameters
    ----------
    path, id, time, label
        As for `read_labelled`; labels are not looked at.

    Raises
    ------
    DataError, SettingError
        As `read_labelled`.
    """
    found = _read(Path(path), LongColumns(id, time, label), labels=False)
    return found.held.sequences, found.ids


def has_lines(path: str | Path) -> bool:
    """Return whether each sequence of a file stands on a line of its own: not those of an archive or a long table."""
    kind = Path(str(path).removesuffix(".gz")).suffix.lower()
    return kind != ".npz" and not (kind == ".csv" and _is_long(Path(path)))


def labelled_lines(path: str | Path) -> list[int]:
    """Return the line of each sequence that `read_labelled` reads from a file of text, counted from 1.

    Raises
    ------
    DataError
        As `read_labelled`.
    """
    return _read(Path(path), LongColumns(), labels=False).lines


def _read(file: Path, columns: LongColumns, *, labels: bool) -> _Found:
    kind = Path(file.name.removesuffix(".gz")).suffix.lower()
    if kind not in _READERS or (kind == ".npz" and file.name.endswith(".gz")):
        raise DataError(
            f"{file} ends in {kind or 'nothing'}", repair=f"Give one of {', '.join(_READERS)}, or .gz of it."
        )
    if not file.is_file():
        raise DataError(f"there is no file {str(file)!r}", repair="Check the path.")
    named = [role for role, name in columns._asdict().items() if name is not None]
    if named and kind != ".csv":
        raise SettingError(f"--{named[0]} names a column of a long .csv; {file} is {kind}: leave it out.")
    long = kind == ".csv" and (bool(named) or _is_long(file))
    made = _long(file, columns, labels=labels) if long else _READERS[kind](file, labels=labels)
    if not made.held.sequences:
        raise DataError(f"{file} holds no sequences", repair="Give at least one.")
    return made


def _tsv(file: Path, *, labels: bool) -> _Found:
    """Return texts and labels; no mark has a meaning but the tab, since texts hold quotes that nobody closed."""
    rows = ((number, line.split("\t")) for number, line in lines(file) if line)
    return _table(file, rows, headless=True, labelled=labels)


def _csv(file: Path, *, labels: bool) -> _Found:
    numbers: list[int] = []

    def texts() -> Iterator[str]:
        for number, line in lines(file):
            numbers.append(number)
            yield f"{line}\n"

    rows = ((numbers[-1], row) for row in csv.reader(texts(), strict=True) if row)
    limit = csv.field_size_limit(_LONGEST)
    try:
        return _table(file, rows, headless=False, labelled=labels)
    except csv.Error as error:
        raise wrong(file, numbers[-1], f"is no row of CSV: {error}", "Close every quote, or save it as TSV.") from error
    finally:
        csv.field_size_limit(limit)


def _is_long(file: Path) -> bool:
    """Return whether the first line of a CSV names no texts, but a column that tells recordings apart."""
    _, first = next(lines(file), (0, ""))
    names = [name.strip(' "').lower() for name in re.split("[,;\t]", first)]
    return _TEXT not in names and any(name in NAMES for name in names)


def _long(file: Path, columns: LongColumns, *, labels: bool) -> _Found:
    """Return the recordings of a long table."""
    made = read_long(file, columns, labels=labels)
    return _Found(Labelled(made.values, None if made.labels is None else _numbered(made.labels)), [], made.ids)


def _table(file: Path, rows: Iterator[tuple[int, list[str]]], *, headless: bool, labelled: bool) -> _Found:
    """Return the columns label, if asked for, and text; without a header the first and the second of two."""
    first = next(rows, None)
    if first is None:
        return _Found(Labelled([], None), [])
    names = [name.strip().lower() for name in first[1]]
    kept = []
    if _TEXT not in names:
        if not headless or len(names) != 2 or _LABEL in names:
            more = ", ..." if len(first[1]) > _NAMED else ""
            found = ", ".join(f"{name!r:.40}" for name in first[1][:_NAMED]) + more
            raise wrong(file, first[0], f"names the columns {found}", _COLUMNS)
        names, kept = [_LABEL, _TEXT], [first]
    text, label = names.index(_TEXT), names.index(_LABEL) if labelled and _LABEL in names else None
    sequences, labels, numbers = [], [], []
    for number, row in (*kept, *rows):
        if len(row) != len(names):
            raise wrong(file, number, f"has {len(row)} cells, not {len(names)}", "Give every row the same columns.")
        sequences.append(row[text])
        numbers.append(number)
        if label is not None:
            if not row[label].strip():
                raise wrong(file, number, "has no label", "Fill it in, or leave the row out.")
            labels.append(row[label].strip())
    return _Found(Labelled(sequences, None if label is None else _numbered(labels)), numbers)


def _txt(file: Path, *, labels: bool) -> _Found:  # noqa: ARG001 (plain text has none)
    kept = [(number, line) for number, line in lines(file) if line.strip()]
    return _Found(Labelled([line for _, line in kept], None), [number for number, _ in kept])


def _numbered(labels: list[str]) -> NDArray[Any]:
    """Return labels as whole numbers where all of them are and are written as numbers are, else as text.

    A label such as 007 or one beyond 64 bits is a name: as a number it would be written otherwise, or not at all.
    """
    whole = all(_WHOLE.fullmatch(one) and _LEAST <= int(one) <= _MOST for one in labels)
    return np.array(labels).astype(np.int64) if whole else np.array(labels)


def _npz(file: Path, *, labels: bool) -> _Found:
    """Return arrays, and their labels if asked for."""
    held = arrays(file)
    if "X" in held:
        _check_axes(held, "X", file, (2 if held["X"].dtype.kind in _NUMBERS else 1, _OF_FRAMES + 1))
        own = _of_each(held, "y", file, len(held["X"])) if labels else None
        return _Found(Labelled(list(held["X"]), own), [])
    lacking = [name for name in ("values", "lengths") if name not in held]
    if lacking:
        raise DataError(
            f"{file} holds no {lacking[0]!r}, but {', '.join(held) or 'nothing'}", repair=f"Save {_ARRAYS}."
        )
    sequences = _apart(held, file)
    return _Found(Labelled(sequences, _named(held, file, len(sequences)) if labels else None), [])


def _apart(held: Mapping[str, NDArray[Any]], file: Path) -> list[NDArray[Any]]:
    """Return the sequences whose steps an archive holds one after another."""
    values, lengths = held["values"], held["lengths"]
    for name, most in (("values", _OF_FRAMES), ("lengths", 1)):
        _check_axes(held, name, file, (1, most))
        if held[name].dtype.kind not in _NUMBERS:
            raise DataError(f"{name} of {file} are {held[name].dtype}, not numbers", repair="Save numbers.")
    wrong = np.flatnonzero((lengths < 1) | (lengths > values.size) | (lengths != np.floor(lengths)))
    if len(wrong):
        k = int(wrong[0])
        raise DataError(
            f"sequence {k} of {file} has {lengths[k]} steps of {values.size:,} values",
            place=Place(row=k),
            repair="Let lengths say how many steps each has, at least 1.",
        )
    frame = values.shape[1:] if values.ndim == _OF_FRAMES else None
    n_channels = math.prod(frame) if frame else _n_channels(held, file)
    n_steps = int(lengths.sum())
    if values.size != n_steps * n_channels:
        raise DataError(
            f"{file} holds {values.size:,} values for {n_steps:,} steps of {n_channels} channels",
            repair="Let lengths sum to the steps, and channels be how many values a step has.",
        )
    steps = values.reshape(n_steps, *(frame or (n_channels,)))
    return np.split(steps, lengths.cumsum().astype(np.int64)[:-1]) if len(lengths) else []


def _n_channels(held: Mapping[str, NDArray[Any]], file: Path) -> int:
    """Return how many values a step has."""
    values = held["values"]
    told = held.get("channels", np.array(values.shape[1] if values.ndim > 1 else 1))
    number = told.item() if told.size == 1 and told.dtype.kind in _NUMBERS else 0
    if not (number >= 1 and number % 1 == 0):
        raise DataError(
            f"channels of {file} is {told}",
            repair="Let it be one whole number, at least 1: how many values a step has.",
        )
    return int(number)


def _check_axes(held: Mapping[str, NDArray[Any]], name: str, file: Path, limits: tuple[int, int]) -> None:
    """Refuse an array of fewer or more axes than the limits."""
    least, most = limits
    if not least <= held[name].ndim <= most:
        told = f"{least} to {most} axes" if least < most else f"{least} axis"
        raise DataError(
            f"{name} of {file} has shape {held[name].shape}; it must have {told}", repair=f"Save {_ARRAYS}."
        )


def _of_each(held: Mapping[str, NDArray[Any]], name: str, file: Path, n_sequences: int) -> NDArray[Any] | None:
    """Return labels, one of each sequence, if there are any."""
    if name not in held:
        return None
    _check_axes(held, name, file, (1, 1))
    if len(held[name]) != n_sequences:
        raise DataError(
            f"{file} holds {len(held[name]):,} labels for {n_sequences:,} sequences", repair="Give each sequence one."
        )
    return held[name]


def _named(held: Mapping[str, NDArray[Any]], file: Path, n_sequences: int) -> NDArray[Any] | None:
    """Return the labels of an archive, by their names if it has some."""
    labels = _of_each(held, "labels", file, n_sequences)
    if labels is None or "label_names" not in held:
        return labels
    names = held["label_names"]
    _check_axes(held, "label_names", file, (1, 1))
    if labels.dtype.kind not in _NUMBERS:
        raise DataError(
            f"labels of {file} are {labels.dtype}, not numbers of label_names",
            repair="Save numbers, counted from 0, or leave label_names out.",
        )
    outside = np.flatnonzero(~((labels >= 0) & (labels < len(names)) & (labels == np.floor(labels))))
    if len(outside):
        raise DataError(
            f"label {outside[0]} of {file} is {labels[outside[0]]}, but there are {len(names)} names, counted from 0",
            place=Place(row=int(outside[0])),
            repair="Correct it, or leave the sequence out.",
        )
    return np.asarray(names[labels.astype(np.int64)])


def _ts(file: Path, *, labels: bool) -> _Found:
    """Return recordings."""
    sequences, told, numbers = read_ts(file, labels=labels)
    return _Found(Labelled(sequences, None if told is None else _numbered(told)), numbers)


_READERS: Mapping[str, _Reads] = {
    ".tsv": _tsv,
    ".csv": _csv,
    ".txt": _txt,
    ".npz": _npz,
    ".ts": _ts,
}
