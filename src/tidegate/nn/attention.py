"""Attention: a query weighs the states of an encoder, and their mean by these weights is the context.

Axis letters: B batch, F steps that ask, T time steps of the source, S width of a source state, H width of the query.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

_MANY = 3  # axes of a query that is several


class Attended(NamedTuple):
    """What a query finds in the source, or each of F queries.

    Parameters
    ----------
    context
        Shape (B, S) or (B, F, S): the mean of the source's states by the weights.
    weights
        Shape (B, T) or (B, F, T): at least 0, summing to 1 over a sequence's steps, exactly 0 beyond its length; all 0
        for a sequence without a step.
    """

    context: torch.Tensor
    weights: torch.Tensor


class Attention(Protocol):
    """The face of every attention."""

    def __call__(
        self, query: torch.Tensor, source: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None
    ) -> Attended:
        """Return context and weights.

        Parameters
        ----------
        query
            Shape (B, H), or (B, F, H) for F queries of each sequence, none of which sees another.
        source
            Shape (B, T, S).
        lengths
            Shape (B,): steps of each source, 0 to T; None for T everywhere.
        """


class AdditiveAttention(torch.nn.Module):
    """e_j = v . tanh(W q + U s_j); weights_j = exp(e_j) / sum_k exp(e_k); context = sum_j weights_j s_j.

    Source: Bahdanau, Cho & Bengio (2015), Neural machine translation by jointly learning to align and translate, ICLR:
    (5), (6) and appendix A.1.2, whose s_{i-1} is the query and whose h_j are the source's states.

    Parameters
    ----------
    query_size
        Width of the query, H.
    source_size
        Width of a source state, S.
    hidden_size
        Width of v, W q and U s_j.
    """

    def __init__(self, query_size: int, source_size: int, hidden_size: int) -> None:
        super().__init__()
        self.of_query = torch.nn.Linear(query_size, hidden_size, bias=False)
        self.of_source = torch.nn.Linear(source_size, hidden_size, bias=False)
        self.score = torch.nn.Linear(hidden_size, 1, bias=False)

    def forward(
        self, query: torch.Tensor, source: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None
    ) -> Attended:
        """Return context and weights for queries (B, H) or (B, F, H) over a source (B, T, S) with `lengths` (B,)."""
        source, valid = _within(source, lengths)
        keys, wanted = self.of_source(source), self.of_query(_each(query))
        scores = self.score(torch.tanh(wanted[:, :, None] + keys[:, None]))[..., 0]
        return _attended(scores, source, valid, like=query)


class ScaledDotProductAttention(torch.nn.Module):
    """weights = softmax(K (W q) / sqrt(d)) with keys K = U s_j of width d; context = sum_j weights_j s_j.

    Source: Vaswani et al. (2017), Attention is all you need, NeurIPS 30: (1), the values being the states themselves.

    Parameters
    ----------
    query_size
        Width of the query, H.
    source_size
        Width of a source state, S.
    hidden_size
        Width d of W q and of the keys.
    """

    def __init__(self, query_size: int, source_size: int, hidden_size: int) -> None:
        super().__init__()
        self.of_query = torch.nn.Linear(query_size, hidden_size, bias=False)
        self.of_source = torch.nn.Linear(source_size, hidden_size, bias=False)

    def forward(
        self, query: torch.Tensor, source: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None = None
    ) -> Attended:
        """Return context and weights for queries (B, H) or (B, F, H) over a source (B, T, S) with `lengths` (B,)."""
        source, valid = _within(source, lengths)
        keys, wanted = self.of_source(source), self.of_query(_each(query))
        scores = wanted @ keys.transpose(1, 2) / math.sqrt(wanted.shape[-1])
        return _attended(scores, source, valid, like=query)


def _within(
    source: torch.Tensor, lengths: torch.Tensor | Sequence[int] | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the source with 0 beyond each length, so that not even NaN gets through, and which steps (B, T) count."""
    if lengths is None:
        return source, None
    valid = (
        torch.arange(source.shape[1], device=source.device) < torch.as_tensor(lengths, device=source.device)[:, None]
    )
    return torch.where(valid[..., None], source, 0), valid


def _each(query: torch.Tensor) -> torch.Tensor:
    """Return queries of shape (B, F, H), F being 1 for one query of each sequence."""
    return query if query.dim() == _MANY else query[:, None]


def _attended(
    scores: torch.Tensor, source: torch.Tensor, valid: torch.Tensor | None, *, like: torch.Tensor
) -> Attended:
    """Turn scores (B, F, T) into weights, and these into the context, both with F where the query `like` has it."""
    if valid is None:
        weights = scores.softmax(-1)
    else:  # the second `where` is for a sequence without a step, which would weigh its padding
        scores = torch.where(valid[:, None], scores, torch.finfo(scores.dtype).min)
        weights = torch.where(valid[:, None], scores.softmax(-1), 0)
    context = weights @ source
    return Attended(context, weights) if like.dim() == _MANY else Attended(context[:, 0], weights[:, 0])
