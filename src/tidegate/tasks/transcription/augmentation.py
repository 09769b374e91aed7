"""Sequences of training, a little different each time: faster or slower, with noise, with stretches and bands hidden.

Axis letters: T steps, B batch, I channels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from tidegate.tasks.reading import Batch

_BLOCK = 5


class Changes(NamedTuple):
    """How much sequences change in training.

    Attributes
    ----------
    speed
        A sequence lasts 1 - speed to 1 + speed times as long, in [0, 1).
    noise
        Standard deviation of what is added to each value, in standard deviations of its channel, at least 0.
    masked_steps
        In each five times as many steps, one stretch of at most so many is set to the mean; at least 0.
    masked_channels
        Largest share of the channels, side by side, that are set to their mean, in [0, 1).
    """

    speed: float
    noise: float
    masked_steps: int
    masked_channels: float


class Augmentation(torch.nn.Module):
    """Changes sequences while training; leaves them as they are otherwise.

    Parameters
    ----------
    changes
        How much.
    generator
        Where all that is drawn comes from.

    Source: Park et al. (2019), SpecAugment, Interspeech, section 2 (masks of time and frequency); Ko et al. (2015),
    Audio augmentation for speech recognition, Interspeech (speed), here of frames instead of samples.
    """

    def __init__(self, changes: Changes, generator: torch.Generator) -> None:
        super().__init__()
        self.changes, self._generator = changes, generator

    def forward(self, batch: Batch) -> Batch:
        """Return sequences of shape (T, B, I), whose channels have mean 0 and variance 1, as changed ones."""
        if not self.training:
            return batch
        if self.changes.speed:
            batch = self._stretched(batch)
        inputs, lengths = batch
        there = torch.arange(len(inputs))[:, None] < lengths
        if self.changes.noise:
            inputs = inputs + self.changes.noise * torch.randn(inputs.shape, generator=self._generator)
        if self.changes.masked_steps:
            inputs = inputs.masked_fill(self._moments(len(inputs), len(lengths))[..., None], 0.0)
        if self.changes.masked_channels:
            inputs = inputs.masked_fill(self._bands(inputs.shape[2], len(lengths)).T, 0.0)
        return Batch(inputs * there[..., None], lengths)

    def _stretched(self, batch: Batch) -> Batch:
        """Return each sequence faster or slower, what lies between two steps on the line between them."""
        inputs, lengths = batch
        factors = 1 + self.changes.speed * (2 * self._uniform(len(lengths)) - 1)
        longer = (lengths * factors).round().long().clamp_min(1)
        steps = torch.arange(int(longer.max()))[:, None]
        places = steps * (lengths - 1) / (longer - 1).clamp_min(1)
        places = places.minimum(lengths - 1)
        before = places.long()
        after = (before + 1).minimum(lengths - 1)
        share = (places - before)[..., None]
        column = torch.arange(len(lengths))
        return Batch(inputs[before, column] * (1 - share) + inputs[after, column] * share, longer)

    def _moments(self, n_steps: int, n_sequences: int) -> torch.Tensor:
        """Return which steps are hidden: in each block of steps a stretch, shape (T, B)."""
        block = _BLOCK * self.changes.masked_steps
        n_blocks = -(-n_steps // block)
        hidden = self._hidden(block, self.changes.masked_steps, n_blocks * n_sequences)
        return hidden.T.reshape(n_sequences, -1).T[:n_steps]

    def _bands(self, n_channels: int, n_sequences: int) -> torch.Tensor:
        """Return which channels are hidden, shape (I, B)."""
        return self._hidden(n_channels, int(n_channels * self.changes.masked_channels), n_sequences)

    def _hidden(self, size: int, widest: int, n: int) -> torch.Tensor:
        """Return `n` stretches of 0 to `widest` places among `size`, shape (size, n)."""
        wide = (self._uniform(n) * (widest + 1)).long()
        begins = (self._uniform(n) * (size - wide + 1)).long()
        places = torch.arange(size)[:, None]
        return (places >= begins) & (places < begins + wide)

    def _uniform(self, n: int) -> torch.Tensor:
        return torch.rand(n, generator=self._generator)
