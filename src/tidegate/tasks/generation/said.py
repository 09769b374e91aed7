"""What is said of the next step: which token it is, which notes sound, or what its values are.

Axis letters: T steps, B sequences, V tokens, K keys, I channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from tidegate.features.vocabulary import UNKNOWN_NUMBER
from tidegate.tasks.generation.sampling import drawn
from tidegate.tasks.learning import PADDING

if TYPE_CHECKING:
    from tidegate.tasks.generation.network import Width
    from tidegate.tasks.generation.sampling import Sampling

Kind = Literal["tokens", "notes", "values"]

MARK = 0
"""The number of the mark that a sequence of tokens begins with, and ends with."""

_LEAST_SPREAD = -5.0
"""Logarithm of the smallest spread that is said of a value: steps that never vary cost no infinite certainty."""


class Said(Protocol):
    """What a network says of the next step."""

    @property
    def n_outputs(self) -> int:
        """Numbers that say it."""

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return minus the logarithm of the probability of each step, shape (T, B), in nats; 0 where there is none."""

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return a step drawn for each row of `made`, shape (B, ...)."""

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return what users read of the next step, shape (B, ...), in float64."""


@dataclass(frozen=True)
class Tokens:
    """One of V tokens.

    Parameters
    ----------
    n_outputs
        Known tokens, V.
    ends
        Whether sequences end. An unknown token is never drawn.
    """

    n_outputs: int
    ends: bool

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B) for scores (T, B, V) and tokens (T, B), -1 where there is none."""
        flat = cross_entropy(made.flatten(0, 1), target.flatten(), ignore_index=PADDING, reduction="none")
        return flat.reshape(target.shape)

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return tokens, shape (B,), for scores (B, V)."""
        scores = made.clone()
        scores[:, UNKNOWN_NUMBER] = -torch.inf
        if not self.ends:
            scores[:, MARK] = -torch.inf
        return drawn(scores, sampling, generator)

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return the probability of each token, shape (B, V)."""
        return made.double().softmax(dim=-1)


@dataclass(frozen=True)
class Notes:
    """Which of K keys sound, each by itself given the past.

    Parameters
    ----------
    n_outputs
        Keys, K.
    """

    n_outputs: int

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B) for scores and notes (T, B, K), NaN where there is no step: summed over the keys."""
        return surprise_of_keys(made, target)

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return notes, shape (B, K); at temperature 0 those that are more probable than not."""
        if sampling.temperature == 0:
            return (made > 0).float()
        probabilities = (made.double() / sampling.temperature).sigmoid().float()
        return torch.bernoulli(probabilities, generator=generator)

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return the probability of each key, shape (B, K)."""
        return made.double().sigmoid()


@dataclass(frozen=True)
class Values:
    """I numbers, each normal by itself given the past, in units of their spread in training.

    Parameters
    ----------
    n_channels
        Channels, I.
    """

    n_channels: int

    @property
    def n_outputs(self) -> int:
        """A mean and the logarithm of a spread for each channel."""
        return 2 * self.n_channels

    def surprise(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B) for values (T, B, I), NaN where there is no step: summed over the channels."""
        there = ~target[..., 0].isnan()
        mean, spread = self._parts(made)
        off = (target.nan_to_num(0.0) - mean) * (-spread).exp()
        return (off**2 / 2 + spread + math.log(2 * math.pi) / 2).sum(-1) * there

    def next(self, made: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> torch.Tensor:
        """Return values, shape (B, I), whose spread the temperature multiplies."""
        mean, spread = self._parts(made)
        return mean + sampling.temperature * spread.exp() * torch.randn(mean.shape, generator=generator)

    def told(self, made: torch.Tensor) -> torch.Tensor:
        """Return the expected values, shape (B, I)."""
        return self._parts(made)[0].double()

    def _parts(self, made: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return means and logarithms of spreads."""
        mean, spread = made.chunk(2, dim=-1)
        return mean, spread.clamp_min(_LEAST_SPREAD)


def surprise_of_keys(scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return shape (T, B) for scores and keys (T, B, K), NaN where there is no step: summed over the keys."""
    there = ~target[..., 0].isnan()
    each = binary_cross_entropy_with_logits(scores, target.nan_to_num(0.0), reduction="none")
    return each.sum(-1) * there


def said_of(kind: Kind, width: Width, *, ends: bool) -> Said:
    """Return what is said of steps of this kind.

    Parameters
    ----------
    kind
        What steps are.
    width
        What a step is given as.
    ends
        Whether sequences of tokens end.
    """
    if kind == "tokens":
        return Tokens(width.n_tokens, ends)
    return Notes(width.n_channels) if kind == "notes" else Values(width.n_channels)
