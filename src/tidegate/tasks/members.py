"""Several networks of one design as one: what they say on average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tidegate.tasks import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tidegate.tasks.reading import Batch


class Members(torch.nn.Module):
    """Networks of one design, each from its own start, whose answers are pooled.

    Parameters
    ----------
    networks
        At least two.
    pooled
        From what each of them says of a batch to one such answer.
    """

    def __init__(self, networks: Sequence[torch.nn.Module], pooled: Callable[[Sequence[Any]], Any]) -> None:
        super().__init__()
        self.networks, self._pooled = torch.nn.ModuleList(networks), pooled

    def forward(self, batch: Batch) -> Any:
        """Return what they say together."""
        return self._pooled([network(batch) for network in self.networks])


def mean_probabilities(said: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the logarithm of the mean of the probabilities that several scores stand for, all of shape (B, C)."""
    each = torch.stack([scores.log_softmax(dim=1) for scores in said])
    return each.logsumexp(dim=0) - math.log(len(said))


def together(
    networks: Sequence[torch.nn.Module], pooled: Callable[[Sequence[Any]], Any] = mean_probabilities
) -> torch.nn.Module:
    """Return the network alone, or several as one, pooled as `Members` are."""
    return networks[0] if len(networks) == 1 else Members(networks, pooled)


def apart(made: torch.nn.Module) -> list[torch.nn.Module]:
    """Return the networks that `together` took."""
    return list(made.networks) if isinstance(made, Members) else [made]


def probabilities(network: torch.nn.Module, items: list[NDArray[Any]]) -> NDArray[np.float64]:
    """Return the probability of each class by scores (B, C) that a network, or several as one, make of a batch.

    Parameters
    ----------
    network
        Trained.
    items
        N sequences as numbers.

    Returns
    -------
    ndarray of shape (N, C)
        Rows sum to 1.
    """
    said = fitting.told(network, items, lambda outputs: outputs.double().softmax(dim=1))
    return np.asarray(torch.stack(said).numpy())
