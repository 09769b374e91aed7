"""Networks that read sequences: recurrent layers, convolutions, or both beside each other, pooled over time.

Axis letters: T steps, B batch, I inputs per step, H width of a step's state, W width of the encoding, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import torch

from tidegate.features.vocabulary import UNKNOWN_NUMBER
from tidegate.nn.cells import catalogue
from tidegate.nn.dropout import Dropout
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent
from tidegate.tasks.branches import ConvolutionBranch, Pooling, RecurrentBranch
from tidegate.tasks.frames import FrameEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.tasks.reading import Batch, Rare, Reader

Convolution = Literal["none", "beside", "alone"]

_FORGOTTEN = 0.5
"""How often a rare token is taken for an unknown one in training."""


class Layered(Protocol):
    """What says how recurrent layers are put together: `Layers`, a design, or an estimator."""

    @property
    def cell(self) -> str:
        """Key of `nn.cells.catalogue`."""

    @property
    def hidden_size(self) -> int:
        """Units per layer and direction, H."""

    @property
    def layers(self) -> int:
        """On top of each other."""

    @property
    def bidirectional(self) -> bool:
        """Whether a second set of weights reads from the last step to the first."""

    @property
    def dropout(self) -> float:
        """Between layers."""


class Layers(NamedTuple):
    """Recurrent layers by themselves.

    Attributes
    ----------
    cell, hidden_size, layers, bidirectional, dropout
        As of `Layered`.
    """

    cell: str
    hidden_size: int
    layers: int
    bidirectional: bool
    dropout: float


@dataclass(frozen=True)
class Design:
    """What a network is made of.

    Parameters
    ----------
    cell
        Key of `nn.cells.catalogue`.
    hidden_size, layers, bidirectional
        Of the recurrent layers.
    pooling
        How the states of all steps become one vector: the last of each direction, their mean or maximum over time, or
        both of these.
    embedding
        Width of a token's vector.
    dropout
        On what a step reads, between layers and before the output.
    convolution
        Whether convolutions stand beside the recurrent layers, or alone.
    memory
        Steps over which gates of the recurrent layers start out to keep the state; below 2 for the usual start.
    channels
        Of the first and the last convolution; that between them has twice as many.
    """

    cell: str
    hidden_size: int
    layers: int
    bidirectional: bool
    pooling: Pooling
    embedding: int
    dropout: float
    convolution: Convolution
    memory: int = 0
    channels: int = 128


def spoken(cell: str, convolution: Convolution, n_members: int) -> str:
    """Return what networks of a design are called.

    Parameters
    ----------
    cell, convolution
        As of a `Design`.
    n_members
        Networks side by side, at least 1.

    >>> spoken("gru", "beside", 1), spoken("gru", "none", 3), spoken("gru", "alone", 3)
    ('gru beside convolutions', '3 gru networks', '3 networks of convolutions')
    """
    one = {"none": cell, "beside": f"{cell} beside convolutions", "alone": "convolutions"}[convolution]
    if n_members == 1:
        return one
    return f"{n_members} {cell} networks" if convolution == "none" else f"{n_members} networks of {one}"


class TokenVectors(torch.nn.Embedding):
    """A vector for each token, that of an unknown one among them.

    In training, half of the times that a rare token is seen it is taken for an unknown one, so that there is something
    to learn of those. The vector of an unknown one starts at 0, and stays there if nothing is: it says nothing then.

    Parameters
    ----------
    sizes
        Known tokens, and the width of their vectors.
    rare
        Shape (n_tokens,): which tokens are, or how likely each is taken for an unknown one; None for none.
    generator
        Draws which of them are taken for unknown ones.
    """

    def __init__(self, sizes: tuple[int, int], rare: Rare | None, generator: torch.Generator) -> None:
        super().__init__(*sizes, padding_idx=0)
        self._rare, self._generator = rare, generator

    def start(self) -> None:
        """Let an unknown token have no say before anything is learned."""
        with torch.no_grad():
            self.weight[UNKNOWN_NUMBER] = 0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return shape (..., width) for numbers of tokens."""
        if self.training and self._rare is not None:
            of_each = torch.from_numpy(self._rare)[tokens]
            if of_each.is_floating_point():
                drawn = torch.bernoulli(of_each, generator=self._generator).bool()
            else:
                drawn = of_each & torch.empty(tokens.shape).bernoulli_(_FORGOTTEN, generator=self._generator).bool()
            tokens = tokens.masked_fill(drawn, UNKNOWN_NUMBER)
        return super().forward(tokens)


class StepInput(torch.nn.Module):
    """What a step reads: the vector of its token, with those of its pieces added, or its values.

    Parameters
    ----------
    n_tokens, n_pieces
        Known tokens, 0 for values, and numbers of their pieces, 0 for none.
    width
        Of a token's vector, or channels, I.
    dropout
        On vectors of tokens. Values are left as they are: what is normalised after them would be off scale once
        nothing is dropped any more.
    rare
        Shape (n_tokens,): which tokens are (see `TokenVectors`); None for none.
    """

    def __init__(
        self, n_tokens: int, width: int, dropout: Dropout, *, n_pieces: int = 0, rare: NDArray[np.bool_] | None = None
    ) -> None:
        super().__init__()
        self.width = width
        self.vectors = TokenVectors((n_tokens, width), rare, dropout.generator) if n_tokens else None
        self.pieces = torch.nn.Embedding(n_pieces + 1, width, padding_idx=0) if n_pieces else None
        self.dropout = dropout

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, I) for numbers of tokens (T, B), with pieces (T, B, 1 + M), or values (T, B, I)."""
        if self.vectors is None:
            return inputs
        read: torch.Tensor = self.vectors(inputs if self.pieces is None else inputs[..., 0])
        if self.pieces is not None:
            read = read + _summed(self.pieces, inputs[..., 1:])
        dropped: torch.Tensor = self.dropout(read)
        return dropped


def _summed(vectors: torch.nn.Embedding, numbers: torch.Tensor) -> torch.Tensor:
    """Return the sum of the vectors with these numbers over the last axis, by the square root of how many they are."""
    flat = numbers.flatten(0, -2)
    found = torch.nn.functional.embedding_bag(flat, vectors.weight, mode="sum", padding_idx=0)
    counts = flat.ne(0).sum(1).clamp_min(1)
    scaled: torch.Tensor = (found / counts.sqrt()[:, None]).reshape(*numbers.shape[:-1], -1)
    return scaled


class SequenceNetwork(torch.nn.Module):
    """Reads sequences and says one vector of each.

    Parameters
    ----------
    steps
        What a step reads.
    branches
        What reads all steps, side by side.
    dropout
        On what they found.
    n_outputs
        Numbers said of each sequence, C.
    """

    def __init__(
        self,
        steps: StepInput | FrameEncoder,
        branches: list[RecurrentBranch | ConvolutionBranch],
        dropout: Dropout,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.steps, self.dropout = steps, dropout
        self.branches = torch.nn.ModuleList(branches)
        self.output = torch.nn.Linear(sum(branch.width for branch in branches), n_outputs)

    def encoded(self, batch: Batch) -> torch.Tensor:
        """Return what was found in each sequence, shape (B, W)."""
        steps = self.steps(batch.inputs)
        return torch.cat([branch(steps, batch.lengths) for branch in self.branches], dim=1)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return shape (B, C)."""
        outputs: torch.Tensor = self.output(self.dropout(self.encoded(batch)))
        return outputs


class Encoding(torch.nn.Module):
    """What a network finds in sequences, before its output.

    Parameters
    ----------
    whole
        The network.
    """

    def __init__(self, whole: SequenceNetwork) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return shape (B, W)."""
        return self.whole.encoded(batch)


def network(
    design: Design,
    reader: Reader,
    *,
    n_outputs: int,
    generator: torch.Generator,
    rare: NDArray[np.bool_] | None = None,
) -> SequenceNetwork:
    """Return the network of `design`.

    Parameters
    ----------
    design
        What it is made of.
    reader
        What makes numbers of the sequences: known tokens and their pieces, or channels of values.
    n_outputs
        Numbers said of each sequence, C.
    generator
        Source of its dropout.
    rare
        Which tokens occur once in training, shape (n_tokens,); None for values, and after loading.
    """
    dropout = Dropout(design.dropout, generator)
    steps = step_input(reader, design.embedding, dropout, rare=rare)
    branches: list[RecurrentBranch | ConvolutionBranch] = []
    if design.convolution != "alone":
        memory = (design.memory, generator) if design.memory > 1 else None
        branches.append(RecurrentBranch(recurrent(design, steps.width, generator), design.pooling, memory))
    if design.convolution != "none":
        branches.append(ConvolutionBranch(steps.width, design.channels))
    return SequenceNetwork(steps, branches, dropout, n_outputs)


def step_input(
    reader: Reader, embedding: int, dropout: Dropout, *, rare: NDArray[np.bool_] | None = None
) -> StepInput | FrameEncoder:
    """Return what a step reads: a vector of `embedding` numbers for a token or a frame, or its values."""
    if reader.frame is not None:
        return FrameEncoder(reader.frame, embedding)
    width = embedding if reader.n_tokens else reader.n_channels
    return StepInput(reader.n_tokens, width, dropout, n_pieces=reader.n_pieces, rare=rare)


def recurrent(design: Layered, width: int, generator: torch.Generator) -> Recurrent:
    """Return the recurrent layers of `design` for steps of this width, I; `generator` is the source of dropout."""
    stack = Stack(
        num_layers=design.layers,
        bidirectional=design.bidirectional,
        dropout=design.dropout if design.layers > 1 else 0.0,
        generator=generator,
    )
    return Recurrent(catalogue.kind(design.cell)(), width, design.hidden_size, stack=stack)
