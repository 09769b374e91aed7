"""Exponential smoothing for autograd and for compilers: an operator around the kernels, or around the equations.

Axis letters: T time, B batch (series), m steps of a season.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from tidegate.kernels import smoothing as kernels
from tidegate.kernels.smoothing import Wanted, Work
from tidegate.nn.differentiation import looked_at
from tidegate.nn.smoothing_equations import reference, written_gradients

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARGUMENTS = "Tensor values, Tensor alpha, Tensor? start, Tensor? lengths, Tensor[] seasons"


def by_kernels(work: Work) -> tuple[torch.Tensor, ...]:
    """Return the levels and the factors of each season, computed by the kernels on numbers in memory.

    `tidegate.kernels.smoothing.obstacle` must be None.
    """
    made: tuple[torch.Tensor, ...] = _Kernels.apply(*work[:4], *work.seasons)  # type: ignore[no-untyped-call]
    return made


def by_operator(work: Work) -> tuple[torch.Tensor, ...]:
    """Return the same through torch.ops.tidegate.smoothing_forward, which compilers see as one piece.

    It takes the kernels where they can do the work, and the equations elsewhere.
    """
    return tuple(_forward_operator(*work[:4], list(work.seasons)))


class _Kernels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *parts: Any) -> tuple[torch.Tensor, ...]:
        work = _work((*parts[:4], parts[4:]))
        outputs = kernels.forward(work)
        _remember(ctx, work, outputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *flows: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        work, outputs = _remembered(ctx)
        wanted = (*ctx.needs_input_grad[:3], *ctx.needs_input_grad[4:])
        made: Sequence[torch.Tensor | None]
        if torch.is_grad_enabled() or looked_at(flows):
            made = written_gradients(work, outputs, flows)
        else:
            made = _computed_gradients(work, outputs, flows, wanted)
        results = [gradient if want else None for gradient, want in zip(made, wanted, strict=True)]
        return (*results[:3], None, *results[3:])


def _remember(ctx: Any, work: Work, outputs: Sequence[torch.Tensor]) -> None:
    ctx.n_outputs = len(outputs)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*work[:4], *work.seasons, *outputs)


def _remembered(ctx: Any) -> tuple[Work, Sequence[torch.Tensor]]:
    saved = ctx.saved_tensors
    parts, outputs = saved[: -ctx.n_outputs], saved[-ctx.n_outputs :]
    return _work((*parts[:4], parts[4:])), outputs


def _computed_gradients(
    work: Work, outputs: Sequence[torch.Tensor], flows: Sequence[torch.Tensor | None], wanted: Sequence[bool]
) -> Sequence[torch.Tensor | None]:
    """Return gradients that have none of their own; those not `wanted` may be None."""
    if kernels.obstacle(work):
        return written_gradients(work, outputs, flows)
    chosen = Wanted(wanted[0], wanted[1], wanted[2], tuple(wanted[4::2]))
    return kernels.backward(work, outputs, flows, wanted=chosen)


@torch.library.custom_op("tidegate::smoothing_forward", mutates_args=(), schema=f"({_ARGUMENTS}) -> Tensor[]")
def _forward_operator(*parts: Any) -> list[torch.Tensor]:
    work = _work(parts)
    kernels.check(work)
    return list(reference(work) if kernels.obstacle(work) else kernels.forward(work))


@_forward_operator.register_fake
def _(*parts: Any) -> list[torch.Tensor]:
    work = _work(parts)
    kernels.check(work)
    steps, n_series = work.values.shape
    rows = [steps, *(steps + len(first) for first in work.seasons[::2])]
    return [work.values.new_empty(n_rows, n_series) for n_rows in rows]


@torch.library.custom_op(
    "tidegate::smoothing_backward",
    mutates_args=(),
    schema=f"({_ARGUMENTS}, Tensor[] outputs, Tensor?[] flows, bool[] wanted) -> Tensor[]",
)
def _backward_operator(*parts: Any) -> list[torch.Tensor]:
    *operands, outputs, flows, wanted = parts
    made = _computed_gradients(_work(operands), outputs, flows, wanted)
    return [gradient for gradient, want in zip(made, wanted, strict=True) if want and gradient is not None]


@_backward_operator.register_fake
def _(*parts: Any) -> list[torch.Tensor]:
    work, wanted = _work(parts[:5]), parts[-1]
    operands = (*work[:3], *work.seasons)
    return [
        like.new_empty(like.shape) for like, want in zip(operands, wanted, strict=True) if want and like is not None
    ]


def _work(parts: Sequence[Any]) -> Work:
    values, alpha, start, lengths, seasons = parts
    return Work(values, alpha, start, lengths, tuple(seasons))


def _remember_operands(ctx: Any, inputs: tuple[Any, ...], output: list[torch.Tensor]) -> None:
    _remember(ctx, _work(inputs), output)


def _operator_gradients(ctx: Any, flows: list[torch.Tensor | None]) -> tuple[Any, ...]:
    work, outputs = _remembered(ctx)
    wanted = [*ctx.needs_input_grad[:3], *ctx.needs_input_grad[4]]
    if torch.is_grad_enabled():
        made = written_gradients(work, outputs, flows)
        results = [gradient if want else None for gradient, want in zip(made, wanted, strict=True)]
    else:
        asked = iter(_backward_operator(*work[:4], list(work.seasons), list(outputs), flows, wanted))
        results = [next(asked) if want else None for want in wanted]
    return (*results[:3], None, results[3:])


_forward_operator.register_autograd(_operator_gradients, setup_context=_remember_operands)
