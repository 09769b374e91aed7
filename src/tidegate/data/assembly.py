"""From a source to a Panel: the columns, the order, the grid, the gaps, each treatment said in the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.clockchange import localised
from tidegate.data.columns import WIDE, Columns, Options, guess, ignored, wide_columns
from tidegate.data.duplicates import repeated, without_duplicates
from tidegate.data.future import last_values, split, with_future
from tidegate.data.gaps import missing_values, regular
from tidegate.data.loading import load_long, load_wide
from tidegate.data.mixture import refuse_mixture
from tidegate.data.resampling import resampled
from tidegate.data.rows import Rows, static_of
from tidegate.data.spacing import counted, settled
from tidegate.data.steps import step
from tidegate.data.troubles import Trouble, refuse, times_said
from tidegate.errors import DataError
from tidegate.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.data.columns import Kind
    from tidegate.data.source import Source


def assemble(source: Source, columns: Columns, options: Options, future: Source | None = None) -> Panel:
    """Return the Panel that a table holds.

    Parameters
    ----------
    source
        The table.
    columns
        Names of its columns; what is None is guessed.
    options
        How to treat what is not clean.
    future
        Table with the known covariates after the last observation.

    Raises
    ------
    DataError
        If the observations cannot be used, with the place and the repair.
    SettingError
        If an option does not fit the data.
    """
    if options.frequency is not None:
        step(options.frequency)
    rows, said, chosen = _loaded(source, columns, options)
    rows, more = localised(rows, options.timezone)
    said = [*source.sentences(), *said, *more]
    rows, frequency, more = _gridded(rows, options)
    said += more
    rows, after, more = split(rows)
    panel = Panel(
        ids=rows.ids, offsets=rows.offsets, times=rows.times, values=rows.values, frequency=frequency,
        seasons=options.seasons, known=rows.known, past=rows.past, static=static_of(rows), future=after,
        fill=options.fill, timezone=rows.timezone, target=rows.names[1] if rows.names[1] != WIDE else "y",
        source=source.kind, notes=(*said, *more, *_constant(rows)),
    )  # fmt: skip
    return panel if future is None else with_future(panel, future, chosen)


def _loaded(source: Source, columns: Columns, options: Options) -> tuple[Rows, list[str], Columns]:
    """Return the rows, what was said about them, and which column is what."""
    kinds = source.kinds()
    chosen = guess(kinds, columns)
    if chosen.target == WIDE:
        names = wide_columns(kinds, chosen)
        rows, said = load_wide(source, names, chosen.time, options.frequency)
        unused = ignored(kinds, [*names, *([chosen.time] if chosen.time else [])])
        return rows, [*said, *([unused] if unused else [])], chosen
    rows, said = load_long(source, chosen, frequency=options.frequency)
    if chosen.id is None and options.resample is None and options.duplicates == "error" and repeated(rows).any():
        found = _identity(source, kinds, chosen, options)
        if found is not None:
            chosen = replace(chosen, id=found)
            rows, said = load_long(source, chosen, frequency=options.frequency)
            said.append(f"Column {found!r} tells the series apart.")
    unused = ignored(kinds, chosen.named)
    return rows, [*said, *([unused] if unused else [])], chosen


def _identity(source: Source, kinds: Mapping[str, Kind], chosen: Columns, options: Options) -> str | None:
    """Return the one column that makes repeated stamps unique within its series, None if there is none.

    Raises
    ------
    DataError
        If several columns do.
    """
    candidates = [name for name, kind in kinds.items() if name not in chosen.named and kind in ("text", "integer")]
    able = []
    for name in candidates:
        trial = Columns(id=name, time=chosen.time)
        if not repeated(load_long(source, trial, frequency=options.frequency)[0]).any():
            able.append(name)
    texts = [name for name in able if kinds[name] == "text"]
    able = texts or able
    if len(able) > 1:
        raise DataError(
            f"time stamps repeat, and several columns could tell the series apart: {', '.join(map(repr, able))}",
            repair=f"Name it with --id, such as --id {able[0]!r}.",
        )
    return able[0] if able else None


def _gridded(rows: Rows, options: Options) -> tuple[Rows, str, list[str]]:
    """Return rows on a regular grid, with every missing step a row of NaN if `fill` allows it."""
    troubles: list[Trouble] = []
    said: list[str] = []
    frequency = options.frequency
    if options.resample is not None:
        rows, frequency, more = resampled(rows, options)
        said += more
    else:
        rows, troubles, more = without_duplicates(rows, options.duplicates)
        said += more
    rows, more = _without_empty_starts(rows, options)
    said += more
    if not rows.known.names:
        rows, _, more = split(rows)
        said += more
    if frequency is not None and frequency.strip().isdigit() and not rows.integer:
        rows, more = counted(rows)
        said += more
    try:
        rows, frequency, more = settled(rows, frequency)
    except DataError:
        refuse(rows, troubles)
        raise
    said += more
    rows, gaps, more = regular(rows, frequency, fill=options.fill)
    if gaps:
        refuse_mixture(rows)
    said += more
    stops = last_values(rows)
    empty, more = missing_values(rows, stops, fill=options.fill)
    said += more
    of_covariates, more = _missing_covariates(rows, stops, options)
    said += more
    refuse(rows, [*troubles, *gaps, *empty, *of_covariates])
    return rows, frequency, said


def _without_empty_starts(rows: Rows, options: Options) -> tuple[Rows, list[str]]:
    """Leave out rows before the first value of each series, if values may be missing at all."""
    if options.fill not in ("interpolate", "forward", "keep") or not np.isnan(rows.values[rows.offsets[:-1]]).any():
        return rows, []
    last_values(rows)
    there = np.flatnonzero(~np.isnan(rows.values))
    first = there[np.searchsorted(there, rows.offsets[:-1])]
    early = np.arange(len(rows.values)) < np.repeat(first, rows.lengths)
    count = int(np.count_nonzero(early))
    return rows.where(~early), [f"{times_said(count, 'row', 'rows')} before the first value of a series: left out."]


def _missing_covariates(
    rows: Rows, stops: np.ndarray[tuple[int], np.dtype[np.int64]], options: Options
) -> tuple[list[Trouble], list[str]]:
    """Return the trouble or the sentence for each covariate with empty cells; rows that filling adds are none."""
    if not (rows.known.names or rows.past.names):
        return [], []
    observed = np.arange(len(rows.values)) < np.repeat(stops, rows.lengths)
    if rows.origin is not None:
        observed &= rows.origin >= 0
    troubles, filled = [], []
    for block in (rows.known, rows.past):
        for position, name in enumerate(block.names):
            empty = np.isnan(block.values[:, position]) & observed
            if empty.any():
                said = times_said(int(empty.sum()), "value is missing", "values are missing")
                said += f" in the covariate {name!r}"
                if options.fill != "error":
                    filled.append(f"{said}: the last value stands in.")
                    continue
                place = rows.place(int(np.argmax(empty)), name)
                at = np.empty(0, dtype=np.int64)
                troubles.append(Trouble(said, place, {"fill": "interpolate"}, at))
    return troubles, filled


def _constant(rows: Rows) -> list[str]:
    """Say which series never change."""
    values, starts = rows.values, rows.offsets[:-1]
    low = np.fmin.reduceat(values, starts)
    still = np.flatnonzero((low == np.fmax.reduceat(values, starts)) & (rows.lengths > 1))
    if not len(still):
        return []
    named = f"Series {rows.ids[still[0]]!r} is constant" if len(still) == 1 else f"{len(still):,} series are constant"
    return [f"{named}: every value is the same."]
