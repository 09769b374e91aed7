"""CSV files as a source: only the needed columns are read, by pyarrow, with their types settled beforehand."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from tidegate.data.cells import MISSING, is_numeric, is_text, plain
from tidegate.data.dialect import sample_of, sniff
from tidegate.data.gathering import Gatherer, can_gather
from tidegate.data.stamps import looks_like_stamps
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tidegate.data.columns import Kind
    from tidegate.data.source import Role

TEXT = pa.dictionary(pa.int32(), pa.string())
PIECE, BLOCK, WHOLE_BLOCK = 1 << 20, 1 << 18, 1 << 24
TROUBLES = (pa.ArrowInvalid, UnicodeDecodeError)


class CsvSource:
    """A CSV file.

    Parameters
    ----------
    path
        The file; gzip, bz2, zstd and lz4 are unpacked on the way.

    Raises
    ------
    DataError
        If the file is missing, empty, no text, or has no usable header.
    """

    kind: Literal["pandas", "polars"] = "pandas"
    python = False
    owned = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._dialect = sniff(path)
        self.decimal = self._dialect.decimal
        self._multiline = False
        self._sample = self._first_rows()

    def sentences(self) -> list[str]:
        """Return what is unusual about how the file is written."""
        return self._dialect.sentences()

    def kinds(self) -> dict[str, Kind]:
        """Return the kind of each column, judged by the first megabyte."""
        return {name: kind_of(self._sample.column(name), self.decimal) for name in self._sample.column_names}

    def fetch(self, roles: Mapping[str, Role]) -> dict[str, Any]:
        """Return the named columns; those that do not fit their type come as text."""
        types = {name: self._type(name, role) for name, role in roles.items()}
        while True:
            try:
                columns = self._read(types)
            except TROUBLES as trouble:
                types = self._relaxed(types, str(trouble))
                continue
            except OSError as failed:
                raise DataError(
                    f"{self.name!r} cannot be read: {failed}", repair="Pack or export it again."
                ) from failed
            if not columns or not len(next(iter(columns.values()))):
                raise DataError(f"{self.name!r} holds a header but no rows", repair="Give rows of observations.")
            return columns

    def row(self, index: int) -> int:
        """Return the line in the file on which row `index` begins."""
        for number, (line, _) in enumerate(self._records()):
            if number == index + 1:
                return line
        return index + 2

    def _first_rows(self) -> pa.Table:
        """Return the first megabyte with types as pyarrow finds them; lines of another width are passed over."""
        beginning = sample_of(self._dialect.path, self._dialect.packing, 1 << 20)
        text = beginning.decode(self._dialect.encoding, errors="replace").encode()
        _, parsing, conversion = self._options({}, every=True)
        parsing.invalid_row_handler = _skip
        reading = arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1)
        try:
            return arrow_csv.read_csv(pa.BufferReader(text), reading, parsing, conversion)
        except pa.ArrowInvalid as trouble:
            raise DataError(
                f"{self.name!r} is no table of rows and columns: {trouble}",
                repair="Give a header line and rows under it.",
            ) from trouble

    def _stream(self) -> Any:
        return pa.input_stream(self.name, compression=self._dialect.packing)

    def _options(self, types: Mapping[str, pa.DataType], *, every: bool = False) -> tuple[Any, Any, Any]:
        dialect = self._dialect
        return (
            arrow_csv.ReadOptions(encoding=dialect.encoding),
            arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=self._multiline),
            arrow_csv.ConvertOptions(
                decimal_point=dialect.decimal, column_types=dict(types), null_values=[*MISSING],
                include_columns=None if every else list(types), auto_dict_encode=False,
            ),
        )  # fmt: skip

    def _read(self, types: Mapping[str, pa.DataType]) -> dict[str, pa.ChunkedArray]:
        """Read piece by piece, so that no more than a piece of text lies in memory beside the columns."""
        reading, parsing, conversion = self._options(types)
        if self._multiline or reading.encoding == "utf-16" or not all(can_gather(kind) for kind in types.values()):
            reading.block_size = WHOLE_BLOCK
            with self._stream() as stream:
                table = arrow_csv.read_csv(stream, reading, parsing, conversion)
            return {name: table.column(name) for name in types}
        gatherers: dict[str, Gatherer] = {}
        reading.block_size = BLOCK
        pool = pa.system_memory_pool()  # unlike the default it gives memory back that other threads asked for
        with self._stream() as stream:
            for piece in _pieces(stream):
                if piece.count(b'"') % 2:
                    raise pa.ArrowInvalid("a quoted cell runs over several lines")
                table = arrow_csv.read_csv(pa.BufferReader(piece), reading, parsing, conversion, memory_pool=pool)
                table = table.unify_dictionaries()
                reading.column_names = list(self._dialect.header)
                if not gatherers:
                    expected = self._expected(table.num_rows, len(piece))
                    gatherers = {name: Gatherer(types[name], expected) for name in types}
                for name, gatherer in gatherers.items():
                    gatherer.add(table.column(name))
        return {name: gatherer.column() for name, gatherer in gatherers.items()}

    def _expected(self, n_rows: int, n_bytes: int) -> int:
        """Return about how many rows the file holds, judged by its first piece; packed files surprise us."""
        whole = self._dialect.path.stat().st_size if self._dialect.packing is None else n_bytes
        return int(n_rows * max(whole / n_bytes, 1) * 1.02) + 1

    def _type(self, name: str, role: Role) -> pa.DataType:
        seen = self._sample.column(name).type
        if role == "id":
            return TEXT
        if role == "time":
            if pa.types.is_timestamp(seen) or pa.types.is_date(seen):
                return pa.timestamp("ns", getattr(seen, "tz", None))
            return seen if pa.types.is_integer(seen) else TEXT
        if role == "number" or is_numeric(seen) or pa.types.is_null(seen):
            return pa.float64()
        return seen if pa.types.is_boolean(seen) else TEXT

    def _relaxed(self, types: dict[str, pa.DataType], trouble: str) -> dict[str, pa.DataType]:
        """Return types that may get past the trouble, or say what is wrong with the file."""
        if ("UTF8" in trouble or "utf-8" in trouble) and self._dialect.encoding == "utf8":
            self._dialect = replace(self._dialect, encoding="cp1252")
            return types
        column = re.search(r"In CSV column #(\d+)", trouble)
        if column is not None:
            name = self._dialect.header[int(column[1])]
            if types.get(name) != TEXT:
                return types | {name: TEXT}
        elif not self._multiline:
            self._multiline = True
            return types
        else:
            self._check_widths()
        raise DataError(f"{self.name!r} cannot be read as CSV: {trouble}", repair="Export the table as CSV again.")

    def _check_widths(self) -> None:
        expected = len(self._dialect.header)
        for line, cells in self._records():
            if len(cells) != expected:
                raise DataError(
                    f"the line has {len(cells)} cells, the header {expected}",
                    place=Place(row=line),
                    repair=f"Complete or remove the line; quote cells that hold {self._dialect.delimiter!r}.",
                )

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the first line and the cells of every record, the header first; blank lines are passed over."""
        encoding = "utf-8-sig" if self._dialect.encoding == "utf8" else self._dialect.encoding
        with self._stream() as stream, io.TextIOWrapper(stream, encoding, errors="replace", newline="") as text:
            reader = csv.reader(text, delimiter=self._dialect.delimiter)
            before = 0
            for cells in reader:
                if cells:
                    yield before + 1, cells
                before = reader.line_num


def _pieces(stream: Any) -> Iterator[bytes]:
    """Yield the text in pieces of whole lines; the last may end without one."""
    rest = b""
    while block := stream.read(PIECE):
        text = rest + block
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if cut:
            yield text[:cut]
    if rest.strip():
        yield rest


def _skip(_: Any) -> Literal["skip"]:
    return "skip"


def kind_of(column: pa.ChunkedArray, decimal: str | None = None) -> Kind:
    """Return what a column holds, judged by its type, and for text by its first thousand cells.

    Parameters
    ----------
    column
        Of a table.
    decimal
        Decimal mark, where numbers may stand as text beside a cell that is none: 1.2020 is then no month and year.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_null(kind) or (len(column) and column.null_count == len(column) and not is_numeric(kind)):
        return "empty"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if pa.types.is_boolean(kind):
        return "bool"
    if is_numeric(kind):
        return "integer" if pa.types.is_integer(kind) else "number"
    if is_text(kind):
        texts = plain(column.slice(0, 1000)).combine_chunks()
        return "time" if looks_like_stamps(texts) and not _are_decimals(texts, decimal) else "text"
    return "text"


def _are_decimals(texts: pa.Array, decimal: str | None) -> bool:
    """Return whether most of some text is numbers with a decimal mark."""
    if decimal is None:
        return False
    found = pc.match_substring_regex(texts, rf"^\s*[+-]?\d*[{decimal}]\d*\s*$")
    return bool((pc.mean(found).as_py() or 0) > 0.5)
