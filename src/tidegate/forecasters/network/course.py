"""How a network forecaster learns: hold the newest origins out, stop by them, then read the newest values too."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
from torch import nn

from tidegate.features.windows import OriginIndex, Origins, split, training_origins
from tidegate.forecasters.network.warm import weights_of
from tidegate.training.loop import Losses, Run, train
from tidegate.training.settings import Training, updates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from numpy.typing import NDArray

    from tidegate.forecasters.network.warm import Weights
    from tidegate.training.loop import Problem

    Integers = NDArray[np.int64]

Net = TypeVar("Net", bound=nn.Module)
Told = TypeVar("Told")

_ERRORS, _ERRORS_PER_SERIES = 2_000, 400
_LEAST_MORE, _MOST_MORE = 0.25, 0.5


class Course(NamedTuple):
    """Which origins a run learns from and which judge it.

    Attributes
    ----------
    older, newer
        Before the held-out stretch, and in it; no target of the first lies after an origin of the second.
    everything
        All of them.
    checked
        Some of `newer`, at the same distances from the end of each series, C times the series that have any.
    n_checked
        C.
    n_updates
        Updates of a first run.
    """

    older: OriginIndex
    newer: OriginIndex
    everything: OriginIndex
    checked: Origins
    n_checked: int
    n_updates: int


@dataclass(frozen=True)
class Member(Generic[Net, Told]):
    """One trained network.

    Parameters
    ----------
    network
        As it forecasts.
    held_out
        What it told of `Course.checked` before it had read the held-out stretch; None without any.
    losses
        The course of both runs by label.
    weights
        Its parameters before it had read the held-out stretch.
    """

    network: Net
    held_out: Told | None
    losses: dict[str, Losses]
    weights: Weights


def course(
    lengths: Integers, *, past_steps: Integers, horizon: int, training: Training, window_steps: int = 1
) -> Course:
    """Return what to learn from series of these lengths.

    Held out are the newest origins of each series: `held_out_fraction` of the typical series, but an eighth of it or a
    horizon, whichever is less, where that is more. A series too short to spare them is learned from as a whole.
    """
    typical = float(np.median(lengths))
    fraction = training.held_out_fraction
    held_steps = int(np.ceil(max(fraction * typical, min(horizon, typical / 8)))) if fraction else 0
    older, newer = split(lengths, past_steps=past_steps, future_steps=horizon, held_steps=held_steps)
    everything = training_origins(lengths, past_steps=past_steps, future_steps=horizon)
    if not len(newer):
        older = everything
    holding = np.flatnonzero(np.diff(newer.bounds))
    n_checked = min(held_steps, _ERRORS_PER_SERIES, -(-_ERRORS // max(len(holding), 1))) if len(holding) else 0
    back = np.linspace(0, held_steps - 1, n_checked).round().astype(np.int64)[::-1]
    ends = (lengths[holding] - horizon) - back[:, None]
    checked = Origins(np.tile(holding, n_checked), ends.ravel())
    return Course(older, newer, everything, checked, n_checked, updates(training, len(everything), window_steps))


def member(
    network: Net,
    plan: Course,
    training: Training,
    *,
    learning: Callable[[OriginIndex, OriginIndex | None], Problem],
    told: Callable[[Net], Told],
    name: str,
    generator: torch.Generator,
) -> Member[Net, Told]:
    """Train one network: stopped by the held-out stretch, then trained on with everything.

    The second run starts where the first was best and makes half as many updates as that took, but at least a quarter
    and at most half of `Course.n_updates`. Without a held-out stretch there is one run, on everything. Of a budget the
    first run gets two thirds and the second what is left.

    Parameters
    ----------
    network
        Freshly drawn, or as an earlier fit left it.
    plan, training
        What to learn from, and how.
    learning
        Returns the problem of some origins to learn from and some to judge by.
    told
        Returns what the network tells of `Course.checked`.
    name
        For checkpoints: digest of data and settings, and the number of the member.
    generator
        Source of all randomness.
    """
    started = time.monotonic()
    number = name.rpartition("-")[2]
    first = Run(f"{name}-first", f"network {number}", plan.n_updates, generator)
    share = 1 / (1 + _MOST_MORE) if len(plan.newer) else 1.0
    found = train(network, learning(plan.older, plan.newer), training.share(share), first)
    losses, weights = {first.label: found}, weights_of(network)
    if not len(plan.newer):
        return Member(network, None, losses, weights)
    held_out = told(network)
    n_more = int(np.clip(found.updates[found.best] / 2, _LEAST_MORE * found.planned, _MOST_MORE * found.planned))
    second = Run(f"{name}-second", f"network {number}, newest values too", max(1, n_more), generator)
    rest = training.after(time.monotonic() - started)
    losses[second.label] = train(network, learning(plan.everything, None), rest, second)
    return Member(network, held_out, losses, weights)


def curtailed(members: Sequence[Member[Any, Any]], plan: Course, training: Training) -> list[str]:
    """Say so where the budget ended the first run of a network before its updates were made."""
    made = min(next(iter(one.losses.values())).planned for one in members)
    if training.budget is None or made >= plan.n_updates:
        return []
    return [f"The budget of {training.budget:g} s sufficed for {made} of {plan.n_updates} updates."]
