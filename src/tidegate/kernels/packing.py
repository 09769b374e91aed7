"""Packed weights, kept from call to call while the weights do not change.

Packing costs more than a step of one series. Whether weights have changed is seen by comparing them, byte by byte, with
a copy that the packed ones hold: every way to change a weight counts, also those that torch keeps no record of.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch

from tidegate.kernels.structure import WEIGHTS, Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Weights = tuple[torch.Tensor | None, ...]
    Operation = Callable[[str], Callable[..., int]]

_PLAIN = (torch.Tensor, torch.nn.Parameter)

MOST = 1024
"""How many directions of layers have their weights kept at most."""

MOST_BYTES = 2**26
"""How much memory they take at most."""


class Packing:
    """Weights as the kernels read them; never written again, so that any number of threads may read them.

    Parameters
    ----------
    storage
        The memory of the first of the weights, whose end is theirs. (A weak reference to the tensor itself would forbid
        to swap it with another, as torch does on request when a module is converted.)
    kind
        In which way they are packed.
    packed
        The packed weights.
    matches
        The kernels' operation that compares a layer's weights with them.

    Attributes
    ----------
    plans
        What goes with them and is of no use once they have changed; nothing at first.
    used
        When they were asked for last, as `Packings` counts.
    """

    __slots__ = ("_at", "_matches", "_storage", "kind", "packed", "plans", "used")

    def __init__(
        self, storage: weakref.ref[Any], kind: Hashable, packed: torch.Tensor, *, matches: Callable[..., int]
    ) -> None:
        self._storage, self.kind, self.packed, self._matches = storage, kind, packed, matches
        self._at = ctypes.c_void_p(packed.data_ptr())
        self.plans: dict[Any, Any] = {}
        self.used = 0

    def matches(self, layer: Layer) -> bool:
        """Return whether the weights of the first direction of `layer` are byte by byte those that were packed.

        Their shapes and types must be those of `kind`.
        """
        return bool(self._matches(ctypes.byref(layer), self._at))


class Packings:
    """Packed weights of many layers, each kept until its weights change or are gone.

    Any number of threads may ask. Where there is no room for more, those make way that nobody has asked for while all
    others were asked for twice; new ones are not kept where all are in use, as it would be for nothing.

    Parameters
    ----------
    most
        How many are kept at most.
    most_bytes
        How much memory they take at most.
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        # No lock: each access is one operation of a dict, and what two threads find missing at the same time is made
        # twice.
        self._kept: dict[tuple[int, int], Packing] = {}
        self._asked = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_bytes(self) -> int:
        """How much memory they take."""
        return sum(kept.packed.nbytes for kept in list(self._kept.values()))

    def known(self, weights: Weights) -> Packing | None:
        """Return the latest packing of weights the matrices of which are those; they may have changed since."""
        at = _matrices(weights)
        kept = None if at is None else self._kept.get(at)
        if kept is not None:
            self._asked += 1
            kept.used = self._asked
        return kept

    def find(self, layer: Layer, weights: Weights, operation: Operation, *, kind: Hashable) -> Packing | None:
        """Return the weights of the layer's first direction packed; None where they would take more than all may.

        Parameters
        ----------
        layer
            Its sizes, and where the weights of its first direction are now.
        weights
            The tensors of that direction, in the order of `WEIGHTS`: plain ones on the CPU. Those after the matrices
            may be new ones in every call.
        operation
            The kernels' "matches", "pack" and "sizes" for the cell and the type.
        kind
            What else decides how weights are packed: cell, type, library.
        """
        first = cast("torch.Tensor", weights[0])
        kind = (kind, layer.inputs, layer.hidden, *[weight is None for weight in weights])
        kept, at = self.known(weights), _matrices(weights)
        if kept is not None and kept.kind == kind and kept.matches(layer):
            return kept
        packed = self._made(layer, weights, operation)
        if packed is None or at is None:
            return None
        gone = partial(self._kept.pop, at, None)
        storage = weakref.ref(first.untyped_storage(), lambda _: gone())
        made = Packing(storage, kind, packed, matches=operation("matches"))
        self._keep(at, made)
        return made

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    def _made(self, layer: Layer, weights: Weights, operation: Operation) -> torch.Tensor | None:
        """Return `weights` packed in new memory; None where there is too much of it.

        They are packed from a copy: another thread that changes them at the same time could otherwise leave the new
        ones to be compared beside the old ones to be read.
        """
        sizes = (ctypes.c_int64 * 4)()
        operation("sizes")(ctypes.byref(layer), sizes)
        first = cast("torch.Tensor", weights[0])
        if sizes[3] * first.itemsize > self._most_bytes:
            return None
        packed = torch.empty(sizes[3], dtype=first.dtype, device="cpu")
        copies = [
            None if weight is None else weight.detach().clone(memory_format=torch.contiguous_format).resolve_neg()
            for weight in weights
        ]
        copied = Layer(inputs=layer.inputs, hidden=layer.hidden, directions=1, threads=layer.threads)
        for field, copy in zip(WEIGHTS, copies, strict=True):
            setattr(copied.direction[0], field, None if copy is None else copy.data_ptr())
        operation("pack")(ctypes.byref(copied), ctypes.c_void_p(packed.data_ptr()))
        return packed

    def _keep(self, at: tuple[int, int], new: Packing) -> None:
        self._kept.pop(at, None)
        self._asked += 1
        new.used = self._asked
        for other, kept in list(self._kept.items()):
            if self._has_room(new):
                break
            if new.used - kept.used > 2 * len(self._kept):
                self._kept.pop(other, None)
        if self._has_room(new):
            self._kept[at] = new

    def _has_room(self, new: Packing) -> bool:
        return len(self._kept) < self._most and self.n_bytes + new.packed.nbytes <= self._most_bytes


def _matrices(weights: Weights) -> tuple[int, int] | None:
    """Return where the input and the recurrent weights stand; None where they stand nowhere."""
    first, recurrent = weights[:2]
    if type(first) not in _PLAIN or first is None or first.layout is not torch.strided:
        return None
    if recurrent is None:
        return first.data_ptr(), 0
    if type(recurrent) not in _PLAIN or recurrent.layout is not torch.strided:
        return None
    return first.data_ptr(), recurrent.data_ptr()


PACKINGS = Packings()
"""What the kernels of this process share."""
