"""The equations against numbers worked out one by one, and the written gradients against autograd's."""

import math

import pytest
import torch

from tidegate.kernels.smoothing import Work
from tidegate.nn.smoothing_equations import observed, reference, written_gradients

SEASONS = {"none": (), "one": (4,), "longer than the series": (11,), "two": (3, 5)}


def drawn(seasons, *, start=False, steps=9, n_series=6, seed=0):
    """Series with holes: one whole, one that begins late, one that ends early, one with nothing."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high, *shape):
        return (torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low).requires_grad_()

    values = uniform(0.5, 3.5, steps, n_series).detach()
    values[:7, 1] = values[4:, 2] = values[:, 3] = values[2::3, 4] = torch.nan
    return Work(
        values.requires_grad_(),
        uniform(0.05, 0.95, n_series),
        uniform(0.5, 3.5, n_series) if start else None,
        torch.tensor([9, 9, 9, 9, 9, 5]),
        tuple(part for m in seasons for part in (uniform(0.5, 1.5, m, n_series), uniform(0.05, 0.95, n_series))),
    )


def written_out(work, series):
    """Level and factors of one series in plain numbers, following the paper's equations."""
    alpha, gammas = work.alpha[series].item(), [gamma[series].item() for gamma in work.seasons[1::2]]
    firsts = [first[:, series].tolist() for first in work.seasons[::2]]
    factors = [list(first) for first in firsts]
    values = work.values[: int(work.lengths[series]), series].tolist()
    values += [math.nan] * (len(work.values) - len(values))
    level = math.nan if work.start is None else work.start[series].item()
    for t, y in enumerate(values):
        if not math.isnan(y) and math.isnan(level):
            level = y / math.prod(first[t % len(first)] for first in firsts)
    levels = []
    for t, y in enumerate(values):
        now = [season[t] for season in factors]
        there = not math.isnan(y)
        level = alpha * y / math.prod(now) + (1 - alpha) * level if there else level
        levels.append(level)
        if len(now) == 1:
            factors[0].append(gammas[0] * y / level + (1 - gammas[0]) * now[0] if there else now[0])
        if len(now) == 2:
            factors[0].append(gammas[0] * y / (level * now[1]) + (1 - gammas[0]) * now[0] if there else now[0])
            factors[1].append(gammas[1] * y / (level * now[0]) + (1 - gammas[1]) * now[1] if there else now[1])
    return [levels, *factors]


@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_every_number_follows_the_paper(seasons, start):
    work = drawn(SEASONS[seasons], start=start)
    for series in range(6):
        for made, right in zip(reference(work), written_out(work, series), strict=True):
            right = torch.tensor(right, dtype=torch.float64)
            torch.testing.assert_close(made[:, series].detach(), right, rtol=1e-14, atol=0, equal_nan=True)


@pytest.mark.parametrize("start", [False, True], ids=["first value", "start"])
@pytest.mark.parametrize("seasons", SEASONS)
def test_written_gradients_are_autograds_and_have_the_same_gradients(seasons, start):
    work = drawn(SEASONS[seasons], start=start)
    leaves = [part for part in (*work[:3], *work.seasons) if part is not None]
    outputs = reference(work)
    generator = torch.Generator().manual_seed(5)
    flows = [torch.randn(made.shape, generator=generator, dtype=torch.float64).requires_grad_() for made in outputs]
    right = torch.autograd.grad(outputs, leaves, flows, create_graph=True)
    made = [part for part in written_gradients(work, outputs, flows) if part is not None]
    for ours, theirs in zip(made, right, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    second = [
        torch.autograd.grad(gradients, [*leaves, *flows], [part.detach() + 1 for part in right], retain_graph=True)
        for gradients in (made, right)
    ]
    for ours, theirs in zip(*second, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-11)


def test_outputs_without_gradients_count_as_zeros():
    work = drawn((3, 5))
    outputs = reference(work)
    zeros = [torch.zeros_like(made) for made in outputs]
    zeros[1] = torch.rand(outputs[1].shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for ours, theirs in zip(
        written_gradients(work, outputs, [None, zeros[1], None]), written_gradients(work, outputs, zeros), strict=True
    ):
        assert ours is theirs is None or torch.equal(ours, theirs)


def test_nothing_comes_from_a_series_without_values():
    work = drawn((3, 5))
    outputs = reference(work)
    assert outputs[0][:, 3].isnan().all()
    assert outputs[0][:, :3].isfinite().all()
    gradients = torch.autograd.grad([made.nan_to_num().sum() for made in outputs], [*work[:2], *work.seasons])
    assert all(part.isfinite().all() for part in gradients)
    assert not gradients[0][:, 3].any()
    assert not gradients[0][~observed(work.values, work.lengths)].any()


def test_a_missing_value_repeats_level_and_season():
    work = drawn((4,))
    levels, factors = reference(work)
    seen = observed(work.values, work.lengths)
    assert not seen[:7, 1].any()
    assert seen[7:, 1].all()
    assert not seen[5:, 5].any()
    for series, t in torch.nonzero(~seen.T).tolist():
        assert torch.equal(factors[t + 4, series], factors[t, series])
        assert t == 0 or series == 3 or torch.equal(levels[t, series], levels[t - 1, series])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_other_precisions(dtype):
    values, alpha, start, lengths, seasons = drawn((4,), start=True)
    work = Work(values.to(dtype), alpha.to(dtype), start.to(dtype), lengths, tuple(part.to(dtype) for part in seasons))
    for made, exact in zip(reference(work), reference(drawn((4,), start=True)), strict=True):
        assert made.dtype == dtype
        torch.testing.assert_close(made.double(), exact, rtol=30 * torch.finfo(dtype).eps, atol=0, equal_nan=True)
