import numpy as np

import tidegate
from tidegate.forecasters.network import course as timed
from tidegate.forecasters.network.course import course
from tidegate.forecasters.network.problem import Learning
from tidegate.training import pace
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


def test_origins_begin_where_each_series_allows():
    made = plan(100, 20, 4, past_steps=np.array([24, 5, 3]))
    everything = made.everything.all()
    assert everything.ends[everything.series == 0].tolist() == list(range(24, 89))
    assert everything.ends[everything.series == 1].tolist() == list(range(5, 9))
    assert not (everything.series == 2).any()


def test_a_row_too_short_to_learn_from_is_held_out_of_nothing():
    made = plan(100, 4, past_steps=np.array([24, 3]))
    assert set(made.checked.series) == {0}
    assert set(made.older.all().series) == set(made.newer.all().series) == {0}


def test_every_learned_window_lies_within_its_series():
    """No target beyond the end, no origin without a value."""
    lengths = np.array([13, 30, 120, 200])
    made = plan(*lengths, past_steps=np.array([3, 18, 24, 24]))
    for index in (made.older, made.newer, made.everything):
        series, ends = index.all()
        assert (ends >= 1).all()
        assert (ends + 12 <= lengths[series]).all()


def test_a_budget_is_shared_by_the_networks_and_by_both_runs_of_each(monkeypatch):
    class Clock:
        now = 3.0

        def monotonic(self):
            return self.now

    clock, loss = Clock(), Learning.loss

    def slow(self, chosen):
        clock.now += 1.0
        return loss(self, chosen)

    for module in (pace, timed):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(Learning, "loss", slow)
    model = tidegate.RNN(hidden_size=2, n_members=2, training=Training(n_updates=900, n_checks=3, budget=90.0))
    model.fit(tidegate.example(), horizon=6)
    assert 81 <= clock.now - 3 <= 99
    for m in (1, 2):
        first, second = (model.losses_[f"network {m}{rest}"].planned for rest in ("", ", newest values too"))
        assert 27 <= first <= 33
        assert 10 <= second <= 17
