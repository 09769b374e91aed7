"""A linear-chain conditional random field: which sequence of tags goes best with the scores of all steps.

Axis letters: T steps, B batch, K tags.

A sequence of tags y of a sequence x has the score s(x, y) = start[y_1] + sum_t P[t, y_t] + sum_t A[y_t-1, y_t] +
end[y_T], and the probability exp(s(x, y)) / sum over all y' of exp(s(x, y')); the sum is found step by step.

Source: Lafferty, McCallum & Pereira (2001), Conditional random fields, ICML, sections 3 and 4; with scores P from a
recurrent network: Lample, Ballesteros, Subramanian, Kawakami & Dyer (2016), Neural architectures for named entity
recognition, NAACL, section 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_NEVER = -1e4
"""The score of what is forbidden: its probability is 0 in both precisions, and gradients stay finite."""


class Chain(NamedTuple):
    """Scores of tags, of a batch.

    Attributes
    ----------
    steps
        P, shape (T, B, K): score of each tag at each step.
    lengths
        Shape (B,): steps of each sequence, at least 1.
    start, end
        Shape (K,): score of each tag at the first and at the last step.
    moves
        A, shape (K, K): score of the second tag after the first.
    """

    steps: torch.Tensor
    lengths: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    moves: torch.Tensor

    def double(self) -> Chain:
        """Return the same in float64."""
        steps, start, end, moves = (one.double() for one in (self.steps, self.start, self.end, self.moves))
        return Chain(steps, self.lengths, start, end, moves)


class Moves(torch.nn.Module):
    """Scores of tags after each other, learned from 0 or 0 for good; what may not follow has the score -10,000.

    Parameters
    ----------
    n_tags
        K.
    learned
        Whether scores are learned; otherwise only the forbidden differ from 0.
    forbidden
        Shape (K + 1, K): whether the second tag may not follow the first; the last row is for the first step. None
        allows everything.
    """

    def __init__(self, n_tags: int, *, learned: bool = True, forbidden: Mask | None = None) -> None:
        super().__init__()
        self.n_tags = n_tags
        self.weights = torch.nn.Parameter(torch.empty(n_tags + 2, n_tags)) if learned else None
        self._forbidden = None if forbidden is None else np.asarray(forbidden, dtype=bool)

    def start(self) -> None:
        """Begin where every tag follows every other equally well."""
        if self.weights is not None:
            torch.nn.init.zeros_(self.weights)

    def forward(self, steps: torch.Tensor, lengths: torch.Tensor) -> Chain:
        """Return a batch with its scores of steps, shape (T, B, K), as a chain."""
        whole = steps.new_zeros(self.n_tags + 2, self.n_tags) if self.weights is None else self.weights
        moves, ends = whole[:-1], whole[-1]
        if self._forbidden is not None:
            moves = moves.masked_fill(torch.from_numpy(self._forbidden), _NEVER)
        return Chain(steps, lengths, moves[-1], ends, moves[:-1])


def log_likelihood(chain: Chain, tags: torch.Tensor) -> torch.Tensor:
    """Return log p(y | x) of each sequence, shape (B,), for tags of shape (T, B); what follows an end is not read."""
    return score(chain, tags) - log_partition(chain)


def score(chain: Chain, tags: torch.Tensor) -> torch.Tensor:
    """Return s(x, y) of each sequence, shape (B,), for tags of shape (T, B)."""
    there = _there(chain)
    tags = tags.masked_fill(~there, 0)
    steps = chain.steps.gather(2, tags[..., None])[..., 0]
    last = tags.gather(0, chain.lengths[None] - 1)[0]
    found = chain.start[tags[0]] + chain.end[last] + (steps * there).sum(0)
    return found + (chain.moves[tags[:-1], tags[1:]] * there[1:]).sum(0)


def log_partition(chain: Chain) -> torch.Tensor:
    """Return the logarithm of the sum of exp(s(x, y)) over all y, shape (B,): the forward algorithm."""
    return torch.logsumexp(_forwards(chain)[-1] + chain.end, dim=1)


def _forwards(chain: Chain) -> list[torch.Tensor]:
    """Return after each step, for each tag there, the logarithm of the sum over all before it, T of shape (B, K)."""
    there = _there(chain)
    found = [chain.start + chain.steps[0]]
    for t in range(1, len(chain.steps)):
        onward = torch.logsumexp(found[-1][:, :, None] + chain.moves, dim=1) + chain.steps[t]
        found.append(torch.where(there[t, :, None], onward, found[-1]))
    return found


def marginals(chain: Chain) -> torch.Tensor:
    """Return the probability of each tag at each step, shape (T, B, K), 0 after the end: forwards and backwards.

    Source: Rabiner (1989), A tutorial on hidden Markov models, Proceedings of the IEEE 77, equations 24 to 27.
    """
    there = _there(chain)
    forwards = torch.stack(_forwards(chain))
    after = chain.end.expand_as(forwards[0])
    backwards = [after]
    for t in range(len(chain.steps) - 1, 0, -1):
        before = torch.logsumexp(chain.moves + (chain.steps[t] + after)[:, None, :], dim=2)
        after = torch.where(there[t, :, None], before, after)
        backwards.append(after)
    both = forwards + torch.stack(backwards[::-1])
    return both.softmax(dim=2) * there[..., None]


def best(chain: Chain) -> list[torch.Tensor]:
    """Return the tags y of largest score of each sequence, B of shape (T,): the Viterbi algorithm.

    Source: Viterbi (1967), Error bounds for convolutional codes, IEEE Transactions on Information Theory 13.
    """
    there = _there(chain)
    reached = chain.start + chain.steps[0]
    origins = []
    for t in range(1, len(chain.steps)):
        onward, origin = (reached[:, :, None] + chain.moves).max(dim=1)
        origins.append(origin)
        reached = torch.where(there[t, :, None], onward + chain.steps[t], reached)
    tag = (reached + chain.end).argmax(dim=1)
    found = [tag]
    for t in range(len(origins), 0, -1):
        tag = torch.where(there[t], origins[t - 1].gather(1, tag[:, None])[:, 0], tag)
        found.append(tag)
    whole = torch.stack(found[::-1])
    return [whole[:length, b] for b, length in enumerate(chain.lengths.tolist())]


def _there(chain: Chain) -> torch.Tensor:
    """Return which steps count, shape (T, B)."""
    return torch.arange(len(chain.steps))[:, None] < chain.lengths
