"""Recordings of channels over time, as detectors of what is odd read them: arrays, frames, CSV and Parquet files.

Axis letters: T steps, I channels.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidegate.data.cells import floats
from tidegate.data.cells import labels as labels_of
from tidegate.data.columns import TIME_NAMES
from tidegate.data.frames import frame_source
from tidegate.data.reading import open_source
from tidegate.data.source import check_columns
from tidegate.data.times import clock
from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.data.columns import Kind
    from tidegate.data.source import Source

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


_LABEL_NAMES = ("label", "labels", "anomaly", "is_anomaly", "anomalous", "outlier", "changepoint", "fault", "odd")
"""What columns of labels are called."""

_NAMELESS = "channel "
"""What channels of arrays are called, before their number."""


class Recording(NamedTuple):
    """One recording.

    Attributes
    ----------
    values
        Shape (T, I); NaN where a reading is missing.
    channels
        Their names, I of them.
    times
        Shape (T,): nanoseconds since 1970 or whole steps, ascending; None where steps are only counted.
    dated
        Whether `times` are nanoseconds.
    labels
        Shape (T,): whether a step is odd, if that is known; None else.
    name
        Of the recording; "" where there is one alone.
    """

    values: Floats
    channels: tuple[str, ...]
    times: Integers | None = None
    dated: bool = False
    labels: NDArray[np.bool_] | None = None
    name: str = ""

    def part(self, start: int, stop: int) -> Recording:
        """Return the steps from `start` to before `stop`."""
        times = None if self.times is None else self.times[start:stop]
        labels = None if self.labels is None else self.labels[start:stop]
        return self._replace(values=self.values[start:stop], times=times, labels=labels)

    def moment(self, step: int) -> Any:
        """Return when a step is: a stamp, a whole number, or its place counted from 0."""
        if self.times is None:
            return step
        return np.datetime64(int(self.times[step]), "ns") if self.dated else int(self.times[step])

    @property
    def steps_per_day(self) -> float | None:
        """How many steps a day has, by the usual distance of two; None without dates."""
        if self.times is None or not self.dated or len(self.times) < 2:
            return None
        return float(86_400e9 / np.median(np.diff(self.times)))


class _Roles(NamedTuple):
    """Names of columns that are no channels.

    Attributes
    ----------
    id
        Names the recording; None: all rows are one.
    time
        Stamps or whole steps; None: a column of stamps, if there is exactly one.
    labels
        0 or 1, whether a step is odd: for judging alone; None: there is none.
    """

    id: str | None = None
    time: str | None = None
    labels: str | None = None


def read_recorded(
    data: Any, *, id: str | None = None, time: str | None = None, labels: str | None = None
) -> list[Recording]:
    """Return the recordings that a file or a frame holds: every column of numbers is a channel.

    Parameters
    ----------
    data
        Path of a CSV (plain or packed) or Parquet file, or of a folder of Parquet files; or a pandas or polars frame.
    id
        Column that names the recording; None: all rows are one.
    time
        Column of stamps or whole steps; None: the one that holds stamps or is called so, if there is one.
    labels
        Column of 0 and 1, whether a step is odd: for judging alone; None: there is none.

    Raises
    ------
    DataError
        If a cell cannot be used, time does not go forward, or no column is left, with its place and the repair.
    """
    source = open_source(data) if isinstance(data, str | Path) else frame_source(data)
    return _recordings(source, _Roles(id, time, labels))


def recorded(data: Any) -> list[Recording]:
    """Return data of any kind as recordings.

    Parameters
    ----------
    data
        An array of shape (T,) or (T, I), a frame, the path of a file, a `Recording`, or a list of these. Of lists of
        lists each is a recording.

    Raises
    ------
    DataError
        As `read_recorded`; or if it is nothing of all that, or recordings differ in their channels.
    """
    if isinstance(data, Recording):
        return [data]
    if isinstance(data, str | Path):
        return read_recorded(data)
    if isinstance(data, list | tuple) and len(data) and not np.isscalar(data[0]):
        made = [each for one in data for each in recorded(one)]
        if len(made) > 1:
            made = [each._replace(name=each.name or str(k)) for k, each in enumerate(made)]
        return arranged(made, made[0].channels, "the first")
    if isinstance(data, np.ndarray | list | tuple):
        return [_from_array(data)]
    return read_recorded(data)


def arranged(recordings: Sequence[Recording], channels: tuple[str, ...], whose: str = "training") -> list[Recording]:
    """Return recordings with their channels in a given order.

    Parameters
    ----------
    recordings
        As they came.
    channels
        The names and their order. They go by their places where they or those of a recording came without names.
    whose
        Whose channels these are, for messages.

    Raises
    ------
    DataError
        If a recording has another number of channels, or others.
    """
    made = []
    for one in recordings:
        if len(one.channels) != len(channels):
            raise DataError(
                f"{called(one)} has {_counted(len(one.channels))}; {whose} had {len(channels)}",
                repair=f"Give the channels of {whose}.",
            )
        nameless = any(names[0].startswith(_NAMELESS) for names in (one.channels, channels))
        if nameless or one.channels == channels:
            made.append(one)
            continue
        missing = [each for each in channels if each not in one.channels]
        if missing:
            raise DataError(
                f"{called(one)} has no channel {missing[0]!r}; it has {', '.join(map(repr, one.channels[:20]))}",
                repair=f"Name its columns as {whose} had them: {', '.join(map(repr, channels[:20]))}.",
            )
        order = [one.channels.index(each) for each in channels]
        made.append(one._replace(values=one.values[:, order], channels=channels))
    return made


def called(one: Recording) -> str:
    """Return what messages call a recording: by its name, if it has one."""
    return f"recording {one.name}" if one.name else "the recording"


def _counted(n_channels: int) -> str:
    return "1 channel" if n_channels == 1 else f"{n_channels} channels"


def _from_array(data: Any) -> Recording:
    try:
        values = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"the recording is no array of numbers: {error}", repair="Give numbers.") from error
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.shape[1]:
        raise DataError(
            f"a recording has {values.ndim} axes and shape {values.shape}", repair="Give steps by channels: (T, I)."
        )
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, channel = map(int, infinite[0])
        raise DataError(
            "the value is infinite", place=Place(row=row, column=str(channel)), repair="Correct it, or write NaN."
        )
    return Recording(values, tuple(f"{_NAMELESS}{k}" for k in range(values.shape[1])))


def _channels(source: Source, roles: _Roles) -> tuple[list[str], str | None]:
    """Return the names of the channels, and of the column of times if there is one."""
    kinds = source.kinds()
    check_columns(source, roles._asdict())
    time = roles.time or _only([name for name, kind in kinds.items() if _is_time(name, kind) and name not in roles])
    channels = [name for name in kinds if name not in (*roles, time)]
    for name in channels:
        if kinds[name] == "text":
            _check_first_wrong(source, name)
            raise DataError(
                f"the column {name!r} of {source.name} holds text, which is no channel",
                repair="Leave it out of the table, or name it with --id where it tells recordings apart.",
            )
        if name.strip().lower() in _LABEL_NAMES:
            raise DataError(
                f"the column {name!r} of {source.name} is called as labels are, which are no channel",
                repair="Name it with --labels to judge by it, or leave it out of the table.",
            )
    if not channels:
        raise DataError(f"{source.name} has no column of numbers", repair="Give a column for each channel.")
    return channels, time


def _recordings(source: Source, roles: _Roles) -> list[Recording]:
    channels, time = _channels(source, roles)
    wanted: dict[str, Any] = dict.fromkeys(channels, "covariate")
    wanted |= {name: role for name, role in ((time, "time"), (roles.id, "id")) if name is not None}
    wanted |= {roles.labels: "covariate"} if roles.labels else {}
    columns = source.fetch(wanted)
    values = np.stack([_numbers(source, name, columns[name]) for name in channels], axis=1)
    odd = None if roles.labels is None else _labels(source, roles.labels, columns[roles.labels])
    when = None if time is None else clock(source, time, columns[time])
    codes, names = (
        (np.zeros(len(values), np.int32), np.array([""], object)) if roles.id is None else labels_of(columns[roles.id])
    )
    by_code = np.split(codes.argsort(kind="stable"), np.bincount(codes, minlength=len(names)).cumsum())[:-1]
    made = []
    for name, rows in zip(names, by_code, strict=True):
        if when is not None:
            _check_forward(source, time or "", when.times[rows], rows)
        made.append(
            Recording(
                values[rows], tuple(channels), None if when is None else when.times[rows],
                dated=when is not None and not when.integer, labels=None if odd is None else odd[rows], name=str(name),
            )
        )  # fmt: skip
    return made


def _is_time(name: str, kind: Kind) -> bool:
    return kind == "time" or (kind == "integer" and name.strip().lower() in TIME_NAMES)


def _only(names: list[str]) -> str | None:
    if len(names) > 1:
        raise DataError(
            f"several columns hold stamps: {', '.join(map(repr, names))}", repair="Name the one that counts: --time."
        )
    return names[0] if names else None


def _numbers(source: Source, name: str, column: Any) -> Floats:
    return floats(source, name, column, lambda _row: None, repair="Correct the cell, or leave it empty.")


def _check_first_wrong(source: Source, name: str) -> None:
    """Refuse the first cell of a column that is no number, if cells before it are."""
    column = source.fetch({name: "covariate"})[name]
    try:
        _numbers(source, name, column[:1])
    except DataError:
        return
    _numbers(source, name, column)


def _labels(source: Source, name: str, column: Any) -> NDArray[np.bool_]:
    numbers = _numbers(source, name, column)
    wrong = ~np.isin(numbers, (0.0, 1.0))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"the label is {numbers[row]:g}", place=Place(row=source.row(row), column=name),
            repair="Labels are 1 where a step is odd, else 0.",
        )  # fmt: skip
    return np.asarray(numbers == 1)


def _check_forward(source: Source, name: str, times: Integers, rows: NDArray[Any]) -> None:
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        row = int(rows[back[0] + 1])
        raise DataError(
            "time stands still or goes backwards here", place=Place(row=source.row(row), column=name),
            repair="Sort the rows by time and leave repeated stamps out, or name the column of the recordings: --id.",
        )  # fmt: skip
