"""Which layers the compiled kernels take; what autograd and others ask of them has tests among the oracles."""

from contextlib import nullcontext

import pytest
import torch
from torch.autograd import forward_ad
from torch.utils.flop_counter import FlopCounterMode

from tidegate.errors import SettingError
from tidegate.kernels import library
from tidegate.nn import backends, fused
from tidegate.nn.backends import choose
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.unroll import Call, Course

compiled = pytest.mark.skipif(library.library() is None, reason=library.reason())

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 4, 3, 6
NOUNS = {
    Elman(): "elman_tanh",
    Elman("relu"): "elman_relu",
    Elman("sigmoid"): "elman_sigmoid",
    Lstm(): "lstm",
    Lstm(gate_bias=False): "lstm",
    Lstm(peepholes="full"): "lstm_peephole",
    Lstm(coupled=True): "lstm_coupled",
    Lstm(peepholes="full", coupled=True, gate_bias=False): "lstm_peephole_coupled",
    Gru(): "gru_after",
    Gru("before", gate_bias=False): "gru_before",
    Gru("absent"): "gru_absent",
    MinGru(): "min_gru",
    MinGru("positive"): "min_gru_positive",
    MinLstm(normalised=False): "min_lstm",
    MinLstm("positive", normalised=False): "min_lstm_positive",
    MinLstm(): "min_lstm_normalised",
    MinLstm("positive"): "min_lstm_positive_normalised",
    Elman(clip=1.0): None,
    Gru(clip=1.0): None,
    Lstm(clip=1.0): None,
    Lstm(peepholes="output"): None,
    Lstm(squashed=True): None,
    Lstm(without=("input",)): None,
    Lstm(input_activation="identity"): None,
    Lstm(output_activation="identity"): None,
    CELLS["slstm"](): None,
}


@pytest.mark.parametrize("cell", NOUNS, ids=lambda cell: str(cell))
def test_what_the_kernels_call_a_cell(cell):
    assert fused.noun(cell) == NOUNS[cell]


def test_every_kernel_has_a_cell():
    assert len(set(NOUNS.values()) - {None}) == 16
    assert {type(cell) for cell in NOUNS} == set(CELLS.values())


GRU = Gru()


def drawn(*shape, seed=1, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def call(cell=GRU, *, course=None, dtype=torch.float64, projected=0):
    shapes = cell.shapes(Sizes(INPUTS, HIDDEN, projected))
    weights = {role: drawn(*shape, seed=k, dtype=dtype) for k, (role, shape) in enumerate(shapes.items())}
    states = tuple(drawn(1, SEQUENCES, HIDDEN, seed=10 + k, dtype=dtype) for k in range(len(cell.states)))
    if projected:
        states = (drawn(1, SEQUENCES, projected, dtype=dtype), states[1])
    return Call(
        cell, (weights,), drawn(STEPS, SEQUENCES, INPUTS, seed=20, dtype=dtype), states, None, course or Course()
    )


def with_weight(role, values):
    work = call()
    return work._replace(weights=({**work.weights[0], role: values},))


class Marked(torch.Tensor):
    """A tensor of another class."""


OBSTACLES = {
    r"there is no kernel for Gru\(reset='after', gate_bias=True, clip=0.5\)": lambda: call(Gru(clip=0.5)),
    r"there is no kernel for Lstm\(.*\) with a projection": lambda: call(Lstm(), projected=2),
    "kernels do not show gates": lambda: call(course=Course(trace=True)),
    "kernels do not truncate the gradient": lambda: call(course=Course(truncate=2)),
    "kernels compute in float32 and float64, not torch.bfloat16": lambda: call(dtype=torch.bfloat16),
    "inputs are torch.float64, and some state or weight is torch.float32": lambda: with_weight(
        "recurrent", drawn(3 * HIDDEN, HIDDEN, dtype=torch.float32)
    ),
    "kernels run on the CPU, not on meta": lambda: with_weight("input", torch.empty(18, 3, device="meta").double()),
    "kernels read plain tensors, not Marked": lambda: with_weight(
        "input", drawn(3 * HIDDEN, INPUTS).as_subclass(Marked)
    ),
    "kernels read dense tensors, not torch.sparse_coo": lambda: with_weight(
        "input", drawn(3 * HIDDEN, INPUTS).to_sparse()
    ),
    r"the weight 'input' is of shape \(18, 2\), not \(18, 3\)": lambda: with_weight("input", drawn(3 * HIDDEN, 2)),
    r"the weight 'recurrent_bias' is of shape \(6,\), not \(18,\)": lambda: with_weight("recurrent_bias", drawn(6)),
}


@compiled
@pytest.mark.parametrize("reason", OBSTACLES)
def test_what_they_cannot_do_is_refused_with_its_reason(reason):
    work = OBSTACLES[reason]()
    with pytest.raises(SettingError, match=rf"backend 'kernels' cannot run this layer: {reason}. Use backend='auto'"):
        choose(work, "kernels")
    assert choose(work).name != "kernels"


@compiled
def test_what_they_can_do_has_no_obstacle():
    for cell, noun in NOUNS.items():
        if noun:
            for dtype in (torch.float32, torch.float64):
                assert fused.obstacle(call(cell, dtype=dtype)) is None
                assert choose(call(cell, dtype=dtype)) == ("kernels", "")


def test_without_a_library_its_reason_is_said(monkeypatch):
    monkeypatch.setattr(library, "library", lambda: None)
    monkeypatch.setattr(library, "reason", lambda: "no kernels: for a test")
    assert fused.obstacle(call()) == "no kernels: for a test"
    assert choose(call()) == ("torch", "no kernels: for a test")


def test_the_reference_is_what_backends_hand_over(monkeypatch):
    """The gradient of the gradient goes through what the layer would have been without kernels."""
    asked = []
    monkeypatch.setattr(fused, "obstacle", lambda work: None)
    monkeypatch.setattr(fused, "run", lambda work, reference: asked.append(reference))
    backends.run(call())
    assert asked == [backends.reference]


@compiled
@torch.no_grad()
def test_inference_is_repeated_for_other_numbers():
    work = call()
    assert fused.repeated(work) is None
    fused.run(work, backends.reference)
    other = work._replace(inputs=2 * work.inputs, states=tuple(-state for state in work.states))
    made, expected = fused.repeated(other), fused.run(other, backends.reference)
    assert all(map(torch.equal, (made.outputs, *made.states), (expected.outputs, *expected.states)))


def surroundings():
    """What keeps a repetition from being one, by name: a change of the work and what surrounds it."""
    nothing = nullcontext
    yield "a gradient", lambda work: work, torch.enable_grad
    yield "lengths", lambda work: work._replace(lengths=torch.full((SEQUENCES,), STEPS)), nothing
    yield "a trace", lambda work: work._replace(course=Course(trace=True)), nothing
    yield "truncation", lambda work: work._replace(course=Course(truncate=2)), nothing
    yield "the other direction", lambda work: work._replace(course=Course(reverse=True)), nothing
    yield "a listener", lambda work: work._replace(listener=object()), nothing
    yield "another cell", lambda work: work._replace(cell=Gru("before")), nothing
    yield "a cell without kernel", lambda work: work._replace(cell=Gru(clip=1.0)), nothing
    yield "autocast", lambda work: work, lambda: torch.autocast("cpu", torch.bfloat16)
    yield "a dispatch mode", lambda work: work, lambda: FlopCounterMode(display=False)
    yield "forward-mode differentiation", lambda work: work, forward_ad.dual_level


@compiled
@pytest.mark.parametrize("name", [name for name, *_ in surroundings()])
def test_what_is_no_repetition(name):
    change, surround = {which: rest for which, *rest in surroundings()}[name]
    work = call()
    with torch.no_grad():
        fused.run(work, backends.reference)
        assert fused.repeated(work) is not None
        with surround():
            assert fused.repeated(change(work)) is None
        assert fused.repeated(work) is not None
