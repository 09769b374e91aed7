"""Models of others in a comparison: a function that forecasts, or forecasts that were made elsewhere."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidegate.data.calendar import future_times
from tidegate.data.frames import stamps
from tidegate.errors import DataError, Place, SettingError
from tidegate.evaluation.audit import frames
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.target import function_of
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.registry import Traits
from tidegate.panel import Intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

_KEYS = ("unique_id", "ds", "cutoff")
_MADE, _HAPPENED = "forecast", "outcome"
_ROUNDED = 1e-6
"""Difference, relative to the larger of a value and the typical one, up to which two numbers in files are the same."""

_DEAREST = 5


class _Outside(Forecaster):
    """What others made: data as they are, no intervals, and as dear as a training run, since nobody knows its cost."""

    name = "outside"

    @property
    def traits(self) -> Traits:
        """What can be relied on: nothing."""
        every = frozenset({"known", "past", "static"})
        return Traits(cost=_DEAREST, scope="panel", covariates=every, equivariant=frozenset())

    def _divisors(self, panel: Panel) -> Floats:
        return np.ones(len(panel))

    def _fit(self, panel: Panel, horizon: int) -> None:
        pass

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        mean = self._made(panel)
        nothing = np.full((*mean.shape, len(levels)), np.nan)
        return mean, Intervals(levels, nothing, nothing) if levels else None

    @abstractmethod
    def _made(self, panel: Panel) -> Floats:
        """Return the forecasts (N, F) from the end of `panel`."""

    def _state(self) -> Tree:
        return {}

    def _restore(self, state: Tree) -> None:
        pass


class OutsideFunction(_Outside):
    """A function ``predict(history, horizon)``, or with a third parameter ``future``, as `tidegate.audit` calls it.

    It learns and forecasts in one call, from a pandas frame (unique_id, ds, y, covariates) that ends at the origin, and
    returns unique_id, ds and one numeric column.

    Parameters
    ----------
    function
        "module:function", "file.py:function", or the function itself.
    version
        Of its code, as text: an interrupted run goes on only with the same.

    Raises
    ------
    SettingError
        If it cannot be imported or is no such function.
    """

    asked_twice = True

    def __init__(self, *, function: str | Callable[..., Any], version: str = "") -> None:
        self.function, self.version = function, version
        spoken = function.rpartition(":")[2] if isinstance(function, str) else getattr(function, "__name__", "")
        self.name = spoken or type(function).__name__  # type: ignore[misc]  # each is called like its function

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        self._asked(horizon)

    def _asked(self, horizon: int) -> Predict:
        asked = function_of(self.function, horizon)
        if not isinstance(asked, Predict):
            raise SettingError(f"{self.name} is a backtest; a comparison needs a function predict(history, horizon).")
        return asked

    def _made(self, panel: Panel) -> Floats:
        return self._asked(self.horizon_).afresh(panel)


class OutsideForecasts(_Outside):
    """Forecasts of anyone's backtest, from a file with the columns unique_id, ds, cutoff and one numeric column.

    Parameters
    ----------
    file
        CSV or Parquet. The cutoff is the newest stamp that was known; each origin that is judged must be there. A
        second numeric column y holds what happened: where it disagrees with the data before an origin that is judged,
        the file was made from others (what lies after the newest origin is not compared). The model is called like
        the file.
    version
        Of its content, as text: an interrupted run goes on only with the same.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or an origin or step that is judged, or was made from other data.
    """

    def __init__(self, *, file: str | Path, version: str = "") -> None:
        self.file, self.version = file, version
        self.name = Path(file).name.split(".")[0]  # type: ignore[misc]  # each is called like its file

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        self._told()

    def _fit(self, panel: Panel, horizon: int) -> None:  # noqa: ARG002 (nothing is learned)
        self._forecasts = self._told()

    def _made(self, panel: Panel) -> Floats:
        told = self._forecasts
        known = set(told.index.get_level_values(0))
        strange = [str(one) for one in panel.ids if str(one) not in known]
        if strange:
            named = ", ".join(sorted(known)[:5]) + (", ..." if len(known) > 5 else "")
            raise DataError(
                f"{self.file} holds no forecast of the series {strange[0]!r}",
                repair=f"It holds {len(known):,} series: {named}. Use the same names.",
            )
        horizon = self.horizon_
        ids = np.repeat(panel.ids.astype(str), horizon)
        cutoffs = pd.Index(stamps(np.repeat(panel.times[panel.offsets[1:] - 1], horizon), panel))
        ahead = pd.Index(stamps(future_times(panel, horizon).ravel(), panel))
        told = self._clocked(told, ahead)
        self._check_outcomes(told, panel)
        wanted = pd.MultiIndex.from_arrays([ids, cutoffs, ahead])
        values = told[_MADE].reindex(wanted).to_numpy()
        empty = np.flatnonzero(~np.isfinite(values) & wanted.isin(told.index))
        if len(empty):
            series, cutoff, stamp = wanted[empty[0]]
            raise DataError(
                f"{self.file} holds no number for {frames.moment(stamp)} from the cutoff {frames.moment(cutoff)}",
                place=Place(series=str(series)),
                repair="Fill it in, or leave the model out.",
            )
        missing = np.flatnonzero(~np.isfinite(values))
        if len(missing):
            series, cutoff, stamp = wanted[missing[0]]
            raise DataError(
                f"{self.file} holds no forecast from the cutoff {frames.moment(cutoff)} for {frames.moment(stamp)}",
                place=Place(series=str(series)),
                repair=f"Its cutoffs are {_some(told)}. Choose --folds, --stride and --gap to match, or add the rows.",
            )
        return np.asarray(values, dtype=np.float64).reshape(len(panel), horizon)

    def _clocked(self, told: pd.DataFrame, ahead: pd.Index[Any]) -> pd.DataFrame:
        """Return what is told with its stamps on the clock of the data, whose stamps are like `ahead`."""
        series, *clocks = (told.index.get_level_values(k) for k in range(3))
        cutoffs, theirs, ours = (getattr(clock, "tz", None) for clock in (*clocks, ahead))
        if (cutoffs is None) != (theirs is None):
            raise DataError(
                f"of cutoff and ds in {self.file} one has a time zone, the other has none",
                repair="Write both as the data have them.",
            )
        if (theirs is None) != (ours is None):
            kinds = [f"in the time zone {zone}" if zone else "without a time zone" for zone in (theirs, ours)]
            raise DataError(
                f"the stamps of {self.file} are {kinds[0]}, those of the data {kinds[1]}",
                repair="Write cutoff and ds as the data have them.",
            )
        if theirs is None:
            return told
        moved = [pd.DatetimeIndex(clock).tz_convert(ours) for clock in clocks]
        return told.set_axis(pd.MultiIndex.from_arrays([series, *moved]), axis=0)

    def _check_outcomes(self, told: pd.DataFrame, panel: Panel) -> None:
        """Refuse forecasts of other data: what the file says happened up to the end of `panel` did happen there."""
        if _HAPPENED not in told:
            return
        happened = told[_HAPPENED].droplevel(1).dropna()
        rows = pd.MultiIndex.from_arrays(
            [np.repeat(panel.ids.astype(str), panel.lengths), pd.Index(stamps(panel.times, panel))]
        )
        ours = pd.Series(panel.values, index=rows).reindex(happened.index).to_numpy()
        typical = float(np.nanmean(np.abs(panel.values)))
        apart = np.abs(happened.to_numpy() - ours) > _ROUNDED * np.maximum(np.abs(ours), typical)
        if apart.any():
            k = int(np.argmax(apart))
            series, stamp = happened.index[k]
            raise DataError(
                f"{self.file} says that y was {happened.iloc[k]:g} at {frames.moment(stamp)}, the data say {ours[k]:g}",
                place=Place(series=str(series)),
                repair="Forecast the same data, or leave out the column y if the difference is meant.",
            )

    def _told(self) -> pd.DataFrame:
        """Return the forecasts, and what happened where the file says so, by series, cutoff and stamp."""
        path = Path(self.file)
        try:
            whole = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read: {error}", repair="Name a CSV or Parquet file.") from error
        frame, column = frames.as_frame(whole, path.name, _KEYS)
        clocks = [frames.clock(frame[name], path.name) for name in ("cutoff", "ds")]
        keys = [pd.Index(frame["unique_id"].astype(str)), *clocks]
        columns = {_MADE: column} | ({_HAPPENED: "y"} if column != "y" and _is_numeric(frame, "y") else {})
        values = {name: frame[own].to_numpy(dtype=np.float64) for name, own in columns.items()}
        made = pd.DataFrame(values, index=pd.MultiIndex.from_arrays(keys))
        twice = made.index[made.index.duplicated()]
        if len(twice):
            series, cutoff, stamp = twice[0]
            raise DataError(
                f"{path} holds two forecasts from the cutoff {frames.moment(cutoff)} for {frames.moment(stamp)}",
                place=Place(series=str(series)),
                repair="Keep one row for each series, cutoff and stamp.",
            )
        return made


def version_of(where: str | Path) -> str:
    """Return 16 hexadecimal digits that change with a file, or with the file of a "module:function"; "" if unknown."""
    name = str(where)
    module = name.rpartition(":")[0]
    if module and not module.endswith(".py"):
        spec = find_spec(module.partition(".")[0])
        path = Path(spec.origin) if spec is not None and spec.origin else None
    else:
        path = Path(module or name)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path is not None and path.is_file() else ""


def _is_numeric(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and pd.api.types.is_numeric_dtype(frame[name])


def _some(told: pd.DataFrame) -> str:
    """Return the first and last cutoff in words."""
    cutoffs = sorted(set(told.index.get_level_values(1)))
    if len(cutoffs) < 3:
        return " and ".join(map(frames.moment, cutoffs)) or "none"
    return f"{frames.moment(cutoffs[0])} to {frames.moment(cutoffs[-1])}, {len(cutoffs)} of them"
