"""How surprising targets are among many classes, in memory that is used again.

Axis letters: N targets, V classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

from tidegate.kernels.buffers import BUFFERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOGETHER = 2**17
"""Scores that are turned into probabilities at once: they stay in the second cache."""


def surprise(scores: torch.Tensor, target: torch.Tensor, *, smoothing: float = 0.0) -> torch.Tensor:
    """Return minus the logarithm of each target's probability in nats, shape (N,); 0 for a target below 0.

    It is what `torch.nn.functional.cross_entropy` says, value and gradient. Where V are thousands, that one asks for
    matrices so large that the system hands out fresh pages for them in each update, which takes longer than the
    arithmetic.

    Parameters
    ----------
    scores
        Shape (N, V), float32 or float64, on the CPU.
    target
        Shape (N,), int64: numbers of classes.
    smoothing
        Share of probability that is wanted for all classes alike, in [0, 1).

    Source: Szegedy, Vanhoucke, Ioffe, Shlens & Wojna (2016), Rethinking the inception architecture for computer vision,
    CVPR, section 7 (label smoothing).
    """
    made: torch.Tensor = _Surprise.apply(scores, target, smoothing)  # type: ignore[no-untyped-call]
    return made


def _blocks(scores: torch.Tensor) -> Iterator[slice]:
    """Return rows that are done together."""
    n_rows, width = scores.shape
    count = max(_TOGETHER // width, 1)
    return (slice(first, first + count) for first in range(0, n_rows, count))


class _Surprise(torch.autograd.Function):
    """Its gradient is the softmax less what was wanted; the logarithm of the former is kept."""

    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor, target: torch.Tensor, smoothing: float) -> torch.Tensor:
        logarithms = BUFFERS.take(tuple(scores.shape), scores.dtype)
        made = torch.zeros_like(target, dtype=scores.dtype)
        for rows in _blocks(scores):
            own = torch.log_softmax(scores[rows], 1, out=logarithms[rows])
            made[rows] = own.gather(1, target[rows, None].clamp(min=0))[:, 0] * (smoothing - 1)
            if smoothing:
                made[rows] -= own.sum(1) * (smoothing / scores.shape[1])
        ctx.save_for_backward(logarithms, target)
        ctx.smoothing = smoothing
        return made.masked_fill_(target < 0, 0.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, flow: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        logarithms, target = ctx.saved_tensors
        flow = flow.masked_fill(target < 0, 0.0)[:, None]
        made = BUFFERS.take(tuple(logarithms.shape), logarithms.dtype)
        for rows in _blocks(logarithms):
            own = torch.exp(logarithms[rows], out=made[rows])
            own.sub_(ctx.smoothing / own.shape[1]).mul_(flow[rows])
        made.scatter_add_(1, target[:, None].clamp(min=0), flow * (ctx.smoothing - 1))
        return made, None, None
