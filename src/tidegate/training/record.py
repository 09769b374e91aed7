"""What a training run tells of its gradients and gates: small numbers, kept with the losses.

Nothing here draws a random number or changes a parameter or a gradient: a run is the same bits with it or without.

Axis letters: T time, P layers times directions, G gates.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, runtime_checkable

import torch

from tidegate.nn.stack import Recurrent
from tidegate.nn.watching import watch

if TYPE_CHECKING:
    from tidegate.nn.flows import Flow

MARGIN = 0.1
"""How near to its limits, 0 and 1 or -1 and 1, a gate counts as saturated."""

_BETWEEN = 20


@runtime_checkable
class Probed(Protocol):
    """A problem that has a few fixed windows to look at the network with."""

    def probe(self) -> torch.Tensor:
        """Return the mean loss over a few windows, always the same, as a scalar with its graph."""


class Look(NamedTuple):
    """What one backward pass over the probe's windows told of the layers that read them.

    Attributes
    ----------
    updates
        Made before it.
    lags
        Steps before the newest: 0, 1, 2, 4, 8 and so on, and the oldest.
    flows
        For each of P layers and directions, the norm at each of `lags` of the gradient of the loss by the cell state,
        or by the hidden state where there is none.
    gates
        Names of the gates that have limits.
    saturated
        For each of P, for each of `gates`, the fractions of its entries near the lower and near the upper limit.
    """

    updates: int
    lags: tuple[int, ...]
    flows: tuple[tuple[float, ...], ...]
    gates: tuple[str, ...]
    saturated: tuple[tuple[tuple[float, float], ...], ...]


class Record(NamedTuple):
    """How gradients and gates were over a run, one entry per check; of the first, before any update, norms are NaN.

    Attributes
    ----------
    norm, largest
        Mean and greatest norm of the gradient of the updates since the check before, before it was clipped.
    clipped
        Share of those updates whose gradient clipping shortened, in [0, 1].
    limit
        Norm to which gradients were clipped.
    looks
        What the probe told at checks at least 20 updates apart; empty where there is no recurrent layer, or nothing to
        probe with.
    """

    norm: tuple[float, ...] = ()
    largest: tuple[float, ...] = ()
    clipped: tuple[float, ...] = ()
    limit: float = math.nan
    looks: tuple[Look, ...] = ()

    @classmethod
    def from_state(cls, state: Any) -> Self:
        """Return the record that was taken apart into nested lists or tuples."""
        norm, largest, clipped, limit, looks = state
        return cls(tuple(norm), tuple(largest), tuple(clipped), limit, tuple(Look(*_deep(one)) for one in looks))

    def due(self, updates: int) -> bool:
        """Return whether so many updates after the last look, if there was one, it is time for another."""
        return not self.looks or updates - self.looks[-1].updates >= _BETWEEN

    def after(self, norms: list[float], look: Look | None, limit: float) -> Record:
        """Return the record with one check more, before which updates had gradients of these `norms`."""
        mean, most, cut = math.nan, math.nan, math.nan
        if norms:
            mean, most, cut = sum(norms) / len(norms), max(norms), sum(one > limit for one in norms) / len(norms)
        looks = self.looks if look is None else (*self.looks, look)
        return Record((*self.norm, mean), (*self.largest, most), (*self.clipped, cut), limit, looks)


def look(network: torch.nn.Module, problem: object, updates: int) -> Look | None:
    """Return what the probe of `problem` tells of the first recurrent layers of `network` after so many updates.

    None where there are no such layers or no probe.

    No gradient of a parameter is kept.
    """
    layers = next((module for module in network.modules() if isinstance(module, Recurrent)), None)
    if layers is None or not isinstance(problem, Probed):
        return None
    with torch.enable_grad(), watch(layers, margin=MARGIN) as records:
        torch.autograd.grad(problem.probe(), list(layers.parameters()), allow_unused=True)
    return _look([flow for flow in records[""] if flow.call == 0], updates)


def _look(flows: list[Flow], updates: int) -> Look | None:
    if not flows:
        return None
    newest = len(flows[0].hidden) - 1
    lags = tuple(sorted({0, newest, *(2**k for k in range(newest.bit_length()) if 2**k <= newest)}))
    gates = tuple(flows[0].saturated)
    kept = [flow.hidden if flow.cell is None else flow.cell for flow in flows]
    ahead = [one if flow.direction else one[::-1] for one, flow in zip(kept, flows, strict=True)]
    norms = [[float(one[lag]) for lag in lags] for one in ahead]
    shares = [[[float(part.mean()) for part in flow.saturated[gate]] for gate in gates] for flow in flows]
    return Look(updates, lags, _deep(norms), gates, _deep(shares))


def _deep(nested: Any) -> Any:
    return tuple(_deep(one) for one in nested) if isinstance(nested, list | tuple) else nested
