"""The recurrence solved for all steps: both ways against a loop, its gradients, and a stack of layers that uses it."""

import pytest
import torch

from tidegate.nn import Recurrent, Stack, scan
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.unroll import Course, unroll

WAYS = {"doubled": 10**9, "walked": -1}
CELLS = {
    "min_gru": MinGru(),
    "min_gru positive": MinGru("positive"),
    "min_lstm": MinLstm(),
    "min_lstm not normalised": MinLstm(normalised=False),
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Solve every step the one way or the other, however many entries it has."""
    monkeypatch.setattr(scan, "_NARROW", WAYS[request.param])
    return request.param


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def factors(steps, *, dtype=torch.float64):
    """Return factors of both signs within [-1, 1], summands and a start."""
    retained = torch.tanh(drawn(steps, 2, 3, seed=1))
    return tuple(
        part.to(dtype).requires_grad_() for part in (retained, drawn(steps, 2, 3, seed=2), drawn(2, 3, seed=3))
    )


def looped(retained, added, start, reverse):
    outputs, h = [None] * len(added), start
    for t in reversed(range(len(added))) if reverse else range(len(added)):
        h = outputs[t] = retained[t] * h + added[t]
    return torch.stack(outputs)


def weights_of(cell, dtype=torch.float64):
    shapes = cell.shapes(Sizes(3, 4)).items()
    return {role: drawn(*shape, seed=len(shape), dtype=dtype).requires_grad_() for role, shape in shapes}


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 37])
def test_a_scan_is_the_loop(way, steps, reverse):
    parts = factors(steps)
    made, expected = scan.scan(*parts, reverse=reverse), looped(*parts, reverse)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-14)
    pull = drawn(steps, 2, 3, seed=4)
    for ours, theirs in zip(*(torch.autograd.grad(each, parts, pull) for each in (made, expected)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("steps", [1, 5])
def test_gradients_of_every_order(way, steps, reverse):
    def solved(*parts):
        return scan.scan(*parts, reverse=reverse)

    assert torch.autograd.gradcheck(solved, factors(steps))
    assert torch.autograd.gradgradcheck(solved, factors(steps))


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_each_argument_alone_gets_its_gradient(way, wanted):
    everything, alone = factors(6), factors(6)
    for index, part in enumerate(alone):
        part.requires_grad_(index == wanted)
    expected = torch.autograd.grad(scan.scan(*everything).square().sum(), everything)[wanted]
    assert torch.equal(torch.autograd.grad(scan.scan(*alone).square().sum(), alone[wanted])[0], expected)


def test_single_precision_and_strided_arguments(way):
    parts = factors(16, dtype=torch.float32)
    made = scan.scan(*parts)
    assert made.dtype == torch.float32
    torch.testing.assert_close(made, looped(*parts, reverse=False), rtol=1e-5, atol=1e-5)
    turned = tuple(part.detach().transpose(-1, -2).contiguous().transpose(-1, -2) for part in parts)
    assert torch.equal(scan.scan(*turned), made)


def test_a_factor_of_zero_forgets_what_could_not_be_divided_out(way):
    retained = torch.tensor([0.5, 0.0, 1e-300, -1.0, 0.0])[:, None, None].double()
    added = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])[:, None, None].double()
    made = scan.scan(retained, added, torch.ones(1, 1, dtype=torch.float64))
    assert made.flatten().tolist() == [1.5, 2.0, 3.0, 1.0, 5.0]


@pytest.mark.parametrize("lengths", [None, [0, 7, 3, 1]], ids=["full", "lengths"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("name", CELLS)
def test_scanned_is_unrolled(way, name, reverse, lengths, monkeypatch):
    cell, inputs, h = CELLS[name], drawn(7, 4, 3, seed=5).requires_grad_(), drawn(4, 4, seed=6).requires_grad_()
    weights = weights_of(cell)
    lengths = None if lengths is None else torch.tensor(lengths)
    leaves = [inputs, h, *weights.values()]
    expected = unroll(cell, weights, inputs, state=(h,), lengths=lengths, course=Course(reverse=reverse))
    pulls = drawn(7, 4, 4, seed=7), drawn(4, 4, seed=8)
    slopes = torch.autograd.grad((expected.outputs, *expected.state), leaves, pulls)
    for block in (2**18, 48):  # all steps at once, and three at a time
        monkeypatch.setattr(scan, "_BLOCK", block)
        made = scan.scanned(cell, weights, inputs, state=(h,), lengths=lengths, reverse=reverse)
        assert made.trace == {}
        torch.testing.assert_close(made.outputs, expected.outputs, rtol=0, atol=1e-13)
        torch.testing.assert_close(made.state, expected.state, rtol=0, atol=1e-13)
        found = torch.autograd.grad((made.outputs, *made.state), leaves, pulls)
        for ours, theirs in zip(found, slopes, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_padding_is_not_read():
    cell, h, lengths = MinGru(), drawn(2, 4, seed=6), torch.tensor([2, 5])
    weights = weights_of(cell)
    inputs = drawn(5, 2, 3, seed=5)
    spoilt = inputs.clone()
    spoilt[2:, 0] = float("nan")
    made = [scan.scanned(cell, weights, x, state=(h,), lengths=lengths) for x in (inputs, spoilt)]
    assert torch.equal(made[0].outputs, made[1].outputs)
    assert bool((made[0].outputs[2:, 0] == 0).all())
    gradients = [torch.autograd.grad(each.outputs.sum(), list(weights.values())) for each in made]
    for clean, dirty in zip(*gradients, strict=True):
        assert torch.equal(clean, dirty)


def test_an_empty_batch_has_empty_outputs():
    made = scan.scanned(MinGru(), weights_of(MinGru()), drawn(5, 0, 3), state=(drawn(0, 4),))
    assert made.outputs.shape == (5, 0, 4)


@pytest.mark.parametrize("name", CELLS)
def test_a_stack_by_scan_is_a_stack_by_steps(name):
    stacks = []
    for backend in ("auto", "reference"):
        stack = Stack(num_layers=2, bidirectional=True, batch_first=True, backend=backend)
        stacks.append(Recurrent(CELLS[name], 3, 4, stack=stack, dtype=torch.float64))
    stacks[1].load_state_dict(stacks[0].state_dict())
    x, lengths = drawn(4, 6, 3), torch.tensor([6, 2, 0, 5])
    by_scan, by_steps = (each(x, lengths=lengths) for each in stacks)
    torch.testing.assert_close(by_scan, by_steps, rtol=0, atol=1e-13)


def random_problem(*, steps=7, seed=3):
    generator = torch.Generator().manual_seed(seed)
    retained = torch.rand(steps, 2, 3, generator=generator, dtype=torch.float64)
    added = torch.randn(steps, 2, 3, generator=generator, dtype=torch.float64)
    return retained, added, torch.randn(2, 3, generator=generator, dtype=torch.float64)


def stepped(retained, added, start):
    outputs = []
    for factor, summand in zip(retained, added, strict=True):
        start = factor * start + summand
        outputs.append(start)
    return torch.stack(outputs)


def test_infinity_stays_infinity_where_a_product_of_factors_vanishes():
    retained = torch.full((400, 1, 1), 0.05, dtype=torch.float64)
    added = torch.zeros_like(retained)
    added[3] = float("inf")
    made = scan.scan(retained, added, torch.zeros(1, 1, dtype=torch.float64))
    assert bool(made[3:].isinf().all())
    assert bool((made[:3] == 0).all())


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch.func uses it itself
def test_tangents_go_forwards_through_the_steps():
    problem, tangents = random_problem(), random_problem(seed=4)
    made = torch.func.jvp(scan.scan, problem, tangents)
    wanted = torch.func.jvp(stepped, problem, tangents)
    for one, other in zip(made, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-13)


@pytest.mark.parametrize("in_dims", [(0, 0, 0), (None, 1, None), (2, 0, 1)])
def test_a_mapped_axis_is_another_batch(in_dims):
    problem = random_problem()
    mapped = [
        part if axis is None else torch.stack([part, 2 * part, part - 1], axis)
        for part, axis in zip(problem, in_dims, strict=True)
    ]
    made = torch.func.vmap(scan.scan, in_dims)(*mapped)
    wanted = torch.func.vmap(stepped, in_dims)(*mapped)
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-12)
