"""A layer's work laid out for the next call that differs from it in numbers alone.

The arithmetic of a step of one series, or of training on few short ones, is a small part of it: the rest is to see what
it is about and to write down what the kernel reads.
"""

from __future__ import annotations

import ctypes
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from tidegate.kernels.buffers import BUFFERS, KEPT_BYTES, SHOWN_BYTES
from tidegate.kernels.library import library
from tidegate.kernels.structure import Layer
from tidegate.kernels.threads import n_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.kernels.library import Library

    States = tuple[torch.Tensor, ...]
    Weights = tuple[torch.Tensor | None, ...]

_STARTS, _ENDS = ("h0", "c0"), ("hn", "cn")


class Plan(NamedTuple):
    """One direction of a layer over sequences of full length.

    Parameters
    ----------
    about
        What else than numbers the work was, as `described` tells it.
    weights
        Where the weights stood, as `placed` tells it.
    layout
        What the kernel read, with addresses of inputs, states and outputs that are gone.
    n_bytes
        How much working memory it wants.
    kernel
        The kernel.
    library
        Where it is from.
    n_saved
        Entries that are kept for backward; None in inference.
    """

    about: tuple[Any, ...]
    weights: tuple[Any, ...]
    layout: bytes
    n_bytes: int
    kernel: Callable[..., None]
    library: Library
    n_saved: int | None

    def filled(self) -> Layer:
        """Return the layout as a structure of its own."""
        return Layer.from_buffer_copy(self.layout)

    def run(self, layer: Layer, inputs: torch.Tensor, states: States) -> tuple[torch.Tensor, States, States]:
        """Return the outputs, shape (T, B, H), the final states and what is kept for backward.

        Parameters
        ----------
        layer
            From `filled`, for this run alone.
        inputs, states
            Such as `described` told of when it was made.
        """
        way = layer.direction[0]
        states = tuple([state.contiguous() for state in states])
        outputs = _room(inputs, (layer.time, layer.batch, layer.hidden), SHOWN_BYTES)
        finals = tuple([torch.empty_like(state) for state in states])
        for field, state in zip(_STARTS, states, strict=False):
            setattr(way, field, state.data_ptr())
        for field, state in zip(_ENDS, finals, strict=False):
            setattr(way, field, state.data_ptr())
        saved: States = ()
        if self.n_saved is not None:
            saved = (BUFFERS.take((self.n_saved,), inputs.dtype),)
            way.saved = saved[0].data_ptr()
        workspace = _room(inputs, (-(-self.n_bytes // inputs.itemsize),), KEPT_BYTES)
        layer.x, way.y, layer.workspace = inputs.data_ptr(), outputs.data_ptr(), workspace.data_ptr()
        self.kernel(ctypes.byref(layer))
        return outputs, finals, saved


def _room(like: torch.Tensor, shape: tuple[int, ...], least: int) -> torch.Tensor:
    """Return memory of the type of `like`; less than `least` bytes sooner than from the buffers."""
    if math.prod(shape) * like.itemsize < least:
        return like.new_empty(shape)
    return BUFFERS.take(shape, like.dtype, least)


def described(inputs: torch.Tensor, states: States, *, beside: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return what decides how work is laid out beside numbers and weights; None where it cannot be laid out ahead.

    Parameters
    ----------
    inputs
        Shape (T, B, I).
    states
        The state before the first step, each of shape (1, B, H).
    beside
        What else the caller knows: the cell, the direction.
    """
    for values in (inputs, *states):
        plain = type(values) is torch.Tensor and values.is_cpu and values.layout is torch.strided
        if not plain or values.is_neg():
            return None
    kinds = tuple([(state.dtype, state.shape) for state in states])
    return beside, library(), n_threads(), inputs.dtype, inputs.shape, inputs.stride(), kinds


def placed(weights: Weights) -> tuple[Any, ...] | None:
    """Return where weights stand, and of what shape and type; None where the kernels cannot read them there."""
    where: list[Any] = []
    for weight in weights:
        if weight is None:
            where.append(None)
        elif weight.is_contiguous() and not weight.is_neg():
            where.append((weight.data_ptr(), weight.shape, weight.dtype, type(weight)))
        else:
            return None
    return tuple(where)
