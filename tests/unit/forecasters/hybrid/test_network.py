import math

import numpy as np
import pytest
import torch

from tidegate.forecasters.hybrid.columns import Columns
from tidegate.forecasters.hybrid.network import HybridNetwork, Plan, SmoothingParameters, wiggles
from tidegate.nn.heads import QUANTILES, head
from tidegate.nn.initialisation import built
from tidegate.nn.smoothing import Season, smooth


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(8)


def made(generator, *, seasons=(4,), n_series=3, n_features=2, horizon=6, told="quantiles"):
    """Return a network of which every number was drawn."""
    plan = Plan(n_series, seasons, 5, horizon, n_features, ((1, 2), (4,)), 7, told)
    network = built(lambda: HybridNetwork(plan), generator)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return network


def columns_of(generator, *, n_steps=15, seasons=(4,), numbers=(1, 3), aligned=True):
    n_series = len(numbers)
    return Columns(
        torch.randn(n_steps, n_series, generator=generator) * 0.3,
        tuple(torch.randn(m, n_series, generator=generator) * 0.2 for m in seasons),
        torch.tensor(numbers),
        torch.full((n_series,), aligned),
        torch.randn(n_series, 2, generator=generator),
    )


@pytest.mark.parametrize("seasons", [(), (4,), (2, 6)])
def test_levels_and_factors_are_those_of_the_smoothing(seasons, generator):
    network, columns = made(generator, seasons=seasons), columns_of(generator, seasons=seasons)
    walk = network(columns)
    alpha, parts = network.smoothing(columns)
    expected = smooth(columns.values.exp(), alpha, parts, backend="reference")
    torch.testing.assert_close(walk.levels.exp(), expected.levels)
    for one, other in zip(walk.factors, expected.factors, strict=True):
        torch.testing.assert_close(one.exp(), other)


def test_the_base_is_the_level_times_the_factors_which_repeat(generator):
    network, columns = made(generator), columns_of(generator)
    walk = network(columns)
    base = network.at(walk, torch.tensor([9]), torch.tensor([1])).base[0]
    factors = walk.factors[0][10:14, 1]
    torch.testing.assert_close(base, walk.levels[9, 1] + torch.cat([factors, factors[:2]]))


def test_each_step_reads_the_newest_values_by_level_season_and_unit(generator):
    network, columns = made(generator), columns_of(generator)
    walk, seen = network(columns), {}
    network.layers.register_forward_hook(lambda _, inputs, __: seen.update(inputs=inputs[0]))
    network(columns)
    left = columns.values - walk.factors[0][:15]
    unit = left[:12, 0].diff().abs().mean()
    expected = torch.cat([(left[7:12, 0] - walk.levels[11, 0]) / unit, torch.ones(1), unit.log()[None]])
    torch.testing.assert_close(seen["inputs"][11, 0], torch.cat([expected, columns.features[0]]))
    assert not seen["inputs"][0, 0, :4].any()  # nothing lies before the first step


def test_nothing_at_a_step_depends_on_a_later_one(generator):
    network, columns = made(generator), columns_of(generator)
    later = columns.values.clone()
    later[10:] += 1
    steps, places = torch.tensor([9, 10]), torch.zeros(2, dtype=torch.int64)
    both = [network.at(network(columns._replace(values=v)), steps, places) for v in (columns.values, later)]
    for one, other in zip(*both, strict=True):
        assert torch.equal(one[0], other[0])
        assert not torch.equal(one[1], other[1])


def test_missing_values_change_nothing_and_have_no_gradient_of_nan(generator):
    network, columns = made(generator), columns_of(generator)
    values = columns.values.clone()
    values[6, 0] = values[12:, 1] = math.nan
    walk = network(columns._replace(values=values))
    assert walk.levels[6, 0] == walk.levels[5, 0]
    made_at = network.at(walk, torch.tensor([7, 8]), torch.tensor([0, 1]))
    actual = torch.full((2, 6), 0.3)
    actual[0, 2] = math.nan
    losses = network.loss(made_at, actual)
    assert losses[0, 2] == 0
    (losses.sum() + wiggles(walk, values)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_the_loss_is_the_head_in_units_from_the_base(generator):
    network, columns = made(generator), columns_of(generator)
    found = network.at(network(columns), torch.tensor([9]), torch.tensor([0]))
    actual = torch.randn(1, 6, generator=generator)
    expected = head("quantiles").loss(found.numbers, (actual - found.base) / found.unit, torch.ones(1, 1))
    torch.testing.assert_close(network.loss(found, actual), expected)


@pytest.mark.parametrize("told", ["quantiles", "point", "normal", "student-t"])
def test_tables_are_the_heads_on_the_scale_of_the_series(told, generator):
    network, columns = made(generator, told=told), columns_of(generator)
    found = network.at(network(columns), torch.tensor([9]), torch.tensor([0]))
    tables = network.told(found)
    assert tables.shape == (1, 6, len(QUANTILES))
    expected = found.base + found.unit * found.numbers[..., 0]
    torch.testing.assert_close(tables[..., 3], expected.detach())
    assert (tables.diff(dim=-1) > 0).all()


def test_rates_and_first_seasons_begin_as_they_should(generator):
    columns = columns_of(generator, seasons=(2, 6))
    alpha, seasons = built(lambda: SmoothingParameters(3, (2, 6)), generator)(columns)
    torch.testing.assert_close(alpha, torch.full((2,), 0.5))
    for season, first in zip(seasons, columns.firsts, strict=True):
        torch.testing.assert_close(season.gamma, torch.full((2,), 0.2))
        torch.testing.assert_close(season.first, first.exp())


def test_unseen_series_have_the_mean_rates_and_their_own_season(generator):
    network = made(generator)
    columns = columns_of(generator, numbers=(1, 2, 3, 0))
    alpha, (season,) = network.smoothing(columns)
    logits = torch.logit(torch.stack([alpha, season.gamma]))
    torch.testing.assert_close(logits[:, 3], logits[:, :3].mean(1))
    torch.testing.assert_close(season.first[:, 3], columns.firsts[0][:, 3].exp())
    assert (season.first[:, :3] != columns.firsts[0][:, :3].exp()).all()


def test_a_series_that_begins_elsewhere_keeps_its_rates_and_has_its_own_season(generator):
    network, columns = made(generator), columns_of(generator)
    alpha, (season,) = network.smoothing(columns)
    other_alpha, (other,) = network.smoothing(columns._replace(aligned=torch.tensor([True, False])))
    assert torch.equal(alpha, other_alpha)
    assert torch.equal(season.first[:, 0], other.first[:, 0])
    torch.testing.assert_close(other.first[:, 1], columns.firsts[0][:, 1].exp())
    assert isinstance(other, Season)


def test_rates_of_a_series_learn_faster_than_the_network(generator):
    network, columns = made(generator), columns_of(generator)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    before = torch.logit(network.smoothing(columns)[0]).detach()
    shared = network.smoothing.shared.detach().clone()
    found = network.at(network(columns), torch.tensor([9, 9]), torch.tensor([0, 1]))
    network.loss(found, torch.zeros(2, 6)).sum().backward()
    optimiser.step()
    moved = torch.logit(network.smoothing(columns)[0]) - before - 4 * (network.smoothing.shared - shared)[0]
    np.testing.assert_allclose((network.smoothing.shared - shared).detach().abs(), 0.01, rtol=1e-3)
    np.testing.assert_allclose(moved.detach().abs(), 0.04, rtol=1e-3)


def test_wiggles_are_second_differences_within_a_series(generator):
    network, columns = made(generator, seasons=()), columns_of(generator, seasons=())
    values = columns.values.clone()
    values[10:, 1] = math.nan
    walk = network(columns._replace(values=values))
    bends = [walk.levels[:stop, n].diff().diff() / walk.unit[2:stop, n] for n, stop in ((0, 15), (1, 10))]
    torch.testing.assert_close(wiggles(walk, values), (torch.cat(bends) ** 2).mean())
    assert wiggles(network(columns._replace(values=values[:2])), values[:2]) == 0
