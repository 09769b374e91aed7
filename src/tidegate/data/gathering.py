"""Gather the columns of a file piece by piece into contiguous arrays, so that nothing lies in memory twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_ROWS, MANY_LABELS = 1 << 16, 1 << 16


class Gatherer:
    """One column that grows.

    Parameters
    ----------
    kind
        Its type: float64, int64, a timestamp in nanoseconds, or text encoded by a dictionary of int32 codes.
    expected
        Rows that are likely to come; memory that is not used is given back.
    """

    def __init__(self, kind: pa.DataType, expected: int = FIRST_ROWS) -> None:
        self._kind = kind
        self._dtype = np.dtype(np.int32 if pa.types.is_dictionary(kind) else np.int64)
        if pa.types.is_floating(kind):
            self._dtype = np.dtype(np.float64)
        self._buffer = np.empty(max(expected, 1), dtype=self._dtype)
        self._empty: list[NDArray[np.int64]] = []
        self._n_rows = 0
        self._dictionary: pa.Array | None = None
        self._waiting: list[pa.Array] = []
        self._n_waiting = 0
        self._settled_rows = 0

    def add(self, column: pa.ChunkedArray) -> None:
        """Append a piece of the column; it may be freed afterwards."""
        needed = self._n_rows + len(column)
        if needed > len(self._buffer):
            self._buffer.resize(max(needed, len(self._buffer) * 3 // 2), refcheck=False)
        if not len(column):
            return
        for chunk in column.chunks:
            stop = self._n_rows + len(chunk)
            self._buffer[self._n_rows : stop] = self._values(chunk)
            if chunk.null_count and self._dtype != np.float64:
                self._empty.append(np.flatnonzero(empty_of(chunk)) + self._n_rows)
            self._n_rows = stop
        if pa.types.is_dictionary(self._kind):
            self._wait(column.chunk(0).dictionary)

    def column(self) -> pa.ChunkedArray:
        """Return all that was added, in one chunk; empty numbers are NaN."""
        if not self._n_rows:
            return pa.chunked_array([], self._kind)
        self._settle()
        self._buffer.resize(self._n_rows, refcheck=False)
        plain = pa.int32() if self._dictionary is not None else self._kind
        made = pa.Array.from_buffers(plain, self._n_rows, [None, pa.py_buffer(self._buffer)])
        if self._empty:
            missing = pa.array(np.isin(np.arange(self._n_rows), np.concatenate(self._empty)))
            made = pc.if_else(missing, pa.scalar(None, plain), made)
        if self._dictionary is not None:
            made = pa.DictionaryArray.from_arrays(made, self._dictionary)
        return pa.chunked_array([made])

    def _values(self, chunk: pa.Array) -> Any:
        if pa.types.is_dictionary(self._kind):
            return codes_of(chunk, 0) + np.int32(self._n_waiting)
        return values_of(chunk, self._dtype)

    def _wait(self, labels: pa.Array) -> None:
        """Keep the labels of a piece until there are about as many as in the whole: looking them up costs that much."""
        self._waiting.append(labels)
        self._n_waiting += len(labels)
        if self._n_waiting > max(MANY_LABELS, 0 if self._dictionary is None else len(self._dictionary)):
            self._settle()

    def _settle(self) -> None:
        """Join the waiting labels to the dictionary and write the codes of the whole."""
        if not self._waiting:
            return
        labels = pa.concat_arrays(self._waiting)
        if self._dictionary is None:
            self._dictionary = labels.unique()
        codes = pc.index_in(labels, value_set=self._dictionary)
        if codes.null_count:
            new = labels.filter(codes.is_null()).unique()
            self._dictionary = pa.concat_arrays([self._dictionary, new])
            codes = pc.index_in(labels, value_set=self._dictionary)
        mapping = np.append(values_of(codes, np.dtype(np.int32)), np.int32(0))
        rows = self._buffer[self._settled_rows : self._n_rows]
        np.take(mapping, rows, out=rows, mode="clip")
        self._waiting, self._n_waiting, self._settled_rows = [], 0, self._n_rows


def values_of(chunk: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array of numbers or stamps as numpy sees its memory; empty floats are NaN, other empty cells anything.

    pyarrow's own conversion would load pandas.
    """
    if not len(chunk):
        return np.empty(0, dtype=dtype)
    values = np.frombuffer(chunk.buffers()[1], dtype=dtype, count=len(chunk), offset=chunk.offset * dtype.itemsize)
    if chunk.null_count and dtype.kind == "f":
        return np.where(empty_of(chunk), np.nan, values)
    return values


def empty_of(chunk: pa.Array) -> NDArray[np.bool_]:
    """Return which cells are null."""
    if not chunk.null_count:
        return np.zeros(len(chunk), dtype=bool)
    bits = np.unpackbits(np.frombuffer(chunk.buffers()[0], dtype=np.uint8), bitorder="little")
    return np.asarray(bits[chunk.offset : chunk.offset + len(chunk)] == 0)


def codes_of(chunk: pa.DictionaryArray, empty: int) -> NDArray[np.int32]:
    """Return the codes of a dictionary array, `empty` where a cell is null."""
    indices = chunk.indices if pa.types.is_int32(chunk.indices.type) else chunk.indices.cast(pa.int32())
    codes = values_of(indices, np.dtype(np.int32))
    return np.where(empty_of(indices), np.int32(empty), codes) if indices.null_count else codes


def can_gather(kind: pa.DataType) -> bool:
    """Return whether a column of this type can be gathered."""
    if pa.types.is_timestamp(kind):
        return bool(kind.unit == "ns")
    return kind in (pa.float64(), pa.int64(), pa.dictionary(pa.int32(), pa.string()))
