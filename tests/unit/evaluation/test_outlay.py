import numpy as np
import pytest

import tidegate
from tidegate.evaluation import outlay
from tidegate.evaluation.outlay import Clock, Outlay, TimeUp, can_be_limited, within
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.training import progress
from tidegate.training.settings import Training


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 50.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(outlay, "time", made)
    return made


def test_without_a_budget_no_clock_is_read(monkeypatch):
    monkeypatch.setattr(outlay, "time", None)
    made = Outlay(None, n_after=1)
    with made.limits():
        made.take_fit(5.0)
    made.take_trial([5.0], best=True)
    model = tidegate.GRU()
    assert made.allows_a_trial()
    assert made.limited(model, of=1) is model
    assert model.training is None


def test_no_trial_is_begun_that_could_not_end(clock):
    made = Outlay(100.0, n_after=1)
    assert made.allows_a_trial()
    made.take_trial([10.0, 8.0, 6.0], best=True)
    clock.now += 60
    assert made.allows_a_trial()
    clock.now += 8
    assert not made.allows_a_trial()
    assert made.ended


def test_time_is_left_for_the_fits_after_the_search(clock):
    for n_after, waited in ((1, 100 - 1.25 * 10 - 5), (3, 100 - 3 * 1.25 * 10 - 5)):
        made = Outlay(100.0, n_after=n_after)
        made.take_trial([10.0], best=True)
        made.take_trial([5.0], best=False)
        start = clock.now
        clock.now = start + waited - 0.1
        assert made.allows_a_trial()
        clock.now = start + waited + 0.1
        assert not made.allows_a_trial()


def test_a_fit_that_would_end_too_late_is_not_begun(clock):
    made = Outlay(100.0, n_after=1)
    made.take_fit(10.0)
    clock.now += 75
    with made.limits():
        pass
    clock.now += 5
    with pytest.raises(TimeUp), made.limits():
        pytest.fail("begun")


def test_a_training_run_is_stopped_between_two_updates_when_the_time_is_over(clock):
    told = []

    class Told(progress.Silent):
        def begin(self, label, n_updates):
            told.append((label, n_updates))

        def advance(self, done, loss):
            told.append(done)

        def finish(self):
            told.append("finished")

    made = Outlay(100.0, n_after=1)
    with progress.shown(Told()), made.limits():
        inside = progress.current()
    inside.begin("network", 9)
    for done in range(1, 6):
        clock.now += 11
        inside.advance(done, 0.5)
    clock.now += 11
    with pytest.raises(TimeUp):
        inside.advance(6, 0.5)
    inside.finish()
    assert told == [("network", 9), 1, 2, 3, 4, 5, 6, "finished"]


def test_the_last_fits_share_what_is_left(clock):
    made = Outlay(100.0, n_after=3)
    clock.now += 40
    first = made.limited(tidegate.GRU(training=Training(patience=3)), of=3)
    assert first.training == Training(patience=3, budget=pytest.approx(0.9 * 60 / 3))
    clock.now += 30
    assert made.limited(tidegate.GRU(), of=1).training.budget == pytest.approx(27)
    assert made.limited(tidegate.GRU(training=Training(budget=5.0)), of=1).training.budget == 5
    clock.now += 60
    assert made.limited(tidegate.GRU(), of=1).training.budget == 1e-3
    assert made.limited(Hybrid(), of=1).training == Hybrid.usual_training._replace(budget=1e-3)
    forest = tidegate.RandomForest()
    assert made.limited(forest, of=1) is forest


def test_what_a_model_is_told_of_its_time():
    gru = within(tidegate.GRU(training=Training(n_updates=7)), 10.0)
    assert gru.training == Training(n_updates=7, budget=9.0)  # the rest prepares and calibrates
    assert within(gru, 20.0).training.budget == 9.0
    assert within(tidegate.GRU(), -3.0).training.budget > 0
    auto = within(tidegate.forecaster("auto"), 10.0)
    assert auto.budget == 10.0
    assert within(auto, 4.0).budget == 4.0
    assert within(auto, 8.0).budget == 4.0
    ets = tidegate.forecaster("ets")
    before = ets.get_params()
    assert within(ets, 1.0).get_params() == before
    assert [can_be_limited(model) for model in (gru, auto, ets)] == [True, True, False]


def test_a_clock_without_a_budget_is_never_read(monkeypatch):
    monkeypatch.setattr("tidegate.evaluation.outlay.time.monotonic", lambda: 1 / 0)
    assert Clock(None).left(5.0) == np.inf


def test_a_clock_tells_what_is_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("tidegate.evaluation.outlay.time.monotonic", lambda: now[0])
    clock = Clock(30.0)
    now[0] = 110.0
    assert (clock.left(), clock.left(4.0)) == (20.0, 16.0)


def test_infinitely_many_seconds_change_no_model():
    model = tidegate.GRU()
    assert within(model, np.inf) is model
    assert model.training is None
