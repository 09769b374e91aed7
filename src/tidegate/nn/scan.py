"""The recurrence h_t = retained_t * h_{t-1} + added_t solved for all steps, with its gradient.

Axis letters: T time, B batch, H hidden units. Neither a division nor a logarithm is taken: entries may have any sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from tidegate.nn.cells.cell import project, spread
from tidegate.nn.unroll import Unrolled, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.nn.cells.affine import Scannable
    from tidegate.nn.cells.cell import State

_NARROW = 512
"""Entries of one step up to which doubling beats one operation per step on a CPU."""

_BLOCK = 2**18
"""Entries that a CPU takes on at a time, so that what one operation writes is still in its cache for the next."""


def scan(retained: torch.Tensor, added: torch.Tensor, start: torch.Tensor, *, reverse: bool = False) -> torch.Tensor:
    """Return h of every step, shape (T, B, H).

    A step of few entries is solved in ceil(log2 T) passes over all steps at once, each of which doubles the reach
    (Hillis & Steele 1986, Data parallel algorithms, Communications of the ACM 29(12)); so is every step on an
    accelerator. On a CPU wide steps fill the machine by themselves and are walked one by one, each in one operation.
    Both ways agree to rounding. The gradient is the same recurrence from the other end, and can itself be
    differentiated.

    Parameters
    ----------
    retained
        Shape (T, B, H), T at least 1, of absolute value at most 1: beyond, products over many steps can overflow.
    added
        Shape (T, B, H).
    start
        Shape (B, H): h before the first step (with `reverse`: after the last).
    reverse
        Whether h_t = retained_t * h_{t+1} + added_t instead.
    """
    solved: torch.Tensor = _Scan.apply(retained, added, start, -1 if reverse else 1)  # type: ignore[no-untyped-call]
    return solved


def scanned(
    cell: Scannable,
    weights: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    *,
    state: State,
    lengths: torch.Tensor | None = None,
    reverse: bool = False,
) -> Unrolled:
    """Return what `tidegate.nn.unroll.unroll` returns, to rounding, for a cell that a scan can solve.

    Parameters
    ----------
    cell
        The equations of one step.
    weights
        Parameters by role, as in ``cell.shapes``.
    inputs
        Shape (T, B, I), T at least 1.
    state
        The hidden state before the first step (with `reverse`: before the last), one of shape (B, H).
    lengths
        Shape (B,): steps of each sequence, 0 to T; what lies beyond changes neither values nor gradients, even NaN.
        None for T everywhere.
    reverse
        From the last step to the first.
    """
    (h,) = state
    weights = spread(weights, cell)
    n_steps = max(1, _BLOCK // max(1, h.numel())) if h.device.type == "cpu" else len(inputs)
    parts = torch.split(inputs, n_steps)
    masks: tuple[torch.Tensor | None, ...] = (None,) * len(parts)
    if lengths is not None:
        masks = torch.split(within(lengths, len(inputs)), n_steps)
    way = -1 if reverse else 1
    outputs = []
    for part, valid in list(zip(parts, masks, strict=True))[::way]:
        retained, added = _factors(cell, weights, part, valid)
        dtype = torch.result_type(added, h)
        made = scan(retained.to(dtype), added.to(dtype), h.to(dtype), reverse=reverse)
        h = made[0 if reverse else -1]
        outputs.append(made if valid is None else torch.where(valid, made, 0))
    return Unrolled(torch.cat(outputs[::way]), (h,), {})


def _factors(
    cell: Scannable, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, valid: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what each step retains and adds; beyond a sequence's length all and nothing."""
    if valid is None:
        return cell.affine(project(inputs, weights))[:2]
    made = cell.affine(project(torch.where(valid, inputs, 0), weights))
    return torch.where(valid, made.retained, 1), torch.where(valid, made.added, 0)


class _Scan(torch.autograd.Function):
    """The recurrence along `way`: 1 from the first step to the last, -1 from the last to the first."""

    @staticmethod
    def forward(retained: torch.Tensor, added: torch.Tensor, start: torch.Tensor, way: int) -> torch.Tensor:
        narrow = start.numel() <= _NARROW or start.device.type != "cpu"
        return (_doubled if narrow else _walked)(retained, added, start, way)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        retained, _, start, ctx.way = inputs
        ctx.save_for_backward(retained, start, output)
        ctx.save_for_forward(retained, start, output)

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor | None) -> torch.Tensor:
        retained, start, outputs = ctx.saved_tensors
        of_retained, of_added, of_start, _ = tangents
        flow = torch.zeros_like(outputs) if of_added is None else of_added
        if of_retained is not None:
            flow = flow + of_retained * _moved(outputs, start, ctx.way)
        return scan(retained, flow, torch.zeros_like(start) if of_start is None else of_start, reverse=ctx.way < 0)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[torch.Tensor, int]:
        """Lay the mapped axis beside the batch: (T, V, B, H) is (T, V * B, H) to a scan."""
        *tensors, way = inputs
        retained, added, start = (
            tensor.unsqueeze(0).expand(info.batch_size, *tensor.shape) if axis is None else tensor.movedim(axis, 0)
            for tensor, axis in zip(tensors, in_dims, strict=False)
        )
        factors, summands = (tensor.transpose(0, 1).flatten(1, 2) for tensor in (retained, added))
        made = scan(factors, summands, start.flatten(0, 1), reverse=way < 0)
        return made.reshape(len(made), *start.shape), 1

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        retained, start, outputs = ctx.saved_tensors
        way = ctx.way
        nothing = torch.zeros_like(start)
        flow = scan(_moved(retained, nothing, -way), gradient, nothing, reverse=way > 0)
        first = 0 if way > 0 else -1
        wanted = ctx.needs_input_grad
        return (
            flow * _moved(outputs, start, way) if wanted[0] else None,
            flow if wanted[1] else None,
            retained[first] * flow[first] if wanted[2] else None,
            None,
        )


def _moved(values: torch.Tensor, edge: torch.Tensor, way: int) -> torch.Tensor:
    """Return at each step what lies one step before it along `way`; `edge` for the first."""
    return torch.cat([edge[None], values[:-1]] if way > 0 else [values[1:], edge[None]])


def _walked(retained: torch.Tensor, added: torch.Tensor, start: torch.Tensor, way: int) -> torch.Tensor:
    outputs = torch.empty_like(added)
    h = start
    for factor, summand, output in list(zip(retained, added, outputs, strict=True))[::way]:
        h = torch.addcmul(summand, factor, h, out=output)
    return outputs


def _doubled(retained: torch.Tensor, added: torch.Tensor, start: torch.Tensor, way: int) -> torch.Tensor:
    """After the pass of reach k every h that depends on fewer than 2k steps is done, and factors span 2k steps.

    A product of factors that vanishes where none of them does is kept at the least number above 0: step by step an
    infinite h stays infinite, but 0 * inf is no number.
    """
    least = torch.nextafter(retained.new_zeros(()), retained.new_ones(()))
    first = 0 if way > 0 else -1
    outputs = added.clone()
    outputs[first].addcmul_(retained[first], start)
    reach = 1
    while reach < len(added):
        late, early = slice(reach, None), slice(None, -reach)
        here, there = (late, early) if way > 0 else (early, late)
        further = outputs.clone()
        further[here].addcmul_(retained[here], outputs[there])
        factors = retained.clone()
        product = retained[here] * retained[there]
        vanished = (product == 0) & (retained[here] != 0) & (retained[there] != 0)
        factors[here] = torch.where(vanished, torch.copysign(least, product), product)
        outputs, retained = further, factors
        reach *= 2
    return outputs
