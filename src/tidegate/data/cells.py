"""Columns of numbers and labels, from Arrow to arrays, with the first cell that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.data.gathering import codes_of, values_of
from tidegate.data.source import Source, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int32]

MISSING = ("", "NA", "N/A", "NaN", "nan", "-nan", "null", "NULL", "None", "n/a", "#N/A", "<NA>")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INFINITE = "infinity is not a number that can be forecast"
LARGEST = 1e100
"""Largest size of a value: beyond it the squares of errors leave the range of floating-point numbers too soon."""


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds text, plain or dictionary-encoded."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_numeric(kind: pa.DataType) -> bool:
    """Return whether a column holds numbers."""
    if pa.types.is_dictionary(kind):
        return is_numeric(kind.value_type)
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without dictionary encoding."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


_REPAIR = "Correct the cell, or empty it and choose --fill interpolate, zero, forward or keep."


def floats(
    source: Source, name: str, column: pa.ChunkedArray, series: Callable[[int], Any], *, repair: str = _REPAIR
) -> Floats:
    """Return a column as float64, NaN where it is empty.

    Parameters
    ----------
    source, name
        For the message.
    column
        Numbers, booleans, or text that holds numbers.
    series
        Gives the series of a row, for the message.
    repair
        What to do with a cell that cannot be used.

    Raises
    ------
    DataError
        At the first cell that is text, infinite or beyond `LARGEST`.
    """
    column = plain(column)
    if is_text(column.type):
        column = _from_text(source, name, column, series, repair=repair)
    elif not (is_numeric(column.type) or pa.types.is_boolean(column.type) or pa.types.is_null(column.type)):
        raise refusal(source, f"the column holds {column.type}, not numbers", 0, name, repair="Name a numeric column.")
    if source.owned and column.num_chunks == 1 and column.type == pa.float64():
        values: Floats = values_of(column.chunk(0), np.dtype(np.float64))
    else:
        values = _copied(column)
    beyond = (values > LARGEST) | (values < -LARGEST)
    if beyond.any():
        index = int(np.argmax(beyond))
        wrong = INFINITE if np.isinf(values[index]) else f"numbers must lie between -{LARGEST:g} and {LARGEST:g}"
        raise refusal(
            source, f"the value is {values[index]}: {wrong}", index, name, series=series(index),
            repair=repair,
        )  # fmt: skip
    return values


def encoded(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """Return codes, -1 for empty cells, and the distinct values that occur."""
    if not pa.types.is_dictionary(column.type):
        if pa.types.is_floating(column.type) and _all_whole(column):
            column = column.cast(pa.int64())
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not len(column):
        return np.empty(0, dtype=np.int32), pa.array([], column.type.value_type)
    codes = np.empty(len(column), dtype=np.int32)
    start = 0
    for chunk in column.chunks:
        codes[start : start + len(chunk)] = codes_of(chunk, -1)
        start += len(chunk)
    dictionary = column.chunk(0).dictionary
    used = np.zeros(len(dictionary) + 1, dtype=bool)
    used[codes] = True
    if used[:-1].all():
        return codes, dictionary
    ranks = np.append(np.cumsum(used[:-1], dtype=np.int32) - np.int32(1), np.int32(-1))
    return ranks[codes], dictionary.filter(pa.array(used[:-1]))


def labels(column: pa.ChunkedArray) -> tuple[Codes, NDArray[np.object_]]:
    """Return codes and the sorted distinct labels of a column; empty cells get the label "".

    Whole numbers, and text that is nothing but whole numbers as Python writes them, become int; all else text.
    """
    codes, dictionary = encoded(column)
    distinct = _typed(np.array(dictionary.to_pylist(), dtype=object))
    if (codes < 0).any():
        distinct = np.append(np.array([str(label) for label in distinct], dtype=object), "")
        codes = np.where(codes < 0, np.int32(len(distinct) - 1), codes)
    order = np.argsort(distinct, kind="stable")
    if (order == np.arange(len(order))).all():
        return codes, distinct
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return _merged(ranks[codes], distinct[order])


def _merged(codes: Codes, distinct: NDArray[np.object_]) -> tuple[Codes, NDArray[np.object_]]:
    """Join labels that became equal, such as an empty text and an empty cell."""
    fresh = np.append(True, distinct[1:] != distinct[:-1]) if len(distinct) else np.empty(0, dtype=bool)
    if fresh.all():
        return codes, distinct
    return (np.cumsum(fresh, dtype=np.int32) - 1)[codes], distinct[fresh]


def _all_whole(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(pc.floor(column), column)).as_py())


def _typed(distinct: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return whole numbers as int, everything else as text."""
    if all(type(label) is int for label in distinct):
        return distinct
    texts = [str(label) for label in distinct]
    if texts and all(_is_canonical(text) for text in texts):
        return np.array([int(text) for text in texts], dtype=object)
    return np.array(texts, dtype=object)


def _is_canonical(text: str) -> bool:
    """Whether text is a whole number in the one way Python writes it: 7, not 007 or +7."""
    return len(text) <= 18 and text.lstrip("-").isdecimal() and text.isascii() and str(int(text)) == text


def _copied(column: pa.ChunkedArray) -> Floats:
    values = np.empty(len(column))
    start = 0
    for chunk in column.chunks:
        piece = pc.cast(chunk, pa.float64(), safe=False) if chunk.type != pa.float64() else chunk
        values[start : start + len(piece)] = values_of(piece, np.dtype(np.float64))
        start += len(piece)
    return values


def _from_text(
    source: Source, name: str, column: pa.ChunkedArray, series: Callable[[int], Any], *, repair: str
) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    empty = pc.is_in(trimmed, value_set=pa.array(MISSING, trimmed.type))
    trimmed = pc.if_else(empty, pa.scalar(None, trimmed.type), trimmed)
    if source.decimal != ".":
        trimmed = pc.replace_substring(trimmed, source.decimal, ".")
    infinite = pc.match_substring_regex(trimmed, r"^[+-]?[Ii]nf(inity)?$")
    good = pc.fill_null(pc.or_(pc.match_substring_regex(trimmed, NUMBER), infinite), fill_value=True)
    if not pc.all(good).as_py():
        index = int(np.argmin(good.to_numpy()))
        raise refusal(
            source, f"{column[index].as_py()!r} is not a number", index, name, series=series(index),
            repair=repair,
        )  # fmt: skip
    return pc.cast(trimmed, pa.float64())
