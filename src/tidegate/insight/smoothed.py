"""Inside a hybrid: what its dilated layers do with what the smoothing leaves of one series.

Axis letters: T time, B origins, F steps ahead, H hidden units, K signals.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError, Place
from tidegate.forecasters.network.opened import runs_of
from tidegate.insight.diagnosis import NO_RECORD, Case, diagnose, training_of
from tidegate.insight.dilated import Apart, seen
from tidegate.insight.memory import memory
from tidegate.insight.result import Insight, Layer, Scene
from tidegate.insight.subject import Signals
from tidegate.insight.units import units
from tidegate.insight.where import chosen, spaced
from tidegate.nn.gates import gates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.held import Held
    from tidegate.forecasters.hybrid.network import HybridNetwork
    from tidegate.forecasters.hybrid.opened import Walked
    from tidegate.insight.dilated import Seen
    from tidegate.insight.where import Where

    Integers = NDArray[np.int64]

_FEWEST = 3
"""Steps before an origin from which on a hybrid forecasts."""


class _Course(NamedTuple):
    """One series that a hybrid's network walks over.

    Attributes
    ----------
    opened
        The networks and all series, in the data's unit.
    network
        A copy of the one that is looked into.
    layers
        Its layers.
    place
        Which series.
    ends
        Shape (B,): steps that count before each origin.
    steps
        Which steps ahead are looked at one by one.
    """

    opened: Walked
    network: HybridNetwork
    layers: Apart
    place: int
    ends: Integers
    steps: tuple[int, ...]

    @property
    def seasons(self) -> tuple[int, ...]:
        """Cycles that are smoothed, in steps."""
        return self.network.plan.seasons

    def losses(self) -> torch.Tensor:
        """Return the loss of each step ahead at each origin, shape (B, F)."""
        series, ends = np.array([self.place]), torch.from_numpy(self.ends)
        columns = self.opened.source.columns(series)
        made = self.network.at(self.network(columns), ends - 1, torch.zeros_like(ends))
        ahead = ends[:, None] + torch.arange(self.network.plan.horizon)
        return self.network.loss(made, columns.values[ahead, 0])


def smoothed(found: Held, where: Where) -> Insight:
    """Return what the network of a hybrid does with the past; arguments and errors are those of `inspect`."""
    course = _course(found, where)
    runs = runs_of(course.opened.losses, where.member)
    made = tuple(_layer(one, course) for one in seen(course.layers, course.losses, course.steps, course.ends))
    said = training_of(runs, course.layers.cell.name)
    notes = [*_notes(course), NO_RECORD if said is None else ""]
    return Insight(
        _scene(found, course, where),
        course.steps,
        made,
        None,
        () if said is None else runs,
        said,
        tuple(note for note in notes if note),
    )


def _course(found: Held, where: Where) -> _Course:
    data, outer = found.read(where.data)
    opened = found.model.opened(data)
    if outer is not None:
        opened = opened._replace(panel=opened.panel.scaled(outer))
    where.check(len(opened.networks))
    place = chosen(opened.panel, where.series)
    network = copy.deepcopy(opened.networks[where.member - 1]).requires_grad_(requires_grad=False).eval()
    layers = Apart(network.layers)
    network.layers = layers
    steps = where.steps_of(found.model.horizon_)
    ends = _ends(opened, place, network, count=where.origins_of(len(steps)))
    return _Course(opened, network, layers, place, ends, steps)


def _ends(opened: Walked, place: int, network: HybridNetwork, *, count: int) -> Integers:
    """Return origins in the second half of a series that have a whole horizon after them, evenly spread."""
    n_steps, horizon = int(opened.source.lengths[place]), network.plan.horizon
    last = n_steps - horizon
    if last < _FEWEST:
        raise DataError(
            f"{n_steps} observations; gradients need {_FEWEST} and the {horizon} values after them: "
            f"{_FEWEST + horizon} in all",
            place=Place(series=str(opened.panel.ids[place])),
            repair="Give a longer series.",
        )
    first = min(max(n_steps // 2, _FEWEST), last)
    return spaced(first, last, count)


def _layer(one: Seen, course: _Course) -> Layer:
    cell = course.layers.cell
    n_lags, season = one.walked.hidden.shape[1], max(course.seasons, default=1)
    lag, why = n_lags // 2, "half of the steps looked at"
    if 1 < season <= (n_lags - 1) * one.dilation:
        lag, why = max(1, round(season / one.dilation)), "a season"
    return Layer(
        number=1 + one.walked.layer,
        direction="forward",
        gates=gates(one.trace, cell.gates),
        units=units(one.trace, _signals(course)),
        hidden=one.walked.hidden,
        cell=one.walked.cell,
        memory=memory(cell, one.walked, one.dilation),
        diagnosis=diagnose(Case(cell.name, one.walked.kept, lag, why, one.dilation)),
        lag_steps=one.dilation,
    )


def _signals(course: _Course) -> Signals:
    """Return what units may track over the newest steps: the value, its smoothed level, the place in each season."""
    columns = course.opened.source.columns(np.array([course.place]))
    with torch.no_grad():
        levels = course.network(columns).levels
    n_lags = int(course.ends[0])
    found = {
        name: np.concatenate([values, np.zeros_like(values)], axis=-1)
        for name, values in (
            ("value", columns.values.double().nan_to_num(0.0).numpy()[-n_lags:]),
            ("smoothed level", levels.double().numpy()[-n_lags:]),
        )
    }
    rows = np.arange(len(columns.values))[-n_lags:]
    for season in course.seasons:
        angle = 2 * np.pi * rows / season
        found[f"season of {season}"] = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    return Signals(tuple(found), np.stack(list(found.values()), axis=1)[:, None])


def _scene(found: Held, course: _Course, where: Where) -> Scene:
    panel = course.opened.panel
    stop = int(panel.offsets[course.place + 1])
    rows = slice(stop - int(course.ends[0]), stop)
    season = course.seasons[0] if course.seasons else 1
    return Scene(
        name=found.name,
        cell=course.layers.cell.name,
        member=(where.member, len(course.opened.networks)),
        series=str(panel.ids[course.place]),
        target=panel.target,
        times=panel.times[rows],
        values=panel.values[rows],
        frequency=panel.frequency,
        timezone=panel.timezone,
        seasons=panel.seasons or (1,),
        lag_steps=1,
        n_windows=len(course.ends),
        season_by=(f"corrects a season of {season:,} steps that is smoothed beside it",) if season > 1 else (),
    )


def _notes(course: _Course) -> list[str]:
    """Return what to know of how this was measured."""
    dilations = [dilation for _, dilation in course.layers.read]
    last = f"{', '.join(map(str, dilations[:-1]))} and {dilations[-1]}"
    return [
        f"The layers go on from their states {last} steps before: the gradient of each is that of as many steps "
        "together, and its lags are multiples of that.",
        f"The network walks through the whole series; looked at are its newest {int(course.ends[0]):,} steps.",
        "Contributions are left out: level and season are smoothed out of all that came before, not of a window.",
    ]
