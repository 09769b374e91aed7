"""Read a file of observations into a Panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.data.assembly import assemble
from tidegate.data.columns import Columns, Options
from tidegate.data.csv_source import CsvSource
from tidegate.data.dialect import head
from tidegate.data.table_source import ParquetSource

if TYPE_CHECKING:
    from tidegate.data.source import Source
    from tidegate.panel import Panel

DEFAULT_COLUMNS, DEFAULT_OPTIONS = Columns(), Options()


def read(
    path: str | Path,
    columns: Columns = DEFAULT_COLUMNS,
    options: Options = DEFAULT_OPTIONS,
    future: str | Path | None = None,
) -> Panel:
    """Return the Panel that a file holds; what was inferred or changed stands in its `notes`.

    Parameters
    ----------
    path
        CSV (plain, or packed with gzip, bz2, zstd or lz4), Parquet, or a folder of Parquet files.
    columns
        Names of the columns; what is None is guessed where only one answer is possible.
    options
        How to treat missing values, repeated stamps and the like.
    future
        File with the known covariates after the last observation.

    Raises
    ------
    DataError
        If the file or an observation in it cannot be used, with its place and the repair.
    SettingError
        If an option does not fit the data.
    """
    return assemble(open_source(path), columns, options, None if future is None else open_source(future))


def open_source(path: str | Path) -> Source:
    """Return the table in a file, Parquet or CSV by its first bytes.

    Raises
    ------
    DataError
        If the file is missing or of another kind.
    """
    place = Path(path)
    if place.is_dir() or head(place).startswith(b"PAR1"):
        return ParquetSource(place)
    return CsvSource(place)
