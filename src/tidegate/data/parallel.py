"""Files of pairs: two files whose lines belong together, or one with a source and a target on each line."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tidegate.data.lines import lines, wrong
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("source", "target")

_Pair = tuple[int, tuple[str, str]]


class Parallel(NamedTuple):
    """Texts that belong together.

    Attributes
    ----------
    sources, targets
        N texts each.
    """

    sources: list[str]
    targets: list[str]

    def first(self, n_pairs: int) -> Parallel:
        """Return the first pairs, this many at most."""
        return Parallel(self.sources[:n_pairs], self.targets[:n_pairs])


def read_parallel(source: str | Path, target: str | Path | None = None) -> Parallel:
    """Read sources and their targets, one pair a line; .gz is unpacked on the way.

    Parameters
    ----------
    source
        A file with a source on each line; or, without `target`, a TSV with source and target on each line, of which a
        first line "source", "target" is a header.
    target
        A file with the targets, line by line.

    Raises
    ------
    DataError
        If a file cannot be read, a line of one has no partner, or a text is empty, with its line and the repair.
    """
    _, pairs = zip(*_pairs(source, target), strict=True)
    return Parallel([one for one, _ in pairs], [other for _, other in pairs])


def parallel_lines(source: str | Path, target: str | Path | None = None) -> list[int]:
    """Return the line of each pair that `read_parallel` reads, counted from 1.

    Raises
    ------
    DataError
        As `read_parallel`.
    """
    return [number for number, _ in _pairs(source, target)]


def _pairs(source: str | Path, target: str | Path | None) -> list[_Pair]:
    file = Path(source)
    pairs = list(_together(file, Path(target)) if target is not None else _columns(file))
    if not pairs:
        raise DataError(f"{file} holds no pairs", repair="Give a source and its target on each line.")
    return pairs


def read_sources(source: str | Path) -> list[str | None]:
    """Read the sources of a file, whatever else is beside them; .gz is unpacked on the way.

    Parameters
    ----------
    source
        A TSV, whose first column is read, without a header as of `read_parallel` or of "source" alone; or a file of
        another name with a source on each line.

    Returns
    -------
    list
        One for each line: None where it is empty.

    Raises
    ------
    DataError
        If the file cannot be read, with its line.
    """
    file = Path(source)
    found = [line for _, line in lines(file)]
    if file.name.removesuffix(".gz").lower().endswith(".tsv"):
        columns = [line.split("\t") for line in found]
        is_header = bool(columns) and [cell.strip().lower() for cell in columns[0]] in (list(_NAMES), [_NAMES[0]])
        found = [cells[0] for cells in columns[is_header:]]
    return [one.strip() or None for one in found]


def _together(source: Path, target: Path) -> Iterator[_Pair]:
    """Yield the lines of two files side by side, with their number."""
    for k, (one, other) in enumerate(zip_longest(lines(source), lines(target))):
        if one is None or other is None:
            shorter, longer = (source, target) if one is None else (target, source)
            raise DataError(
                f"{shorter} ends after line {k:,}, {longer} has a line {k + 1:,}: "
                f"{(one or other or (0, ''))[1].strip()[:40]!r}",
                place=Place(row=k + 1),
                repair="Give files of as many lines, whose lines belong together.",
            )
        for file, partner, (number, text) in ((source, target, one), (target, source, other)):
            if not text.strip():
                repair = f"Fill it in, or leave the line out of both files; {partner.name} has its partner."
                raise wrong(file, number, "is empty", repair)
        yield k + 1, (one[1].strip(), other[1].strip())


def _columns(file: Path) -> Iterator[_Pair]:
    """Yield the two columns of a file, with the number of the line."""
    for number, line in lines(file):
        cells = [cell.strip() for cell in line.split("\t")]
        if number == 1 and tuple(cell.lower() for cell in cells) == _NAMES:
            continue
        if len(cells) != len(_NAMES):
            raise wrong(
                file, number, f"has {len(cells)} columns, not 2: {line.strip()[:40]!r}",
                "Give source and target, apart by a tab, or the targets in a file of their own.",
            )  # fmt: skip
        for name, cell in zip(_NAMES, cells, strict=True):
            if not cell:
                raise wrong(file, number, f"has no {name}", "Fill it in, or leave the line out.")
        yield number, (cells[0], cells[1])
