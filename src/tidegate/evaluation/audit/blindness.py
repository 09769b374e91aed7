"""Blind spots: which of the newest values each step ahead does not see.

Every value is changed by itself, by three standard deviations, by one, and by a fiftieth (the slope, which is the
gradient where there is one), and the forecasts are compared. A cell (step, lag) counts as seen if the change of the
forecast, divided by the change of the value, is at least `SEEN` of the largest in its row: not of a fixed number, as a
forecast that returns to a mean listens less and less, and every value of a long mean counts little.

A network that divides its window by its median or spread lets every value into the forecast a little, whether it reads
the value or not. So neighbours are exchanged: both are set equal, and then one or the other is raised, which leaves
every median, mean and spread the same. Newest values whose exchange changes nothing, though older ones move the step
more, are known to it through the scale of the window alone and do not count as seen. The newest value by itself has no
such partner; it does not count if a step that has slopes has none there, and answers faintly to the large changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.audit.finding import Finding, runs, times
from tidegate.evaluation.audit.subject import departures
from tidegate.forecasters import registry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.audit.finding import Outcome
    from tidegate.evaluation.audit.material import Material
    from tidegate.evaluation.audit.subject import Subject
    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Integers = NDArray[np.int64]

SIZES = (3.0, 1.0, 0.02)
"""Changes of a value, in standard deviations of its series."""
SEEN = 1e-3
"""Share of the largest response of a step from which a value counts as seen."""
FAINT = 0.2
"""Share of the largest response of a step below which a value may be known through the scale of the window alone."""
QUIET = 1e-9
"""Response per change below which nothing is left but rounding."""
BEYOND_CHANCE = 10.0
"""How many times the difference of two runs a change of the forecast must be to count."""
_MOST_LISTED = 24
DECLARED = {
    "seasonal-naive": "it repeats the value of one season before, by definition",
    "ma": "a moving average of order q knows nothing beyond step q",
}
"""Models whose blind spots are what they are."""
SHARES = {"random-forest": 0.9, "xgboost": 0.9}
"""Share of the steps that must see the newest value: a tree answers only where a split lies in between."""


@dataclass(frozen=True, eq=False)
class Blindness:
    """What each step ahead sees of the newest values.

    Parameters
    ----------
    finding
        The verdict.
    response
        Shape (F, L): change of the forecast per change of the value, of step k + 1 to the value at lag l + 1 (lag 1 is
        the newest), the largest over series and sizes.
    slope
        Shape (F, L): the same for the smallest change alone, with its sign, of the first series.
    seen
        Shape (F, L): whether the step sees the value.
    unseen
        Shape (F,): how many of the newest values the step does not see; L if it sees none.
    scaled
        Shape (F, L): whether only the scale of the window tells of the value.
    """

    finding: Finding
    response: Floats
    slope: Floats
    seen: Booleans
    unseen: Integers
    scaled: Booleans


def blindness(subject: Subject, material: Material) -> Blindness:
    """Return what each step sees, and whether it lacks newest values.

    Parameters
    ----------
    subject
        What is audited.
    material
        Its data.
    """
    panel, lags = material.probed, material.lags
    spread = material.spread[: len(panel)]
    variants = [raised(panel, lag, size * spread) for size in SIZES for lag in range(1, lags + 1)]
    beside = [raised(panel, 1, (size + SIZES[-1]) * spread) for size in SIZES[:-1]]
    made = subject.forecasts([panel, panel, *beside, *variants])
    noise = float(departures(made[1], made[0], spread).max())
    changes = _told_from_chance((made[2:] - made[0]) / spread[:, None], noise)
    moved = changes[len(beside) :].reshape(len(SIZES), lags, len(panel), -1) / np.array(SIZES)[:, None, None, None]
    response = np.abs(moved).max(axis=(0, 2)).T
    slope = moved[-1, :, 0].T
    if noise > 0 and response.max() <= QUIET:
        nothing = np.zeros(response.shape, dtype=np.bool_)
        said = "Not checked: forecasts are so random that the change of a value does not show."
        found = Finding("blind-spots", "unchecked", said)
        return Blindness(found, response, slope, nothing, np.zeros(len(response), dtype=np.int64), nothing)
    seen = response >= np.maximum(SEEN * response.max(axis=1, keepdims=True), QUIET)
    largest = np.abs(moved[0]).max(axis=1).T
    slopes = np.abs(moved[-1]).max(axis=1).T
    slopes[:, 0] = _newest_slope(changes[: len(beside)], moved[:, 0])
    scaled = seen & _scaled(largest, slopes, _exchanges(subject, (panel, spread), largest, noise))
    seen &= ~scaled
    unseen = np.where(seen.any(axis=1), seen.argmax(axis=1), lags)
    return Blindness(_judged(subject, unseen, response=response, scaled=scaled), response, slope, seen, unseen, scaled)


def _newest_slope(beside: Floats, moved: Floats) -> Floats:
    """Return the slope of each step at the newest value, (F,): the middle one of those at the value and above it.

    The value may happen to be the median of its window; raised, it is that no more.

    Parameters
    ----------
    beside
        Shape (S - 1, N, F): changes by the sizes but the smallest, each with the smallest added.
    moved
        Shape (S, N, F): changes by each size, per size.
    """
    sizes = np.array(SIZES[:-1])[:, None, None]
    above = (beside - moved[:-1] * sizes) / SIZES[-1]
    slopes = np.abs(np.concatenate([above, moved[-1:]]))
    return np.asarray(np.median(slopes, axis=0).max(axis=0))


def _told_from_chance(changes: Floats, noise: float) -> Floats:
    """Return changes of forecasts, 0 where they are missing or no larger than chance makes them."""
    found = np.nan_to_num(changes)
    return np.where(np.abs(found) > BEYOND_CHANCE * noise, found, 0.0)


def raised(panel: Panel, lag: int, by: Floats) -> Panel:
    """Return the panel with the value at `lag` of each series raised; lag 1 is the newest, `by` has shape (N,)."""
    values = panel.values.copy()
    values[panel.offsets[1:] - lag] += by
    return replace(panel, values=values)


def _exchanges(subject: Subject, probed: tuple[Panel, Floats], response: Floats, noise: float) -> Floats:
    """Return how much each step answers to the exchange of a value and the one before it, (F, E), from the newest on.

    They are tried up to the value that any step answers to most; `response` (F, L) is that to the largest changes.
    """
    panel, spread = probed
    n_tried = min(int(response.argmax(axis=1).max()) + 1, response.shape[1] - 1)
    variants = [one for lag in range(1, n_tried + 1) for one in exchanged(panel, lag, SIZES[0] * spread)]
    made = subject.forecasts([panel, *variants])[1:]
    apart = _told_from_chance((made[0::2] - made[1::2]) / spread[:, None], noise)
    return np.asarray(np.abs(apart).max(axis=1).T / SIZES[0])


def _scaled(response: Floats, slope: Floats, exchanges: Floats) -> Booleans:
    """Return which of the newest values each step knows through the scale of the window alone, (F, L)."""
    most, steepest = response.max(axis=1), slope.max(axis=1)
    alike = exchanges <= SEEN * most[:, None]
    run = np.where(alike.all(axis=1), alike.shape[1], alike.argmin(axis=1))
    newest = np.where(run > 0, run + 1, 0)
    alone = (slope[:, 0] <= SEEN * steepest) & (steepest > SEEN * most) & (response[:, 0] < FAINT * most)
    newest = np.where((run == 0) & alone, 1, newest)
    newest[response.argmax(axis=1) < newest] = 0
    return np.arange(response.shape[1]) < newest[:, None]


def exchanged(panel: Panel, lag: int, by: Floats) -> tuple[Panel, Panel]:
    """Return the panel twice, the values at `lag` and before it made equal and one of them raised by `by` (N,)."""
    values = panel.values.copy()
    values[panel.offsets[1:] - lag - 1] = values[panel.offsets[1:] - lag]
    level = replace(panel, values=values)
    return raised(level, lag, by), raised(level, lag + 1, by)


def _judged(subject: Subject, unseen: Integers, *, response: Floats, scaled: Booleans) -> Finding:
    """Return the verdict on how many of the newest values each step does not see."""
    lags = response.shape[1]
    nothing = unseen == lags
    if nothing.all():
        return Finding("blind-spots", "failed", f"No step sees any of the newest {times(lags, 'value')}.", _CAUSES[:1])
    blind = (unseen > 0) & ~nothing
    settled = _settled(nothing)
    if not blind.any():
        return Finding("blind-spots", "warned" if settled else "passed", _clear(nothing), settled)
    statement = _statement(unseen, np.flatnonzero(blind))
    excuse = _excuse(subject, unseen, response[blind, 0])
    if excuse is not None:
        return Finding("blind-spots", excuse[0], statement, excuse[1:])
    said = [f"By step, this many of the newest values are not seen: {_listed(unseen)}.", *settled]
    if scaled.any():
        said.append(f"What it knows of {_cells(scaled)} is the scale of the window alone: their place does not matter.")
    return Finding("blind-spots", "failed", statement, (*said, *_CAUSES[1:]))


def _excuse(subject: Subject, unseen: Integers, newest: Floats) -> tuple[Outcome, str] | None:
    """Return why a model of tidegate's own may be so; None for any other. `newest` are responses of its blind steps."""
    names = {entry.name for entry in registry.entries()}
    if subject.kind not in ("model", "fitted") or subject.name not in names:
        return None
    if subject.name in DECLARED:
        return "passed", f"For {subject.name} that is right: {DECLARED[subject.name]}."
    if np.mean(unseen == 0) >= SHARES.get(subject.name, 1.0):
        return "warned", "Trees answer to a value only where a split lies."
    if (newest > QUIET).all():
        return "warned", "It does move the forecast, but by less than a thousandth of what older values do."
    return None


_CAUSES = (
    "The forecast does not depend on recent values at all.",
    "A decoder that reads older states than the newest one, or a window that ends too early, makes such blind spots.",
    "If the model is meant to be so, allow it with --allow blind-spots.",
)


def _settled(nothing: Booleans) -> tuple[str, ...]:
    if not nothing.any():
        return ()
    return (f"Step {runs((np.flatnonzero(nothing) + 1).tolist())} sees no value: the forecast has settled at a mean.",)


def _clear(nothing: Booleans) -> str:
    if nothing.any():
        return "Every step that sees anything sees the newest value."
    whole = f"Every step from 1 to {len(nothing)}" if len(nothing) > 1 else "Step 1"
    return f"{whole} sees the newest value."


def _statement(unseen: Integers, blind: Integers) -> str:
    """Name the step that lacks most: "Step 1 does not see the newest 11 values."."""
    count = int(unseen[blind].max())
    newest = "value" if count == 1 else f"{count:,} values"
    if len(blind) == len(unseen) and unseen.min() == count:
        return f"No step sees the newest {newest}."
    return f"Step {int(blind[np.argmax(unseen[blind])]) + 1} does not see the newest {newest}."


def _listed(unseen: Integers) -> str:
    numbers = [f"{one:,}" for one in unseen[:_MOST_LISTED]]
    return ", ".join(numbers) + (", and so on" if len(unseen) > _MOST_LISTED else "")


def _cells(scaled: Booleans) -> str:
    lags = np.flatnonzero(scaled.any(axis=0)) + 1
    return f"the {times(len(lags), 'value')} at lag {runs(lags.tolist())}"
