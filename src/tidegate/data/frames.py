"""Frames in and out: pandas, polars and whatever else narwhals knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from tidegate.data import future as future_rows
from tidegate.data.assembly import assemble
from tidegate.data.columns import Columns, Options
from tidegate.data.future import check_future as check_future
from tidegate.data.reading import open_source
from tidegate.data.table_source import TableSource
from tidegate.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Forecast, Panel

DEFAULT_COLUMNS, DEFAULT_OPTIONS = Columns(), Options()


def from_frame(
    frame: Any,
    columns: Columns = DEFAULT_COLUMNS,
    options: Options = DEFAULT_OPTIONS,
    future: Any = None,
) -> Panel:
    """Return the Panel that a frame holds; what was inferred or changed stands in its `notes`.

    Parameters
    ----------
    frame
        pandas or polars frame, long or wide, or a series; a pandas index of stamps counts as a column.
    columns
        Names of the columns; what is None is guessed where only one answer is possible. ``target="*"`` reads every
        numeric column as a series of its own.
    options
        How to treat missing values, repeated stamps and the like.
    future
        Frame with the known covariates after the last observation.

    Raises
    ------
    DataError
        If an observation cannot be used, with its row (counted from 0) and the repair.
    SettingError
        If an option does not fit the data.

    Examples
    --------
    >>> frame = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=3, freq="MS"), "y": [1.0, 2.0, 4.0]})
    >>> from_frame(frame)
    Panel(1 series, 3 rows, frequency='MS', season=unknown)
    """
    return assemble(frame_source(frame), columns, options, None if future is None else frame_source(future))


def with_future(panel: Panel, table: Any) -> Panel:
    """Return the panel with the future of its known covariates read from a frame or a file.

    Parameters
    ----------
    panel
        Panel with known covariates.
    table
        Frame, or path of a CSV or Parquet file, with id, time and the known columns.

    Raises
    ------
    DataError
        If the rows do not follow the last observation step by step, or a value is missing.
    """
    source = open_source(table) if isinstance(table, str | Path) else frame_source(table)
    return future_rows.with_future(panel, source)


def to_frame(forecast: Forecast, panel: Panel) -> Any:
    """Return a forecast as a frame of the kind that the panel came from.

    Parameters
    ----------
    forecast
        Means of shape (N, F), and intervals if there are any.
    panel
        Gives the kind of frame and the clock.

    Returns
    -------
    frame
        Columns ``unique_id``, ``ds``, the model's name and for each level ``<model>-lo-<level>`` and
        ``<model>-hi-<level>``; sorted by id and time.
    """
    n_steps = forecast.mean.shape[1]
    table: dict[str, Any] = {
        "unique_id": id_column(np.repeat(forecast.ids, n_steps)),
        "ds": stamps(forecast.times.ravel(), panel),
        forecast.model: forecast.mean.ravel(),
    }
    if forecast.intervals is not None:
        for q, level in enumerate(forecast.intervals.levels):
            table[f"{forecast.model}-lo-{level}"] = forecast.intervals.lower[..., q].ravel()
            table[f"{forecast.model}-hi-{level}"] = forecast.intervals.upper[..., q].ravel()
    return frame_of(table, panel.source)


def stamps(times: NDArray[np.int64], panel: Panel) -> Any:
    """Return times as users see them, flat: datetime64[ns] of the local clock, zone-aware stamps, or integers.

    Parameters
    ----------
    times
        Any shape, as in `Panel.times`.
    panel
        Gives the clock.
    """
    flat = np.ascontiguousarray(times).ravel()
    if panel.integer_time:
        return flat
    if panel.timezone is None:
        return flat.view("M8[ns]")
    return pd.DatetimeIndex(flat.view("M8[ns]"), tz="UTC").tz_convert(panel.timezone)


def id_column(ids: NDArray[np.object_]) -> Any:
    """Return identifiers as a column: int64 if all are whole numbers, else text as objects."""
    return ids.astype(np.int64) if len(ids) and all(type(one) is int for one in set(ids)) else ids


def frame_of(table: dict[str, Any], kind: Literal["pandas", "polars"]) -> Any:
    """Return columns as a frame of the named kind."""
    if kind == "pandas":
        return pd.DataFrame(table)
    arrow = pa.table({name: pa.array(column, from_pandas=True) for name, column in table.items()})
    return nw.from_arrow(arrow, backend="polars").to_native()


def frame_source(frame: Any) -> TableSource:
    """Return any frame or series as a source.

    Raises
    ------
    DataError
        If it is none that can be read.
    """
    if isinstance(frame, np.ndarray) and frame.ndim == 1:
        frame = pd.Series(frame, name="y")
    if isinstance(frame, pd.Series | pd.DataFrame):
        return TableSource(_pandas_table(frame))
    try:
        native = nw.from_native(frame, allow_series=True, eager_only=True)
    except TypeError as unknown:
        kind = type(frame).__name__
        lazy = kind == "LazyFrame"
        raise DataError(
            f"a {kind} cannot be read as observations",
            repair="Call collect() first." if lazy else "Give a pandas or polars frame or series, or a Panel.",
        ) from unknown
    if isinstance(native, nw.Series):
        native = native.rename(native.name or "y").to_frame()
    if native.implementation.is_pandas():
        return TableSource(_pandas_table(native.to_native()))
    kind_out: Literal["pandas", "polars"] = "polars" if native.implementation.is_polars() else "pandas"
    return TableSource(cast("nw.DataFrame[Any]", native).to_arrow(), kind=kind_out)


def _pandas_table(frame: pd.Series[Any] | pd.DataFrame) -> pa.Table:
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name=frame.name if frame.name is not None else "y")
    index = frame.index
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) and index.name is None:
        frame = frame.rename_axis("ds" if "ds" not in frame.columns else "index")
        index = frame.index
    if any(name is not None for name in index.names):
        kept = [name for name in index.names if name not in frame.columns]
        frame = frame.reset_index(level=kept).reset_index(drop=True) if kept else frame
    names = [str(name) for name in frame.columns]
    arrays = [_arrow_column(frame.iloc[:, position]) for position in range(len(names))]
    return pa.table(arrays, names=names)


def _arrow_column(column: pd.Series[Any]) -> pa.Array | pa.ChunkedArray:
    """Return a column in Arrow; mixed objects become text, so that a bad cell can be named."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        texts = [None if missing else str(cell) for cell, missing in zip(column, column.isna(), strict=True)]
        return pa.array(texts, pa.string())
