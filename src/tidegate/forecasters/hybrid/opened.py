"""A fitted hybrid, opened to be looked into: its networks, and the series that they smooth and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tidegate.forecasters.hybrid.columns import Source
    from tidegate.forecasters.hybrid.network import HybridNetwork
    from tidegate.panel import Panel
    from tidegate.training.loop import Losses


class Walked(NamedTuple):
    """What a forecast of N series is made of.

    Attributes
    ----------
    networks
        One per member.
    panel
        The series as the data have them, in their unit.
    source
        The rows of each that count, its newest, on the scale that is smoothed.
    losses
        The course of each training run by label.
    """

    networks: tuple[HybridNetwork, ...]
    panel: Panel
    source: Source
    losses: dict[str, Losses]
