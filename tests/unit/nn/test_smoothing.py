"""The face of exponential smoothing: what it returns, which way it takes, what it refuses, and its gradients."""

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from tidegate.errors import SettingError
from tidegate.kernels.library import library
from tidegate.nn import smoothing
from tidegate.nn.smoothing import Season, smooth

compiled = pytest.mark.skipif(library() is None, reason="there are no kernels here")
SEASONS = {"none": (), "one": (3,), "two": (3, 4)}
LENGTHS = torch.tensor([6, 2, 0, 5, 6])
IN_TORCH = "ignore:`torch.jit.script` is deprecated:DeprecationWarning"  # torch.func uses it itself


def drawn(seasons=(), *, steps=6, n_series=5, start=True, seed=0):
    """Values, alpha, the start if any, and first factors and gamma of each season."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high, *shape):
        return (torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low).requires_grad_()

    parts = [uniform(0.5, 3.5, steps, n_series), uniform(0.05, 0.95, n_series)]
    parts += [uniform(0.5, 3.5, n_series)] if start else []
    return parts + [part for m in seasons for part in (uniform(0.5, 1.5, m, n_series), uniform(0.05, 0.95, n_series))]


def smoothed(*parts, lengths=None, backend="auto"):
    """Smooth what `drawn` returns; the outputs side by side."""
    values, alpha, *rest = parts
    start = rest.pop(0) if len(rest) % 2 else None
    seasons = [Season(*pair) for pair in zip(rest[::2], rest[1::2], strict=True)]
    made = smooth(values, alpha, seasons, start=start, lengths=lengths, backend=backend)
    return made.levels, *made.factors


def refuse(*_):
    raise AssertionError("the wrong way")


@pytest.fixture
def only(monkeypatch):
    """Close every way but one."""

    def close(way):
        for other in smoothing._WAYS:
            if other != way:
                monkeypatch.setitem(smoothing._WAYS, other, refuse)

    return close


def test_the_first_step_by_hand():
    season = Season(torch.tensor([[0.5], [2.0]]), torch.tensor([0.25]))
    made = smooth(torch.tensor([[3.0], [10.0], [torch.nan]]), torch.tensor([0.5]), [season])
    assert made.levels[:, 0].tolist() == [6.0, 5.5, 5.5]  # 3 / 0.5, and half of 10 / 2 and 6
    right = [0.5, 2.0, 0.5, 0.25 * 10 / 5.5 + 0.75 * 2, 0.5]
    torch.testing.assert_close(made.factors[0][:, 0], torch.tensor(right))
    made = smooth(torch.tensor([[3.0]]), torch.tensor([0.5]), [season], start=torch.tensor([2.0]))
    assert made.levels.item() == 4.0
    torch.testing.assert_close(made.factors[0][:, 0], torch.tensor([0.5, 2.0, 0.25 * 3 / 4 + 0.75 * 0.5]))


@pytest.mark.parametrize("lengths", [None, LENGTHS, LENGTHS.tolist(), LENGTHS.int()], ids=["none", "", "list", "int32"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_both_backends_compute_the_same(seasons, lengths):
    parts = drawn(SEASONS[seasons])
    made, right = (smoothed(*parts, lengths=lengths, backend=way) for way in ("auto", "reference"))
    torch.testing.assert_close(made, right, rtol=1e-12, atol=1e-12)
    pulls = [part.detach() + 1 for part in right]
    ours, theirs = (torch.autograd.grad(outputs, parts, pulls) for outputs in (made, right))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_what_lies_beyond_a_length_is_as_if_missing():
    parts = drawn((3,))
    holes = parts[0].detach().where(torch.arange(6)[:, None] < LENGTHS, torch.nan)
    beyond = parts[0].detach().where(torch.arange(6)[:, None] < LENGTHS, torch.inf)
    right = smoothed(holes, *parts[1:])
    for made in (smoothed(*parts, lengths=LENGTHS), smoothed(beyond, *parts[1:], lengths=LENGTHS)):
        torch.testing.assert_close(made, right, rtol=0, atol=0)


@compiled
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_auto_takes_the_kernels(only, dtype):
    only("kernels")
    smoothed(*(part.to(dtype) for part in drawn((3, 4))))
    with pytest.raises(AssertionError, match="the wrong way"):
        smoothed(*drawn((3, 4)), backend="reference")


@pytest.mark.parametrize("change", [torch.Tensor.bfloat16, lambda part: part.to("meta")], ids=["bfloat16", "meta"])
def test_auto_takes_the_equations_where_kernels_cannot(only, change):
    only("reference")
    made = smoothed(*map(change, drawn((3,))))
    assert [tuple(part.shape) for part in made] == [(6, 5), (9, 5)]


def test_auto_takes_the_equations_without_kernels(only, monkeypatch):
    only("reference")
    monkeypatch.setattr(smoothing.kernels, "library", lambda: None)
    smoothed(*drawn((3,)))


@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_gradients_of_both_orders(seasons, start):
    parts = drawn(SEASONS[seasons], start=start)
    for lengths in (None, LENGTHS.clamp(min=1)):

        def made(*parts, lengths=lengths):
            return smoothed(*parts, lengths=lengths)

        assert torch.autograd.gradcheck(made, parts)
        assert torch.autograd.gradgradcheck(made, parts)


@pytest.mark.parametrize("alone", range(5))
def test_each_argument_alone_gets_its_gradient(alone):
    parts = drawn((3,))
    right = torch.autograd.grad(sum(part.square().sum() for part in smoothed(*parts)), parts)[alone]
    frozen = [part.detach().requires_grad_(index == alone) for index, part in enumerate(parts)]
    made = torch.autograd.grad(sum(part.square().sum() for part in smoothed(*frozen)), frozen[alone])[0]
    torch.testing.assert_close(made, right, rtol=0, atol=1e-13)


def test_one_tensor_in_two_roles_gets_both_gradients():
    values, alpha, first, _ = (part.detach() for part in drawn((3,), start=False))
    shared = alpha.clone().requires_grad_()
    two = [alpha.clone().requires_grad_() for _ in range(2)]
    for power in (1, 2):
        made = smooth(values, shared, [Season(first, shared)]).factors[0].sum()
        apart = smooth(values, two[0], [Season(first, two[1])]).factors[0].sum()
        ours, *theirs = (
            *torch.autograd.grad(made, shared, create_graph=True),
            *torch.autograd.grad(apart, two, create_graph=True),
        )
        torch.testing.assert_close(ours, sum(theirs))
        if power == 2:
            ours, theirs = (
                sum(torch.autograd.grad(first_order.square().sum(), leaves))
                for first_order, leaves in ((ours, [shared]), (sum(theirs), two))
            )
            torch.testing.assert_close(ours, theirs)


def test_many_gradients_at_once():
    parts = drawn((3,))
    outputs = smoothed(*parts)
    pulls = torch.randn(4, *outputs[0].shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    made = torch.autograd.grad(outputs[0], parts, pulls, is_grads_batched=True, retain_graph=True)
    right = [torch.autograd.grad(outputs[0], parts, pull, retain_graph=True) for pull in pulls]
    torch.testing.assert_close(made, tuple(torch.stack(each) for each in zip(*right, strict=True)))


@pytest.mark.filterwarnings(IN_TORCH)
def test_transformations_of_functions():
    parts = [part.detach() for part in drawn((3,))]
    backwards, forwards = (take(smoothed, argnums=(1, 3))(*parts) for take in (torch.func.jacrev, torch.func.jacfwd))
    torch.testing.assert_close(backwards, forwards)
    alphas = torch.stack([parts[1], parts[1] / 2])
    mapped = torch.func.vmap(lambda alpha: smoothed(parts[0], alpha, *parts[2:])[0])(alphas)
    torch.testing.assert_close(mapped[1], smoothed(parts[0], alphas[1], *parts[2:])[0])


@pytest.mark.filterwarnings(IN_TORCH)
def test_forward_differentiation():
    parts = [part.detach() for part in drawn((3,))]
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(parts[1], torch.ones_like(parts[1]))
        made = torch.autograd.forward_ad.unpack_dual(smoothed(parts[0], dual, *parts[2:])[0]).tangent
    step = 1e-6
    ends = [smoothed(parts[0], parts[1] + way * step, *parts[2:])[0] for way in (1, -1)]
    torch.testing.assert_close(made, (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_trace_computes_on_new_numbers():
    parts, others = ([part.detach() for part in drawn((3,), seed=seed)] for seed in (0, 1))
    traced = torch.jit.trace(smoothed, tuple(parts))
    torch.testing.assert_close(traced(*others), smoothed(*others))


def test_who_follows_operators_meets_one():
    parts, others = ([part.detach() for part in drawn((3,), seed=seed)] for seed in (0, 1))
    followed = make_fx(smoothed)(*parts)
    operators = [node.target for node in followed.graph.nodes if node.op == "call_function"]
    assert operators[0] is torch.ops.tidegate.smoothing_forward.default
    torch.testing.assert_close(followed(*others), smoothed(*others))


def test_refusals():
    values, alpha = (part.detach() for part in drawn(start=False))
    with pytest.raises(SettingError, match="backend is 'torch'; it must be one of 'auto', 'reference'"):
        smooth(values, alpha, backend="torch")
    with pytest.raises(ValueError, match=r"alpha must have shape \(5,\)"):
        smooth(values, alpha[:2])
    for backend in smoothing.BACKENDS:
        for lengths, wrong in ((LENGTHS - 1, -1), (LENGTHS + 1, 7)):
            message = f"lengths must lie between 0 and the 6 steps of the values; got {wrong}"
            with pytest.raises(ValueError, match=message):
                smooth(values, alpha, lengths=lengths, backend=backend)
