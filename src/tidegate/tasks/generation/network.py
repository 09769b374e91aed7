"""The network that writes: it reads a step, remembers, and says what the next one is.

Axis letters: T steps, B sequences, V tokens, E width of a token's vector, C conditions, H hidden units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import one_hot

from tidegate.features.vocabulary import UNKNOWN_NUMBER
from tidegate.tasks.limits import PER_NUMBER, kept_per_step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.nn.dropout import Dropout
    from tidegate.nn.stack import HX, Recurrent
    from tidegate.tasks.generation.said import Said
    from tidegate.tasks.reading import Batch

    Integers = NDArray[np.int64]


class Lost(torch.nn.Module):
    """Dropout that may set the same entries to 0 at every step of a sequence.

    Parameters
    ----------
    dropout
        Draws which.
    variational
        Whether they are the same at every step.

    Source: Gal & Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural networks,
    NeurIPS, section 4 (inputs and outputs).
    """

    def __init__(self, dropout: Dropout, *, variational: bool) -> None:
        super().__init__()
        self.dropout, self.variational = dropout, variational

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return `values`, shape (T, B, W), with entries dropped in training mode."""
        if not self.variational:
            whole: torch.Tensor = self.dropout(values)
            return whole
        mask: torch.Tensor = self.dropout(torch.ones_like(values[:1]))
        return values * mask


class Width(NamedTuple):
    """What a step is given as.

    Attributes
    ----------
    n_tokens
        Known tokens, V; 0 for steps of numbers.
    n_channels
        Keys or channels; 0 for tokens.
    n_conditions
        Numbers beside every step, C.
    """

    n_tokens: int
    n_channels: int
    n_conditions: int


class Steps(torch.nn.Module):
    """What a step reads: the vector of its token, or the token as one of V, or its numbers; then the conditions.

    Parameters
    ----------
    given
        What a step is given as.
    embedding
        Width of a token's vector, E; 0 for one-hot.
    lost
        Dropout on tokens; numbers, such as keys that sound, and conditions are read as they are.
    """

    def __init__(self, given: Width, embedding: int, lost: Lost) -> None:
        super().__init__()
        self.given, self.lost = given, lost
        own = (embedding or given.n_tokens) if given.n_tokens else given.n_channels
        self.vectors = torch.nn.Embedding(given.n_tokens, embedding) if given.n_tokens and embedding else None
        self.width = own + given.n_conditions

    def start(self) -> None:
        """Let an unknown token have no say before anything is learned of it."""
        if self.vectors is not None:
            with torch.no_grad():
                self.vectors.weight[UNKNOWN_NUMBER] = 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, I) for tokens (T, B), or numbers (T, B, W); conditions stand in the last columns."""
        size = inputs.shape[-1] - self.given.n_conditions
        conditions = inputs[..., size:] if self.given.n_conditions else None
        own = inputs if conditions is None else inputs[..., :size]
        if self.given.n_tokens:
            tokens = own if conditions is None else own[..., 0].long()
            own = one_hot(tokens.long(), self.given.n_tokens).float() if self.vectors is None else self.vectors(tokens)
        read: torch.Tensor = self.lost(own) if self.given.n_tokens else own
        return read if conditions is None else torch.cat([read, conditions], dim=-1)


class Tied(torch.nn.Module):
    """Scores of tokens by the vectors that they are read with.

    Parameters
    ----------
    width
        Of what is scored, H.
    vectors
        Of the tokens.

    Source: Press & Wolf (2017), Using the output embedding to improve language models, EACL.
    """

    def __init__(self, width: int, vectors: torch.nn.Embedding) -> None:
        super().__init__()
        self.towards = torch.nn.Linear(width, vectors.embedding_dim)
        self.vectors = vectors

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, V)."""
        return torch.nn.functional.linear(self.towards(states), self.vectors.weight)


class Ahead(NamedTuple):
    """What a network says of the steps that follow.

    Attributes
    ----------
    made
        Shape (T, B, n_outputs).
    said
        What that means.
    """

    made: torch.Tensor
    said: Said

    def surprise(self, target: torch.Tensor) -> torch.Tensor:
        """Return minus the logarithm of the probability of each step, shape (T, B), in nats; 0 where there is none."""
        return self.said.surprise(self.made, target)


class GenerativeNetwork(torch.nn.Module):
    """Says, after each step, what the next one is.

    Parameters
    ----------
    steps
        What a step reads.
    layers
        Recurrent layers of one direction.
    lost
        Dropout on their outputs.
    said
        What its outputs say of the next step; of chords it learns too.
    tied
        Whether tokens are scored by the vectors that they are read with.
    """

    def __init__(self, steps: Steps, layers: Recurrent, lost: Lost, said: Said, *, tied: bool) -> None:
        super().__init__()
        self.steps, self.layers, self.lost, self.said = steps, layers, lost, said
        shared = steps.vectors if tied else None
        width = layers.output_size
        self.output = torch.nn.Linear(width, said.n_outputs) if shared is None else Tied(width, shared)

    def kept(self, n_steps: Integers, n_wanted: Integers) -> Integers:  # noqa: ARG002 (a step is wanted for each)
        """Return about how many numbers an update keeps, as `limits.kept`: of each step what is said after it too."""
        return n_steps * (kept_per_step(self) + PER_NUMBER * self.said.n_outputs)

    def forward(self, batch: Batch) -> Ahead:
        """Return what is said after each step."""
        return Ahead(self.walk(batch.inputs)[0], self.said)

    def walk(self, inputs: torch.Tensor, state: HX | None = None) -> tuple[torch.Tensor, HX]:
        """Return what is said after each step, shape (T, B, n_outputs), and the state after the last.

        Parameters
        ----------
        inputs
            Steps, (T, B) or (T, B, W). Steps after the end of a sequence change nothing before them.
        state
            Before the first step; None for zeros.
        """
        states, after = self.layers(self.steps(inputs), state)
        made: torch.Tensor = self.output(self.lost(states))
        return made, after
