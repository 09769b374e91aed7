"""Dropout that draws from a given Generator, so that a run depends on its own seed and on nothing global."""

from __future__ import annotations

import torch


class Dropout(torch.nn.Module):
    """Sets a fraction of the entries to 0 while training and scales the others up, so that the mean stays.

    Parameters
    ----------
    fraction
        Probability of 0, in [0, 1).
    generator
        Where the masks come from.

    Source: Srivastava et al. (2014), Dropout, Journal of Machine Learning Research 15.
    """

    def __init__(self, fraction: float, generator: torch.Generator) -> None:
        super().__init__()
        self.fraction, self.generator = fraction, generator

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return `values`, any shape, with entries dropped in training mode."""
        if not self.training or self.fraction == 0:
            return values
        kept = torch.empty_like(values).bernoulli_(1 - self.fraction, generator=self.generator)
        return values * kept / (1 - self.fraction)
