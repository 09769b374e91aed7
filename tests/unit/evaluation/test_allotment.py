from types import SimpleNamespace

import numpy as np
import pytest

from tidegate.evaluation import allotment as shares
from tidegate.evaluation import outlay
from tidegate.evaluation.allotment import Allotment
from tidegate.evaluation.work import Job
from tidegate.forecasters.naive import Drift
from tidegate.forecasters.recurrent import GRU, LSTM
from tidegate.forecasters.regression import Linear
from tidegate.training.settings import Training


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    for module in (shares, outlay):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


@pytest.fixture
def job(monthly):
    def made(model, n_series=40):
        panel = monthly((48,) * n_series)
        ends = np.array([panel.lengths - 8, panel.lengths - 4])
        return Job(model, panel, ends, 4, 0, None, ())

    return made


def slow(clock, monkeypatch, seconds):
    """Let every fit of one series take these seconds."""

    def judged(job):
        n_series = job.ends.shape[1]
        clock.seconds += seconds * n_series
        return SimpleNamespace(fit_seconds=np.array([seconds * n_series, 0.0]), asked=job.model)

    monkeypatch.setattr(shares, "judge", judged)


def test_without_a_budget_nothing_is_left_out_and_nothing_changed(job, monkeypatch):
    monkeypatch.setattr(shares, "judge", lambda job: job)
    allotment, asked = Allotment(None, 40), job(GRU())
    assert allotment.refusal("drift", job(Drift())) == ""
    assert allotment.judged("gru", asked) is asked
    assert allotment.to_fit({"gru": asked.model})["gru"] is asked.model


def test_a_model_of_one_series_each_is_tried_on_a_few_first(clock, job, monkeypatch):
    slow(clock, monkeypatch, 0.1)
    allotment = Allotment(9.6, 40)
    assert allotment.refusal("drift", job(Drift())) == ""  # 0.5 s to see, 4 s to judge, 5 s to fit
    assert clock.seconds == pytest.approx(100.5)
    assert allotment.refusal("again", job(Drift())) == ("it would take about 9 s, and 9 s of the budget are left")


def test_all_series_count_for_the_last_fit(clock, job, monkeypatch):
    slow(clock, monkeypatch, 0.01)
    assert Allotment(10.0, 40).refusal("drift", job(Drift())) == ""
    assert Allotment(10.0, 4_000).refusal("drift", job(Drift())).startswith("it would take about 50 s, and 10 s")


def test_what_is_fitted_together_is_not_tried_on_a_few(clock, job, monkeypatch):
    slow(clock, monkeypatch, 1.0)
    allotment = Allotment(10.0, 40)
    assert [allotment.refusal("x", job(model)) for model in (Linear(), GRU())] == ["", ""]
    assert allotment.refusal("drift", job(Drift(), n_series=1)) == ""
    assert clock.seconds == 100.0


def test_after_the_budget_nothing_is_judged(clock, job):
    allotment = Allotment(10.0, 40)
    clock.seconds = 110.0
    assert allotment.refusal("gru", job(GRU())) == "the budget was spent"


def test_a_network_trains_for_a_third_and_then_for_the_rest_less_what_it_took_besides(clock, job, monkeypatch):
    slow(clock, monkeypatch, 0.1)
    allotment, own = Allotment(30.0, 40), GRU(training=Training(n_updates=7))
    allotment.refusal("drift", job(Drift()))  # 0.5 s; 5 s are kept for its fit
    outcome = allotment.judged("gru", job(own, n_series=100))  # 10 s
    training = outcome.asked.training
    share = (30 - 0.5 - 5) / 3
    assert training.budget == pytest.approx(0.9 * share)
    assert (training.n_updates, own.training.budget) == (7, None)
    rest = 30 - 0.5 - 10 - (10 - share)
    assert allotment.to_fit({"gru": own})["gru"].training.budget == pytest.approx(0.9 * rest)
    fits = allotment.to_fit({"gru": own, "drift": Drift()})
    assert fits["gru"].training.budget == pytest.approx(0.9 * (rest - 5))
    assert fits["drift"].get_params() == Drift().get_params()


def test_networks_that_are_chosen_share_what_is_left(clock, job, monkeypatch):
    slow(clock, monkeypatch, 0.1)
    fits = Allotment(30.0, 40).to_fit({"gru": GRU(), "lstm": LSTM(), "drift": Drift()})
    assert [fits[name].training.budget for name in ("gru", "lstm")] == pytest.approx([0.9 * 15, 0.9 * 15])


def test_a_single_series_is_judged_in_full_and_as_much_kept_for_the_last_fit(clock, job, monkeypatch):
    slow(clock, monkeypatch, 4.0)
    allotment = Allotment(30.0, 1)
    allotment.judged("drift", job(Drift(), n_series=1))
    fits = allotment.to_fit({"gru": GRU(), "drift": Drift()})
    assert fits["gru"].training.budget == pytest.approx(0.9 * (30 - 4 - 1.25 * 4))


def test_what_is_fitted_to_all_series_together_keeps_the_time_that_judging_it_took(clock, job, monkeypatch):
    slow(clock, monkeypatch, 0.1)
    allotment = Allotment(30.0, 40)
    allotment.judged("linear", job(Linear()))  # a fit of 4 s
    fits = allotment.to_fit({"gru": GRU(), "linear": Linear()})
    assert fits["gru"].training.budget == pytest.approx(0.9 * (30 - 4 - 1.25 * 4))
    assert allotment.to_fit({"gru": GRU()})["gru"].training.budget == pytest.approx(0.9 * (30 - 4))


def test_no_clock_is_read_without_a_budget(monkeypatch, job):
    def read():
        raise AssertionError

    for module in (shares, outlay):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=read))
    assert Allotment(None, 3).refusal("drift", job(Drift())) == ""
    with pytest.raises(AssertionError):
        Allotment(1.0, 3)
