import numpy as np
import pytest

from tidegate.forecasters.network.course import course, members_for, shrinkage
from tidegate.training.settings import Training


def plan(*lengths, horizon=12, past_steps=24, **settings):
    return course(np.array(lengths), past_steps=past_steps, horizon=horizon, training=Training(**settings))


def test_the_newest_tenth_is_held_out_and_no_target_crosses():
    made = plan(1000)
    newer, older = made.newer.all().ends, made.older.all().ends
    assert newer.tolist() == list(range(1000 - 12 - 99, 1000 - 12 + 1))
    assert older.max() + 12 == newer.min()
    assert made.everything.all().ends.tolist() == list(range(24, 989))


def test_short_series_hold_out_an_eighth_or_a_horizon():
    assert len(plan(84).newer) == 11
    assert len(plan(80, horizon=3).newer) == 8


def test_a_series_too_short_is_learned_from_as_a_whole():
    made = plan(40)
    assert len(made.newer) == 0
    assert made.n_checked == 0
    assert len(made.older) == len(made.everything) == 5


def test_nothing_is_held_out_on_demand():
    made = plan(1000, held_out_fraction=0.0)
    assert len(made.newer) == 0
    assert len(made.older) == len(made.everything)


def test_checked_origins_lie_in_the_held_out_stretch():
    made = plan(120, 120, 30, 200)
    assert set(made.checked.series) == {0, 1, 3}
    assert len(made.checked.ends) == 3 * made.n_checked
    held = {(n, end) for n, end in zip(*made.newer.all(), strict=True)}
    assert {(n, end) for n, end in zip(*made.checked, strict=True)} <= held


@pytest.mark.parametrize(("n_windows", "count"), [(10, 2), (2_000, 2), (2_001, 1)])
def test_few_windows_get_two_members(n_windows, count):
    assert members_for(n_windows) == count


def test_shrinkage_is_the_best_factor():
    rng = np.random.default_rng(0)
    made = rng.normal(size=(50, 4))
    wanted = 0.4 * made + 0.1 * rng.normal(size=(50, 4))
    factor = shrinkage(made, wanted)
    losses = [((wanted - f * made) ** 2).sum() for f in (factor - 0.01, factor, factor + 0.01)]
    assert losses[1] == min(losses)
    assert factor == pytest.approx(0.4, abs=0.05)
    assert shrinkage(made, 3 * made) == 1
    assert shrinkage(made, -made) == 0
    assert shrinkage(0 * made, wanted) == 1
