"""A fitted network forecaster, opened to be looked into: its networks, and the windows that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tidegate.forecasters.network.windows import Windows
    from tidegate.nn.decoders.reading import Network
    from tidegate.panel import Panel
    from tidegate.training.loop import Losses


class Opened(NamedTuple):
    """What a forecast of N series is made of.

    Attributes
    ----------
    networks
        One per member.
    panel
        The series as the data have them, in their unit.
    windows
        What the networks read of them.
    factors
        Shape (N,): each series was divided by its own before anything else.
    logs
        Shape (N,): whether logs are taken of a series then.
    trust
        How much of the networks' corrections to the base counts.
    losses
        The course of each training run by label.
    """

    networks: tuple[Network, ...]
    panel: Panel
    windows: Windows
    factors: NDArray[np.float64]
    logs: NDArray[np.bool_]
    trust: float
    losses: dict[str, Losses]


def runs_of(losses: Mapping[str, Losses], member: int) -> tuple[Losses, ...]:
    """Return the runs that trained the network numbered `member` from 1, in their order.

    Parameters
    ----------
    losses
        The course of each run by label, as a fitted forecaster has them in `losses_`.
    member
        From 1.
    """
    return tuple(run for label, run in losses.items() if label.split(",")[0] == f"network {member}")
