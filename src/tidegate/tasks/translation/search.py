"""Beam search: the most probable targets, several sources at once.

Axis letters: B sources, K hypotheses of each, V target tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import torch

from tidegate.features.vocabulary import UNKNOWN_NUMBER
from tidegate.tasks.translation.pairs import BOUNDARY

if TYPE_CHECKING:
    from tidegate.tasks.translation.network import Decoder, Encoded

_FROM_BOTH = 2


class Hypothesis(NamedTuple):
    """A target that was found.

    Attributes
    ----------
    numbers
        Of its tokens, without the boundary.
    score
        Logarithm of its probability, divided by the tokens that were said, the end among them.
    finished
        Whether it ended by itself, not at the limit.
    """

    numbers: list[int]
    score: float
    finished: bool


@dataclass
class _Open:
    """A source that is still searched for: its place, its limit, and what ended."""

    place: int
    limit: int
    ended: list[Hypothesis] = field(default_factory=list)


@torch.no_grad()
def best(decoder: Decoder, encoded: Encoded, limits: list[int], beam: int) -> list[list[Hypothesis]]:
    """Return the best targets of each source, at most `beam`, the best by score first.

    A source is done once `beam` hypotheses have ended, or its limit is reached; of those that have not ended then, the
    best is taken where nothing ended. Unknown tokens are never said, and a target has at least one token.

    Parameters
    ----------
    decoder
        Trained.
    encoded
        B sources.
    limits
        Most tokens of each target, B.
    beam
        Hypotheses that are kept at each step, K, at least 1.

    Source: Graves (2012), Sequence transduction with recurrent neural networks, section 2.5; scores divided by length
    as in Wu et al. (2016), Google's neural machine translation system, section 7, with alpha = 1.
    """
    n_sources = len(encoded.lengths)
    found: list[list[Hypothesis]] = [[] for _ in range(n_sources)]
    sources = [_Open(k, limit) for k, limit in enumerate(limits)]
    memory = decoder.begun(encoded).take(torch.arange(n_sources).repeat_interleave(beam))
    scores = torch.full((n_sources, beam), -torch.inf)
    scores[:, 0] = 0
    said = torch.full((1, n_sources * beam), BOUNDARY)
    while sources:
        told = decoder(said[-1:], encoded, memory)
        rows, tokens, scores = _grown(decoder.scores(told.readout[0]), scores, said)
        said = torch.cat([said[:, rows], tokens[None]])
        ended = (tokens == BOUNDARY).view(len(sources), beam)
        _collect(sources, said, scores, ended)
        scores = scores.masked_fill(ended, -torch.inf)
        going = [k for k, one in enumerate(sources) if len(one.ended) < beam and len(said) - 1 < one.limit]
        for k in set(range(len(sources))) - set(going):
            found[sources[k].place] = _settled(sources[k], said.view(len(said), -1, beam)[:, k], scores[k])
        kept = torch.tensor(going, dtype=torch.long)
        chosen = (kept[:, None] * beam + torch.arange(beam)).flatten()
        memory, said = told.memory.take(rows[chosen]), said[:, chosen]
        scores, encoded, sources = scores[kept], encoded.take(kept), [sources[k] for k in going]
    return found


def _grown(
    raw: torch.Tensor, scores: torch.Tensor, said: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the rows that go on, the token that each says next, and the scores, shape (B, K), from scores (B K, V)."""
    n_sources, beam = scores.shape
    next_ones = raw.log_softmax(-1)
    next_ones[:, UNKNOWN_NUMBER] = -torch.inf
    if len(said) == 1:
        next_ones[:, BOUNDARY] = -torch.inf
    whole = (scores.view(-1, 1) + next_ones).view(n_sources, -1)
    n_tokens = raw.shape[1]
    made, where = whole.topk(beam, dim=1)
    rows = where // n_tokens + beam * torch.arange(n_sources)[:, None]
    return rows.flatten(), (where % n_tokens).flatten(), made


def _collect(sources: list[_Open], said: torch.Tensor, scores: torch.Tensor, ended: torch.Tensor) -> None:
    """Give each source its hypotheses that ended at this step."""
    beam = scores.shape[1]
    for k, one in torch.argwhere(ended & scores.isfinite()).tolist():
        numbers = said[1:-1, k * beam + one].tolist()
        sources[k].ended.append(Hypothesis(numbers, float(scores[k, one]) / (len(numbers) + 1), finished=True))


def _settled(source: _Open, said: torch.Tensor, scores: torch.Tensor) -> list[Hypothesis]:
    """Return what was found for a source, the best first."""
    if source.ended:
        return sorted(source.ended, key=lambda one: -one.score)[: len(scores)]
    best = int(scores.argmax())
    numbers = said[1:, best].tolist()
    return [Hypothesis(numbers, float(scores[best]) / len(numbers), finished=False)]
