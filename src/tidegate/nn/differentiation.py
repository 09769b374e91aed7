"""Gradients by torch's own record of what is computed: those that kernels cannot give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tidegate.nn import internals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Optional = Sequence[torch.Tensor | None]


def gradients_of(
    tensors: Optional,
    compute: Callable[[Optional], Sequence[torch.Tensor]],
    flows: Optional,
    wanted: Sequence[bool],
    *,
    twice: bool,
) -> list[torch.Tensor | None]:
    """Return the gradients of what `compute` makes of `tensors`; None where none is wanted or there is none.

    Autocast, which may be on by now, is off.

    Parameters
    ----------
    tensors
        What the gradients belong to; None is handed on.
    compute
        Returns as many results as there are `flows`. It gets views of the tensors, so that what one of them owes to
        another counts once.
    flows
        The gradients of the results; None for zeros.
    wanted
        Which gradients, in the order of `tensors`.
    twice
        Whether they shall have gradients of their own.
    """
    if all(flow is None for flow in flows):
        return [None] * len(wanted)
    sought = [want and tensor is not None for tensor, want in zip(tensors, wanted, strict=True)]
    device = next(tensor.device.type for tensor in tensors if tensor is not None)
    with torch.enable_grad(), torch.autocast(device, enabled=False):
        views = [
            _view(tensor) if tensor is not None and seek else tensor
            for tensor, seek in zip(tensors, sought, strict=True)
        ]
        pairs = [(value, flow) for value, flow in zip(compute(views), flows, strict=True) if flow is not None]
        sources = [view for view, seek in zip(views, sought, strict=True) if seek and view is not None]
        values, given = zip(*pairs, strict=True)
        found = iter(torch.autograd.grad(values, sources, given, create_graph=twice, allow_unused=True))
    return [next(found) if seek else None for seek in sought]


def _view(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()


def looked_at(flows: Optional) -> bool:
    """Return whether the gradients `flows` are mapped, differentiated forwards or no plain tensors."""
    if internals.transforms_functions() or internals.differentiates_forwards():
        return True
    given = [flow for flow in flows if flow is not None]
    return any(type(flow) is not torch.Tensor or internals.is_stack_of_gradients(flow) for flow in given)
