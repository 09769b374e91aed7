"""Leaks: whether values after an origin change what was forecast there, and which value is the first that does.

What is forecast at past origins is computed twice: with the data as they are, and with everything after the middle
origin changed. No forecast up to that origin may differ. If one does, the changes are made kind by kind (its own
values, those of other series, covariates) and fewer and fewer, until one row remains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.data.rows import as_text
from tidegate.evaluation.audit.finding import Finding, times
from tidegate.evaluation.audit.subject import departures

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.evaluation.audit.material import Material
    from tidegate.evaluation.audit.subject import Judged, Subject
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

ROUNDING = 1e-6
"""Difference in standard deviations up to which two forecasts of a callable are the same but for rounding."""
KINDS = ("own values", "values of other series", "past covariates", "known covariates beyond the horizon")


@dataclass(frozen=True)
class Source:
    """Where a leak comes from.

    Parameters
    ----------
    kind
        One of `KINDS`, or "calls before": what an earlier call was given.
    series
        The series whose value it is.
    time
        Its stamp.
    behind
        How many steps after the origin it lies, from 1.
    target
        The series whose forecast it changes.
    """

    kind: str
    series: str
    time: str
    behind: int
    target: str


@dataclass(frozen=True, eq=False)
class Leaks:
    """What values after an origin change.

    Parameters
    ----------
    finding
        The verdict.
    source
        The first offending place; None without a leak.
    ends
        Shape (N,): values before the origin that everything after was changed from.
    plain, changed
        Shape (N, F): what was forecast there with the data as they are, and with what came after changed; where a leak
        shows at another origin, there.
    largest
        The largest difference at any origin up to there, in standard deviations.
    """

    finding: Finding
    source: Source | None
    ends: Integers
    plain: Floats
    changed: Floats
    largest: float


def leaks(subject: Subject, material: Material, plain: Judged, *, noise: float) -> Leaks:
    """Return whether anything after an origin is seen there.

    Parameters
    ----------
    subject
        What is audited.
    material
        Its data.
    plain
        What it forecast at past origins from the data as they are.
    noise
        By how much two runs differ, in standard deviations: above `ROUNDING` nothing can be told apart.
    """
    middle = len(plain.ends) // 2
    ends = plain.ends[middle]
    if noise > ROUNDING:
        said = "Not checked: two runs on the same data differ already, so that a leak cannot be told from chance."
        return Leaks(Finding("leaks", "unchecked", said), None, ends, plain.mean[middle], plain.mean[middle], 0.0)
    search = _Search(subject, material, plain, middle)
    everything = Change(ends)
    found, made = search.apart(everything)
    if found.max(initial=0) <= search.limit:
        return Leaks(_clean(subject, middle + 1), None, ends, plain.mean[middle], made[middle], 0.0)
    g, n = divmod(int(np.argmax(found.max(axis=2))), found.shape[1])
    largest = float(found.max())
    source = search.source(n)
    finding = _guilty(source, largest)
    return Leaks(finding, source, plain.ends[g], plain.mean[g], made[g], largest)


@dataclass(frozen=True, eq=False)
class Change:
    """What is changed after an origin.

    Parameters
    ----------
    ends
        Shape (N,): rows of each series that stay.
    target, past, known
        Whether targets, past covariates, or known covariates beyond the horizon are.
    series
        Shape (N,): in which series; None for all.
    rows
        How many rows after `ends` at most; None for all.
    horizon
        Known covariates within it stay.
    """

    ends: Integers
    target: bool = True
    past: bool = True
    known: bool = True
    series: NDArray[np.bool_] | None = None
    rows: int | None = None

    def of(self, panel: Panel, spread: Floats, horizon: int) -> Panel:
        """Return the changed panel."""
        step = np.arange(len(panel.times)) - np.repeat(panel.offsets[:-1] + self.ends, panel.lengths)
        late = (step >= 0) & (step < (self.rows if self.rows is not None else len(step)))
        if self.series is not None:
            late &= np.repeat(self.series, panel.lengths)
        by = np.repeat(spread, panel.lengths) * (4 + 3 * (step % 5))
        values = np.where(late, panel.values + by, panel.values) if self.target else panel.values
        past, known = panel.past, panel.known
        if self.past and past.names:
            past = replace(past, values=_moved(past.values, late, past.categories, past.names))
        if self.known and known.names:
            beyond = late & (step >= horizon)
            known = replace(known, values=_moved(known.values, beyond, known.categories, known.names))
        return replace(panel, values=values, past=past, known=known)


def _moved(
    values: Floats, late: NDArray[np.bool_], categories: dict[str, tuple[str, ...]], names: tuple[str, ...]
) -> Floats:
    """Return covariates, the late rows of the numeric ones changed."""
    numeric = np.array([name not in categories for name in names])
    return np.where(late[:, None] & numeric, -values - 7, values)


class _Search:
    """Tries changes, and narrows down which of them is seen."""

    def __init__(self, subject: Subject, material: Material, plain: Judged, middle: int) -> None:
        self.subject, self.material, self.plain, self.middle = subject, material, plain, middle
        self.limit = 0.0 if subject.kind in ("model", "fitted") else ROUNDING
        self.ends = plain.ends[middle]

    def apart(self, change: Change) -> tuple[Floats, Floats]:
        """Return by how much forecasts up to the middle origin differ, (G', N, F), and what they are now."""
        panel = change.of(self.material.panel, self.material.spread, self.material.horizon)
        made = self.subject.judged(panel, self.plain.ends).mean
        if made.shape != self.plain.mean.shape:
            return np.full(self.plain.mean[: self.middle + 1].shape, np.inf), self.plain.mean
        upto = slice(0, self.middle + 1)
        return departures(made[upto], self.plain.mean[upto], self.material.spread), made

    def source(self, n: int) -> Source:
        """Return the first place whose change moves the forecasts of series `n`."""
        kept = Source("calls before", *self._at(n, 1), 1, str(self.material.panel.ids[n]))
        if self.subject.kind == "predict":  # its history never holds the future: it remembers
            return kept
        only = np.arange(len(self.material.panel)) == n
        tries: list[tuple[str, Callable[[int | None], Change]]] = [
            (KINDS[0], lambda rows: Change(self.ends, past=False, known=False, series=only, rows=rows)),
            (KINDS[1], lambda rows: Change(self.ends, past=False, known=False, series=~only, rows=rows)),
            (KINDS[2], lambda rows: Change(self.ends, target=False, known=False, rows=rows)),
            (KINDS[3], lambda rows: Change(self.ends, target=False, past=False, rows=rows)),
        ]
        for kind, change in tries:
            if self._moves(change(None), n):
                rows = self._fewest(lambda count, change=change: self._moves(change(count), n))  # type: ignore[misc]
                return self._placed(kind, n, rows, self._series(kind, n, rows))
        return kept

    def _moves(self, change: Change, n: int) -> bool:
        return bool(self.apart(change)[0][:, n].max(initial=0) > self.limit)

    def _fewest(self, moves: Callable[[int], bool]) -> int:
        """Return the fewest rows after the origin whose change is seen."""
        low, high = 1, int((self.material.panel.lengths - self.ends).max())
        while low < high:
            half = (low + high) // 2
            low, high = (low, half) if moves(half) else (half + 1, high)
        return low

    def _series(self, kind: str, n: int, rows: int) -> int:
        """Return the series that the offending value belongs to."""
        if kind != KINDS[1]:
            return n
        others = [m for m in range(len(self.material.panel)) if m != n]
        for m in others:
            one = np.arange(len(self.material.panel)) == m
            if self._moves(Change(self.ends, past=False, known=False, series=one, rows=rows), n):
                return m
        return others[0]

    def _placed(self, kind: str, n: int, rows: int, series: int) -> Source:
        return Source(kind, *self._at(series, rows), rows, str(self.material.panel.ids[n]))

    def _at(self, series: int, rows: int) -> tuple[str, str]:
        """Return the name of a series and the stamp `rows` after its origin."""
        panel = self.material.panel
        row = min(panel.offsets[series] + self.ends[series] + rows, panel.offsets[series + 1]) - 1
        return str(panel.ids[series]), spoken(panel, int(row))


def spoken(panel: Panel, row: int) -> str:
    """Return the stamp of a row in words: its date, with the time of day where there is one."""
    return as_text(int(panel.times[row]), integer=panel.integer_time, timezone=panel.timezone)


def _clean(subject: Subject, n_origins: int) -> Finding:
    statement = f"Nothing after an origin changed what was forecast there, at {times(n_origins, 'origin')}."
    said = {
        "model": "Fitting, scaling and selection were repeated on data whose values after the origin were changed.",
        "fitted": "This concerns forecasting alone: what the model learned from was settled before.",
        "predict": "The history that it gets never holds the future. What was checked is whether it keeps something "
        "from a call with later values; what it learned before the audit cannot show. To have a backtest checked, "
        "audit a function backtest(frame, horizon, folds).",
        "backtest": "Everything after the middle cutoff was changed, and the rows up to it stayed the same.",
    }[subject.kind]
    return Finding("leaks", "passed", statement, (said,))


def _guilty(source: Source, largest: float) -> Finding:
    size = "by a different set of rows" if np.isinf(largest) else f"by up to {largest:.2g} standard deviations"
    after = f"{source.time}, {times(source.behind, 'step')} after the origin"
    what = {
        KINDS[0]: f"Its own value at {after},",
        KINDS[1]: f"The value of series {source.series!r} at {after},",
        KINDS[2]: f"A past covariate at {after},",
        KINDS[3]: f"A known covariate beyond the horizon, at {after},",
    }.get(source.kind, f"A call with values after {source.time} before it")
    statement = f"{what} changes the forecast of series {source.target!r} {size}."
    said: tuple[str, ...] = (
        "That is the first place that does; everything after the origin was searched.",
        "Fit scalers, choose settings and fill gaps within what lies before each origin.",
        "If that is meant to be so, allow it with --allow leaks.",
    )
    if source.kind == "calls before":
        said = ("It keeps something between calls. Build everything that learns inside the function.", said[2])
    return Finding("leaks", "failed", statement, said)
