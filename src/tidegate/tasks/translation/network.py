"""The network of a translator: an encoder, and a decoder whose recurrence waits for no attention.

Two recurrent layers decode. The lower reads what was said so far; what it makes asks the attention for a context of the
source; the upper reads both, so that it knows where the decoder has looked before. Each walks over all steps at once
in training, which a decoder that feeds its context back cannot.

Axis letters: T source steps, F target steps, B batch, K rows of the decoder to each source (hypotheses of a search; 1
in training), S width of a source state, H hidden units, E width of a token's vector, V target tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.nn.attention import AdditiveAttention
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent
from tidegate.nn.surprise import surprise
from tidegate.tasks.learning import PADDING
from tidegate.tasks.limits import PER_NUMBER, kept_per_step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.nn.attention import Attention
    from tidegate.nn.cells.cell import Cell
    from tidegate.nn.dropout import Dropout
    from tidegate.nn.stack import HX
    from tidegate.tasks.frames import FrameEncoder
    from tidegate.tasks.network import StepInput
    from tidegate.tasks.reading import Batch
    from tidegate.tasks.translation.pairs import PairedBatch

    Integers = NDArray[np.int64]

_PER_WEIGHT = 10
"""Numbers kept of how much a target step looks at a source step: as a score, masked, and as a weight, and gradients."""


class Encoded(NamedTuple):
    """What is known of sources.

    Attributes
    ----------
    states
        Shape (B, T, S), 0 after the end.
    lengths
        Shape (B,).
    summary
        State in which each direction of the last layer ends, shape (B, S).
    """

    states: torch.Tensor
    lengths: torch.Tensor
    summary: torch.Tensor

    def take(self, chosen: torch.Tensor) -> Encoded:
        """Return the sources with these numbers."""
        return Encoded(*(part[chosen] for part in self))


class Memory(NamedTuple):
    """The states of the decoder's layers, each of shape (1, B K, H) or a tuple of such."""

    lower: HX
    upper: HX

    def take(self, chosen: torch.Tensor) -> Memory:
        """Return the rows with these numbers."""
        return Memory(*(_taken(one, chosen) for one in self))


class Told(NamedTuple):
    """What the decoder says.

    Attributes
    ----------
    readout
        Shape (F, B K, E), to be compared with the vectors of tokens.
    weights
        How much each step looked at each source state, shape (B, F K, T).
    memory
        Where it stands.
    """

    readout: torch.Tensor
    weights: torch.Tensor
    memory: Memory


class Encoder(torch.nn.Module):
    """Reads sources.

    Parameters
    ----------
    steps
        What a step reads: a vector of a source token or of a frame, or values.
    layers
        Recurrent layers over them.
    dropout
        On states.
    """

    def __init__(self, steps: StepInput | FrameEncoder, layers: Recurrent, dropout: Dropout) -> None:
        super().__init__()
        self.steps, self.layers, self.dropout = steps, layers, dropout

    def forward(self, batch: Batch) -> Encoded:
        """Return what is known of a batch of sources."""
        states, final = self.layers(self.steps(batch.inputs), lengths=batch.lengths)
        ends = (final[0] if isinstance(final, tuple) else final)[-2 if self.layers.bidirectional else -1 :]
        summary = ends.transpose(0, 1).flatten(1)
        return Encoded(self.dropout(states).transpose(0, 1).contiguous(), batch.lengths, summary)


class Decoder(torch.nn.Module):
    """Says one token after another.

    The vectors of the tokens are also those that the readout is compared with (Press & Wolf 2017, Using the output
    embedding to improve language models, EACL); the readout is of the state, the context and the last token (Bahdanau,
    Cho & Bengio 2015, appendix A.2.2, with tanh in place of maxout); a context that a first layer asks for and a second
    one reads is that of Wu et al. (2016), Google's neural machine translation system, section 3.

    Parameters
    ----------
    sizes
        Target tokens V and the width E of their vectors.
    hidden_size
        Units of either layer, H.
    cell
        Of both layers.
    attention
        Queries H wide, source states S wide.
    source_size
        S.
    dropout
        On vectors, states and readout.
    """

    def __init__(
        self,
        sizes: tuple[int, int],
        hidden_size: int,
        *,
        cell: Cell,
        attention: Attention,
        source_size: int,
        dropout: Dropout,
    ) -> None:
        super().__init__()
        n_tokens, width = sizes
        stack = Stack(generator=dropout.generator)
        self.vectors = torch.nn.Embedding(n_tokens, width)
        self.lower = Recurrent(cell, width, hidden_size, stack=stack)
        self.attention, self.dropout = attention, dropout
        self.upper = Recurrent(cell, hidden_size + source_size, hidden_size, stack=stack)
        self.handover = torch.nn.Linear(source_size, 2 * hidden_size)
        self.readout = torch.nn.Linear(hidden_size + source_size + width, width)
        self.bias = torch.nn.Parameter(torch.empty(n_tokens))

    def start(self) -> None:
        """Let no token be likelier than another before anything is learned."""
        with torch.no_grad():
            self.bias.zero_()

    def begun(self, encoded: Encoded) -> Memory:
        """Return the states before the first step: hidden states of the sources' summary, all others 0."""
        made = torch.tanh(self.handover(encoded.summary))[None].chunk(2, dim=-1)
        n_others = len(self.lower.cell.states) - 1
        lower, upper = (
            (one.contiguous(), *(torch.zeros_like(one) for _ in range(n_others))) if n_others else one.contiguous()
            for one in made
        )
        return Memory(lower, upper)

    def forward(self, fed: torch.Tensor, encoded: Encoded, memory: Memory) -> Told:
        """Return what is said after each of the tokens `fed`, shape (F, B K), the K of a source side by side."""
        vectors = self.dropout(self.vectors(fed))
        asking, lower = self.lower(vectors, memory.lower)
        found = self.attention(_by_source(asking, len(encoded.lengths)), encoded.states, encoded.lengths)
        context = _by_step(found.context, fed.shape)
        states, upper = self.upper(torch.cat([self.dropout(asking), context], dim=-1), memory.upper)
        whole = torch.cat([self.dropout(states), context, vectors], dim=-1)
        return Told(torch.tanh(self.readout(whole)), found.weights, Memory(lower, upper))

    def scores(self, readout: torch.Tensor) -> torch.Tensor:
        """Return a score for each target token, shape (..., V), for readouts of shape (..., E)."""
        return torch.nn.functional.linear(self.dropout(readout), self.vectors.weight, self.bias)


class TranslationNetwork(torch.nn.Module):
    """Scores each token of a target after those before it, the source being known.

    Parameters
    ----------
    encoder, decoder
        Its parts.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def kept(self, n_steps: Integers, n_wanted: Integers) -> Integers:
        """Return about how many numbers an update keeps, as `limits.kept`: each target step looks at each source step.

        Additive attention makes a vector of each such pair.
        """
        decoder, attention = self.decoder, self.decoder.attention
        pair = _PER_WEIGHT
        if isinstance(attention, AdditiveAttention):
            pair += PER_NUMBER * attention.score.in_features
        said = PER_NUMBER * (decoder.readout.in_features + len(decoder.bias))
        of_source = kept_per_step(self.encoder) + PER_NUMBER * self.encoder.layers.output_size
        return n_steps * of_source + n_wanted * (kept_per_step(decoder) + said) + n_steps * n_wanted * pair

    def forward(self, batch: PairedBatch) -> torch.Tensor:
        """Return the scores of all steps that count, step by step, shape (M, V) for M tokens in the batch's targets."""
        encoded = self.encoder(batch)
        told = self.decoder(batch.fed, encoded, self.decoder.begun(encoded))
        scores: torch.Tensor = self.decoder.scores(told.readout[batch.there])
        return scores


class Surprise:
    """Minus the log-likelihood of each target, a little uncertain, divided by the mean length of training.

    Parameters
    ----------
    mean_length
        Tokens of a target of training, its end included, on average.
    smoothing
        Share of probability that is wanted for all tokens alike, in [0, 1).
    """

    def __init__(self, mean_length: float, smoothing: float) -> None:
        self.mean_length, self.smoothing = mean_length, smoothing

    def __call__(self, made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return shape (B,) for scores of the M steps that count, shape (M, V), and targets of shape (F, B)."""
        there = target != PADDING
        alone = surprise(made, target[there], smoothing=self.smoothing)
        return made.new_zeros(target.shape).masked_scatter(there, alone).sum(0) / self.mean_length


def _taken(state: HX, chosen: torch.Tensor) -> HX:
    return tuple(one[:, chosen] for one in state) if isinstance(state, tuple) else state[:, chosen]


def _by_source(steps: torch.Tensor, n_sources: int) -> torch.Tensor:
    """Return queries (F, B K, H) as (B, F K, H)."""
    n_steps, n_rows, width = steps.shape
    shaped = steps.view(n_steps, n_sources, n_rows // n_sources, width)
    return shaped.transpose(0, 1).reshape(n_sources, -1, width)


def _by_step(found: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return contexts (B, F K, S) as (F, B K, S); `shape` is (F, B K)."""
    n_steps, n_rows = shape
    shaped = found.view(len(found), n_steps, -1, found.shape[-1])
    return shaped.transpose(0, 1).reshape(n_steps, n_rows, -1)
