"""How a text file is written: packing, encoding, the mark between cells and the decimal mark."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegate.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = 1 << 18
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
FOREIGN = {
    b"PK\x03\x04": "a zip archive or Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
}
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Dialect:
    """How a text file is written.

    Parameters
    ----------
    path
        The file.
    packing
        Name of the compression as pyarrow calls it; None for none.
    encoding
        Name of the character encoding.
    delimiter, decimal
        Mark between cells, and between whole and fraction.
    header
        Column names.
    """

    path: Path
    packing: str | None
    encoding: str
    delimiter: str
    decimal: str
    header: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Return what is unusual about it, as sentences."""
        said = []
        if self.encoding not in ("utf8", "utf-8"):
            said.append(f"The text is read as {self.encoding}.")
        if self.delimiter != ",":
            said.append(f"Cells are separated by {self.delimiter!r}, decimals by {self.decimal!r}.")
        return said


def head(path: Path) -> bytes:
    """Return the first bytes of a file as they lie on disk.

    Raises
    ------
    DataError
        If the file is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(64)
    except FileNotFoundError as missing:
        raise DataError(f"there is no file {str(path)!r}", repair="Check the path.") from missing
    except OSError as failed:
        raise DataError(
            f"the file {str(path)!r} cannot be read: {failed.strerror}", repair="Check its permissions."
        ) from failed


def sniff(path: Path) -> Dialect:
    """Return how the CSV file at `path` is written, judged by its beginning.

    Raises
    ------
    DataError
        If it is empty, no text, or has no header line.
    """
    first = head(path)
    for magic, what in FOREIGN.items():
        if first.startswith(magic):
            raise DataError(f"{str(path)!r} is {what}, not a CSV file", repair="Export the table as CSV or Parquet.")
    packing = next((name for magic, name in PACKED.items() if first.startswith(magic)), None)
    sample, encoding = _decoded(path, sample_of(path, packing, SAMPLE))
    if not sample.strip():
        raise DataError(f"the file {str(path)!r} is empty", repair="Give a header line and rows of observations.")
    lines = [line for line in sample.splitlines()[:1000] if line.strip()]
    delimiter = _delimiter(lines)
    rows = list(csv.reader(lines, delimiter=delimiter))
    header = tuple(rows[0])
    _check_header(path, header)
    return Dialect(path, packing, encoding, delimiter, _decimal(rows[1:], delimiter), header)


def sample_of(path: Path, packing: str | None, size: int) -> bytes:
    """Return the first `size` bytes of a file, unpacked and up to the end of a line.

    Raises
    ------
    DataError
        If it cannot be unpacked.
    """
    try:
        with pa.input_stream(str(path), compression=packing) as stream:
            sample = bytes(stream.read(size))
    except OSError as failed:
        raise DataError(f"{str(path)!r} cannot be unpacked: {failed}", repair="Pack or export it again.") from failed
    if len(sample) < size:
        return sample
    return sample[: sample.rfind(b"\n") + 1] or sample


def _decoded(path: Path, sample: bytes) -> tuple[str, str]:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return sample[: len(sample) // 2 * 2].decode("utf-16", errors="replace"), "utf-16"
    if b"\x00" in sample:
        raise DataError(
            f"{str(path)!r} holds NUL bytes (the first at byte {sample.index(0)}), so it is no text file",
            repair="Export the table as CSV or Parquet.",
        )
    try:
        return sample.decode("utf-8-sig"), "utf8"
    except UnicodeDecodeError:
        return sample.decode("cp1252", errors="replace"), "cp1252"


def _delimiter(lines: list[str]) -> str:
    """Return the mark that cuts most lines into as many cells as the header."""
    best, best_score = ",", (0.0, 1)
    for mark in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines[:200], delimiter=mark)]
        if widths[0] > 1:
            score = (round(Counter(widths)[widths[0]] / len(widths), 1), widths[0])
            best, best_score = (mark, score) if score > best_score else (best, best_score)
    return best


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    """Return "," if the cells write 1,5 and never 1.5."""
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in rows for cell in row]
    comma = any(re.fullmatch(r"[+-]?\d+,\d+", cell) for cell in cells)
    return "," if comma and not any(re.fullmatch(r"[+-]?\d*\.\d+", cell) for cell in cells) else "."


def _check_header(path: Path, header: tuple[str, ...]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(
            f"two columns of {str(path)!r} are called {twice[0]!r}", repair="Give each column a name of its own."
        )
    dates = [cell for cell in header if re.match(r"\d{4}-\d{2}(-\d{2})?([T ]|$)", cell.strip())]
    if dates or all(re.fullmatch(r"\s*[+-]?\d*[.,]?\d+\s*", cell) for cell in header):
        raise DataError(
            f"line 1 of {str(path)!r} holds values ({(dates or list(header))[0]!r}), not column names",
            repair="Add a header line such as unique_id,ds,y, with one row per series and time.",
        )
