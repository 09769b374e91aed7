import numpy as np
import torch

from tidegate.insight.subject import Signals
from tidegate.insight.units import units

RNG = np.random.default_rng(4)


def signals(n_steps, n_windows):
    t = np.arange(n_steps)[:, None] + 7 * np.arange(n_windows)
    season = np.stack([np.sin(2 * np.pi * t / 12), np.cos(2 * np.pi * t / 12)], axis=-1)
    level = np.stack([RNG.normal(size=t.shape).cumsum(0), np.zeros(t.shape)], axis=-1)
    price = np.stack([RNG.normal(size=t.shape), np.zeros(t.shape)], axis=-1)
    constant = np.ones((*t.shape, 2)) * [1, 0]
    return Signals(("season of 12", "level", "price", "flat"), np.stack([season, level, price, constant], axis=2))


def test_each_unit_is_said_to_track_what_it_was_made_from():
    told = signals(60, 4)
    season, level, price, _ = np.moveaxis(told.values, 2, 0)
    made = [0.6 * season[..., 0] - 0.8 * season[..., 1], -level[..., 0], price[..., 0], RNG.normal(size=(60, 4))]
    states = np.stack([one + 0.05 * RNG.normal(size=one.shape) for one in made], axis=-1)
    found = units({"hidden": torch.tensor(states)}, told)
    assert {name: which.tolist() for name, which in found.followers().items()} == {
        "season of 12": [0], "level": [1], "price": [2], "flat": []
    }  # fmt: skip
    wanted = np.corrcoef(states[..., 1].ravel(), level[..., 0].ravel())[0, 1]
    np.testing.assert_allclose(found.correlations[1, 1], wanted, rtol=1e-9)
    assert found.correlations[1, 1] < -0.9
    assert not found.correlations[:, 3].any()


def test_the_cell_state_is_what_tracks_where_there_is_one():
    told = signals(30, 3)
    price = told.values[:, :, 2, :1]
    found = units({"hidden": torch.tensor(RNG.normal(size=(30, 3, 1))), "cell": torch.tensor(price)}, told)
    np.testing.assert_allclose(found.correlations[0, 2], 1.0)


def test_dead_units_are_those_that_never_move():
    hidden = RNG.normal(size=(20, 3, 3))
    hidden[..., 1] = 0.7
    assert units({"hidden": torch.tensor(hidden)}, signals(20, 3)).dead.tolist() == [1]
