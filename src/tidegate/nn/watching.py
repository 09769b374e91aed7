"""A look into the backward pass: how far gradients reach back through time, and which gates are saturated."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.errors import SettingError
from tidegate.nn.flows import Flow, Recorder, heard
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch


@contextmanager
def watch(model: torch.nn.Module, *, margin: float = 0.05) -> Iterator[dict[str, list[Flow]]]:
    """Record what backward passes tell of every recurrent layer of `model`, at next to no cost on the kernels.

    Forward and backward pass both belong into the block. What is recorded are plain arrays, which stay when it is over;
    nothing of the model, its values or its graph does.

    The compiled kernels tell it as they walk back. Other layers are computed by the loop over the published equations
    for as long as they are watched, not by torch's operators or a scan, and ``backend="torch"`` is refused. The watch
    holds for the calls of this thread (or asynchronous task), and for the backward passes of these calls in any.
    What a function of ``torch.func`` or one that ``torch.compile`` has compiled does leaves no record, nor do mapped
    gradients (``is_grads_batched``).

    Parameters
    ----------
    model
        A layer (`Recurrent` in any form), or a module that holds some.
    margin
        How near to a limit, 0 and 1 or -1 and 1, a gate counts as saturated; 0 up to but not 0.5.

    Yields
    ------
    dict
        For each layer that ``model.named_modules()`` names, "" for the model itself, the flows of all calls: one for
        each call, layer and direction, in this order, and each backward pass. Without a backward pass there is none.

    Raises
    ------
    SettingError
        Where `margin` is not within its limits.
    ValueError
        Where `model` holds no recurrent layer, is compiled, or is being watched already; in a backward pass with
        ``create_graph=True``.

    Examples
    --------
    >>> import torch
    >>> from tidegate import nn
    >>> layer = nn.LSTM(3, 5)
    >>> with nn.watch(layer) as records:
    ...     layer(torch.randn(24, 7, 3))[0][-1].sum().backward()
    >>> records[""][0].cell.shape, sorted(records[""][0].saturated)
    ((24,), ['candidate', 'forget', 'input', 'output'])
    """
    number = isinstance(margin, int | float) and not isinstance(margin, bool)
    if not number or not math.isfinite(margin) or not 0 <= margin < 0.5:
        raise SettingError(f"margin is {margin!r}; it must be a number from 0 up to but not 0.5")
    _check_eager(model)
    layers = {name: module for name, module in model.named_modules() if isinstance(module, Recurrent)}
    if not layers:
        raise ValueError(
            f"{type(model).__name__} holds no recurrent layer of tidegate.nn, which alone can be watched. "
            "tidegate.nn.from_torch makes one of a layer of torch's"
        )
    recorders = {name: Recorder(module.cell, float(margin)) for name, module in layers.items()}
    with heard({module: recorders[name] for name, module in layers.items()}):
        yield {name: recorder.flows for name, recorder in recorders.items()}


def _check_eager(model: torch.nn.Module) -> None:
    """Refuse a model that torch.compile has taken on, as a whole or in part."""
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == "_orig_mod" or getattr(module, "_compiled_call_impl", None) is not None:
            raise ValueError("the model is compiled, which cannot be watched. Watch the model that torch.compile took")
