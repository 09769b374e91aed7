"""The compiled smoothing against its equations: values, gradients, memory layouts, threads, and what is refused."""

import pytest
import torch

from tidegate.kernels import smoothing
from tidegate.kernels.library import library
from tidegate.kernels.smoothing import Wanted, Work
from tidegate.nn.smoothing_equations import reference

compiled = pytest.mark.skipif(library() is None, reason="there are no kernels here")
SIZES = [(1, 1), (1, 5), (7, 3), (30, 37), (12, 64), (40, 131)]
SEASONS = {"none": (), "one": (4,), "longer than the series": (45,), "two": (3, 7), "shorter second": (24, 5)}


def drawn(steps, n_series, seasons=(), *, missing=False, start=False, lengths=False, seed=0):
    """Series around 2, factors around 1, and everything in (0, 1) that smooths."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high, *shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low

    values = uniform(0.5, 3.5, steps, n_series)
    if missing:
        values[uniform(0, 1, steps, n_series) < 0.3] = torch.nan
    return Work(
        values,
        uniform(0.05, 0.95, n_series),
        uniform(0.5, 3.5, n_series) if start else None,
        torch.randint(0, steps + 1, (n_series,), generator=generator) if lengths else None,
        tuple(part for m in seasons for part in (uniform(0.5, 1.5, m, n_series), uniform(0.05, 0.95, n_series))),
    )


def converted(work, change):
    """The same work with every tensor of numbers changed."""
    values, alpha, start, lengths, seasons = work
    start = None if start is None else change(start)
    return Work(change(values), change(alpha), start, lengths, tuple(map(change, seasons)))


def pulls(outputs, seed=9):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(made.shape, generator=generator, dtype=torch.float64).to(made.dtype) for made in outputs]


def expected(work):
    """Values and gradients by the equations, in double precision; no gradient where a start is not given."""
    work = converted(work, lambda part: part.double().requires_grad_())
    outputs = reference(work)
    leaves = [work.values, work.alpha, *([] if work.start is None else [work.start]), *work.seasons]
    made = list(torch.autograd.grad(outputs, leaves, pulls(outputs), allow_unused=True))
    if work.start is None:
        made.insert(2, None)
    return [part.detach() for part in outputs], made


def computed(work, wanted=None):
    outputs = smoothing.forward(work)
    return outputs, smoothing.backward(work, outputs, pulls(outputs), wanted=wanted)


def assert_close(made, right, tolerance):
    for ours, theirs in zip(made, right, strict=True):
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            bound = tolerance * (1 + theirs.nan_to_num().abs().max())
            torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=float(bound), equal_nan=True)


@compiled
@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("holes", ["whole", "missing", "lengths", "both"])
@pytest.mark.parametrize("seasons", SEASONS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_kernels_compute_the_equations(size, seasons, holes, start):
    missing, lengths = holes in ("missing", "both"), holes in ("lengths", "both")
    work = drawn(*size, SEASONS[seasons], missing=missing, lengths=lengths, start=start)
    for made, right, tolerance in zip(computed(work), expected(work), (1e-12, 1e-10), strict=True):
        assert_close(made, right, tolerance)
    single = converted(work, torch.Tensor.float)
    for made, right in zip(computed(single), expected(single), strict=True):
        assert_close(made, right, 5e-6)


@compiled
@pytest.mark.parametrize("dtype", smoothing.DTYPES)
def test_bits_do_not_depend_on_the_number_of_threads(dtype):
    work = converted(drawn(60, 1003, (7, 24), missing=True), lambda part: part.to(dtype))
    before, made = torch.get_num_threads(), []
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        outputs, gradients = computed(work)
        made.append([*outputs, *(gradient for gradient in gradients if gradient is not None)])
    torch.set_num_threads(before)
    for one, two in zip(*made, strict=True):
        assert torch.equal(one.nan_to_num(), two.nan_to_num())


LAYOUTS = {
    "across": lambda part: part.T.contiguous().T,
    "every other": lambda part: torch.stack([part, -part], -1)[..., 0],
    "rows of a wider table": lambda part: torch.cat([part, -part], -1)[..., : part.shape[-1]],
    "negated on reading": lambda part: torch._neg_view(-part),
}


@compiled
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_may_lie_in_any_way(layout):
    def laid(part):
        return LAYOUTS[layout](part) if part.dim() == 2 or layout != "across" else part

    work = drawn(9, 21, (4, 3), start=True)
    outputs, gradients = computed(work)
    theirs = converted(work, laid)
    assert_close(smoothing.forward(theirs), outputs, 1e-14)
    flows = [laid(flow) for flow in pulls(outputs)]
    assert_close(smoothing.backward(theirs, [laid(made) for made in outputs], flows), gradients, 1e-14)


@compiled
def test_gradients_may_be_one_number_or_nothing():
    work = drawn(9, 21, (4, 3))
    outputs = smoothing.forward(work)
    ones = [torch.ones(()).double().expand(made.shape) for made in outputs]
    written = smoothing.backward(work, outputs, [one.contiguous() for one in ones])
    assert_close(smoothing.backward(work, outputs, ones), written, 0)
    nothing = [torch.zeros_like(outputs[0]), None, ones[2]]
    assert_close(
        smoothing.backward(work, outputs, [None, torch.zeros_like(outputs[1]), ones[2]]),
        smoothing.backward(work, outputs, nothing),
        0,
    )


@compiled
@pytest.mark.parametrize("alone", range(5))
def test_what_is_not_wanted_is_left_out(alone):
    work = drawn(9, 21, (4, 3), start=True, missing=True)
    chosen = [index == alone for index in range(5)]
    everything = computed(work)[1]
    made = computed(work, Wanted(*chosen[:3], tuple(chosen[3:])))[1]
    flags = [*chosen[:3], True, chosen[3], True, chosen[4]]
    assert_close(made, [part if flag else None for part, flag in zip(everything, flags, strict=True)], 0)


@compiled
def test_no_series_is_no_trouble():
    work = drawn(5, 0, (3,))
    outputs, gradients = computed(work)
    assert [tuple(made.shape) for made in outputs] == [(5, 0), (8, 0)]
    assert [None if made is None else tuple(made.shape) for made in gradients] == [(5, 0), (0,), None, (3, 0), (0,)]


GOOD = drawn(5, 3, (4,), start=True)
REFUSED = {
    r"values must be .* at least one step; got float64 of shape \(5,\).*values\[:, None\]": {
        "values": GOOD.values[:, 0]
    },
    r"values must be .*; got float64 of shape \(0, 3\)": {"values": GOOD.values[:0]},
    r"values must be floating-point .*; got int64 of shape \(5, 3\)": {"values": GOOD.values.long()},
    r"2 at most; got 6 tensors": {"seasons": GOOD.seasons * 3},
    r"a season is its first factors and its gamma.*; got 1 tensors": {"seasons": GOOD.seasons[:1]},
    r"alpha must have shape \(3,\) .*, float64 on cpu; got float64 of shape \(2,\) on cpu": {"alpha": GOOD.alpha[:2]},
    r"alpha must have .* dtype .*, float64 on cpu; got float32": {"alpha": GOOD.alpha.float()},
    r"alpha must have .* on cpu; got float64 of shape \(3,\) on meta": {"alpha": GOOD.alpha.to("meta")},
    r"start must have shape \(3,\)": {"start": GOOD.start[None]},
    r"gamma must have shape \(3,\)": {"seasons": (GOOD.seasons[0], GOOD.seasons[0])},
    r"first must have shape \(m, 3\)": {"seasons": (GOOD.seasons[1], GOOD.seasons[1])},
    r"first must have shape \(m, 3\) .*; got float64 of shape \(0, 3\)": {
        "seasons": (GOOD.seasons[0][:0], GOOD.seasons[1])
    },
    r"lengths must be whole numbers of shape \(3,\) on cpu; got float64": {"lengths": GOOD.alpha},
    r"lengths must be whole numbers of shape \(3,\) on cpu; got int64 of shape \(2,\)": {
        "lengths": torch.tensor([1, 2])
    },
}


@pytest.mark.parametrize("message", REFUSED)
def test_tensors_that_do_not_go_together_are_refused(message):
    smoothing.check(GOOD)
    with pytest.raises(ValueError, match=message):
        smoothing.check(GOOD._replace(**REFUSED[message]))


@compiled
def test_both_directions_check():
    bad = GOOD._replace(alpha=GOOD.alpha[:2])
    with pytest.raises(ValueError, match="alpha must have shape"):
        smoothing.forward(bad)
    outputs = smoothing.forward(GOOD)
    with pytest.raises(ValueError, match="alpha must have shape"):
        smoothing.backward(bad, outputs, outputs)
    with pytest.raises(
        ValueError, match=r"must be float64 and have the shapes \[\(5, 3\), \(9, 3\)\]; got \['float64 of"
    ):
        smoothing.backward(GOOD, outputs, [outputs[0], outputs[0]])
    with pytest.raises(ValueError, match="must be float64 and have the shapes"):
        smoothing.backward(GOOD, outputs[:1], outputs)
    with pytest.raises(ValueError, match=r"must be float64 .* got \['float32"):
        smoothing.backward(GOOD, [made.float() for made in outputs], outputs)


def test_obstacles(monkeypatch):
    assert smoothing.obstacle(GOOD) is None or library() is None
    half, elsewhere = (converted(GOOD, change) for change in (torch.Tensor.half, lambda part: part.to("meta")))
    assert smoothing.obstacle(half) == "the kernels compute in float32 and float64, not in float16"
    assert smoothing.obstacle(elsewhere) == "the kernels run on the CPU, not on meta"
    long = GOOD._replace(values=torch.zeros(1, 1).expand(2**31, 1))
    assert smoothing.obstacle(long) == "the kernels count steps up to 2147483647"
    monkeypatch.setattr(smoothing, "library", lambda: None)
    assert smoothing.obstacle(GOOD) == "there are no kernels"
    with pytest.raises(ValueError, match="there are no kernels to run; use backend='reference'"):
        smoothing.forward(GOOD)
