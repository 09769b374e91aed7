"""What a regression learns from: capped evenly, never in step with a season, steps apart and together alike."""

import numpy as np
import pytest

from tidegate.features.design import Design
from tidegate.features.inputs import Encoding, Inputs
from tidegate.features.windows import Origins, training_origins
from tidegate.forecasters.direct.sampling import LinearColumns, drawn, sample, spread_out
from tidegate.panel import Covariates, Panel


def test_few_items_are_all_drawn():
    np.testing.assert_array_equal(drawn(5, 9, seed=1), np.arange(5))


@pytest.mark.parametrize("seed", [0, 1])
def test_many_items_are_drawn_evenly_without_repeats(seed):
    numbers = drawn(100_003, 4_000, seed=seed)
    assert len(np.unique(numbers)) == 4_000
    assert 0 <= numbers[0] <= 25
    assert 99_977 <= numbers[-1] < 100_003
    phases = np.bincount(numbers % 24, minlength=24)
    assert phases.min() > 100


def test_the_seed_moves_the_draw():
    assert not np.array_equal(drawn(1000, 50, seed=0), drawn(1000, 50, seed=1))


def test_sample_takes_origins_of_every_series():
    index = training_origins(np.array([500, 700]), past_steps=10, future_steps=5)
    origins = sample(index, 100)
    assert len(origins.ends) == 100
    assert 35 < (origins.series == 0).sum() < 50


@pytest.mark.parametrize(("horizon", "steps"), [(1, [1]), (3, [1, 2, 3]), (23, [*range(1, 24, 2)])])
def test_steps_are_spread_from_first_to_last(horizon, steps):
    np.testing.assert_array_equal(spread_out(horizon), steps)


def test_linear_columns_and_target_of_a_step():
    rng = np.random.default_rng(0)
    price = rng.normal(size=(60, 1))
    panel = Panel(
        ids=np.array(["a"], dtype=object),
        offsets=np.array([0, 60]),
        times=np.arange(60),
        values=rng.normal(size=60),
        frequency="1",
        known=Covariates(("price",), price),
    )
    encoding = Encoding.learn(panel)
    origins = Origins(np.zeros(2, dtype=np.int64), np.array([30, 40]))
    read = LinearColumns(Inputs(panel, encoding, 4), Design.fitting((1,), room=50, lags=(1, 2)), origins)
    standard = (price[[32, 42], 0] - price.mean()) / price.std()
    columns = read.columns(3)
    np.testing.assert_allclose(columns[:, -1], standard**2)
    assert any(np.allclose(column, standard) for column in columns.T)
    np.testing.assert_allclose(read.target(3) * read.frame.spread + read.frame.level, panel.values[[32, 42]])
