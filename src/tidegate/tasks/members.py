"""Several networks of one design as one: what they say on average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.tasks.reading import Batch


class Members(torch.nn.Module):
    """Networks that say C scores of a sequence each: the logarithm of the mean of their probabilities.

    Parameters
    ----------
    networks
        At least two, of one design, each from its own start.
    """

    def __init__(self, networks: Sequence[torch.nn.Module]) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return shape (B, C)."""
        said = torch.stack([network(batch).log_softmax(dim=1) for network in self.networks])
        return said.logsumexp(dim=0) - math.log(len(self.networks))


def together(networks: Sequence[torch.nn.Module]) -> torch.nn.Module:
    """Return the network alone, or several as one."""
    return networks[0] if len(networks) == 1 else Members(networks)


def apart(made: torch.nn.Module) -> list[torch.nn.Module]:
    """Return the networks that `together` took."""
    return list(made.networks) if isinstance(made, Members) else [made]
