"""Gradients of the recurrent layers: parameter by parameter as torch.nn's, and true to finite differences."""

import pytest
import torch

from tidegate import nn
from tidegate.kernels.library import library
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.nouns import noun

SHAPES = {
    "rnn": {"kind": "rnn"},
    "lstm": {"kind": "lstm"},
    "lstm-projected": {"kind": "lstm", "projection": 2},
    "gru": {"kind": "gru"},
}
FULL = {"layers": 2, "bidirectional": True, "initial": True, "lengths": "keyword"}
BACKENDS = ("reference", "torch", "auto", *(["kernels"] if library() else []))
SHAPED = [
    (shape, backend) for shape in SHAPES for backend in BACKENDS if (shape, backend) != ("lstm-projected", "kernels")
]


@pytest.mark.parametrize(("shape", "backend"), SHAPED)
def test_each_parameter_alone(torch_layers, shape, backend):
    """With all others frozen, and the input and the states too."""
    options = {**SHAPES[shape], **FULL, "backend": backend}
    names = [name for name, _ in torch_layers.case(**options).pair()[1].named_parameters()]
    for name in names:
        made = torch_layers.differences(torch_layers.case(**options, trained=(name,)))
        assert not made.beyond(), name
        assert list(made.gradients) == [name]


@pytest.mark.parametrize("lengths", ["none", "packed unsorted", "keyword"])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("shape", "backend"), [pair for pair in SHAPED if pair[1] != "torch"])
def test_inputs_states_and_output_gradients_with_gaps_in_memory(torch_layers, shape, batch_first, lengths, backend):
    options = {**SHAPES[shape], **FULL, "lengths": lengths, "batch_first": batch_first, "backend": backend}
    assert not torch_layers.differences(torch_layers.case(**options, contiguous=False)).beyond()


@pytest.mark.parametrize(("shape", "backend"), SHAPED)
def test_expanded_output_gradients(torch_layers, shape, backend):
    """The gradient of a sum has stride 0 on every axis."""
    case = torch_layers.case(**SHAPES[shape], **FULL, backend=backend)
    made = []
    for layer in case.pair():
        inputs, states = torch_layers.given(case)
        leaf = inputs.requires_grad_()
        outputs, _ = torch_layers.called(layer, case, leaf, states if case.kind == "lstm" else states[0])
        made.append(torch.autograd.grad(outputs.sum(), [leaf, *layer.parameters()]))
    assert max(torch_layers.apart(ours, theirs) for ours, theirs in zip(*made, strict=True)) < 1e-10


CELLS = {
    "elman-tanh": Elman(),
    "elman-relu": Elman("relu"),
    "elman-sigmoid": Elman("sigmoid"),
    "gru-after": Gru(),
    "gru-before": Gru(reset="before"),
    "gru-absent": Gru(reset="absent"),
    "gru-clipped": Gru(clip=0.6),
    "lstm": Lstm(),
    "lstm-peepholes": Lstm(peepholes="full"),
    "lstm-output-peephole": Lstm(peepholes="output"),
    "lstm-coupled": Lstm(coupled=True),
    "lstm-coupled-peepholes": Lstm(coupled=True, peepholes="full"),
    "lstm-squashed": Lstm(squashed=True),
    "lstm-without-input-gate": Lstm(without=("input",)),
    "lstm-without-forget-gate": Lstm(without=("forget",)),
    "lstm-without-output-gate": Lstm(without=("output",)),
    "lstm-without-input-activation": Lstm(input_activation="identity"),
    "lstm-without-output-activation": Lstm(output_activation="identity"),
    "lstm-clipped": Lstm(clip=0.6),
    "min-gru": MinGru(),
    "min-gru-positive": MinGru("positive"),
    "min-lstm": MinLstm(),
    "min-lstm-positive": MinLstm("positive", normalised=False),
    "slstm": Slstm(),
}
CHECKS = {"gradcheck": torch.autograd.gradcheck, "gradgradcheck": torch.autograd.gradgradcheck}
LENGTHS = (3, 1, 0)


class Checked:
    """A layer of one cell, its leaves, and the function of them that autograd's checks take."""

    def __init__(self, cell, *, lengths=LENGTHS, initial=True, truncate=None, **stack):
        self.generator = torch.Generator().manual_seed(5)
        stack = nn.Stack(**stack)
        self.layer = nn.Recurrent(cell, 2, 3, stack=stack, dtype=torch.float64)
        self.call = {"lengths": None if lengths is None else torch.tensor(lengths), "truncate": truncate}
        self.names, parameters = zip(*self.layer.named_parameters(), strict=True)
        self.states = self.initial(cell, stack) if initial else []
        self.leaves = [self.leaf(3, 3, 2), *self.states, *[self.leaf(*parameter.shape) for parameter in parameters]]

    def leaf(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).requires_grad_()

    def initial(self, cell, stack):
        directions = 2 if stack.bidirectional else 1
        states = [self.leaf(directions, 3, 3) for _ in cell.states]
        if stack.proj_size:
            states[0] = self.leaf(directions, 3, stack.proj_size)
        if "normaliser" in cell.states:  # a sum of positive terms
            normaliser = states[cell.states.index("normaliser")]
            normaliser.data = normaliser.data.abs() + 0.5
        return states

    def __call__(self, inputs, *rest):
        states, parameters = rest[: len(self.states)], rest[len(self.states) :]
        hx = None if not states else states if len(states) > 1 else states[0]
        named = dict(zip(self.names, parameters, strict=True))
        outputs, final = torch.func.functional_call(self.layer, named, (inputs, hx), self.call)
        return outputs, *(final if isinstance(final, tuple) else (final,))


def backends_of(*names):
    """Return pairs of a cell and a backend, the kernels for those that they know."""
    compiled = [cell for cell in CELLS if library() and noun(CELLS[cell])]
    return [(cell, backend) for backend in names for cell in (compiled if backend == "kernels" else CELLS)]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("cell", "backend"), backends_of("reference", "kernels"))
def test_finite_differences_agree(cell, backend, check):
    """In one random direction of every leaf, over sequences of 3, 1 and 0 steps; the slow test takes every entry."""
    checked = Checked(CELLS[cell], backend=backend)
    assert CHECKS[check](checked, checked.leaves, fast_mode=True)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("cell", "backend"), backends_of("auto", "reference", "kernels"))
def test_finite_differences_agree_entry_by_entry(cell, check, backend):
    checked = Checked(CELLS[cell], backend=backend, bidirectional=True)
    assert CHECKS[check](checked, checked.leaves, check_batched_grad=True)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("backend", BACKENDS[:3])
def test_finite_differences_agree_with_a_projection(backend, check):
    checked = Checked(Lstm(), lengths=(3, 1, 2), proj_size=2, bidirectional=True, backend=backend)
    assert CHECKS[check](checked, checked.leaves, fast_mode=True)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("cell", ["slstm", "min-gru", "lstm-peepholes"])
def test_finite_differences_agree_from_the_zero_state(cell, check):
    checked = Checked(CELLS[cell], initial=False)
    assert CHECKS[check](checked, checked.leaves, fast_mode=True)


@pytest.mark.parametrize("cell", ["elman-tanh", "gru-after", "lstm", "slstm"])
def test_a_truncated_gradient_is_caught(cell):
    checked = Checked(CELLS[cell], lengths=None, truncate=2)
    assert not torch.autograd.gradcheck(checked, checked.leaves, fast_mode=True, raise_exception=False)
