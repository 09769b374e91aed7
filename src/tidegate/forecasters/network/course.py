"""How a network forecaster learns: hold the newest origins out, stop by them, then read the newest values too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.features.windows import OriginIndex, Origins, split, training_origins
from tidegate.forecasters.network.problem import Learning, told
from tidegate.forecasters.network.warm import weights_of
from tidegate.nn.initialisation import built
from tidegate.training.loop import Losses, Run, train
from tidegate.training.settings import Training, updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.forecasters.network.warm import Weights
    from tidegate.forecasters.network.windows import Windows
    from tidegate.nn.decoders.reading import Network

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Maker = Callable[[torch.Generator], Network]

_ERRORS, _ERRORS_PER_SERIES = 2_000, 400
_LEAST_MORE, _MOST_MORE = 0.25, 0.5
_FEW_WINDOWS = 2_000


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


class Member(NamedTuple):
    """One trained network.

    Attributes
    ----------
    network
        As it forecasts.
    held_out
        What it told of `Course.checked` before it had read the held-out stretch, (B, F, Q).
    losses
        The course of both runs by label.
    weights
        Its parameters before it had read the held-out stretch.
    """

    network: Network
    held_out: Floats
    losses: dict[str, Losses]
    weights: Weights


def course(lengths: Integers, *, past_steps: Integers, horizon: int, training: Training) -> Course:
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
    return Course(older, newer, everything, checked, n_checked, updates(training, len(everything)))


def members_for(n_windows: int) -> int:
    """Return how many networks to average by default: 2 for up to 2,000 windows, where chance weighs most, else 1."""
    return 2 if n_windows <= _FEW_WINDOWS else 1


def member(
    make: Maker,
    windows: Windows,
    plan: Course,
    training: Training,
    *,
    name: str,
    seed: int,
    start: Weights | None = None,
) -> Member:
    """Train one network: stopped by the held-out stretch, then trained on with everything.

    The second run starts where the first was best and makes half as many updates as that took, but at least a quarter
    and at most half of `Course.n_updates`. Without a held-out stretch there is one run, on everything. Of a budget the
    first run gets two thirds and the second what is left.

    Parameters
    ----------
    make
        Returns the network for a Generator.
    windows
        Of the training panel.
    plan, training
        What to learn from, and how.
    name
        For checkpoints: digest of data and settings, and the number of the member.
    seed
        Of this member.
    start
        Parameters to begin with; None draws them.
    """
    started = time.monotonic()
    generator = torch.Generator().manual_seed(seed)
    network = built(lambda: make(generator), generator)
    if start is not None:
        network.load_state_dict(start)
    number = name.rpartition("-")[2]
    first = Run(f"{name}-first", f"network {number}", plan.n_updates, generator)
    learning = Learning(network, windows, plan.older, held_out=plan.newer)
    found = train(network, learning, training.share(1 / (1 + _MOST_MORE) if len(plan.newer) else 1.0), first)
    losses, weights = {first.label: found}, weights_of(network)
    if not len(plan.newer):
        return Member(network, np.empty((0, 0, 0)), losses, weights)
    held_out = told(network, windows, plan.checked)
    n_more = int(np.clip(found.updates[found.best] / 2, _LEAST_MORE * found.planned, _MOST_MORE * found.planned))
    second = Run(f"{name}-second", f"network {number}, newest values too", max(1, n_more), generator)
    rest = training.after(time.monotonic() - started)
    losses[second.label] = train(network, Learning(network, windows, plan.everything), rest, second)
    return Member(network, held_out, losses, weights)
