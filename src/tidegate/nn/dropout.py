"""Dropout that draws from a given Generator, so that a run depends on its own seed and on nothing global."""

from __future__ import annotations

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate.nn.compilation import has_numbers


def dropped(
    values: torch.Tensor,
    fraction: float,
    generator: torch.Generator | None,
    *,
    lengths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return `values` with a fraction of the entries set to 0 and the others scaled up, so that the mean stays.

    Parameters
    ----------
    values
        Any shape.
    fraction
        Probability of 0, in [0, 1].
    generator
        Where the mask comes from; None for torch's global generator.
    lengths
        Steps of each sequence, shape (B,), for values of shape (T, B, H); None for T everywhere. From the global
        generator the mask is then drawn for what lies within them alone, longest first, as torch's layers draw it;
        not in what is compiled, which cannot see them.

    Source: Srivastava et al. (2014), Dropout, Journal of Machine Learning Research 15.
    """
    if generator is None and lengths is not None and has_numbers(lengths) and bool(lengths.min()):
        packed = pack_padded_sequence(values, lengths.cpu(), enforce_sorted=False)
        drawn = packed._replace(data=torch.nn.functional.dropout(packed.data, fraction))
        return pad_packed_sequence(drawn, total_length=len(values))[0]
    if generator is None:
        return torch.nn.functional.dropout(values, fraction)
    if fraction == 1:
        return values * 0
    kept = torch.empty_like(values).bernoulli_(1 - fraction, generator=generator)
    return values * kept / (1 - fraction)


class Dropout(torch.nn.Module):
    """Sets a fraction of the entries to 0 while training, as `dropped` does.

    Parameters
    ----------
    fraction
        Probability of 0, in [0, 1).
    generator
        Where the masks come from.
    """

    def __init__(self, fraction: float, generator: torch.Generator) -> None:
        super().__init__()
        self.fraction, self.generator = fraction, generator

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return `values`, any shape, with entries dropped in training mode."""
        if not self.training or self.fraction == 0:
            return values
        return dropped(values, self.fraction, self.generator)
