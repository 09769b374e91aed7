"""Tables in memory and Parquet files as sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from tidegate.data.csv_source import kind_of
from tidegate.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tidegate.data.columns import Kind
    from tidegate.data.source import Role


class TableSource:
    """An Arrow table; rows are called by their number from 0.

    Parameters
    ----------
    table
        The table.
    kind
        Which kind of frame goes back to the user.
    name
        For messages.
    """

    decimal = "."
    owned = False

    def __init__(
        self, table: pa.Table, *, kind: Literal["pandas", "polars"] = "pandas", name: str = "the frame"
    ) -> None:
        self._table = table
        self.kind: Literal["pandas", "polars"] = kind
        self.name = name
        self.python = True
        _check_names(table.column_names, name)

    def sentences(self) -> list[str]:
        """Return nothing: a table leaves nothing to decide."""
        return []

    def kinds(self) -> dict[str, Kind]:
        """Return the kind of each column."""
        return {name: kind_of(self._table.column(name)) for name in self._table.column_names}

    def fetch(self, roles: Mapping[str, Role]) -> dict[str, Any]:
        """Return the named columns as they are."""
        if not self._table.num_rows:
            raise DataError(f"{self.name} has no rows", repair="Give rows of observations.")
        return {name: self._table.column(name) for name in roles}

    def row(self, index: int) -> int:
        """Return the row's number from 0."""
        return index


class ParquetSource:
    """A Parquet file or a folder of them; rows are called by their number from 0, files in order of their names.

    Parameters
    ----------
    path
        File or folder; a folder may be partitioned in the manner of Hive (``store=3/part.parquet``).

    Raises
    ------
    DataError
        If it is no Parquet, or the folder holds none.
    """

    kind: Literal["pandas", "polars"] = "pandas"
    decimal = "."
    python = False
    owned = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        files = sorted(str(file) for file in path.rglob("*.parquet")) if path.is_dir() else [str(path)]
        if not files:
            raise DataError(f"the folder {self.name!r} holds no .parquet file", repair="Give a file, or such a folder.")
        import pyarrow.dataset as ds  # only for Parquet: it costs memory and time to load

        try:
            base = self.name if path.is_dir() else None
            self._dataset = ds.dataset(files, format="parquet", partitioning="hive", partition_base_dir=base)
            sample = self._dataset.head(1000)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as failed:
            raise DataError(f"{self.name!r} cannot be read as Parquet: {failed}", repair="Write it again.") from failed
        self._kinds = {name: kind_of(sample.column(name)) for name in sample.column_names}
        _check_names(sample.column_names, repr(self.name))

    def sentences(self) -> list[str]:
        """Return nothing: Parquet leaves nothing to decide."""
        return []

    def kinds(self) -> dict[str, Kind]:
        """Return the kind of each column."""
        return dict(self._kinds)

    def fetch(self, roles: Mapping[str, Role]) -> dict[str, Any]:
        """Return the named columns."""
        try:
            table = self._dataset.to_table(columns=list(roles))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as failed:
            raise DataError(f"{self.name!r} cannot be read as Parquet: {failed}", repair="Write it again.") from failed
        if not table.num_rows:
            raise DataError(f"{self.name!r} has no rows", repair="Give rows of observations.")
        return {name: table.column(name) for name in roles}

    def row(self, index: int) -> int:
        """Return the row's number from 0."""
        return index


def _check_names(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two columns of {where} are called {twice[0]!r}", repair="Give each column a name of its own.")
