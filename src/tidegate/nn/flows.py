"""What backward passes tell of a layer that is watched: gradients of its states, and gates near their limits.

Axis letters: T time, B batch, H hidden units, G gates (the candidate counts as one).
"""

from __future__ import annotations

import math
import threading
from bisect import insort
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.nn import internals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from tidegate.nn.cells.cell import Cell, Step

_RANGES = {"sigma(": (0.0, 1.0), "tanh(": (-1.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Flow:
    """What one backward pass tells of one layer in one direction.

    Norms are Euclidean, over all sequences that reach so far and all units. Padding counts nowhere.

    Parameters
    ----------
    call
        Which call of the module it belongs to, counted from 0.
    layer
        Which layer of the module, from 0.
    direction
        0, or 1 for the second direction of a bidirectional layer.
    hidden
        Norm of dL/dh_t for each step t, all that comes from the loss and from later steps, shape (T,).
    cell
        Norm of dL/dc_t, with what comes through h_t, shape (T,); None for a cell without a cell state.
    saturated
        Gate to the fractions of its entries, in [0, 1], that lie within the margin of its lower and of its upper limit,
        each of shape (T,); 0 where no sequence reaches. Gates with weights of their own that end in a sigmoid (limits
        0 and 1) or a tanh (-1 and 1) are there, and "hidden" of Elman's cell if it does.
    """

    call: int
    layer: int
    direction: int
    hidden: NDArray[np.float64]
    cell: NDArray[np.float64] | None
    saturated: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]

    @property
    def place(self) -> tuple[int, int, int]:
        """Call, layer and direction: the order in which flows stand."""
        return self.call, self.layer, self.direction


def limits(cell: Cell) -> Mapping[str, tuple[float, float]]:
    """Return the lower and the upper limit of each gate of `cell` that has them, as its card's equations say.

    >>> from tidegate.nn.cells.gru import Gru
    >>> limits(Gru())
    {'reset': (0.0, 1.0), 'update': (0.0, 1.0), 'candidate': (-1.0, 1.0)}
    """
    right = {one.left: one.text.partition(" = ")[2] for one in cell.card().step()}
    written = {gate: right["h_t" if gate == "hidden" else f"{gate}_t"] for gate in cell.gates}
    return {gate: ends for gate, text in written.items() for begin, ends in _RANGES.items() if text.startswith(begin)}


class Recorder:
    """Collects the flows of one module's calls, in the order of calls, layers and directions, until it is closed.

    Parameters
    ----------
    cell
        The equations of its layers.
    margin
        How near to a limit a gate counts as saturated, 0 up to but not 0.5.
    """

    def __init__(self, cell: Cell, margin: float) -> None:
        self.cell, self.margin, self.limits = cell, margin, limits(cell)
        self.flows: list[Flow] = []
        self.open = True
        self._calls: Counter[int] = Counter()
        self._lock = threading.Lock()  # autograd may walk back in a thread of its own

    def begun(self, layer: int) -> int:
        """Return the number of the call of `layer` that begins now."""
        with self._lock:
            self._calls[layer] += 1
            return self._calls[layer] - 1

    def add(self, flow: Flow) -> None:
        """Put `flow` in its place."""
        with self._lock:
            if self.open:
                insort(self.flows, flow, key=lambda one: one.place)


class Listener(NamedTuple):
    """Hears what a backward pass tells of one call of one layer.

    Parameters
    ----------
    recorder
        Where it goes.
    layer
        Which layer of the module, from 0.
    call
        Which call of that layer, from 0.
    """

    recorder: Recorder
    layer: int
    call: int = 0

    def begun(self) -> Listener:
        """Return one for the call that begins now."""
        return self._replace(call=self.recorder.begun(self.layer))

    def listens(self) -> bool:
        """Return whether the pass that runs now is to be recorded: the watch is not over.

        Raises
        ------
        ValueError
            Where the pass keeps a graph of itself.
        """
        if self.recorder.open and torch.is_grad_enabled():
            raise ValueError(
                "a watched layer got backward(create_graph=True); gradients that are to be differentiated again cannot "
                "be watched. Leave the watch first, or use create_graph=False"
            )
        return self.recorder.open

    def hear(
        self,
        direction: int,
        *,
        norms: NDArray[np.float64],
        near: NDArray[np.int64],
        entries: NDArray[np.int64],
    ) -> None:
        """Record one direction.

        Parameters
        ----------
        direction
            0 or 1.
        norms
            Norm of the gradient of each state, in the order of the cell's, shape (states, T).
        near
            How many entries of each of the cell's gates are near its lower and its upper limit, shape (G, 2, T).
        entries
            How many there are of each gate, shape (T,).
        """
        shares = near / np.maximum(entries, 1)
        cell, known = self.recorder.cell, self.recorder.limits
        saturated = {gate: (low, high) for gate, (low, high) in zip(cell.gates, shares, strict=True) if gate in known}
        of_cell = norms[cell.states.index("cell")] if "cell" in cell.states else None
        self.recorder.add(Flow(self.call, self.layer, direction, norms[0], of_cell, saturated))


class Walk:
    """One direction of a watched call that a loop over the steps computes.

    Parameters
    ----------
    listener
        Hears what is told.
    direction
        0 or 1.
    steps
        T.
    """

    def __init__(self, listener: Listener, direction: int, *, steps: int) -> None:
        self._listener, self._cell, self._direction = listener, listener.recorder.cell, direction
        self._near: list[torch.Tensor | None] = [None] * steps
        self._norms: NDArray[np.float64] | None = None
        self._pass = -1

    def step(self, t: int, made: Step, valid: torch.Tensor | None) -> None:
        """Count the gates of step t, and ask for the gradients of its states.

        Parameters
        ----------
        t
            Which step, from 0.
        made
            What the cell yields for all B rows.
        valid
            Which rows are inside their sequences, shape (B, 1); None for all.
        """
        if not (self._listener.recorder.open and any(state.requires_grad for state in made.state)):
            return
        self._near[t] = self._counted(made, valid)
        for index, state in enumerate(made.state):
            if state.requires_grad:
                state.register_hook(partial(self._arrived, index, t))  # type: ignore[no-untyped-call]

    def _counted(self, made: Step, valid: torch.Tensor | None) -> torch.Tensor:
        """Return entries near the lower and the upper limit of each gate, and how many there are: (2*G + 1)."""
        margin, ranges = self._listener.recorder.margin, self._listener.recorder.limits
        values = {**made.gates, **dict(zip(self._cell.states, made.state, strict=True))}
        inside = torch.ones_like(values[self._cell.gates[0]], dtype=torch.bool)
        if valid is not None:
            inside = inside & valid
        counts = []
        for gate in self._cell.gates:
            low, high = ranges.get(gate, (math.nan, math.nan))
            counts += [(values[gate] <= low + margin) & inside, (values[gate] >= high - margin) & inside]
        return torch.stack([*counts, inside]).sum((1, 2))

    def _arrived(self, index: int, t: int, gradient: torch.Tensor) -> None:
        """Note the norm of the gradient of the state `index` after step t."""
        mapped = internals.is_stack_of_gradients(gradient)
        if mapped or not self._listener.listens():
            return
        running = internals.task_of_backward()
        if self._norms is None or running != self._pass:
            self._pass, self._norms = running, self._opened()
        self._norms[index, t] = gradient.double().norm().item()

    def _opened(self) -> NDArray[np.float64]:
        """Record a new pass, and return where its norms go, shape (states, T)."""
        n_gates = len(self._cell.gates)
        none = torch.zeros(2 * n_gates + 1, dtype=torch.int64, device="cpu")
        counts = torch.stack([none if one is None else one.cpu() for one in self._near], -1).numpy()
        norms = np.zeros((len(self._cell.states), len(self._near)))
        near, entries = counts[:-1].reshape(n_gates, 2, -1), counts[-1]
        self._listener.hear(self._direction, norms=norms, near=near, entries=entries)
        return norms


_WATCHED: ContextVar[Mapping[int, Recorder] | None] = ContextVar("watched", default=None)


@contextmanager
def heard(recorders: Mapping[torch.nn.Module, Recorder]) -> Iterator[None]:
    """Let modules find their recorder in this thread (or asynchronous task), until the end of the block.

    Raises
    ------
    ValueError
        Where one of them has another already.
    """
    before = _WATCHED.get() or {}
    if any(id(module) in before for module in recorders):
        raise ValueError("the model, or a part of it, is being watched already; leave that watch first")
    token = _WATCHED.set({**before, **{id(module): recorder for module, recorder in recorders.items()}})
    try:
        yield
    finally:
        _WATCHED.reset(token)
        for recorder in recorders.values():
            recorder.open = False


def listener(module: torch.nn.Module, layer: int) -> Listener | None:
    """Return who hears of a call of a layer of `module` that begins now; None where nobody watches.

    What torch.compile or torch.func make of a call is not watched.
    """
    if torch.compiler.is_compiling() or internals.transforms_functions():
        return None
    recorder = (_WATCHED.get() or {}).get(id(module))
    return None if recorder is None else Listener(recorder, layer)
