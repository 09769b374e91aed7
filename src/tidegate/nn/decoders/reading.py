"""What a forecasting network reads, and the face that all of them share.

Axis letters: T past steps, B batch, F future steps, I, C, D features per past step, per origin and per future step,
H hidden units, P numbers per step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.heads import table

if TYPE_CHECKING:
    from tidegate.nn.heads import Head

_SMALL = 0.1


class Reading(NamedTuple):
    """What a network reads at B origins, in units of each window.

    Attributes
    ----------
    window
        Shape (T, B, I), newest step last. The first feature is the value; where it is missing, a stand-in.
    context
        Shape (B, C): what holds for the whole series or origin.
    known
        Shape (B, F, D): what is known of each future step.
    base
        Shape (B, F): the simple forecast that the network corrects.
    series
        Shape (B,): 1 + the place of the series among those of training, 0 for others.
    steps
        Shape (B,): how many of the newest steps of the window lie within the series, 1 to T.
    unit
        Shape (B, 1): what one unit of the window is of the data, for heads that count.
    """

    window: torch.Tensor
    context: torch.Tensor
    known: torch.Tensor
    base: torch.Tensor
    series: torch.Tensor
    steps: torch.Tensor
    unit: torch.Tensor


class Network(torch.nn.Module):
    """The face of every forecasting network: what it makes counts from the base.

    Parameters
    ----------
    head
        Says what the numbers of a step mean.
    """

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, reading: Reading, actual: torch.Tensor | None = None) -> torch.Tensor:
        """Return P numbers per step, shape (B, F, P); the first, the middle, has the base added.

        Parameters
        ----------
        reading
            What is known at the origins.
        actual
            Shape (B, F): the true future, for what learns from it step by step (teacher forcing); None in use.
        """
        return from_base(self.corrections(reading, actual), reading.base)

    def corrections(self, reading: Reading, actual: torch.Tensor | None) -> torch.Tensor:
        """Return P numbers per step, shape (B, F, P), the first less the base."""
        raise NotImplementedError

    @torch.no_grad()
    def told(self, reading: Reading) -> torch.Tensor:
        """Return the quantiles of every future value at `heads.QUANTILES`, shape (B, F, Q)."""
        return table(self.head, self(reading), reading.unit)


class SeriesContext(torch.nn.Module):
    """The context of an origin, and beside it an embedding of which series it is.

    Parameters
    ----------
    n_context
        Features per origin, C.
    n_series
        Series of training that are told apart; 0 for none.
    width
        Of the embedding; 0 without series. Other series than those of training stand where these are on average.
    """

    def __init__(self, n_context: int, n_series: int = 0, width: int = 0) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(n_series, width) if n_series and width else None
        self.width = n_context + (width if self.embedding is not None else 0)

    def forward(self, reading: Reading) -> torch.Tensor:
        """Return shape (B, `width`)."""
        if self.embedding is None:
            return reading.context
        place: torch.Tensor = self.embedding((reading.series - 1).clamp(min=0))
        seen = reading.series > 0
        if not bool(seen.all()):
            place = torch.where(seen[:, None], place, self.embedding.weight.mean(0))
        return torch.cat([reading.context, place], dim=1)


def from_base(made: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
    """Return the numbers `made`, shape (..., P), with the base, shape (...), added to the first of them."""
    return torch.cat([made[..., :1] + base[..., None], made[..., 1:]], dim=-1)


@torch.no_grad()
def start_near_base(output: torch.nn.Linear) -> None:
    """Shrink the drawn weights of an output layer, so that the first forecasts are near the base."""
    output.weight.mul_(_SMALL)
