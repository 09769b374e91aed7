"""Where observations come from: the one interface that files and frames share, and the places of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from tidegate.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.data.columns import Kind

Role = Literal["id", "time", "number", "covariate"]


class Source(Protocol):
    """A table whose columns can be fetched by name.

    Attributes
    ----------
    kind
        Which kind of frame goes back to the user.
    name
        For messages: a path, or "the frame".
    decimal
        Decimal mark in text.
    python
        Whether the user speaks Python to us, so that a repair names the argument beside the option.
    owned
        Whether nobody else can change the columns, so that they need no copy.
    """

    kind: Literal["pandas", "polars"]
    name: str
    decimal: str
    python: bool
    owned: bool

    def kinds(self) -> dict[str, Kind]:
        """Return the kind of each column, judged by the first rows of a file and by all rows of a frame."""

    def fetch(self, roles: Mapping[str, Role]) -> dict[str, Any]:
        """Return the columns named, as pyarrow chunked arrays of equal length; the caller may empty the dict."""

    def row(self, index: int) -> int:
        """Return what to call row `index` (from 0): its line in a CSV file, else its number from 0."""

    def sentences(self) -> list[str]:
        """Return what was decided on reading, for the notes of the panel."""


def check_columns(source: Source, roles: Mapping[str, str | None]) -> None:
    """Refuse columns that were named and are not there.

    Parameters
    ----------
    source
        The table.
    roles
        Names of columns, None where nobody named one, by what they are: the option that names them.

    Raises
    ------
    DataError
        With the columns there are.
    """
    kinds = source.kinds()
    for role, name in roles.items():
        if name is not None and name not in kinds:
            raise DataError(
                f"{source.name} has no column {name!r}; it has {', '.join(map(repr, kinds))}",
                repair=f"Name the column with --{role}.",
            )


def refusal(
    source: Source, problem: str, index: int, column: str, *, repair: str = "", series: Any = None
) -> DataError:
    """Return the error for one cell."""
    named = None if series is None else str(series)
    return DataError(problem, place=Place(row=source.row(index), column=column, series=named), repair=repair)


def accepted(source: Source, options: Mapping[str, str]) -> str:
    """Return the repair that names the options which accept the data."""
    spoken = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in options.items())
    if not source.python:
        return f"Accept it with: {spoken}"
    arguments = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"Accept it with: {spoken} (in Python: Options({arguments}))"
