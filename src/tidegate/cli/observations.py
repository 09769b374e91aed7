"""From the options of a command to the panel they describe."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.errors import SettingError

if TYPE_CHECKING:
    from tidegate.cli.options import Source
    from tidegate.data.columns import Columns
    from tidegate.panel import Panel


def observations(source: Source) -> Panel:
    """Return the panel of the file or example that was named.

    Raises
    ------
    SettingError
        If none or two are named, or the example is unknown.
    DataError
        If the observations cannot be used.
    """
    if source.example is not None and source.data is not None:
        raise SettingError(f"Both {source.data} and --example {source.example} are given: give one of them.")
    if source.example is not None:
        return _example(source)
    if source.data is None:
        raise SettingError("No data: name a CSV or Parquet file, or give --example to use the airline passengers.")
    from tidegate.data.reading import read

    return read(source.data, source.columns(), source.options(), source.future)


def _example(source: Source) -> Panel:
    from tidegate.data.examples import EXAMPLE_COLUMNS, EXAMPLES, example
    from tidegate.data.frames import from_frame

    name = str(source.example)
    near = difflib.get_close_matches(name, EXAMPLES, n=1, cutoff=0.4)
    if name not in EXAMPLES:
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise SettingError(f"There is no example {name!r}. {hint}The examples are: {', '.join(EXAMPLES)}.")
    frame = example(name)
    if source.future is not None:
        raise SettingError("--future goes with a file of your own; the examples hold what is known of their future.")
    return from_frame(frame, _laid_over(source.columns(), EXAMPLE_COLUMNS.get(name)), source.options())


def _laid_over(given: Columns, usual: Columns | None) -> Columns:
    """Return the columns that were named, and the example's own where none were."""
    if usual is None:
        return given
    named = {name: value for name, value in vars(given).items() if value}
    return replace(usual, **named)
