"""What is given to a forecaster, checked: settings, horizon, columns, levels, origins, the length of series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.data.columns import Columns
from tidegate.errors import DataError, ModelError, Place, SettingError
from tidegate.panel import no_covariates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Forecast, Panel

LONGEST = 1_000_000
"""Steps ahead that can be forecast at once: beyond, arrays would outgrow memory before anything is checked."""

_AXES = 2


def check_horizon(horizon: Any) -> None:
    """Refuse a horizon that is no whole number of steps from 1 to `LONGEST`.

    Raises
    ------
    SettingError
        With the value and the limit.
    """
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise SettingError(f"horizon is {horizon!r}; it must be a whole number of steps, at least 1.")
    if horizon > LONGEST:
        raise SettingError(f"horizon is {horizon:,} steps; at most {LONGEST:,} can be forecast at once.")


def check_window(window: Any) -> None:
    """Refuse a window that is neither None nor a whole number from 1.

    Raises
    ------
    SettingError
        With the value and the limit.
    """
    if window is None:
        return
    if isinstance(window, bool) or not isinstance(window, int | np.integer) or window < 1:
        raise SettingError(f"window is {window!r}; it must be a whole number of observations, at least 1, or None.")


def named(known: Sequence[str], past: Sequence[str], static: Sequence[str]) -> Columns:
    """Return the columns that were named.

    Raises
    ------
    SettingError
        If one of the three is text instead of a list.
    """
    for kind, names in (("known", known), ("past", past), ("static", static)):
        if isinstance(names, str):
            raise SettingError(f"{kind} is {names!r}; it must be a list of columns, such as [{names!r}].")
    return Columns(known=tuple(known), past=tuple(past), static=tuple(static))


def checked_finite(made: Forecast) -> Forecast:
    """Return `made`.

    Raises
    ------
    ModelError
        If a mean or the bound of an interval is not a finite number; names the series and the step.
    """
    repair = "Look for extreme values in the data, or choose another model."
    wrong = np.argwhere(~np.isfinite(made.mean))
    if len(wrong):
        n, step = wrong[0]
        raise ModelError(f"{made.model} forecast {made.mean[n, step]} for {_cell(made, n, step)}. {repair}")
    if made.intervals is None:
        return made
    lower, upper = made.intervals.lower, made.intervals.upper
    wrong = np.argwhere(~(np.isfinite(lower) & np.isfinite(upper)))
    none = np.isnan(lower).all() and np.isnan(upper).all()  # how a function of the user's says that it gives none
    if len(wrong) and not none:
        n, step, k = wrong[0]
        raise ModelError(
            f"{made.model} forecast a {made.intervals.levels[k]} % interval from {lower[n, step, k]} to "
            f"{upper[n, step, k]} for {_cell(made, n, step)}. {repair} Without levels it forecasts without intervals."
        )
    return made


def _cell(made: Forecast, n: int, step: int) -> str:
    return f"series {str(made.ids[n])!r}, {step + 1} step{'s' if step else ''} ahead"


def checked_levels(levels: Any) -> tuple[int, ...]:
    """Return `levels` ascending, each once.

    Raises
    ------
    SettingError
        If it is no list, or one of them is no whole number from 1 to 99.
    """
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise SettingError(f"levels is {levels!r}; it must be a list of whole numbers of percent, such as [80, 95].")
    levels = tuple(levels)
    wrong = [level for level in levels if isinstance(level, bool | str) or not 0 < level < 100 or int(level) != level]
    if wrong:
        raise SettingError(f"level {wrong[0]!r} is not a whole number of percent from 1 to 99; try levels=[80, 95].")
    return tuple(sorted({int(level) for level in levels}))


def checked_ends(ends: Any, panel: Panel) -> NDArray[np.int64]:
    """Return `ends` as an array of shape (G, N).

    Raises
    ------
    SettingError
        If it is no such array of whole numbers.
    DataError
        If an origin lies before the first or after the last observation of its series.
    """
    found = np.asarray(ends)
    if found.ndim != _AXES or found.shape[1] != len(panel) or not np.issubdtype(found.dtype, np.integer):
        raise SettingError(
            f"ends has shape {found.shape} and type {found.dtype}; it must hold whole numbers, one row for each origin "
            f"and one column for each of the {len(panel)} series."
        )
    outside = np.argwhere((found < 1) | (found > panel.lengths))
    if len(outside):
        g, n = outside[0]
        raise DataError(
            f"an origin after {found[g, n]} observations; the series has {panel.lengths[n]}",
            place=Place(series=str(panel.ids[n])),
            repair="Give for each origin how many of its observations are known, from 1 to all.",
        )
    return found.astype(np.int64)


def check_clock(panel: Panel, fitted: Panel, model: str) -> None:
    """Refuse a panel whose steps or clock are not those of the series that `model` was `fitted` on.

    Raises
    ------
    DataError
        With both frequencies or time zones.
    """
    for name in ("frequency", "timezone"):
        ours, theirs = getattr(fitted, name), getattr(panel, name)
        if ours != theirs:
            raise DataError(
                f"the {name} is {theirs!r}; {model} was fitted on series with {ours!r}",
                repair=f"Read the data with --{name} {ours}, or fit the model again."
                if ours
                else "Give stamps without a time zone, or fit the model again.",
            )


def check_lengths(panel: Panel, needed: int, model: str) -> None:
    """Refuse a panel with a series of fewer observations than `model` has `needed`.

    Raises
    ------
    DataError
        At the first such series.
    """
    short = np.flatnonzero(panel.lengths < needed)
    if len(short):
        n_rows = int(panel.lengths[short[0]])
        raise DataError(
            f"{n_rows:,} observation{'' if n_rows == 1 else 's'}; {model} needs at least {needed}",
            place=Place(series=str(panel.ids[short[0]])),
            repair="Give a longer series, leave it out, or choose a simpler model.",
        )


def usable(panel: Panel, kinds: frozenset[str]) -> tuple[Panel, tuple[str, ...]]:
    """Return the panel with covariates of these `kinds` ("known", "past", "static") alone, and names of the others."""
    rows = {"known": len(panel.times), "past": len(panel.times), "static": len(panel)}
    unused = [kind for kind in rows if kind not in kinds]
    names = tuple(name for kind in unused for name in getattr(panel, kind).names)
    dropped: dict[str, Any] = {kind: no_covariates(rows[kind]) for kind in unused}
    if "known" in unused:
        dropped["future"] = None
    return replace(panel, **dropped), names
