"""What a transcriber's network is made of, and what it makes small.

Axis letters: T steps of a sequence, S steps of the network, B batch, I channels, K tokens, L tokens of a transcript.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch

from tidegate.tasks.learning import PADDING
from tidegate.tasks.limits import PER_NUMBER, kept_per_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tidegate.nn.dropout import Dropout
    from tidegate.nn.stack import Recurrent
    from tidegate.tasks.reading import Batch
    from tidegate.tasks.transcription.augmentation import Augmentation

    Integers = NDArray[np.int64]

BLANK = 0
"""The place of "nothing new" among what a step can say; tokens follow from 1."""

Steps = TypeVar("Steps", int, "Integers")

_WIDTH, _PER_PLACE = 5, 2

_QUIET = 9.0
"""How much more probable than all tokens together the blank is before training: most steps say nothing new, and a
network that starts there finds its first tokens several times sooner."""


class Emission(NamedTuple):
    """What is said at each step.

    Attributes
    ----------
    scores
        Logarithm of the probability of the blank and of each token, shape (S, B, 1 + K).
    lengths
        Shape (B,): steps of each.
    """

    scores: torch.Tensor
    lengths: torch.Tensor


def steps_of(length: Steps, stacked: int) -> Steps:
    """Return the steps of the network for a sequence of this length, in which `stacked` steps become one."""
    return -(-length // stacked)


class Front(torch.nn.Module):
    """What stands before the recurrent layers: a convolution over time, if any, and steps that become one.

    Parameters
    ----------
    n_channels
        Of the sequences, I.
    convolution
        Channels of a convolution over 5 steps, rectified; 0 for none.
    stacked
        Steps that become one, at least 1.
    """

    def __init__(self, n_channels: int, convolution: int, stacked: int) -> None:
        super().__init__()
        padding = _WIDTH // 2
        self.convolution = torch.nn.Conv1d(n_channels, convolution, _WIDTH, padding=padding) if convolution else None
        self.stacked = stacked
        self.width = (convolution or n_channels) * stacked

    def forward(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return shape (S, B, width), 0 after the end, and the steps of each, (B,)."""
        inputs, lengths = batch
        if self.convolution is not None:
            found: torch.Tensor = self.convolution(inputs.permute(1, 2, 0))
            there = torch.arange(len(inputs))[:, None] < lengths
            inputs = torch.relu(found).permute(2, 0, 1) * there[..., None]
        lacking = -len(inputs) % self.stacked
        padded = torch.nn.functional.pad(inputs, (0, 0, 0, 0, 0, lacking))
        whole = padded.reshape(-1, self.stacked, *inputs.shape[1:]).transpose(1, 2).flatten(2)
        return whole, torch.div(lengths + self.stacked - 1, self.stacked, rounding_mode="floor")


class TranscribingNetwork(torch.nn.Module):
    """Reads a sequence and says at each step a token, or nothing new.

    Parameters
    ----------
    augmentation
        What changes sequences in training.
    front
        What makes steps of them.
    layers
        Recurrent layers.
    dropout
        On what the front and the layers found.
    n_tokens
        Tokens there are, K.

    Source: Graves, Fernández, Gomez & Schmidhuber (2006), Connectionist temporal classification, ICML, section 3.
    """

    def __init__(
        self, augmentation: Augmentation, front: Front, layers: Recurrent, dropout: Dropout, *, n_tokens: int
    ) -> None:
        super().__init__()
        self.augmentation, self.front, self.layers, self.dropout = augmentation, front, layers, dropout
        self.output = torch.nn.Linear(layers.output_size, 1 + n_tokens)

    def start(self) -> None:
        """Let the network say nothing new at most steps before anything is learned."""
        with torch.no_grad():
            self.output.bias[BLANK] = math.log(_QUIET * (len(self.output.bias) - 1))

    def kept(self, n_steps: Integers, n_wanted: Integers) -> Integers:
        """Return about how many numbers an update keeps, as `limits.kept`.

        Of each step of the network what is said at it, and how probable each place in the transcript is there: a
        token, or nothing new before or after it.
        """
        said = PER_NUMBER * self.output.out_features + _PER_PLACE * (2 * n_wanted + 1)
        walked = steps_of(n_steps, self.front.stacked) * (kept_per_step(self.layers) + said)
        return n_steps * kept_per_step(self.front) + walked

    def forward(self, batch: Batch) -> Emission:
        """Return what is said of sequences of values, shape (T, B, I)."""
        steps, lengths = self.front(self.augmentation(batch))
        states, _ = self.layers(steps, lengths=lengths)
        scores: torch.Tensor = self.output(self.dropout(states))
        return Emission(scores.log_softmax(dim=2), lengths)


@dataclass(frozen=True)
class Surprise:
    """Minus the log-likelihood of each transcript, summed over all its alignments, by the mean length of training.

    A sequence that augmentation made too short for its transcript has loss 0 that time.

    Parameters
    ----------
    mean_length
        Tokens of a transcript of training, on average.

    Source: Graves et al. (2006), section 4.
    """

    mean_length: float

    def __call__(self, made: Emission, target: torch.Tensor) -> torch.Tensor:
        """Return shape (B,) for tokens of shape (L, B), counted from 1."""
        by_sequence = target.T
        there = by_sequence != PADDING
        lost = torch.nn.functional.ctc_loss(
            made.scores, by_sequence[there], made.lengths, there.sum(1), BLANK, "none", zero_infinity=True
        )
        return lost / self.mean_length


def each(emission: Emission) -> Sequence[torch.Tensor]:
    """Return what is said of each sequence, B of shape (S, 1 + K), in float64: rows of probabilities sum to 1."""
    return [
        emission.scores[:length, b].double().log_softmax(dim=1) for b, length in enumerate(emission.lengths.tolist())
    ]
