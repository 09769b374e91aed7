"""Attention: a query weighs the states of an encoder, and their mean by these weights is the context.

Axis letters: B batch, T time steps of the source, S width of a source state, H width of the query.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence


class Attended(NamedTuple):
    """What a query finds in the source.

    Parameters
    ----------
    context
        Shape (B, S): the mean of the source's states by the weights.
    weights
        Shape (B, T): at least 0, summing to 1 over a sequence's steps, exactly 0 beyond its length; all 0 for a
        sequence without a step.
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
            Shape (B, H).
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
        """Return context and weights for queries (B, H) over a source (B, T, S) with `lengths` (B,) or None."""
        source, valid = _within(source, lengths)
        scores = self.score(torch.tanh(self.of_query(query)[:, None] + self.of_source(source)))[..., 0]
        return _attended(scores, source, valid)


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
        """Return context and weights for queries (B, H) over a source (B, T, S) with `lengths` (B,) or None."""
        source, valid = _within(source, lengths)
        keys, wanted = self.of_source(source), self.of_query(query)
        scores = (keys @ wanted[..., None])[..., 0] / math.sqrt(wanted.shape[-1])
        return _attended(scores, source, valid)


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


def _attended(scores: torch.Tensor, source: torch.Tensor, valid: torch.Tensor | None) -> Attended:
    """Turn scores (B, T) into weights, and these into the context."""
    if valid is None:
        weights = scores.softmax(-1)
    else:  # the second `where` is for a sequence without a step, which would weigh its padding
        scores = torch.where(valid, scores, torch.finfo(scores.dtype).min)
        weights = torch.where(valid, scores.softmax(-1), 0)
    return Attended((weights[:, None] @ source)[:, 0], weights)
