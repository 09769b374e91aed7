"""Run a recurrent layer of torch's and ours with the same random weights, and say where they differ.

The oracles and the test of the tests use the same comparison: what the one trusts, the other has seen fail.
Axis letters: T time, B batch, I inputs, H hidden units, L layers, D directions.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate import nn
from tidegate.kernels.recurrence import CALLS
from tidegate.nn import backends
from tidegate.nn.unroll import AHEAD, Call, Unrolled

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 4, 3, 4
LENGTHS = {"packed sorted": [5, 4, 4, 1], "packed unsorted": [2, 5, 1, 4], "keyword": [2, 4, 1, 3]}
VALUES, GRADIENTS = 1e-12, 1e-10


@dataclass(frozen=True)
class Case:
    """One layer and one call of it."""

    kind: str = "lstm"
    nonlinearity: str = "tanh"
    layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    projection: int = 0
    batch_first: bool = False
    lengths: str = "none"
    initial: bool = False
    unbatched: bool = False
    backend: str = "reference"
    dtype: torch.dtype = torch.float64
    trained: tuple[str, ...] | None = None
    """Names of the parameters that require a gradient; None for all, with the input and the states."""
    contiguous: bool = True

    @property
    def arguments(self):
        """Of both constructors."""
        own = {"rnn": {"nonlinearity": self.nonlinearity}, "lstm": {"proj_size": self.projection}}
        names = {"num_layers": self.layers, "bias": self.bias, "batch_first": self.batch_first}
        return names | {"bidirectional": self.bidirectional, "dtype": self.dtype} | own.get(self.kind, {})

    def pair(self):
        """Return our layer and torch's, with the same random weights."""
        name = self.kind.upper()
        theirs = getattr(torch.nn, name)(INPUTS, HIDDEN, **self.arguments)
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for parameter in theirs.parameters():
                drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.copy_(0.5 * drawn)
        ours = getattr(nn, name)(INPUTS, HIDDEN, **self.arguments, backend=self.backend)
        ours.load_state_dict(theirs.state_dict(), strict=True)
        if self.trained is not None:
            for layer in (ours, theirs):
                for key, parameter in layer.named_parameters():
                    parameter.requires_grad_(key in self.trained)
        return ours, theirs


@dataclass
class Draws:
    """Random tensors by name, the same for both layers, contiguous or not."""

    case: Case
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(11))

    def __call__(self, *shape):
        made = torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(self.case.dtype)
        return made if self.case.contiguous else strided(made)


def strided(values):
    """Return the same values with gaps in memory and the axes in another order."""
    gaps = torch.empty(*reversed(values.shape), 2, dtype=values.dtype, device=values.device)
    made = gaps[..., 0].permute(*reversed(range(values.dim())))
    with torch.no_grad():
        made.copy_(values)
    assert not made.is_contiguous() or made.numel() <= 1
    return made


def given(case):
    """Return the input and the initial states, None where the layer shall begin at zero."""
    draw = Draws(case)
    count, shown = case.layers * (2 if case.bidirectional else 1), case.projection or HIDDEN
    middle = () if case.unbatched else (SEQUENCES,)
    axes = (SEQUENCES, STEPS) if case.batch_first else (STEPS, SEQUENCES)
    inputs = draw(*((STEPS,) if case.unbatched else axes), INPUTS)
    if not case.initial:
        return inputs, None
    widths = (shown, HIDDEN) if case.kind == "lstm" else (shown,)
    return inputs, tuple(draw(count, *middle, width) for width in widths)


def called(layer, case, inputs, hx):
    """Return the padded outputs and the states of one call."""
    if case.lengths == "none":
        return layer(inputs, hx)
    lengths = torch.tensor(LENGTHS[case.lengths])
    if case.lengths == "keyword" and isinstance(layer, nn.Recurrent):
        return layer(inputs, hx, lengths=lengths)
    ordered = case.lengths == "packed sorted"
    packed = pack_padded_sequence(inputs, lengths, batch_first=case.batch_first, enforce_sorted=ordered)
    outputs, state = layer(packed, hx)
    return pad_packed_sequence(outputs, batch_first=case.batch_first, total_length=STEPS)[0], state


def outcome(layer, case):
    """Return values and gradients by name."""
    inputs, states = given(case)
    free = case.trained is None
    leaves = {"input": inputs.detach().requires_grad_(free)}
    hx = None
    if states is not None:
        leaves |= {f"state {i}": part.detach().requires_grad_(free) for i, part in enumerate(states)}
        hx = tuple(leaves[f"state {i}"] for i in range(len(states)))
        hx = hx if case.kind == "lstm" else hx[0]
    outputs, state = called(layer, case, leaves["input"], hx)
    finals = state if isinstance(state, tuple) else (state,)
    values = {"outputs": outputs, **{f"final {i}": part for i, part in enumerate(finals)}}
    draw = Draws(case, torch.Generator().manual_seed(13))
    weights = [draw(*value.shape) for value in values.values()]
    sought = {name: leaf for name, leaf in [*leaves.items(), *layer.named_parameters()] if leaf.requires_grad}
    gradients = torch.autograd.grad(list(values.values()), list(sought.values()), weights, materialize_grads=True)
    return values, dict(zip(sought, gradients, strict=True))


def apart(ours, theirs):
    """Return the greatest difference, next to the greatest value where that is above 1; NaN matches NaN alone."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    assert ours.dtype == theirs.dtype, (ours.dtype, theirs.dtype)
    if not torch.equal(ours.isnan(), theirs.isnan()):
        return float("inf")
    ours, theirs = (part.detach().double().nan_to_num() for part in (ours, theirs))
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1))


@dataclass(frozen=True)
class Differences:
    """How far our values and gradients are from torch's, by name."""

    values: dict[str, float]
    gradients: dict[str, float]

    def beyond(self, values=VALUES, gradients=GRADIENTS):
        """Return what differs by more than the limits."""
        found = {name: gap for name, gap in self.values.items() if not gap <= values}
        return found | {f"gradient of {name}": gap for name, gap in self.gradients.items() if not gap <= gradients}


def differences(case):
    """Return how far our layer is from torch's, values and gradients, in one call with random weights.

    Where the kernels were asked for, each layer must have run on them both ways.
    """
    calls = Counter(CALLS)
    ours, theirs = (outcome(layer, case) for layer in case.pair())
    fused = Counter(operation.split()[1] for operation in (Counter(CALLS) - calls).elements())
    assert case.backend != "kernels" or fused["forward"] == case.layers
    assert case.backend != "kernels" or fused["backward"] == case.layers or case.trained is not None
    gaps = []
    for mine, other in zip(ours, theirs, strict=True):
        assert list(mine) == list(other)
        gaps.append({name: apart(mine[name], other[name]) for name in mine})
    return Differences(*gaps)


class Comparison:
    """What the tests get: a case by its options, and the comparison."""

    apart = staticmethod(apart)
    called = staticmethod(called)
    differences = staticmethod(differences)
    given = staticmethod(given)
    strided = staticmethod(strided)
    case = Case


@pytest.fixture(scope="session")
def torch_layers():
    """The comparison of a layer of ours with torch's."""
    return Comparison


def _kernel_walk(cell, weights, inputs, *, state, lengths=None, course=AHEAD):
    calls = CALLS.total()
    states = tuple(part[None] for part in state)
    made = backends.run(Call(cell, (weights,), inputs, states, lengths, course), "kernels")
    assert CALLS.total() == calls + 1
    return Unrolled(made.outputs, tuple(part[0] for part in made.states), {})


@pytest.fixture(scope="session")
def kernel_walk():
    """A function with the face of `unroll` that walks through time on a compiled kernel."""
    return _kernel_walk


def _refusal(work):
    try:
        work()
    except (TypeError, ValueError, RuntimeError) as error:
        return type(error), str(error)
    return None


@pytest.fixture(scope="session")
def refusal():
    """A function that returns the type and the words of what a call raises; None where it goes through."""
    return _refusal
