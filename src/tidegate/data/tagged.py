"""Files of tagged sentences: a token a line, its tag in another column, as in the CoNLL tasks and CoNLL-U."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tidegate.data.lines import lines, wrong
from tidegate.errors import DataError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_NUMBER = re.compile(r"\d+([-.]\d+)?")
_DOCUMENT = "-DOCSTART-"
_NO_TAG = ("", "_")


class Tagged(NamedTuple):
    """Sentences and their tags.

    Attributes
    ----------
    sequences
        N lists of tokens.
    tags
        N lists of as many tags; None where the file holds tokens alone.
    """

    sequences: list[list[str]]
    tags: list[list[str]] | None


class _Row(NamedTuple):
    """The columns of a line."""

    number: int
    cells: list[str]


def read_tagged(path: str | Path, *, column: int | str | None = None, tags: bool = True) -> Tagged:
    """Read sentences with a tag for each token; .gz is unpacked on the way.

    A line holds a token and its columns, apart by tabs, or by blanks where the first such line has no tab; an empty
    line ends a sentence. Files of ten columns that begin with a number are CoNLL-U: the token is its FORM, and
    ranges such as 1-2 and empty nodes such as 1.1 are left out. Comments begin with # before the first token of a
    sentence and have not as many columns as the first line without #. A line of the token -DOCSTART- is left out.

    Parameters
    ----------
    path
        The file.
    column
        Where the tags are: the number of the column, counted from 0 or, negative, from the end, or in CoNLL-U its name:
        upos, xpos, deprel and so on. None is the last, or upos.
    tags
        Whether tags are read; False passes over them, missing ones too.

    Raises
    ------
    DataError
        If the file cannot be read or holds what it should not, with its line and the repair.
    SettingError
        If there is no such column.
    """
    sentences = _sentences(Path(path), column, tags=tags)
    tokens, found = ([[word[k] for word in one.words] for one in sentences] for k in (0, 1))
    return Tagged(tokens, found if sentences[0].tagged else None)


def tagged_lines(path: str | Path) -> list[int]:
    """Return the line of the first token of each sentence that `read_tagged` reads, counted from 1.

    Raises
    ------
    DataError
        As `read_tagged`.
    """
    return [one.number for one in _sentences(Path(path), None, tags=False)]


class _Sentence(NamedTuple):
    """Tokens with their tags, empty ones where the file has or is to have none, and the line of the first."""

    number: int
    words: list[tuple[str, str]]
    tagged: bool


def _sentences(file: Path, column: int | str | None, *, tags: bool) -> list[_Sentence]:
    blocks = [list(rows) for filled, rows in groupby(_rows(file), key=lambda row: bool(row.cells)) if filled]
    if not blocks:
        raise DataError(f"{file} holds no sentences", repair="Give a file with a token and its tag on each line.")
    first = blocks[0][0]
    universal = len(first.cells) == len(_UNIVERSAL) and bool(_NUMBER.fullmatch(first.cells[0]))
    token, tag = int(universal), _column(column, len(first.cells), universal=universal) if tags else None
    sentences = []
    for block in blocks:
        there = [row for row in block if row.cells[token] != _DOCUMENT]
        kept = [row for row in there if not universal or row.cells[0].isdigit()]
        _check(kept, file, (token, tag), universal=universal)
        words = [(row.cells[token], "" if tag is None else row.cells[tag]) for row in kept]
        if words:
            sentences.append(_Sentence(kept[0].number, words, tag is not None))
    if not sentences:
        raise DataError(f"{file} holds no sentences", repair="Give a file with a token and its tag on each line.")
    return sentences


def _rows(file: Path) -> Iterator[_Row]:
    """Yield the columns of each line that is no comment; none for an empty line."""
    whole = list(lines(file))
    told = [line for _, line in whole if line.strip() and not line.startswith("#")]
    first = told[0] if told else next((line for _, line in whole if "\t" in line), "")
    separator = "\t" if "\t" in first else None
    n_columns, tags = len(first.split(separator)), {line.split(separator)[-1].strip() for line in told}
    begun = False
    for number, line in whole:
        cells = [cell.strip() for cell in line.split(separator)] if line.strip() else []
        if line.startswith("#") and not begun:
            if not first or len(cells) != n_columns:
                continue
            if separator is None and cells[0] == "#" and cells[-1] not in tags:
                raise wrong(
                    file, number, f"may be a comment or the token #: {line.strip()[:40]!r}",
                    "Leave the comment out, or separate columns by tabs.",
                )  # fmt: skip
        begun = bool(cells)
        if cells and len(cells) != n_columns:
            raise wrong(
                file, number, f"has {len(cells)} columns, not {n_columns}: {line.strip()[:40]!r}",
                "Give every token its tag, in the same columns, and an empty line after each sentence.",
            )  # fmt: skip
        yield _Row(number, cells)


def _column(column: int | str | None, n_columns: int, *, universal: bool) -> int | None:
    """Return the number of the column of tags; None for none."""
    if isinstance(column, str):
        names = _UNIVERSAL if universal else ()
        if column.lower() not in names:
            known = f"one of {', '.join(names)}" if names else "a number: the file is not CoNLL-U"
            raise SettingError(f"column is {column!r}; it must be {known}.")
        return names.index(column.lower())
    if column is None:
        return _UNIVERSAL.index("upos") if universal else (n_columns - 1 or None)
    if isinstance(column, bool) or not isinstance(column, int) or not -n_columns <= column < n_columns:
        raise SettingError(f"column is {column!r}; the file has {n_columns}, counted from 0.")
    return column % n_columns


def _check(rows: list[_Row], file: Path, columns: tuple[int, int | None], *, universal: bool) -> None:
    """Refuse a token or a tag that is not there."""
    for number, cells in rows:
        for what, place in zip(("token", "tag"), columns, strict=True):
            if place is not None and (not cells[place] or (universal and what == "tag" and cells[place] in _NO_TAG)):
                raise wrong(file, number, f"has no {what} in column {place}", "Fill it in, or leave the sentence out.")
