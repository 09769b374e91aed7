"""A recurrent layer over time on tensors, forward and backward, by the compiled kernels.

Axis letters: T time, B batch, I inputs, H hidden units, D directions, G gates (the candidate counts as one).
"""

from __future__ import annotations

import ctypes
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from tidegate.kernels.buffers import BUFFERS, SHOWN_BYTES
from tidegate.kernels.library import DTYPES, library
from tidegate.kernels.packing import PACKINGS
from tidegate.kernels.plan import Plan, described, placed
from tidegate.kernels.structure import WEIGHTS, Layer
from tidegate.kernels.threads import n_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.kernels.library import Library
    from tidegate.kernels.packing import Packing

ROLES = ("input", "recurrent", "input_bias", "recurrent_bias", "peephole")
"""What the weights of a direction are, in the order of `Work.weights`."""

CALLS: Counter[str] = Counter()
"""How often each kernel has run in this process, by name and operation: "gru_after forward"."""

_DENSE = torch.contiguous_format
_MOST_PLANS = 64
"""How many sizes of inputs are laid out ahead for the same weights, and how many layers that are trained."""
_TRAINING: dict[Any, Plan] = {}
_GRADIENTS = tuple(f"d{field}" for field in WEIGHTS)
_COUNTABLE = 2**59
"""Numbers whose bytes 64 bits with a sign can count, whatever is added to align them."""
_MOST_KEPT, _PADDING = 16, 64
"""More vectors of H than any kernel holds of a step, and more entries than any vector is padded by."""
_SMALL = 2**21
"""Multiplications up to which a second thread costs more than it does."""


class Work(NamedTuple):
    """One layer, in one direction or two.

    Parameters
    ----------
    noun
        The cell as the kernels call it: "gru_after".
    inputs
        Shape (T, B, I), float32 or float64, on the CPU; T and B at least 1.
    states
        The state before the first step, each of shape (D, B, H): h, or h and c.
    weights
        Of each direction, in the order of `ROLES`; None for what there is not. Biases have G*H rows.
    lengths
        Shape (B,), int64: steps of each sequence, 0 to T; None for T everywhere.
    reverse
        Whether the only direction walks from the last step to the first; the second of two always does.
    recompute
        Whether backward computes the gates again instead of reading what forward kept of them.
    """

    noun: str
    inputs: torch.Tensor
    states: tuple[torch.Tensor, ...]
    weights: tuple[tuple[torch.Tensor | None, ...], ...]
    lengths: torch.Tensor | None = None
    reverse: bool = False
    recompute: bool = False


class Made(NamedTuple):
    """What a layer yields.

    Parameters
    ----------
    outputs
        Shape (T, B, D*H); 0 beyond a sequence's length.
    states
        The state after each sequence's last step, each of shape (D, B, H).
    saved
        What backward reads beside the outputs, one piece per direction; empty for inference.
    library
        The kernels that saved it, which alone can read it; None for those that `library` returns.
    order
        The sequences, longest first, shape (B,); None where it is not known, or there are no lengths.
    """

    outputs: torch.Tensor
    states: tuple[torch.Tensor, ...]
    saved: tuple[torch.Tensor, ...]
    library: Library | None = None
    order: torch.Tensor | None = None


class Wanted(NamedTuple):
    """What is wanted: the gradients of the inputs, of each state, of each weight of each direction; what is watched.

    With a `margin`, 0 up to but not 0.5, each direction is watched: see `Watched`.
    """

    inputs: bool
    states: tuple[bool, ...]
    weights: tuple[tuple[bool, ...], ...]
    margin: float | None = None


class Watched(NamedTuple):
    """What the walk back of one direction tells of each step, over all sequences that reach so far.

    Parameters
    ----------
    squares
        Squared Euclidean norm of the gradient of each state after the step, shape (states, T), float64.
    near
        How many units of each gate are within the margin of its lower and its upper limit, shape (G, 2, T), int64; 0
        for one without limits, such as a linear candidate. Elman's cell has its hidden state for a gate.
    """

    squares: torch.Tensor
    near: torch.Tensor


class Gradients(NamedTuple):
    """Gradients in the shapes of what they belong to, None where none is wanted; of each direction what was watched."""

    inputs: torch.Tensor | None
    states: tuple[torch.Tensor | None, ...]
    weights: tuple[tuple[torch.Tensor | None, ...], ...]
    watched: tuple[Watched, ...] = ()


def forward(work: Work, *, keep: bool, room: int = 0) -> Made:
    """Return what the layer yields.

    Parameters
    ----------
    work
        The layer.
    keep
        Whether what backward reads is saved.
    room
        Entries that each piece of it has at least.
    """
    task = _Task(work)
    packing = None if keep else task.pack(work.weights)  # while one trains, the next call has other weights
    (n_forward, _, n_saved, _), D = task.sizes(), len(work.weights)
    T, B, _ = work.inputs.shape
    outputs = BUFFERS.take((T, B, D * work.states[0].shape[-1]), work.inputs.dtype, SHOWN_BYTES)
    finals = tuple([torch.empty_like(state, memory_format=_DENSE) for state in work.states])
    saved = tuple([BUFFERS.take((max(n_saved, room),), outputs.dtype) for _ in range(D)]) if keep else ()
    made = Made(outputs, finals, saved, task.library, task.order)
    task.place(made)
    task.run("forward", n_forward)
    if packing is not None:
        _keep(packing.plans, task.plan(work, n_forward))
    elif keep and not room and _lasting(work.weights[0]):
        _keep(_TRAINING, task.plan(work, n_forward, n_saved))
    return made


def _lasting(weights: tuple[torch.Tensor | None, ...]) -> bool:
    """Return whether weights are none that are computed in every call, and stand elsewhere in the next."""
    return all(weight is None or type(weight) is torch.nn.Parameter for weight in weights)


def _keep(plans: dict[Any, Plan], plan: Plan | None) -> None:
    if plan is None:
        return
    if len(plans) >= _MOST_PLANS:
        plans.clear()
    plans[plan.about, plan.weights] = plan


def known(work: Work) -> Plan | None:
    """Return how `forward` did `work` with ``keep`` and other numbers before; None where it did not.

    Nothing of `work` need have been checked: where it is as it was, it passes again.
    """
    return _TRAINING.get((_about(work, keep=True), placed(work.weights[0])))


def by_plan(work: Work, plan: Plan) -> Made:
    """Return what `forward` would with ``keep``; `plan` must be what `known` returns."""
    return _by_layout(work, plan, plan.filled())


def repeated(work: Work) -> Made | None:
    """Return what `forward` would without ``keep``, where `work` was done before with other numbers; None elsewhere.

    Nothing of `work` need have been checked: where it is as it was, it passes again.
    """
    packing = PACKINGS.known(work.weights[0])
    if packing is None:
        return None
    plan = packing.plans.get((_about(work, keep=False), placed(work.weights[0])))
    if plan is None or not packing.matches(layer := plan.filled()):
        return None
    return _by_layout(work, plan, layer)


def _by_layout(work: Work, plan: Plan, layer: Layer) -> Made:
    CALLS[f"{work.noun} forward"] += 1
    return Made(*plan.run(layer, work.inputs, work.states), plan.library)


def _about(work: Work, *, keep: bool) -> tuple[Any, ...] | None:
    """Return what is beside the numbers and the weights of `work`; None where that cannot be laid out ahead."""
    if work.lengths is not None or len(work.weights) > 1:
        return None
    return described(work.inputs, work.states, beside=(work.noun, work.reverse, keep, work.recompute))


def backward(
    work: Work, made: Made, flows: tuple[torch.Tensor | None, Sequence[torch.Tensor | None]], wanted: Wanted
) -> Gradients:
    """Return the gradients of what is wanted.

    Parameters
    ----------
    work
        The layer.
    made
        What `forward` returned with ``keep=True``.
    flows
        The gradients of the outputs, shape (T, B, D*H), and of each final state, shape (D, B, H); None for zeros.
    wanted
        Which gradients.
    """
    task = _Task(work, made)
    task.place(made)
    task.flow(*flows)
    gradients = Gradients(
        BUFFERS.take(tuple(work.inputs.shape), work.inputs.dtype, SHOWN_BYTES) if wanted.inputs else None,
        tuple(map(_room, work.states, wanted.states)),
        tuple([tuple(map(_room, *pair)) for pair in zip(work.weights, wanted.weights, strict=True)]),
    )
    if wanted.margin is not None:
        gradients = gradients._replace(watched=task.watch(wanted.margin))
    task.collect(gradients)
    task.run("backward", task.sizes()[1])
    return gradients


def _room(like: torch.Tensor | None, want: bool) -> torch.Tensor | None:  # noqa: FBT001
    if not want or like is None:
        return None
    return torch.empty_like(like, memory_format=_DENSE)


class _Task:
    """One call of a kernel: the structure it reads and the tensors whose addresses stand in it."""

    def __init__(self, work: Work, made: Made | None = None) -> None:
        T, B, I = work.inputs.shape
        # Who asks for a kernel has seen that there is one.
        self.library = cast("Library", library() if made is None or made.library is None else made.library)
        self.order: torch.Tensor | None = None if made is None else made.order
        self._noun, self._dtype = work.noun, work.inputs.dtype
        self._hidden = H = work.states[0].shape[-1]
        self._alive: list[torch.Tensor] = []
        x = self._dense(work.inputs)
        D = len(work.weights)
        rows = next(weight for weight in work.weights[0] if weight is not None).shape[0]
        self._shape = len(work.states), rows // H
        threads = 1 if D * T * B * rows * (I + H) <= _SMALL else n_threads()
        self.layer = layer = Layer(time=T, batch=B, inputs=I, hidden=H, directions=D, threads=threads)
        layer.x, layer.x_time, layer.x_batch = x.data_ptr(), x.stride(0), x.stride(1)
        layer.y_time, layer.y_batch = B * D * H, D * H
        layer.recompute = work.recompute
        if work.lengths is not None:
            if self.order is None:
                self.order = work.lengths.argsort(descending=True, stable=True)
            layer.lengths, layer.order = self._address(work.lengths), self._address(self.order)
        self._ways = [layer.direction[d] for d in range(D)]
        for d, (way, weights) in enumerate(zip(self._ways, work.weights, strict=True)):
            way.reverse = work.reverse or d == 1
            for field, weight in zip(WEIGHTS, weights, strict=True):
                if weight is not None:
                    setattr(way, field, self._address(weight))
        self._each_state(("h0", "c0"), work.states)

    def sizes(self) -> tuple[int, ...]:
        """Return bytes of workspace forward and backward, and entries of `saved` and `packed` of one direction."""
        steps, entries = self.layer.time * self.layer.batch, self.layer.inputs + _MOST_KEPT * (self._hidden + _PADDING)
        if steps * entries >= _COUNTABLE:
            raise RuntimeError(f"out of memory: {steps} steps of {entries} numbers are more than can be addressed")
        sizes = (ctypes.c_int64 * 4)()
        self._function("sizes")(ctypes.byref(self.layer), sizes)
        return tuple(sizes)

    def pack(self, weights: tuple[tuple[torch.Tensor | None, ...], ...]) -> Packing | None:
        """Set where the weights of each direction stand packed; return the last, None where they are too large."""
        packing = None
        for d, own in enumerate(weights):
            layer = self.layer
            if d:
                layer = Layer(inputs=layer.inputs, hidden=layer.hidden, directions=1)
                layer.direction[0] = self._ways[d]
            packing = PACKINGS.find(layer, own, self._function, kind=(self._noun, self._dtype, self.library))
            if packing is not None:
                self._ways[d].packed = self._address(packing.packed)
        return packing

    def plan(self, work: Work, n_bytes: int, n_saved: int | None = None) -> Plan | None:
        """Return what was laid out, for work with other numbers; None where each has to be laid out anew."""
        about, weights = _about(work, keep=n_saved is not None), placed(work.weights[0])
        if about is None or weights is None or self.layer.x != work.inputs.data_ptr():
            return None
        return Plan(about, weights, bytes(self.layer), n_bytes, self._function("forward"), self.library, n_saved)

    def place(self, made: Made) -> None:
        """Set where the layer's results stand."""
        at = cast("int", self._address(made.outputs))
        for d, way in enumerate(self._ways):
            way.y = at + d * self._hidden * self._dtype.itemsize
            way.saved = self._address(made.saved[d]) if made.saved else None
        self._each_state(("hn", "cn"), made.states)

    def flow(self, of_outputs: torch.Tensor | None, of_states: Sequence[torch.Tensor | None]) -> None:
        """Set where the gradients of the results stand."""
        if of_outputs is not None:
            dy = self._dense(of_outputs)
            self.layer.dy_time, self.layer.dy_batch = dy.stride(0), dy.stride(1)
            for d, way in enumerate(self._ways):
                way.dy = dy.data_ptr() + d * self._hidden * self._dtype.itemsize
        self._each_state(("dhn", "dcn"), of_states)

    def collect(self, gradients: Gradients) -> None:
        """Set where the gradients that are wanted go."""
        self.layer.dx = self._address(gradients.inputs)
        self._each_state(("dh0", "dc0"), gradients.states)
        for way, weights in zip(self._ways, gradients.weights, strict=True):
            for field, gradient in zip(_GRADIENTS, weights, strict=True):
                if gradient is not None:
                    setattr(way, field, self._address(gradient))

    def watch(self, margin: float) -> tuple[Watched, ...]:
        """Return what the walk back of each direction is going to fill."""
        T, (n_states, n_gates) = self.layer.time, self._shape
        self.layer.margin = margin
        made = tuple(
            Watched(
                torch.empty(n_states, T, dtype=torch.float64, device="cpu"),
                torch.empty(n_gates, 2, T, dtype=torch.int64, device="cpu"),
            )
            for _ in range(self.layer.directions)
        )
        for d, (squares, near) in enumerate(made):
            self.layer.direction[d].norms = self._address(squares)
            self.layer.direction[d].saturated = self._address(near)
        return made

    def run(self, operation: str, n_bytes: int) -> None:
        """Call the kernel with `n_bytes` of working memory."""
        workspace = BUFFERS.take((n_bytes,), torch.uint8)
        self.layer.workspace = workspace.data_ptr()
        self._function(operation)(ctypes.byref(self.layer))
        CALLS[f"{self._noun} {operation}"] += 1

    def _function(self, operation: str) -> Any:
        return self.library.function(f"tidegate_{self._noun}_{operation}_{DTYPES[self._dtype]}")

    def _dense(self, values: torch.Tensor) -> torch.Tensor:
        """Return `values` with features side by side; it stays alive until the task is done."""
        if values.stride(-1) != 1 and values.shape[-1] != 1:
            values = values.contiguous()
        if values.is_neg():  # the imaginary part of a conjugate is a view with the sign turned
            values = values.resolve_neg()
        self._alive.append(values)
        return values

    def _address(self, values: torch.Tensor | None) -> int | None:
        """Return where the contiguous `values` begin, which stay alive until the task is done."""
        if values is None:
            return None
        if not values.is_contiguous() or values.is_neg():
            values = values.contiguous().resolve_neg()
        self._alive.append(values)
        return values.data_ptr()

    def _each_state(self, fields: tuple[str, str], states: Sequence[torch.Tensor | None]) -> None:
        """Set the addresses of states or their gradients, each of shape (D, B, H)."""
        for field, state in zip(fields, states, strict=False):
            if state is None:
                continue
            at, each = cast("int", self._address(state)), self.layer.batch * self._hidden * self._dtype.itemsize
            for d, way in enumerate(self._ways):
                setattr(way, field, at + d * each)
