import numpy as np
import pytest
import torch

from tidegate.features.windows import Origins
from tidegate.forecasters.hybrid.columns import Source, first_seasons
from tidegate.forecasters.hybrid.learning import Learning, Tables, combined, parts, told
from tidegate.forecasters.hybrid.network import HybridNetwork, Plan, wiggles
from tidegate.forecasters.network.course import course, curtailed, member
from tidegate.nn.initialisation import built
from tidegate.training.settings import Training

HORIZON = 3
QUICK = Training(n_updates=20, batch_size=4)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(2)


def source_of(*lengths, seed=0):
    rng = np.random.default_rng(seed)
    season = np.array([0.3, -0.1, 0.2, -0.4])
    rest = [0.05 * np.arange(n) + 0.03 * rng.normal(size=n) for n in lengths]
    values = np.concatenate([season[np.arange(n) % 4] + rest[k] for k, n in enumerate(lengths)])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    n = len(lengths)
    return Source(
        values,
        offsets,
        first_seasons(values, offsets, (4,)),
        numbers=np.arange(1, n + 1),
        aligned=np.ones(n, dtype=bool),
        features=np.empty((n, 0)),
        ids=np.array([f"s{k}" for k in range(n)], dtype=object),
    )


def make(n_series):
    return lambda: HybridNetwork(Plan(n_series, (4,), 4, HORIZON, 0, ((1, 2),), 6, "quantiles"))


def plan_of(source, training=None):
    return course(source.lengths, past_steps=np.full(len(source.ids), 6), horizon=HORIZON, training=training or QUICK)


def test_the_loss_is_of_origins_to_learn_from_and_the_penalty(generator, monkeypatch):
    source = source_of(14, 20)
    network, plan = built(make(2), generator), plan_of(source)
    monkeypatch.setattr("tidegate.forecasters.hybrid.learning._ORIGINS", 2_000)
    learning = Learning(network, source, plan.older, penalty=0.7, generator=generator)
    found = learning.loss(torch.tensor([1, 1, 0]))
    columns = source.columns(np.array([0, 1]))
    walk, losses = network(columns), []
    for n in (0, 1):  # each series weighs the same; many draws come near the mean over its origins
        count = plan.older.bounds[n + 1] - plan.older.bounds[n]
        steps = torch.arange(count) + int(plan.older.firsts[n]) - 1
        actual = columns.values[:, n].unfold(0, HORIZON, 1)[steps + 1]
        losses.append(network.loss(network.at(walk, steps, torch.full((count,), n)), actual).mean())
    ends = torch.from_numpy(plan.older.firsts + np.diff(plan.older.bounds) - 1 + HORIZON)
    learned = torch.where(torch.arange(20)[:, None] < ends, columns.values, torch.nan)
    expected = torch.stack(losses).mean() + 0.7 * wiggles(walk, learned)
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=0)


def test_the_penalty_reads_nothing_of_the_held_out_stretch():
    """Levels there would move the smoothing rates that the stretch is about to judge."""
    gradients = []
    for jump in (0.0, 3.0):
        source = source_of(30)
        plan = plan_of(source)
        held_out = slice(int(plan.older.firsts[0]) + len(plan.older) - 1 + HORIZON, 30)
        source._values[held_out] += jump
        assert held_out.start < 30
        generator = torch.Generator().manual_seed(2)
        network = built(make(1), generator)
        Learning(network, source, plan.older, penalty=5.0, generator=generator).loss(torch.tensor([0])).backward()
        gradients.append(network.smoothing.shared.grad)
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


def test_the_held_out_loss_is_of_newer_origins_and_has_no_penalty(generator):
    source = source_of(30)
    network, plan = built(make(1), generator), plan_of(source)
    learning = Learning(network, source, plan.older, held_out=plan.newer, penalty=0.7, generator=generator)
    columns = source.columns(np.array([0]))
    count = len(plan.newer)
    steps = torch.from_numpy(plan.newer.firsts[0] - 1 + ((np.arange(512) + 0.5) / 512 * count).astype(np.int64))
    actual = columns.values[:, 0].unfold(0, HORIZON, 1)[steps + 1]
    made = network.at(network(columns), steps, torch.zeros(512, dtype=torch.int64))
    np.testing.assert_allclose(learning.held_out_loss(), network.loss(made, actual).mean().item(), rtol=1e-5)
    assert Learning(network, source, plan.older, penalty=0.0, generator=generator).held_out_loss() is None


def test_series_without_origins_are_not_learned_from(generator):
    source = source_of(5, 30, 5, 30)
    learning = Learning(built(make(4), generator), source, plan_of(source).older, penalty=0.1, generator=generator)
    assert len(learning) == 2
    assert learning.named(torch.tensor([1, 0, 1])) == "series 's1', 's3'"


def test_held_out_series_whose_loss_is_not_finite_are_named(generator, monkeypatch):
    source = source_of(30, 5, 30, 30)
    plan, network = plan_of(source), built(make(4), generator)
    learning = Learning(network, source, plan.older, held_out=plan.newer, penalty=0.1, generator=generator)
    assert learning.named(None) == "series 's0', 's2', 's3'"
    columns, steps, places = learning._judged
    walked, values = network(columns), columns.values.clone()
    values[-1, 2] = torch.inf
    learning._judged = (columns._replace(values=values), steps, places)
    monkeypatch.setattr(network, "forward", lambda _: walked)  # what is aimed at breaks, not the walk through it
    assert learning.named(None) == "series 's3'"


def test_many_series_are_named_by_some(generator):
    source = source_of(*[30] * 9)
    learning = Learning(built(make(9), generator), source, plan_of(source).older, penalty=0.1, generator=generator)
    assert learning.named(torch.arange(9)) == "series 's0', 's1', 's2', 's3', 's4' and 4 more"


def test_what_is_told_does_not_depend_on_company(generator):
    source = source_of(14, 40, 23)
    network = built(make(3), generator)
    origins = Origins(np.array([2, 0, 1, 2]), np.array([23, 9, 33, 7]))
    together = told(network, source, origins)
    for k, (n, end) in enumerate(zip(*origins, strict=True)):
        alone = told(network, source, Origins(np.array([n]), np.array([end])))
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_allclose(one[0], other[k], rtol=1e-5, atol=1e-6)


def test_what_is_told_does_not_depend_on_the_parts(generator, monkeypatch):
    source, network = source_of(14, 40, 23), built(make(3), generator)
    origins = Origins(np.array([2, 0, 1, 0]), np.array([23, 9, 33, 12]))
    whole = told(network, source, origins)
    monkeypatch.setattr("tidegate.forecasters.hybrid.learning._CELLS_AT_ONCE", 1)
    assert [list(part) for part in parts(np.array([4, 2]), np.array([9, 9]))] == [[4], [2]]
    for one, other in zip(whole, told(network, source, origins), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_networks_are_combined_by_their_median():
    rng = np.random.default_rng(0)
    three = [Tables(rng.normal(size=(2, 3, 7)), rng.normal(size=(2, 3)), rng.uniform(size=(2, 1))) for _ in range(3)]
    made = combined(three)
    np.testing.assert_array_equal(made.quantiles, np.median([part.quantiles for part in three], axis=0))
    np.testing.assert_array_equal(made.base, np.median([part.base for part in three], axis=0))
    np.testing.assert_allclose(made.unit, np.mean([part.unit for part in three], axis=0))


def trained(make, source, plan, training, name):
    generator = torch.Generator().manual_seed(5)
    network = built(make, generator)
    return member(
        network,
        plan,
        training,
        learning=lambda learned, held_out: Learning(
            network, source, learned, held_out=held_out, penalty=0.1, generator=generator
        ),
        told=lambda each: told(each, source, plan.checked),
        name=name,
        generator=generator,
    )


def test_a_member_learns_and_is_judged_before_it_reads_the_newest_values():
    source = source_of(60, 50)
    training = Training(n_updates=60, batch_size=4)
    plan = plan_of(source, training)
    found = trained(make(2), source, plan, training, "digest-3")
    assert list(found.losses) == ["network 3", "network 3, newest values too"]
    first, second = found.losses.values()
    assert first.held_out[first.best] < 0.8 * first.held_out[0]
    assert 15 <= second.updates[-1] <= 30
    later = told(found.network, source, plan.checked)
    assert found.held_out.quantiles.shape == later.quantiles.shape
    assert not np.array_equal(found.held_out.quantiles, later.quantiles)


def test_without_a_held_out_stretch_there_is_one_run():
    source, training = source_of(30), Training(n_updates=5, held_out_fraction=0.0)
    found = trained(make(1), source, plan_of(source, training), training, "digest-1")
    assert list(found.losses) == ["network 1"]
    assert found.held_out is None
    assert curtailed([found], plan_of(source, training), training) == []


def test_a_budget_ends_training_early():
    source = source_of(60)
    training = Training(n_updates=4_000, batch_size=4, budget=1.0)
    found = trained(make(1), source, plan_of(source, training), training, "digest-1")
    first = found.losses["network 1"]
    assert first.planned < 4_000
    assert first.updates[-1] <= first.planned
    said = curtailed([found], plan_of(source, training), training)
    assert said == [f"The budget of 1 s sufficed for {first.planned} of 4000 updates."]
