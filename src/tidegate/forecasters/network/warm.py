"""Warm starts: what a fit leaves for the next one to go on from, and whether it may."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.forecasters.network.course import Course
    from tidegate.panel import Panel

    Weights = dict[str, torch.Tensor]

UPDATES_FRACTION = 0.25
NEVER, ALWAYS = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class Stretches(NamedTuple):
    """Which values of N series are learned from before any are held out, and which are held out.

    Attributes
    ----------
    ids
        Shape (N,): the series.
    learned
        Shape (N,): time of the newest value learned from, as in `Panel.times`; `NEVER` of a series with none.
    held
        Shape (N,): time of the oldest value held out; `ALWAYS` of a series with none.
    """

    ids: NDArray[np.object_]
    learned: NDArray[np.int64]
    held: NDArray[np.int64]

    def known_to(self, before: Stretches) -> bool:
        """Return whether a value held out here was learned from there."""
        places = {series: n for n, series in enumerate(before.ids)}
        shared = [(n, places[series]) for n, series in enumerate(self.ids) if series in places]
        return any(self.held[n] <= before.learned[m] for n, m in shared)


def stretches(panel: Panel, plan: Course, horizon: int) -> Stretches:
    """Return what of `panel` the first run of each network of `plan` learns from, and what it is judged by.

    Parameters
    ----------
    panel
        N series.
    plan
        Of the same series.
    horizon
        F: an origin's values are the F after it.
    """
    n_older, n_newer = np.diff(plan.older.bounds), np.diff(plan.newer.bounds)
    last = np.maximum(plan.older.firsts + n_older - 1 + horizon - 1, 0)
    learned = np.where(n_older > 0, panel.times[panel.offsets[:-1] + np.minimum(last, panel.lengths - 1)], NEVER)
    first = np.minimum(plan.newer.firsts, panel.lengths - 1)
    held = np.where(n_newer > 0, panel.times[panel.offsets[:-1] + first], ALWAYS)
    return Stretches(panel.ids, learned, held)


class Start(NamedTuple):
    """What a fit leaves for the next one.

    Attributes
    ----------
    weights
        Parameters of each network as they were before it read the held-out stretch, so that what a later fit holds out
        was never seen; as they were in the end where nothing was held out.
    meaning
        What the networks read, tell and are made of, as text.
    newest
        Time of the newest observation, as in `Panel.times`.
    stretches
        Of each series what was learned from and what was held out.
    """

    weights: tuple[Weights, ...]
    meaning: str
    newest: int
    stretches: Stretches

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for the weights."""
        found = hashlib.sha256()
        for weights in self.weights:
            for name, value in weights.items():
                found.update(name.encode())
                found.update(value.numpy().tobytes())
        return found.hexdigest()[:16]

    def state(self) -> dict[str, Any]:
        """Return a tree of arrays, text and numbers for `from_state`."""
        weights = [{name: value.numpy() for name, value in one.items()} for one in self.weights]
        return {**self._asdict(), "weights": weights, "stretches": self.stretches._asdict()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the start that gave `state`."""
        weights = ({name: torch.from_numpy(value) for name, value in one.items()} for one in state["weights"])
        return cls(**{**state, "weights": tuple(weights), "stretches": Stretches(**state["stretches"])})


def weights_of(network: torch.nn.Module) -> Weights:
    """Return a copy of the parameters."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def hindrance(before: Start, now: Start) -> str:
    """Return why a fit cannot go on from the one before, or "".

    Parameters
    ----------
    before
        What that fit left.
    now
        The same of this fit, with the parameters of one network that were never drawn.
    """
    shapes = [{name: value.shape for name, value in one.weights[0].items()} for one in (before, now)]
    if before.meaning != now.meaning or shapes[0] != shapes[1]:
        return "the networks would read other inputs or be made otherwise than in the fit before"
    if before.newest > now.newest:
        return "the fit before has seen later observations"
    if now.stretches.known_to(before.stretches):
        return "the fit before has seen what is held out now"
    return ""


def eased(plan: Course) -> Course:
    """Return the course of a fit that goes on from another: a quarter of the updates."""
    return plan._replace(n_updates=max(1, math.ceil(UPDATES_FRACTION * plan.n_updates)))
