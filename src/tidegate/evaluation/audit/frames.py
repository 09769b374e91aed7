"""Panels as the frames that a callable gets, and the frames that it returns as arrays, checked row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from tidegate.data.calendar import future_times
from tidegate.data.frames import id_column, stamps
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Covariates, Panel

    Floats = NDArray[np.float64]

KEYS = ("unique_id", "ds")


@dataclass(frozen=True, eq=False)
class Histories:
    """Several panels under one another as one frame, each series under a name of its own.

    Parameters
    ----------
    frame
        unique_id, ds, y and the covariates.
    future
        unique_id, ds and the known covariates of the next steps; None without any.
    ids
        Shape (V * N,): the names, panel by panel; those of the first panel are its own.
    stamps
        Shape (V * N * F,): the stamps that the forecasts must have, series by series.
    """

    frame: pd.DataFrame
    future: pd.DataFrame | None
    ids: NDArray[np.object_]
    stamps: Any


def histories(panels: Sequence[Panel], horizon: int) -> Histories:
    """Return V panels of N series each as one frame."""
    taken = [_names(panels[0].ids, v) for v in range(len(panels))]
    frames = [_rows(panel, ids) for panel, ids in zip(panels, taken, strict=True)]
    futures = [
        part for panel, ids in zip(panels, taken, strict=True) if (part := _future(panel, ids, horizon)) is not None
    ]
    expected = [stamps(future_times(panel, horizon), panel) for panel in panels]
    return Histories(
        pd.concat(frames, ignore_index=True),
        pd.concat(futures, ignore_index=True) if futures else None,
        np.concatenate(taken),
        pd.Index(expected[0]).append([pd.Index(part) for part in expected[1:]]),
    )


def _names(ids: NDArray[np.object_], copy: int) -> NDArray[np.object_]:
    """Return names for the series of copy number `copy`; of whole numbers if the ids are such."""
    if not copy:
        return ids
    if all(type(one) is int for one in ids):
        return np.array([max(ids) + (copy - 1) * len(ids) + n + 1 for n in range(len(ids))], dtype=object)
    return np.array([f"{one}~{copy}" for one in ids], dtype=object)


def _rows(panel: Panel, ids: NDArray[np.object_]) -> pd.DataFrame:
    owners = np.repeat(np.arange(len(panel)), panel.lengths)
    table: dict[str, Any] = {
        "unique_id": id_column(ids[owners]),
        "ds": stamps(panel.times, panel),
        "y": panel.values.copy(),
        **_columns(panel.known),
        **_columns(panel.past),
        **_columns(panel.static.take(owners)),
    }
    return pd.DataFrame(table)


def _future(panel: Panel, ids: NDArray[np.object_], horizon: int) -> pd.DataFrame | None:
    """Return the known covariates of the next steps, as many as there are, at most `horizon`."""
    if panel.future is None or not panel.known.names:
        return None
    lengths = np.diff(panel.future.offsets)
    owners = np.repeat(np.arange(len(panel)), lengths)
    step = np.arange(len(owners)) - np.repeat(panel.future.offsets[:-1], lengths)
    kept = step < horizon
    ahead = future_times(panel, max(int(lengths.max(initial=1)), 1))
    table = {
        "unique_id": id_column(ids[owners[kept]]),
        "ds": stamps(ahead[owners[kept], step[kept]], panel),
        **{name: column[kept] for name, column in _columns(panel.future.covariates).items()},
    }
    return pd.DataFrame(table)


def _columns(covariates: Covariates) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for k, name in enumerate(covariates.names):
        column = covariates.values[:, k].copy()
        labels = covariates.categories.get(name)
        made[name] = column if labels is None else np.array(labels, dtype=object)[column.astype(np.int64)]
    return made


def forecasts(answer: Any, asked: Histories, who: str) -> Floats:
    """Return what a callable forecast, shape (V * N, F), after checking every row of it.

    Parameters
    ----------
    answer
        What it returned.
    asked
        What it was given.
    who
        What to call it in a message.

    Raises
    ------
    DataError
        If columns, ids, stamps or values are not what was asked for; says where, and what to return instead.
    """
    frame, column = as_frame(answer, who)
    steps = len(asked.stamps) // len(asked.ids)
    given = pd.MultiIndex.from_arrays([_texts(frame["unique_id"]), clock(frame["ds"], who)])
    wanted = pd.MultiIndex.from_arrays([_texts(np.repeat(asked.ids, steps)), asked.stamps])
    if given.has_duplicates:
        raise _wrong(who, "two rows for the same step", given[given.duplicated()][0], "Return each step once.")
    unknown = given[~given.get_level_values(0).isin(wanted.get_level_values(0))]
    if len(unknown):
        raise _wrong(who, "a series that it was not given", unknown[0], "Return the unique_id of the history.")
    missing = wanted[~wanted.isin(given)]
    if len(missing):
        raise _wrong(
            who,
            f"{len(given):,} rows, but none for this step{_first(given)}",
            missing[0],
            f"Return {steps} rows for each series, stamped with the next {steps} steps after its newest.",
        )
    extra = given[~given.isin(wanted)]
    if len(extra):
        raise _wrong(who, "a row that was not asked for", extra[0], f"Return the next {steps} steps alone.")
    values = (
        pd.Series(frame[column].to_numpy(dtype=np.float64, na_value=np.nan), index=given).reindex(wanted).to_numpy()
    )
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise _wrong(who, f"{values[bad[0]]} in column {column!r}", wanted[bad[0]], "Return a finite number.")
    return np.asarray(values, dtype=np.float64).reshape(len(asked.ids), steps)


def as_frame(answer: Any, who: str, keys: tuple[str, ...] = KEYS) -> tuple[pd.DataFrame, str]:
    """Return an answer as a pandas frame with the columns `keys`, and the name of its one numeric column beside them.

    Raises
    ------
    DataError
        If it is no frame, or lacks a column, or has several numeric ones.
    """
    repair = f"Return a frame with the columns {', '.join(keys)} and one numeric column."
    try:
        frame = nw.from_native(answer, eager_only=True).to_pandas()
    except TypeError as error:
        raise DataError(f"{who} returned a {type(answer).__name__}, not a frame", repair=repair) from error
    named = [name for name in frame.index.names if name in keys and name not in frame.columns]
    frame = frame.reset_index(level=named) if named else frame
    lacking = [name for name in keys if name not in frame.columns]
    if lacking:
        raise DataError(f"{who} returned no column {lacking[0]!r}, but {_listed(frame)}", repair=repair)
    others = [name for name in frame.columns if name not in (*keys, "cutoff")]
    numeric = [name for name in others if pd.api.types.is_numeric_dtype(frame[name])]
    if len(numeric) > 1:
        numeric = [name for name in numeric if name != "y"]
    if len(numeric) != 1:
        found = f"{len(numeric)} numeric columns: {', '.join(map(str, numeric))}" if numeric else "no numeric column"
        raise DataError(f"{who} returned {found}, not one; it returned {_listed(frame)}", repair=repair)
    return frame.reset_index(drop=True), str(numeric[0])


def _listed(frame: pd.DataFrame) -> str:
    return "the columns " + ", ".join(map(repr, frame.columns)) if len(frame.columns) else "no column at all"


def clock(column: Any, who: str) -> pd.Index[Any]:
    """Return a column of stamps or steps as an index that can be compared.

    Raises
    ------
    DataError
        If it holds no stamps.
    """
    steps = pd.api.types.is_integer_dtype(column)
    try:
        made: pd.Index[Any] = pd.Index(column if steps else pd.to_datetime(column, format="ISO8601"))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{who} returned what is no stamp: {error}",
            place=Place(column=str(column.name)),
            repair="Return stamps of the kind that was given.",
        ) from error
    return made


def _texts(ids: Any) -> list[str]:
    return [str(one) for one in ids]


def _first(given: pd.MultiIndex) -> str:
    return f"; the first is for {given[0][0]!r} at {moment(given[0][1])}" if len(given) else ""


def moment(stamp: Any) -> str:
    """Return a stamp in words: its date, with the time of day where there is one."""
    return str(stamp).removesuffix(" 00:00:00")


def _wrong(who: str, what: str, at: Any, repair: str) -> DataError:
    return DataError(f"{who} returned {what}", place=Place(series=str(at[0]), time=moment(at[1])), repair=repair)


def check_untouched(before: pd.DataFrame, after: pd.DataFrame, who: str) -> None:
    """Refuse a callable that changed the frame it was given.

    Raises
    ------
    DataError
        Naming the first column and row that differ.
    """
    repair = "Begin with history = history.copy(): what a caller hands over must stay as it is."
    if list(before.columns) != list(after.columns) or len(before) != len(after):
        raise DataError(
            f"{who} changed the frame that it was given: {len(before):,} rows and {len(before.columns)} columns became "
            f"{len(after):,} and {len(after.columns)}",
            repair=repair,
        )
    for name in before.columns:
        old, new = before[name].to_numpy(), after[name].to_numpy()
        differing = np.flatnonzero(~((old == new) | (pd.isna(old) & pd.isna(new))))
        if len(differing):
            row = int(differing[0])
            place = Place(row=row, column=str(name), series=str(before["unique_id"].iloc[row]))
            raise DataError(
                f"{who} changed the frame that it was given: {old[row]} became {new[row]}", place=place, repair=repair
            )
