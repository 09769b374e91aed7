"""Which layers the compiled kernels take; what autograd and others ask of them has tests among the oracles."""

from contextlib import nullcontext

import pytest
import torch
from torch.autograd import forward_ad
from torch.utils.flop_counter import FlopCounterMode

from tidegate.errors import SettingError
from tidegate.kernels import library, recurrence
from tidegate.kernels.recurrence import Work
from tidegate.nn import fused
from tidegate.nn.backends import choose
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.nouns import CELLS
from tidegate.nn.reference import reference
from tidegate.nn.unroll import Call, Course

compiled = pytest.mark.skipif(library.library() is None, reason=library.reason())

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 4, 3, 6


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
    for cell in CELLS.values():
        for dtype in (torch.float32, torch.float64):
            assert fused.obstacle(call(cell, dtype=dtype)) is None
            assert choose(call(cell, dtype=dtype)) == ("kernels", "")


@compiled
@pytest.mark.parametrize("level", library.offered())
def test_the_kernels_that_went_forward_go_back(monkeypatch, level):
    """Others may have wider registers: what they keep lies in another order."""
    given = call(Lstm())
    given.inputs.requires_grad_(True)
    right, made = reference(given), fused.run(given)
    monkeypatch.setenv("TIDEGATE_KERNELS", level)
    ours, theirs = (torch.autograd.grad(each.outputs.square().sum(), given.inputs) for each in (made, right))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_without_a_library_its_reason_is_said(monkeypatch):
    monkeypatch.setattr(library, "library", lambda: None)
    monkeypatch.setattr(library, "reason", lambda: "no kernels: for a test")
    assert fused.obstacle(call()) == "no kernels: for a test"
    assert choose(call()) == ("torch", "no kernels: for a test")


@pytest.mark.parametrize("noun", CELLS)
def test_a_layer_comes_back_from_its_work(noun):
    lengths = torch.tensor([1, 2])
    weights = ((torch.ones(1), None, torch.ones(2), None, None),)
    made = fused.call_of(Work(noun, torch.ones(3), (torch.ones(4),), weights, lengths, True))
    assert made.cell == CELLS[noun]
    assert list(made.weights[0]) == ["input", "input_bias"]
    assert (made.lengths, made.course) == (lengths, Course(reverse=True))


@compiled
@torch.no_grad()
def test_inference_is_repeated_for_other_numbers():
    work = call()
    assert fused.repeated(work) is None
    fused.run(work)
    other = work._replace(inputs=2 * work.inputs, states=tuple(-state for state in work.states))
    made, expected = fused.repeated(other), fused.run(other)
    assert all(map(torch.equal, (made.outputs, *made.states), (expected.outputs, *expected.states)))


def learning(work, factor=1.0):
    """Return the work with leaves of its own, on the same memory, and a `factor` to its weights."""
    weights = tuple({role: torch.nn.Parameter(weight.detach()) for role, weight in own.items()} for own in work.weights)
    with torch.no_grad():
        for weight in weights[0].values():
            weight.mul_(factor)
    return work._replace(weights=weights, inputs=work.inputs.clone().requires_grad_())


def slopes(work, made):
    leaves = [work.inputs, *work.weights[0].values()]
    return torch.autograd.grad(made.outputs.square().sum() + made.states[0].sum(), leaves)


@compiled
@pytest.mark.parametrize("cell", [CELLS["elman_tanh"], CELLS["lstm_peephole"], GRU, CELLS["min_gru"]], ids=str)
@pytest.mark.parametrize("recompute", [False, True])
def test_training_is_repeated_for_other_numbers(cell, recompute):
    work = call(cell)._replace(recompute=recompute)
    assert fused.repeated(learning(work)) is None
    fused.run(learning(work))
    for factor in (1.0, 0.5):
        other = learning(work._replace(states=tuple(factor * state for state in work.states)), factor)
        made, expected = fused.repeated(other), fused.run(other)
        assert all(map(torch.equal, (made.outputs, *made.states), (expected.outputs, *expected.states)))
        assert all(map(torch.equal, slopes(other, made), slopes(other, expected)))
        right = slopes(other, reference(other))
        torch.testing.assert_close(slopes(other, fused.repeated(other)), right, rtol=1e-10, atol=1e-10)


@compiled
@pytest.mark.parametrize("cell", [Gru(gate_bias=False), GRU], ids=["spread biases", "computed weights"])
def test_weights_that_are_computed_in_each_call_are_not_laid_out_ahead(cell):
    work = learning(call(cell))
    if cell is GRU:
        work = work._replace(weights=tuple({role: 1 * weight for role, weight in own.items()} for own in work.weights))
    before = dict(recurrence._TRAINING)
    fused.run(work)
    assert before == recurrence._TRAINING


@compiled
def test_other_training_is_not_taken_for_a_repetition(monkeypatch):
    work = learning(call())
    fused.run(work)
    assert fused.repeated(work) is not None
    assert fused.repeated(work._replace(recompute=True)) is None
    assert fused.repeated(work._replace(inputs=work.inputs[:3])) is None
    assert fused.repeated(work._replace(inputs=work.inputs.expand(STEPS, SEQUENCES, INPUTS)[:, ::2])) is None
    moved = {role: torch.nn.Parameter(weight.detach().clone()) for role, weight in work.weights[0].items()}
    assert fused.repeated(work._replace(weights=(moved,))) is None
    with torch.no_grad():
        assert fused.repeated(work) is None
    for level in library.offered()[1:]:
        monkeypatch.setenv("TIDEGATE_KERNELS", level)
        assert fused.repeated(work) is None


def surroundings():
    """What keeps a repetition from being one, by name: a change of the work and what surrounds it."""
    nothing = nullcontext
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
        fused.run(work)
        assert fused.repeated(work) is not None
        with surround():
            assert fused.repeated(change(work)) is None
        assert fused.repeated(work) is not None
