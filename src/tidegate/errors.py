"""Every error tidegate raises on purpose.

::

    TidegateError                  exit code 1
    |- InputError                  exit code 2: what the user gave cannot be used
    |  |- DataError                the observations, with row, column, series and value
    |  `- SettingError             an option or argument
    |- ModelError                  a model could not be fitted or could not forecast
    |- TrainingError               a loss or gradient stopped being finite
    |- NotFittedError              predict or save before fit
    |- StorageError                a saved model or result cannot be read or written
    `- MissingExtraError           an optional dependency is not installed (also an ImportError)
"""

from __future__ import annotations

from dataclasses import dataclass


class TidegateError(Exception):
    """The root: catching it catches everything tidegate raises on purpose."""

    exit_code = 1


class InputError(TidegateError):
    """What the user gave cannot be used."""

    exit_code = 2


@dataclass(frozen=True)
class Place:
    """Where in the data something is wrong; unknown parts stay None.

    Parameters
    ----------
    row
        Line number in the file (the header is line 1) or row number in a frame, counted from 0.
    column
        Column name.
    series
        Identifier of the series.
    time
        Time stamp as text.
    """

    row: int | None = None
    column: str | None = None
    series: str | None = None
    time: str | None = None

    def __str__(self) -> str:
        parts = {"row": self.row, "column": self.column, "series": self.series, "time": self.time}
        return ", ".join(f"{name} {value!r}" for name, value in parts.items() if value is not None)


class DataError(InputError):
    """Observations that cannot be used: what is wrong, where, and what repairs it.

    Parameters
    ----------
    problem
        What is wrong, with the offending value and the limit.
    place
        Row, column, series and time of the first offence.
    repair
        What to do, naming the option that accepts the data where there is one.
    """

    def __init__(self, problem: str, *, place: Place | None = None, repair: str = "") -> None:
        self.problem, self.place, self.repair = problem, place or Place(), repair
        where = str(self.place)
        super().__init__(f"{where + ': ' if where else ''}{problem}{'. ' + repair if repair else ''}")

    def __reduce__(self) -> tuple[object, ...]:
        return _data_error, (self.problem, self.place, self.repair)


def _data_error(problem: str, place: Place, repair: str) -> DataError:
    return DataError(problem, place=place, repair=repair)


class SettingError(InputError):
    """An option or argument outside its limits; says the value, the limit and the repair."""


class ModelError(TidegateError):
    """A model could not be fitted to these data or could not forecast from them."""


class TrainingError(TidegateError):
    """The loss or a gradient stopped being finite."""


class NotFittedError(TidegateError):
    """A fitted model is needed: call ``fit`` first."""


class StorageError(TidegateError):
    """A saved model or result cannot be read or written."""


class MissingExtraError(TidegateError, ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    package
        What could not be imported.
    extra
        The extra of tidegate that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package} is not installed. Install it with: pip install 'tidegate[{extra}]'")

    def __reduce__(self) -> tuple[object, ...]:
        return MissingExtraError, (self.package, self.extra)
