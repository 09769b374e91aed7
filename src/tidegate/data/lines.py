"""Text files line by line, and what to say of a line that cannot be used."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_JUNK = "Save it as UTF-8 text."


def is_plain(path: Path) -> bool:
    """Return whether a file is plain text by its name, which says nothing of what a sequence is."""
    return path.name.removesuffix(".gz").lower().endswith(".txt")


def lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, counted from 1, without its end; .gz is unpacked on the way.

    Raises
    ------
    DataError
        If the file cannot be read, or a line is no UTF-8 text.
    """
    for number, raw in raw_lines(file):
        yield number, decoded(raw, number, file)


def raw_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line as it stands with its number, counted from 1; .gz is unpacked on the way.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    opened = gzip.open if file.name.endswith(".gz") else open
    try:
        with opened(file, "rb") as stream:
            yield from enumerate(stream, start=1)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {str(file)!r}", repair="Check the path.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} cannot be read: {error}", repair="Check the file.") from error


def decoded(raw: bytes, number: int, file: Path) -> str:
    """Return a line as text, without its end.

    Parameters
    ----------
    raw
        The line.
    number
        Of the line, counted from 1.
    file
        Where it is from, for messages.

    Raises
    ------
    DataError
        If it is no UTF-8 text.
    """
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    if number == 1 and b"\r" in line and not raw.endswith(b"\n"):
        raise wrong(file, number, "ends in CR alone", "Save it with line ends LF, or CR and LF.")
    if b"\0" in line:
        raise wrong(file, number, "holds bytes that are no text", _JUNK)
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise wrong(file, number, f"is not UTF-8: {error.reason} at byte {error.start}", _JUNK) from error


def wrong(file: Path, number: int, what: str, repair: str) -> DataError:
    """Return the error that line `number` of a file `what`."""
    return DataError(f"line {number} of {file.name} {what}", place=Place(row=number), repair=repair)
