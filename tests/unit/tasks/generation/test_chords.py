import itertools

import numpy as np
import pytest
import torch

from tidegate.nn.initialisation import built
from tidegate.tasks.generation.chords import Chords
from tidegate.tasks.generation.sampling import Sampling

N_KEYS = 5
EVERY = torch.tensor(list(itertools.product((0.0, 1.0), repeat=N_KEYS)))


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def learned():
    """Chords whose keys depend on each other, and what a network says of one step."""
    chords = built(lambda: Chords(N_KEYS, torch.nn.Identity()), chance())
    with torch.no_grad():
        for parameter in chords.parameters():
            parameter.mul_(3)
    return chords, torch.randn(1, chords.n_outputs, generator=chance(1))


@torch.no_grad()
def probabilities(chords, made):
    """Return the probability of each of the 32 steps of five keys."""
    return (-chords.surprise(made.expand(1, len(EVERY), -1), EVERY[None])[0]).exp()


def test_the_probabilities_of_all_steps_add_up_to_one_and_keys_depend_on_those_below(learned):
    found = probabilities(*learned)
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    marginal = found @ EVERY
    apart = (EVERY * marginal + (1 - EVERY) * (1 - marginal)).prod(1)
    assert (found - apart).abs().max() > 0.05


@torch.no_grad()
def test_a_key_hears_those_below_it_alone(learned):
    """Changing a key changes the score of a key above, by itself and through the units, and of none at or below it."""
    chords, made = learned
    for key in range(N_KEYS):
        with_, without = EVERY.clone(), EVERY.clone()
        with_[:, key], without[:, key] = 1, 0
        changed = (chords._scores(made, with_) - chords._scores(made, without)).abs().max(0).values
        assert changed[: key + 1].max() == 0
        assert (changed[key + 1 :] > 1e-3).all()


def test_what_is_drawn_has_the_probabilities_that_are_said(learned):
    chords, made = learned
    with torch.no_grad():
        drawn = chords.next(made.expand(20_000, -1), Sampling(), chance(2))
    places = (drawn @ (2.0 ** torch.arange(N_KEYS - 1, -1, -1))).long()
    rates = torch.bincount(places, minlength=len(EVERY)) / len(drawn)
    torch.testing.assert_close(rates, probabilities(chords, made), atol=0.015, rtol=0)


def test_what_is_told_is_how_probable_each_key_is_whatever_the_others_do(learned):
    chords, made = learned
    with torch.no_grad():
        told = chords.told(torch.cat([made + 1, made]))[1]
        np.testing.assert_allclose(told, chords.told(made)[0], rtol=1e-5)
    wanted = (probabilities(chords, made) @ EVERY).double()
    torch.testing.assert_close(told, wanted, atol=0.02, rtol=0)


@torch.no_grad()
def test_at_temperature_0_each_key_is_the_more_probable_one(learned):
    chords, made = learned
    first, second = (chords.next(made, Sampling(temperature=0), chance(seed)) for seed in (0, 1))
    assert torch.equal(first, second)
    assert torch.equal(first, (chords._scores(made, first) > 0).float())


def test_where_there_is_no_step_there_is_no_surprise(learned):
    chords, made = learned
    target = torch.stack([EVERY[:1], torch.full((1, N_KEYS), torch.nan)])
    found = chords.surprise(made.expand(2, 1, -1), target)
    assert found[0, 0] > 0
    assert found[1, 0] == 0
    found.sum().backward()
    assert all(one.grad.isfinite().all() for one in chords.parameters())


def test_one_key_is_judged_by_itself():
    chords = built(lambda: Chords(1, torch.nn.Identity()), chance())
    made = torch.randn(1, 1, chords.n_outputs, generator=chance(1))
    found = chords.surprise(made, torch.ones(1, 1, 1))
    assert found.item() == pytest.approx(-made[..., 0].sigmoid().log().item(), rel=1e-5)
