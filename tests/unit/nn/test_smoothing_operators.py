"""The operator of exponential smoothing before torch's own checks and compilers, with kernels and without."""

import pytest
import torch

from tidegate.kernels import smoothing as kernels
from tidegate.kernels.smoothing import Work
from tidegate.nn import internals
from tidegate.nn.smoothing import Season, smooth
from tidegate.nn.smoothing_equations import reference
from tidegate.nn.smoothing_operators import by_kernels, by_operator

LENGTHS = torch.tensor([6, 2, 0, 5, 6])
SEASONS = {"none": (), "one": (4,), "two": (3, 4)}


@pytest.fixture(params=["kernels", "equations"], autouse=True)
def way(request, monkeypatch):
    """What the operator computes with."""
    if request.param == "equations":
        monkeypatch.setattr(kernels, "library", lambda: None)
    elif kernels.library() is None:
        pytest.skip("there are no kernels here")
    return request.param


def drawn(seasons=(3, 4), *, start=True, lengths=LENGTHS, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high, *shape):
        return (torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low).requires_grad_()

    values, alpha = uniform(0.5, 3.5, 6, 5), uniform(0.05, 0.95, 5)
    first = uniform(0.5, 3.5, 5) if start else None
    pairs = [(uniform(0.5, 1.5, m, 5), uniform(0.05, 0.95, 5)) for m in seasons]
    return Work(values, alpha, first, lengths, tuple(part for pair in pairs for part in pair))


def leaves(work):
    return [part for part in (*work[:3], *work.seasons) if part is not None]


def gradients(outputs, work, graph=False):
    pulls = [torch.cos(torch.arange(made.numel(), dtype=made.dtype)).reshape(made.shape) for made in outputs]
    return torch.autograd.grad(outputs, leaves(work), pulls, retain_graph=True, create_graph=graph)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_the_operator_is_the_equations(seasons, start, lengths, way):
    work = drawn(SEASONS[seasons], start=start, lengths=lengths)
    right = reference(work)
    for compute in (by_operator, by_kernels) if way == "kernels" else (by_operator,):
        made = compute(work)
        torch.testing.assert_close(made, right, rtol=1e-12, atol=1e-12, equal_nan=True)
        torch.testing.assert_close(gradients(made, work), gradients(right, work), rtol=1e-10, atol=1e-10)
        second = [
            torch.autograd.grad(gradients(outputs, work, True)[1].sum(), leaves(work)[:1], retain_graph=True)
            for outputs in (made, right)
        ]
        torch.testing.assert_close(*second, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_torch_finds_nothing_wrong_with_the_operators(seasons, start):
    some = LENGTHS.clamp(min=1)  # a series without values has NaN for its level, which torch's check takes for unequal
    values, alpha, start, lengths, seasons = work = drawn(SEASONS[seasons], start=start, lengths=some)
    operands = (values, alpha, start, lengths, list(seasons))
    torch.library.opcheck(torch.ops.tidegate.smoothing_forward.default, operands)
    with torch.no_grad():
        outputs = list(by_operator(work))
    flows = [None, *(made.cos() for made in outputs[1:])]
    wanted = [False, True, start is not None, *(True for _ in seasons)]
    numbers = [None if part is None else part.detach() for part in operands[:4]]
    operands = (*numbers, [part.detach() for part in seasons], outputs, flows, wanted)
    torch.library.opcheck(torch.ops.tidegate.smoothing_backward.default, operands)


class Model(torch.nn.Module):
    def forward(self, values, alpha, start, lengths, first, gamma):
        made = smooth(values * 2, torch.sigmoid(alpha), [Season(first, gamma)], start=start, lengths=lengths)
        return made.levels + 1, made.factors[0]


def arguments():
    work = drawn((4,))
    return (*work[:4], *work.seasons)


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_compiler_takes_the_whole_graph(dynamic):
    torch.compiler.reset()
    given = arguments()
    made = torch.compile(Model(), backend="aot_eager", fullgraph=True, dynamic=dynamic)(*given)
    right = Model()(*given)
    torch.testing.assert_close(made, right, rtol=1e-13, atol=1e-13)
    numbers = [part for part in given if part.requires_grad]
    ours, theirs = (torch.autograd.grad(sum(o.square().sum() for o in each), numbers) for each in (made, right))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("strict", [False, True])
def test_an_export_holds_the_operator_for_any_number_of_series(strict):
    given = tuple(part.detach() for part in arguments())
    series = torch.export.Dim("series", min=2)
    axes = {"values": 1, "alpha": 0, "start": 0, "lengths": 0, "first": 1, "gamma": 0}
    shapes = {name: {axis: series} for name, axis in axes.items()}
    exported = torch.export.export(Model(), given, dynamic_shapes=shapes, strict=strict)
    assert torch.ops.tidegate.smoothing_forward.default in [node.target for node in exported.graph.nodes]
    some = tuple(part[..., :3].contiguous() for part in given)
    torch.testing.assert_close(exported.module()(*some), Model()(*some), rtol=1e-13, atol=1e-13)


def test_a_transformation_is_noticed():
    assert not internals.transforms_functions()
    seen = []

    def noted(number):
        seen.append(internals.transforms_functions())
        return number

    torch.func.vmap(noted)(torch.ones(2))
    assert seen == [True]


def test_the_operator_checks():
    work = drawn()._replace(alpha=torch.ones(2, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"alpha must have shape \(5,\)"):
        by_operator(work)
