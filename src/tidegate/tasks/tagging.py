"""The network of a tagger: words and their characters, recurrent layers, and a score for each tag at each step.

Axis letters: T steps, B batch, I inputs per step, M characters of a word, U distinct words, W width, K tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tidegate.nn import crf
from tidegate.nn.crf import Chain, Moves
from tidegate.tasks.branches import RecurrentBranch
from tidegate.tasks.learning import PADDING
from tidegate.tasks.limits import PER_NUMBER, kept_per_step
from tidegate.tasks.network import StepInput, TokenVectors
from tidegate.tasks.spelling import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.nn.dropout import Dropout
    from tidegate.nn.stack import Recurrent
    from tidegate.tasks.reading import Batch, Rare

    Integers = NDArray[np.int64]

_PER_MOVE = 2
"""Numbers kept of each tag after each other at a step: the sum, and what comes back to it."""


class Spelled(torch.nn.Module):
    """Reads words letter by letter, in both directions; each distinct word of a batch once.

    Source: Lample et al. (2016), Neural architectures for named entity recognition, NAACL, section 4.1.

    Parameters
    ----------
    n_characters
        Known ones.
    layers
        Recurrent layers over the vectors of characters.
    """

    def __init__(self, n_characters: int, layers: Recurrent) -> None:
        super().__init__()
        self.vectors = torch.nn.Embedding(n_characters, layers.input_size, padding_idx=0)
        self.branch = RecurrentBranch(layers, "last")
        self.width = self.branch.width

    def forward(self, characters: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, W) for numbers of characters, shape (T, B, M), 0 after the end of a word.

        An empty word is 0.
        """
        rows, places = _distinct(characters.flatten(0, 1))
        lengths = (rows != 0).sum(1)
        longest = int(lengths.max())
        if not longest:
            return self.vectors.weight.new_zeros(*characters.shape[:2], self.width)
        found: torch.Tensor = self.branch(self.vectors(rows[:, :longest].T), lengths)
        return found[places].reshape(*characters.shape[:2], self.width)


def _distinct(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the distinct rows, shape (U, M), and which of them each row is."""
    given = np.ascontiguousarray(rows.numpy())
    as_one = given.view(np.dtype((np.void, given.dtype.itemsize * given.shape[1])))[:, 0]
    _, first, places = np.unique(as_one, return_index=True, return_inverse=True)
    return rows[torch.from_numpy(first)], torch.from_numpy(places)


class WordInput(torch.nn.Module):
    """What a step reads of a word: its own vector and, beside it, one that is read from its characters.

    Parameters
    ----------
    n_tokens, width
        Known words, and the width of their vectors.
    spelled
        Reads characters; None for words alone.
    rare
        Shape (n_tokens,): which words are (see `network.TokenVectors`); None for none.
    dropout
        On the vectors.
    """

    def __init__(self, sizes: tuple[int, int], spelled: Spelled | None, rare: Rare | None, dropout: Dropout) -> None:
        super().__init__()
        self.vectors = TokenVectors(sizes, rare, dropout.generator)
        self.spelled, self.dropout = spelled, dropout
        self.width = self.vectors.embedding_dim + (0 if spelled is None else spelled.width)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return shape (T, B, I) for numbers (T, B, 1 + M): of the word, then of its characters."""
        parts = [self.vectors(inputs[..., 0])]
        if self.spelled is not None:
            parts.append(self.spelled(inputs[..., 1:]))
        read: torch.Tensor = self.dropout(torch.cat(parts, dim=-1))
        return read


class TaggingNetwork(torch.nn.Module):
    """Reads sequences and scores each tag at each step, and each tag after another.

    Parameters
    ----------
    steps
        What a step reads.
    layers
        Recurrent layers over the steps.
    dropout
        On their outputs.
    moves
        Scores of tags after each other.
    """

    def __init__(self, steps: WordInput | StepInput, layers: Recurrent, dropout: Dropout, moves: Moves) -> None:
        super().__init__()
        self.steps, self.layers, self.dropout, self.moves = steps, layers, dropout, moves
        self.output = torch.nn.Linear(layers.output_size, moves.n_tags)

    def kept(self, n_steps: Integers, n_wanted: Integers) -> Integers:  # noqa: ARG002 (a tag is wanted for each step)
        """Return about how many numbers an update keeps, as `limits.kept`.

        Of each step its scores, those of each tag after each other, and the letters of a word: a third of the most that
        are read, since few words are as long, and none is read twice.
        """
        n_tags = self.moves.n_tags
        chain = _PER_MOVE * n_tags**2 if self.moves.weights is not None else 0
        spelled = self.steps.spelled if isinstance(self.steps, WordInput) else None
        letters = 0 if spelled is None else LONGEST // 3 * kept_per_step(spelled)
        return n_steps * (kept_per_step(self.layers) + PER_NUMBER * n_tags + chain + letters)

    def forward(self, batch: Batch) -> Chain:
        """Return the scores of a batch."""
        states, _ = self.layers(self.steps(batch.inputs), lengths=batch.lengths)
        chain: Chain = self.moves(self.output(self.dropout(states)), batch.lengths)
        return chain


@dataclass(frozen=True)
class Surprise:
    """Minus the log-likelihood of the tags of each sequence, divided by the mean length of training.

    Parameters
    ----------
    mean_length
        Steps of a sequence of training, on average.
    learned_moves
        Whether the tags of a sequence are probable as a whole. Otherwise each step's tag has a likelihood of its own:
        cross-entropy, as if nothing were forbidden.
    """

    mean_length: float
    learned_moves: bool

    def __call__(self, made: Chain, target: torch.Tensor) -> torch.Tensor:
        """Return shape (B,) for tags of shape (T, B)."""
        if self.learned_moves:
            return -crf.log_likelihood(made, target) / self.mean_length
        scores = made.steps.movedim(2, 1)
        alone = torch.nn.functional.cross_entropy(scores, target, ignore_index=PADDING, reduction="none")
        return alone.sum(0) / self.mean_length


def mean_scores(said: Sequence[Chain]) -> Chain:
    """Return the chain whose scores are the means of those of several.

    The probability of a sequence of tags is then the geometric mean of theirs, but for a factor that is the same for
    all sequences: Hinton (2002), Training products of experts, Neural Computation 14, section 2, each to a like power.
    """
    first = said[0]
    steps, start, end, moves = (
        torch.stack(each).mean(dim=0)
        for each in zip(*((one.steps, one.start, one.end, one.moves) for one in said), strict=True)
    )
    return Chain(steps, first.lengths, start, end, moves)


def probabilities(chain: Chain) -> Sequence[torch.Tensor]:
    """Return the probability of each tag at each step, B of shape (T, K), in float64."""
    found = crf.marginals(chain.double())
    return [found[:length, b] for b, length in enumerate(chain.lengths.tolist())]


def most_probable(chain: Chain) -> Sequence[torch.Tensor]:
    """Return the best tags of each sequence as a whole, B of shape (T,)."""
    return crf.best(chain.double())
