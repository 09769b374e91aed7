import sys
from dataclasses import replace

import numpy as np
import pytest

import tidegate
from tidegate.errors import DataError, MissingExtraError, ModelError, SettingError, TidegateError
from tidegate.evaluation import outlay, tuning
from tidegate.evaluation.spaces import Range
from tidegate.evaluation.tuning import JOURNAL, Search, search, tune
from tidegate.forecasters import base
from tidegate.training.settings import Training

SPACE = {"slope": Range(-3.0, 3.0)}
QUICK = Training(n_updates=4, n_checks=2)


class Line(tidegate.Forecaster):
    """The newest value and so much more at every step; refuses steep slopes, takes `seconds` where a clock is set."""

    name = "line"
    fitted: list = []  # noqa: RUF012 (what was asked of it)
    clock = None

    def __init__(self, *, slope=0.0, steepest=9.0, seconds=0.0):
        self.slope, self.steepest, self.seconds = slope, steepest, seconds

    def _fit(self, panel, horizon):
        if self.clock is not None:
            self.clock.now += self.seconds
        if self.slope > self.steepest:
            raise ModelError("too steep")
        self.fitted.append((self.slope, panel.lengths.tolist()))

    def _predict(self, panel, levels):
        last = panel.values[panel.offsets[1:] - 1]
        unit = 1 / self._factors[:, None]
        return last[:, None] + unit * self.slope * np.arange(1, self.horizon_ + 1), None

    _state = _restore = None


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(Line, "fitted", [])


@pytest.fixture
def rising(monthly):
    """Build a panel whose series rise by 2 a month."""

    def make(lengths=(60,), seed=0):
        panel = monthly(lengths, seasons=(1,))
        rng = np.random.default_rng(seed)
        steps = np.concatenate([np.arange(length) for length in lengths])
        return replace(panel, values=5 + 2.0 * steps + 0.3 * rng.normal(size=len(steps)))

    return make


def found(panel, how=None, model=None, **settings):
    return search(panel, model or Line(), how or Search(trials=25), horizon=4, space=SPACE, **settings)


def test_the_best_slope_is_found_and_the_gain_is_clear(rising):
    made = found(rising())
    assert made.settings["slope"] == pytest.approx(2, abs=0.15)
    assert made.model.slope == made.settings["slope"]
    assert made.gain.difference < 0
    assert made.gain.significant
    assert "a clear difference" in str(made)
    assert made.trials["slope"][0] == 0
    best = made.trials[made.trials.state == "complete"].sort_values("MASE").iloc[0]
    assert best.slope == made.settings["slope"]
    assert set(made.trials.state) == {"complete", "pruned"}
    assert (made.trials.folds[made.trials.state == "complete"] == 5).all()
    assert made.to_dict() == {"model": "line", "settings": made.settings}


def test_the_final_fit_reads_everything_and_trials_only_what_lies_before_their_origins(rising):
    found(rising(), Search(trials=2))
    assert Line.fitted[-1][1] == [60]
    assert [lengths for slope, lengths in Line.fitted if slope == 0] == [[56], [52], [48], [44], [40]]


def test_values_that_are_held_out_change_no_trial(rising):
    panel = rising()
    spoiled = replace(panel, values=np.where(np.arange(60) < 52, panel.values, -50.0))
    how = Search(trials=12, held_out=2)
    first, second = found(panel, how), found(spoiled, how)
    assert first.trials.equals(second.trials)
    assert first.settings == second.settings
    assert first.judged.difference < 0 < second.judged.difference
    assert "the newest 2 horizons, which took no part in the choice" in str(first)
    assert not found(panel, Search(trials=12)).trials.equals(found(spoiled, Search(trials=12)).trials)


def test_defaults_that_are_the_best_stay(rising):
    made = found(rising(), Search(trials=6, held_out=1), Line(slope=2.0))
    assert made.settings == {"slope": 2.0}
    assert made.judged is None
    assert "Tuning does not beat the defaults of line" in str(made)


def test_the_seed_decides(rising):
    first, second, other = (found(rising(), Search(trials=10), seed=seed) for seed in (0, 0, 1))
    assert first.trials.equals(second.trials)
    assert not first.trials.equals(other.trials)


class StopError(Exception):
    """Stands for Ctrl-C or a kill."""


@pytest.mark.parametrize("at", [1, 17, 40])
def test_a_search_that_was_cut_off_goes_on_to_the_same_trials(rising, tmp_path, monkeypatch, at):
    straight = found(rising(), Search(trials=12))

    class Counted(list):
        def append(self, item):
            if len(self) == at:
                raise StopError
            super().append(item)

    monkeypatch.setattr(Line, "fitted", Counted())
    how = Search(trials=12, store=tmp_path)
    with pytest.raises(StopError):
        found(rising(), how)
    monkeypatch.setattr(Line, "fitted", [])
    again = found(rising(), how)
    assert again.trials.equals(straight.trials)
    assert again.settings == straight.settings
    assert (tmp_path / JOURNAL).exists()
    assert len(Line.fitted) < len(straight.trials) * 5


def test_settings_that_cannot_be_fitted_are_passed_over(rising):
    made = found(rising(), model=Line(steepest=1.0))
    failed = made.trials[made.trials.state == "failed"]
    assert len(failed)
    assert (failed.slope > 1).all()
    assert failed.MASE.isna().all()
    assert made.settings["slope"] <= 1
    assert f"{len(failed)} failed" in str(made)


def test_defaults_that_cannot_be_fitted_are_an_error(rising):
    with pytest.raises(ModelError, match="too steep"):
        found(rising(), model=Line(slope=2.0, steepest=1.0))


def test_a_watch_hears_of_every_trial(rising):
    heard = []

    class Heard:
        def ended(self, trial, n_trials):
            heard.append((trial.number, n_trials))

    found(rising(), Search(trials=7, watch=Heard()))
    assert heard == [(k, 7) for k in range(7)]


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 10.0

        def monotonic(self):
            return self.now

        perf_counter = monotonic

    made = Clock()
    for module in (outlay, base):
        monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(Line, "clock", made)
    return made


@pytest.mark.parametrize(("budget", "seconds"), [(100.0, 1.0), (60.0, 2.7), (300.0, 20.0)])
def test_a_budget_is_kept_and_used(rising, clock, budget, seconds):
    begun = clock.now
    made = found(rising(), Search(trials=1000, budget=budget), Line(seconds=seconds))
    assert clock.now - begun <= 1.1 * budget
    assert clock.now - begun >= min(0.9 * budget, budget - 8 * seconds)
    assert len(made.trials) < 1000
    assert "The budget ended the search after" in str(made)


def test_a_budget_too_small_for_the_defaults_leaves_them(rising, clock):
    made = found(rising(), Search(budget=10.0), Line(seconds=4.0))
    assert made.settings == {"slope": 0.0}
    assert len(made.trials) == 0
    assert made.gain is None
    assert clock.now <= 10 + 12
    assert "ended before the defaults of line were judged" in str(made)


def test_networks_are_tuned_in_their_training_too(rising):
    space = {"hidden_size": [2, 4], "learning_rate": Range(0.001, 0.1, log=True), "window": [None, 6]}
    model = tidegate.RNN(hidden_size=4, n_members=1, training=QUICK)
    how = Search(trials=4, folds=2)
    first, second = (search(rising((40, 44)), model, how, horizon=4, space=space) for _ in range(2))
    assert first.trials.equals(second.trials)
    assert (first.model.forecast().mean == second.model.forecast().mean).all()
    assert first.settings["training"].n_updates == 4
    assert set(first.to_dict()["settings"]["training"]) == {"learning_rate"}
    rebuilt = tidegate.RNN(n_members=1, **first.settings).fit(rising((40, 44)), horizon=4)
    assert (rebuilt.forecast().mean == first.model.forecast().mean).all()
    assert first.trials.window.dropna().map(type).eq(int).all()


def test_a_budget_limits_the_training_of_the_last_fit_alone(rising):
    model = tidegate.RNN(hidden_size=2, n_members=1, training=QUICK)
    made = search(rising(), model, Search(trials=2, folds=1, budget=500.0), horizon=4, space={"layers": [1, 2]})
    assert made.model.training.budget is not None
    assert made.settings == {"layers": made.model.layers}


def test_models_go_by_name_and_the_seed_is_theirs(rising):
    made = tune(rising(), "random-forest", horizon=4, trials=2, seed=3, space={"n_trees": [2, 3]})
    assert made.model.seed == 3
    assert len(made.trials) == 2
    assert tidegate.tune is tune


def test_a_space_of_lists_ends_the_search(rising):
    made = search(rising(), Line(), Search(trials=500), horizon=4, space={"slope": [0.0, 1.0, 2.0]})
    assert set(made.trials.slope) == {0, 1, 2}
    assert len(made.trials) < 60


def test_large_panels_are_drawn_from(rising, monkeypatch):
    monkeypatch.setattr(tuning, "MOST_JUDGED", 3)
    found(rising((40,) * 8), Search(trials=1))
    assert {len(lengths) for _, lengths in Line.fitted[:-1]} == {3}
    assert len(Line.fitted[-1][1]) == 8


def test_series_that_hold_nothing_after_the_held_out_part_are_left_out(rising):
    found(rising((60, 6)), Search(trials=1, held_out=2))
    assert {len(lengths) for _, lengths in Line.fitted[:-1]} == {1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trials": 0}, "trials is 0; it must be a whole number, at least 1"),
        ({"folds": 1.5}, "folds is 1.5; it must be a whole number, at least 1"),
        ({"held_out": -1}, "held_out is -1; it must be a whole number, at least 0"),
        ({"budget": 0}, "budget is 0 seconds; it must be above 0, or None for no limit"),
    ],
)
def test_limits(settings, message):
    with pytest.raises(SettingError, match=message):
        Search(**settings)


def test_too_short_a_series_is_refused(rising):
    with pytest.raises(DataError, match=r"20 observations; 40 are held out\. Hold fewer horizons out"):
        found(rising((20,)), Search(held_out=10))
    with pytest.raises(DataError, match="5 folds of 4 steps need"):
        found(rising((12,)))


def test_nothing_to_tune_is_said(rising):
    with pytest.raises(SettingError, match="arima chooses its form from each series by itself"):
        tune(rising(), "arima", horizon=4)


def test_a_missing_library_is_named_first(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tidegate\[tune\]'") as missing:
        tune(tidegate.example(), "gru", horizon=4)
    assert isinstance(missing.value, TidegateError)
