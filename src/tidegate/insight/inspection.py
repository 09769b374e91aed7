"""The whole: gates, gradient through time, memory, contributions and the course of training of one network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import SettingError
from tidegate.evaluation.held import held, refusal, told
from tidegate.features.windows import Origins
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.forecasters.network.opened import runs_of
from tidegate.insight.asking import asking, suited
from tidegate.insight.contributions import Contributions, integrated
from tidegate.insight.diagnosis import NO_RECORD, Case, diagnose, training_of
from tidegate.insight.memory import memory
from tidegate.insight.readings import Recipe
from tidegate.insight.result import Insight, Layer, Scene
from tidegate.insight.smoothed import smoothed
from tidegate.insight.target import Target, layers_of, target
from tidegate.insight.units import units
from tidegate.insight.walk import walk
from tidegate.insight.where import Where
from tidegate.nn.gates import gates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.forecasters.network.windows import Layout
    from tidegate.insight.subject import Subject
    from tidegate.insight.walk import Walked


def inspect(
    model: Any,
    data: Any = None,
    *,
    series: object = None,
    member: int = 1,
    origins: int | None = None,
    steps: Sequence[int] | str | None = None,
) -> Insight:
    """Return what a recurrent network does with the past: its gates, its gradient through time, its memory.

    Measured on windows of one series that have a known future, evenly spread over it; gates and contributions also on
    the newest window, from which the model forecasts. Nothing is fitted and the model is not changed.

    Parameters
    ----------
    model
        A fitted `RNN`, `LSTM`, `GRU`, `RecurrentForecaster` or `Hybrid`; of an `Auto` or an `Ensemble` the heaviest of
        these that it holds is looked into.
    data
        A Panel or frame of newer or other series; None for the training series.
    series
        Identifier of the series to look at; None for a typical one.
    member
        Which of the model's networks, from 1.
    origins
        Windows to take gradients over; None for 64 divided by the steps ahead that are looked at, at least 8. One
        alone is the newest.
    steps
        Which steps ahead to look at one by one, from 1; "all" for every one; None for at most 24, evenly spread.

    Returns
    -------
    Insight
        Figures, arrays and words.

    Raises
    ------
    SettingError
        If the model neither is recurrent nor holds such a model (the message names what can be inspected), or there is
        no such member, series or step ahead.
    DataError
        If the series is shorter than a window and a horizon, or cannot be used.
    NotFittedError
        Before ``fit``.

    Examples
    --------
    >>> import tidegate
    >>> model = tidegate.GRU(hidden_size=8, n_members=1).fit(tidegate.example(), horizon=12)
    >>> tidegate.inspect(model).diagnosis.state
    'healthy'
    """
    found = held(model)
    if not found:
        raise SettingError(refusal(model))
    where = Where(data, series, member, origins, steps)
    of_hybrid = isinstance(found[0].model, Hybrid)
    made = smoothed(found[0], where) if of_hybrid else _windowed(target(found[0], where))
    made = suited(made, asking(found[0]))
    said = told(found)
    return replace(made, notes=(said, *made.notes)) if said else made


def _windowed(found: Target) -> Insight:
    """Return what a network over windows does."""
    parts, notes = look(found.subject, _case(found))
    contributions, why = _contributions(found)
    runs = runs_of(found.opened.losses, found.member)
    said = training_of(runs, found.subject.layers.cell.name)
    kept = [*notes, *_reads(found), why, NO_RECORD if said is None else ""]
    return Insight(
        _scene(found),
        found.subject.steps,
        parts,
        contributions,
        () if said is None else runs,
        said,
        tuple(note for note in kept if note),
    )


def look(subject: Subject, case: Callable[[Walked], Case]) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return what every layer of `subject` does in every direction, and what to know of it.

    Parameters
    ----------
    subject
        The layers and their windows.
    case
        Says what a layer's gradient is to be judged by.
    """
    cell = subject.layers.cell
    made = [
        Layer(
            number=1 + walked.layer,
            direction="backward" if walked.direction else "forward",
            gates=gates(walked.trace, cell.gates),
            units=units(walked.trace, subject.signals),
            hidden=walked.hidden,
            cell=walked.cell,
            memory=memory(cell, walked, subject.lag_steps),
            diagnosis=diagnose(case(walked)),
            lag_steps=subject.lag_steps,
        )
        for walked in walk(subject)
    ]
    notes = [] if any(layer.gates for layer in made) else [f"{cell.name} has no gates, so none are shown."]
    if "stabiliser" in cell.states:
        notes.append(
            f"{cell.name} stores its states in a moving scale: its gates are shown in that scale, and the Jacobian of "
            "what is stored is left out."
        )
    return tuple(made), tuple(notes)


def _case(found: Target) -> Callable[[Walked], Case]:
    season, every = found.opened.windows.inputs.panel.season, found.subject.lag_steps

    def case(walked: Walked) -> Case:
        n_lags = walked.hidden.shape[1]
        lag, why = n_lags // 2, "half the window"
        if 1 < season <= (n_lags - 1) * every:
            lag, why = max(1, round(season / every)), "a season"
        return Case(found.subject.layers.cell.name, walked.kept, lag, why, every)

    return case


def _scene(found: Target) -> Scene:
    panel, rows = found.opened.panel, found.rows
    return Scene(
        name=found.held.name,
        cell=layers_of(found.network).cell.name,
        member=(found.member, len(found.opened.networks)),
        series=str(panel.ids[found.place]),
        target=panel.target,
        times=panel.times[rows],
        values=panel.values[rows],
        frequency=panel.frequency,
        timezone=panel.timezone,
        seasons=panel.seasons or (1,),
        lag_steps=found.subject.lag_steps,
        n_windows=found.subject.n_windows,
        season_by=_season_by(found.opened.windows.layout, (panel.seasons or (1,))[0]),
    )


def _season_by(layout: Layout, season: int) -> tuple[str, ...]:
    """Return what gives a network its season without remembering it."""
    if season < 2:
        return ()
    reads = (f"reads how each value differs from that {season:,} steps before",) if season in layout.seasons else ()
    return (*reads, *(("corrects the seasonal naive forecast",) if layout.base == "seasonal-naive" else ()))


def _reads(found: Target) -> list[str]:
    """Return what the network reads that spares it remembering."""
    layout = found.opened.windows.layout
    said = []
    if layout.seasons:
        spans = " and ".join(f"{season:,}" for season in layout.seasons)
        said.append(
            f"Beside each value the network reads its change since {spans} steps before, so that a season need not be "
            "remembered to be seen."
        )
    if found.opened.logs[found.place]:
        said.append("The network reads logs of this series: contributions are in logs.")
    if found.subject.lag_steps > 1:
        said.append(f"The layers read patches of {found.subject.lag_steps} steps: lags are multiples of that.")
    return said


def _contributions(found: Target) -> tuple[Contributions | None, str]:
    """Return what the newest forecast is made of, or None and why."""
    windows, place = found.opened.windows, found.place
    origin = Origins(np.array([place]), found.ends[-1:])
    recipe = Recipe(windows, origin)
    if not recipe.is_faithful():
        return None, "Contributions are left out: what the network reads of this series bridges gaps or its beginning."
    made = integrated(found.network, recipe, found.subject.steps, found.opened.trust)
    logs = bool(found.opened.logs[place])
    factor = 1.0 if logs else float(found.opened.factors[place])
    shift = float(np.log(found.opened.factors[place])) if logs else 0.0
    unit, level = float(recipe.frame.unit[0, 0]) * factor, float(recipe.frame.level[0, 0]) * factor + shift
    names, covariates = recipe.by_covariate(made.leaves)
    stop = int(found.opened.panel.offsets[place]) + int(found.ends[-1])
    n_values = int(recipe.there.sum())
    contributions = Contributions(
        steps=np.array(found.subject.steps),
        times=found.opened.panel.times[stop - n_values : stop],
        values=unit * made.leaves.values.numpy()[:, :n_values][:, ::-1],
        names=names,
        covariates=unit * covariates,
        forecast=level + unit * made.forecast,
        baseline=level + unit * made.baseline,
        gap=made.gap,
        n_points=made.n_points,
        in_logs=logs,
    )
    said = _without_future(found)
    short = f"The contributions add up to the forecast only to within {100 * made.gap:.2g} % at {made.n_points} points."
    return contributions, " ".join(filter(None, (said, "" if contributions.complete else short)))


def _without_future(found: Target) -> str:
    """Say so where known covariates after the newest value are not there."""
    panel = found.opened.windows.inputs.panel
    there = 0 if panel.future is None else int(np.diff(panel.future.offsets)[found.place])
    if not panel.known.names or there >= found.held.model.horizon_:
        return ""
    return (
        f"Of the {found.held.model.horizon_} steps ahead, the known covariates of {there} are there: in the "
        "contributions the others count as at their mean."
    )
