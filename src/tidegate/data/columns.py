"""Which column is what, and how to treat what is not clean; guessing the columns where only one answer is possible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from tidegate.checks import check_choice
from tidegate.errors import DataError, Place, SettingError
from tidegate.panel import Fill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["number", "integer", "time", "text", "bool", "empty"]
Duplicates = Literal["error", "first", "last", "mean"]
Resample = Literal["sum", "mean", "last"]

WIDE = "*"
"""The target that stands for every numeric column, each of them one series."""

ID_NAMES = ("unique_id", "series_id", "item_id", "series")
TIME_NAMES = (
    "ds",
    "date",
    "datetime",
    "timestamp",
    "date_time",
    "time",
    "period",
    "year",
    "month",
    "week",
    "day",
    "step",
)
TARGET_NAMES = ("y", "target", "value")


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read; None is guessed where only one answer is possible.

    Parameters
    ----------
    id
        Which series a row belongs to; without it all rows are one series.
    time
        Time stamp or integer step.
    target
        What to forecast; "*" takes every numeric column as a series of its own (a wide table).
    known, past
        Covariates whose future is known, and whose future is not.
    static
        Attributes that are constant within a series.
    """

    id: str | None = None
    time: str | None = None
    target: str | None = None
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariate names: known, past, static."""
        return (*self.known, *self.past, *self.static)

    @property
    def named(self) -> tuple[str, ...]:
        """Every name that is set."""
        return (*(name for name in (self.id, self.time, self.target) if name is not None), *self.covariates)


@dataclass(frozen=True)
class Options:
    """How to treat observations that are not clean.

    Parameters
    ----------
    fill
        Missing values and missing steps: refuse them, fill them inside each origin, or keep them missing ("keep"):
        models that read gaps see them, the others get straight lines inside each origin.
    duplicates
        Several rows of one series with the same stamp: refuse them, or keep the first, the last or the mean.
    resample
        Put the rows on the grid of `frequency`, several rows of one step becoming their sum, mean or last value.
    frequency
        Step between observations as a pandas alias ("MS", "h", "15min"); None infers it. A whole number on
        time stamps counts the rows as steps and leaves the clock aside.
    season
        Length of the cycle in steps, or several, the main one first; None infers it.
    timezone
        Zone of the local clock, such as "Europe/Berlin".

    Raises
    ------
    SettingError
        If a value is outside its limits.
    """

    fill: Fill = "error"
    duplicates: Duplicates = "error"
    resample: Resample | None = None
    frequency: str | None = None
    season: int | tuple[int, ...] | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        check_choice("fill", self.fill, get_args(Fill))
        check_choice("duplicates", self.duplicates, ("error", "first", "last", "mean"))
        if self.resample is not None:
            check_choice("resample", self.resample, ("sum", "mean", "last"))
        for season in self.seasons:
            if isinstance(season, bool) or not isinstance(season, int) or season < 1:
                raise SettingError(f"season is {season!r}; it must be a whole number of steps, at least 1 (1: none).")

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season setting as a tuple, each length once; empty if it is to be inferred."""
        if self.season is None:
            return ()
        return tuple(dict.fromkeys(self.season)) if isinstance(self.season, tuple) else (self.season,)


def guess(columns: Mapping[str, Kind], given: Columns) -> Columns:
    """Return `given` with id, time and target settled wherever only one answer is possible.

    Parameters
    ----------
    columns
        Kind of each column, in the order of the data.
    given
        What the user named; always kept.

    Returns
    -------
    Columns
        `id` None: one series, as far as names tell. `time` None: no stamps, the rows are steps.

    Raises
    ------
    DataError
        If a named column is absent or used twice, if several columns could be meant, or if none can be.

    Examples
    --------
    >>> guess({"date": "time", "sales": "number"}, Columns())
    Columns(id=None, time='date', target='sales', known=(), past=(), static=())
    """
    _check_given(columns, given)
    free = {name: kind for name, kind in columns.items() if name not in given.named and not _is_row_number(name, kind)}
    identity = given.id or _first_named(free, ID_NAMES[:1]) or _only("id", _all_named(free, ID_NAMES))
    free = {name: kind for name, kind in free.items() if name != identity}
    time = given.time or _guess_time(free)
    free = {name: kind for name, kind in free.items() if name != time}
    target = given.target or _guess_target(free, columns)
    if time is None and len(columns) > len({target, *given.named}) + sum(
        _is_row_number(n, k) for n, k in columns.items()
    ):
        raise DataError(
            f"no column holds time stamps; the columns are {_listed(list(columns))}",
            repair="Name the column of stamps or steps with --time NAME.",
        )
    return replace(given, id=identity, time=time, target=target)


def wide_columns(columns: Mapping[str, Kind], chosen: Columns) -> list[str]:
    """Return the columns that are series of a wide table: the numeric ones without another role.

    Raises
    ------
    DataError
        If there is none, or if an id or covariates are named too.
    """
    if chosen.id or chosen.covariates:
        extra = _listed([name for name in (chosen.id, *chosen.covariates) if name])
        raise DataError(
            f"--target '*' reads each column as a series, so {extra} cannot be an id or covariate",
            repair="Name one target, or leave out --id, --known, --past and --static.",
        )
    names = [name for name, kind in columns.items() if kind in ("number", "integer") and name != chosen.time]
    names = [name for name in names if not _is_row_number(name, columns[name])]
    if not names:
        raise DataError("no column holds numbers", repair="Give a table with at least one numeric column.")
    return names


def ignored(columns: Mapping[str, Kind], used: Sequence[str]) -> str | None:
    """Return a sentence on the columns that are not used, or None if all are."""
    rest = [name or "(no name)" for name in columns if name not in used]
    if not rest:
        return None
    shown = rest if len(rest) <= 12 else [*rest[:10], f"{len(rest) - 10} more"]
    return f"Columns not used: {', '.join(shown)}."


def _check_given(columns: Mapping[str, Kind], given: Columns) -> None:
    for name in given.named:
        if name not in columns and not (name == WIDE and name == given.target):
            raise DataError(
                f"there is no column {name!r}; the columns are {_listed(list(columns))}",
                repair="Name one of them.",
            )
    twice = [name for name in given.named if given.named.count(name) > 1]
    if twice:
        in_one_role = any(names.count(twice[0]) > 1 for names in (given.known, given.past, given.static))
        raise DataError(
            "the column is named twice" if in_one_role else "the column is named for two roles",
            place=Place(column=twice[0]),
            repair="Name it once." if in_one_role else "Give each column one role.",
        )


def _is_row_number(name: str, kind: Kind) -> bool:
    """Whether the column looks like the row index that pandas writes without a name."""
    return kind == "integer" and (not name.strip() or name.startswith("Unnamed:"))


def _first_named(columns: Mapping[str, Kind], names: Sequence[str]) -> str | None:
    found = _all_named(columns, names)
    return found[0] if found else None


def _all_named(columns: Mapping[str, Kind], names: Sequence[str]) -> list[str]:
    return [name for name in columns if name.strip().lower() in names]


def _only(role: str, names: Sequence[str]) -> str | None:
    if len(names) > 1:
        raise DataError(
            f"several columns could be the {role}: {_listed(names)}",
            repair=f"Name it with --{role}, such as --{role} {names[0]!r}.",
        )
    return names[0] if names else None


def _guess_time(free: Mapping[str, Kind]) -> str | None:
    exact = _first_named(free, TIME_NAMES[:1])
    if exact is not None:
        return exact
    stamps = [name for name, kind in free.items() if kind == "time"]
    by_name = [name for name in _all_named(free, TIME_NAMES) if not stamps or name in stamps]
    return _only("time", by_name or stamps)


def _guess_target(free: Mapping[str, Kind], columns: Mapping[str, Kind]) -> str:
    numeric = [name for name, kind in free.items() if kind in ("number", "integer")]
    by_name = _all_named(free, TARGET_NAMES)
    exact = _first_named(free, TARGET_NAMES[:1]) or (by_name[0] if len(by_name) == 1 else None)
    if exact is not None:
        return exact
    if not numeric:
        kinds = ", ".join(f"{name!r} ({kind})" for name, kind in columns.items())
        raise DataError(
            f"no column holds numbers that could be the target; the columns are {kinds}",
            repair="Give a numeric column; if one holds text among its numbers, name it with --target to see where.",
        )
    if len(numeric) > 1:
        raise DataError(
            f"several columns could be the target: {_listed(numeric)}",
            repair=f"Name one, such as --target {numeric[0]!r}, or read each of them as a series with --target '*'.",
        )
    return numeric[0]


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name) for name in names[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
