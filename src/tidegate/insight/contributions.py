"""What each past value and covariate contributes to a forecast: integrated gradients.

Sundararajan, Taly & Yan 2017, Axiomatic attribution for deep networks, ICML, equation (1), from a baseline at which
every past value is the level of the window and every covariate at its mean in training (of categories: none holds). The
contributions of one step add up to the forecast less the forecast from the baseline (proposition 1, completeness).

Axis letters: J past values, A points on a path, F steps ahead, K covariates.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.insight.readings import Leaves, Recipe
    from tidegate.nn.decoders.reading import Network

    Floats = NDArray[np.float64]

COMPLETE = 1e-3
_FEWEST, _MOST = 16, 1024


@dataclass(frozen=True, eq=False)
class Contributions:
    """What a forecast from one origin is made of, in the data's unit, or in logs of it where the network reads logs.

    Parameters
    ----------
    steps
        Shape (F',): the steps ahead that were looked at, from 1.
    times
        Shape (J,): the times of the past values, the oldest first, as in `Panel.times`.
    values
        Shape (F', J): contribution of each past value to the forecast of each step.
    names
        The K covariates.
    covariates
        Shape (F', K): contribution of each covariate, of all its steps together.
    forecast, baseline
        Shape (F',): what one network forecasts from what was there, and from the baseline.
    gap
        The largest difference between the sum of the contributions and what it should be, as a fraction of the largest
        such sum in size.
    n_points
        On the path from the baseline.
    in_logs
        Whether all this is in logs.
    """

    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: Floats
    names: tuple[str, ...]
    covariates: Floats
    forecast: Floats
    baseline: Floats
    gap: float
    n_points: int
    in_logs: bool

    @property
    def complete(self) -> bool:
        """Whether the contributions add up to within 1e-3."""
        return self.gap <= COMPLETE


class Parts(NamedTuple):
    """Contributions in units of the window.

    Attributes
    ----------
    leaves
        Contribution of every leaf to each step, each of shape (F', ...).
    forecast, baseline
        Shape (F',).
    gap, n_points
        As in `Contributions`.
    """

    leaves: Leaves
    forecast: Floats
    baseline: Floats
    gap: float
    n_points: int


def integrated(network: Network, recipe: Recipe, steps: tuple[int, ...], trust: float) -> Parts:
    """Return what the forecast of `steps` (from 1) is made of, in units of the window.

    The integral is a Gauss-Legendre sum over 16 points, and over twice as many, up to 1,024, until it is complete.

    Parameters
    ----------
    network
        Copied, and run in double precision.
    recipe
        Of the reading at one origin.
    steps
        F' of them.
    trust
        How much of the network's correction to the base counts.
    """
    own = copy.deepcopy(network).double().requires_grad_(requires_grad=False).eval()
    chosen = [step - 1 for step in steps]

    def forecast(leaves: Leaves) -> torch.Tensor:
        reading = recipe.made(leaves)
        made = own.head.middle(own(reading))
        return (reading.base + trust * (made - reading.base))[:, chosen]

    with torch.no_grad():
        ends = forecast(recipe.leaves.along(torch.tensor([0.0, 1.0], dtype=torch.float64))).numpy()
    n_points = _FEWEST
    while True:
        found = _summed(forecast, recipe.leaves, len(chosen), n_points)
        sums = sum(part.reshape(len(chosen), -1).sum(1).numpy() for part in found)
        wanted = ends[1] - ends[0]
        size = float(np.abs(wanted).max())
        gap = float(np.abs(sums - wanted).max()) / size if size > 0 else 0.0
        if gap <= COMPLETE or n_points >= _MOST:
            return Parts(found, ends[1], ends[0], gap, n_points)
        n_points *= 2


def _summed(forecast: Callable[[Leaves], torch.Tensor], leaves: Leaves, n_steps: int, n_points: int) -> Leaves:
    """Return each leaf times the mean gradient of each step on the way to it, each of shape (F', ...)."""
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    along = leaves.along(torch.from_numpy((nodes + 1) / 2))
    inputs = type(leaves)(*(part.requires_grad_() for part in along))
    made = forecast(inputs)
    weight = torch.from_numpy(weights / 2)
    sums: list[list[torch.Tensor]] = []
    for step in range(n_steps):
        found = torch.autograd.grad(made[:, step].sum(), inputs, retain_graph=True, allow_unused=True)
        pairs = zip(found, leaves, strict=True)
        sums.append([_mean(one, leaf, weight) for one, leaf in pairs])
    return type(leaves)(*(torch.stack(parts) for parts in zip(*sums, strict=True)))


def _mean(gradient: torch.Tensor | None, leaf: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the leaf times the weighted sum of its gradients (A, ...)."""
    if gradient is None:
        return torch.zeros_like(leaf[0])
    made: torch.Tensor = torch.tensordot(weight, gradient, dims=1) * leaf[0]
    return made
