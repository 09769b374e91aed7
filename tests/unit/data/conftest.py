"""Small files and rows for the tests of the readers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.data.reading import read
from tidegate.data.rows import Rows
from tidegate.panel import Covariates


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file and return its path."""

    def written(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def panel_of(write):
    """Write a CSV file and read it."""

    def made(content, columns=None, options=None, **rest):
        return read(write(content), columns or Columns(), options or Options(), **rest)

    return made


@pytest.fixture
def table():
    """Make CSV text of two columns."""

    def made(stamps, values, head="ds,y"):
        return "\n".join([head, *(f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True))]) + "\n"

    return made


@pytest.fixture
def rows_of():
    """Make rows from stamps and values per series."""

    def made(series, *, integer=False, timezone=None, known=None):
        source = SimpleNamespace(
            kind="pandas", name="test", decimal=".", python=False, owned=False, row=lambda index: index
        )
        kind = "int64" if integer else "M8[ns]"
        times = [np.asarray(stamps, dtype=kind).astype(np.int64) for stamps, _ in series.values()]
        values = np.concatenate([np.asarray(one, dtype=float) for _, one in series.values()])
        blank = Covariates((), np.empty((len(values), 0)))
        covariates = blank if known is None else known
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in times])])
        ids = np.array(list(series), dtype=object)
        return Rows(
            source, ("ds", "y"), ids, offsets, np.concatenate(times), values, covariates, blank, blank,
            integer=integer, timezone=timezone,
        )  # fmt: skip

    return made


@pytest.fixture
def data_folder():
    """The folder of real series, where it is at hand."""
    for parent in Path(__file__).resolve().parents:
        folder = parent / "shared" / "data" / "forecasting"
        if folder.is_dir():
            return folder
    pytest.skip("the folder of real series is not here")
