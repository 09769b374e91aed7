from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

import tidegate
from tidegate.errors import DataError, MissingExtraError, ModelError, SettingError
from tidegate.evaluation import auto
from tidegate.evaluation.auto import (
    Auto,
    Trial,
    chosen,
    scorer,
    selection,
    tried,
)
from tidegate.evaluation.backtest import backtest
from tidegate.evaluation.plan import plan
from tidegate.forecasters import registry
from tidegate.forecasters.ensemble import Ensemble
from tidegate.forecasters.naive import Drift, HistoricMean, MovingAverage, Naive, SeasonalNaive
from tidegate.panel import Covariates, Panel
from tidegate.scoring.folds import Folds
from tidegate.scoring.metrics import mase, smape

PLAIN = ("naive", "drift", "historic-mean")


def trial_of(errors, n_series=40, n_folds=1):
    """A trial in which the model called m is wrong by errors[m] everywhere, and seasonal naive by 1."""
    actual = np.random.default_rng(0).uniform(90, 110, (n_folds, n_series, 3))
    signs = np.random.default_rng(1).choice([-1, 1], actual.shape)
    means = {name: actual + signs * size for name, size in {"seasonal-naive": 1.0, **errors}.items()}
    score = scorer(actual, means["seasonal-naive"], np.ones(actual.shape[:2]), percentages=False)
    bounds = {name: np.stack([mean - 2, mean + 2])[..., None] for name, mean in means.items()}
    return Trial(means, bounds, actual, score, {}, n_series)


def random_walks(n_series=1, length=80, seed=2) -> Panel:
    rng = np.random.default_rng(seed)
    return Panel(
        np.array([f"w{n}" for n in range(n_series)], dtype=object),
        np.arange(n_series + 1, dtype=np.int64) * length,
        np.tile(np.arange(length, dtype=np.int64), n_series),
        100 + np.concatenate([rng.normal(size=length).cumsum() for _ in range(n_series)]),
        "1",
        (1,),
    )


@pytest.fixture
def seasonal(monthly):
    return monthly((96, 96), seasons=(12,))


def test_it_forecasts_better_than_seasonal_naive(monthly):
    panel = monthly((120,) * 6, noise=2.0, seasons=(12,))
    found = backtest(panel, [Auto(candidates=("naive", "ets", "theta"))], folds=Folds(horizon=12, count=2))
    errors = {name: found.scaled_errors(name).mean() for name in found.results}
    assert errors["auto"] < 0.9 * errors["seasonal-naive"]


def test_it_says_what_it_chose_and_why(seasonal):
    made = Auto(candidates=("ets", "theta", "naive")).fit(seasonal, horizon=6)
    assert made.choice_ == "+".join(made.weights_)
    assert "naive" not in made.weights_
    assert sum(made.weights_.values()) == pytest.approx(1)
    assert list(made.weights_.values()) == sorted(made.weights_.values(), reverse=True)
    assert set(made.scores_) == {"seasonal-naive", "ets", "theta", "naive"}
    assert made.scores_["seasonal-naive"] == pytest.approx(1)
    assert made.notes_[0].startswith("auto chose ")
    assert all(f"{name} (" in made.notes_[0] for name in made.weights_)
    assert made.notes_[1].startswith("Judged on 2 series at 5 origins within the training data, 6 steps each; error ")
    assert isinstance(made.model_, Ensemble)
    assert made.n_parameters == made.model_.n_parameters


def test_the_forecast_is_that_of_the_choice_fitted_on_everything(seasonal):
    made = Auto(candidates=("ets", "theta")).fit(seasonal, horizon=6)
    ahead = made.forecast(levels=[80])
    parts = [registry.forecaster(name).fit(seasonal, horizon=6).forecast(levels=[80]) for name in made.weights_]
    weights = list(made.weights_.values())
    assert np.allclose(ahead.mean, np.tensordot(weights, [one.mean for one in parts], 1), rtol=1e-9)
    assert np.allclose(ahead.intervals.lower, np.tensordot(weights, [p.intervals.lower for p in parts], 1), rtol=1e-9)


def test_a_walk_without_a_pattern_is_left_to_the_naive_forecast():
    made = Auto(candidates=(HistoricMean(), MovingAverage(window=20))).fit(random_walks(40), horizon=2)
    assert made.choice_ == "seasonal-naive"
    assert isinstance(made.model_, SeasonalNaive)
    assert made.notes_[0] == "auto chose seasonal-naive."


def test_weights_lie_between_what_the_folds_say_and_equal_ones():
    made = trial_of({"a": 0.5, "b": 0.55}, n_series=90)
    weights, scores = chosen(made)
    assert selection({name: made.means[name] for name in "ab"}, made.score) == {"a": 1, "b": 0}
    trust = 90 / 200
    assert weights == {"a": pytest.approx(trust + (1 - trust) / 2), "b": pytest.approx((1 - trust) / 2)}
    assert list(scores) == ["a", "b", "seasonal-naive"]
    assert scores["b"] == pytest.approx(0.55)


def test_after_few_forecasts_weights_are_nearly_equal():
    weights, _ = chosen(trial_of({"a": 0.5, "b": 0.55}, n_series=1))
    assert 0.5 < weights["a"] < 0.53
    assert "seasonal-naive" not in weights


def test_selection_finds_the_mean_that_errs_least():
    rng = np.random.default_rng(3)
    actual = rng.normal(size=(1, 50, 4))
    low, high = actual - 1, actual + 3
    found = selection({"low": low, "high": high, "wild": actual + 9}, lambda mean: float(np.abs(mean - actual).mean()))
    assert found == {"low": pytest.approx(0.75), "high": pytest.approx(0.25), "wild": 0}


def test_places_are_counted_from_the_weighted_mean_in_units_of_its_bounds():
    made = trial_of({"a": 0.5, "b": -0.1}, n_series=100)
    found = made.places({"a": 0.5, "b": 0.5})
    np.testing.assert_allclose(found, np.full((1, 100, 3), 0.2 / 2))
    assert made.places({"a": 1.0}) is None
    assert trial_of({"a": 0.5, "b": -0.1}, n_series=99).places({"a": 0.5, "b": 0.5}) is None
    no_bounds = made._replace(bounds=dict.fromkeys(made.means, np.full((2, 1, 100, 3, 1), np.nan)))
    assert no_bounds.places({"a": 0.5, "b": 0.5}) is None
    flat = made._replace(bounds={name: np.stack([mean, mean])[..., None] for name, mean in made.means.items()})
    assert flat.places({"a": 0.5, "b": 0.5}) is None


def test_a_panel_that_never_changes_has_intervals_without_width():
    panel = replace(random_walks(120, length=40), values=np.zeros(120 * 40))
    ahead = Auto(candidates=("naive", "ses")).fit(panel, horizon=3).forecast(levels=[80, 95])
    assert (ahead.intervals.lower == 0).all()
    assert (ahead.intervals.upper == 0).all()


@pytest.mark.parametrize("candidates", [("naive", "drift", "ses"), ("naive", "ses", "linear")])
def test_intervals_of_a_panel_cover_what_they_say(candidates):
    panel = random_walks(150, length=60)
    made = Auto(candidates=candidates, judged=120).fit(panel.before(np.full(150, 54), 6), horizon=6)
    assert len(made.weights_) > 1
    ahead = made.forecast(levels=[50, 80, 95])
    actual = panel.values.reshape(150, 60)[:, 54:, None]
    covered = ((ahead.intervals.lower <= actual) & (actual <= ahead.intervals.upper)).mean(axis=(0, 1))
    np.testing.assert_allclose(covered, [0.5, 0.8, 0.95], atol=0.06)
    assert (np.diff(ahead.intervals.upper, axis=-1) >= 0).all()


def test_the_baseline_counts_where_nothing_beats_it():
    weights, _ = chosen(trial_of({"a": 1.01, "b": 2.0}))
    assert list(weights) == ["seasonal-naive", "a"]
    assert sum(weights.values()) == pytest.approx(1)


def test_what_is_clearly_worse_and_helps_nothing_is_dropped():
    weights, _ = chosen(trial_of({"a": 0.3, "b": 0.5}))
    assert weights == {"a": 1.0}


def test_what_is_perfect_takes_all():
    weights, scores = chosen(trial_of({"a": 0.0, "b": 0.2}))
    assert weights == {"a": 1.0}
    assert scores["a"] == 0


def test_the_score_is_relative_to_the_reference_in_both_measures():
    rng = np.random.default_rng(4)
    actual, reference, mean = (rng.uniform(5, 9, (2, 3, 4)) for _ in range(3))
    scale = rng.uniform(1, 2, (2, 3))
    ratios = [
        np.mean(mase(actual, mean, scale)) / np.mean(mase(actual, reference, scale)),
        smape(actual, mean, None) / smape(actual, reference, None),
    ]
    assert scorer(actual, reference, scale, percentages=True)(mean) == pytest.approx(np.mean(ratios))
    assert scorer(actual, reference, scale, percentages=False)(mean) == pytest.approx(ratios[0])
    assert scorer(actual, reference, scale, percentages=True)(reference) == pytest.approx(1)


def test_without_a_scale_the_absolute_error_decides():
    actual = np.full((1, 2, 3), 4.0)
    score = scorer(actual, actual, np.zeros((1, 2)), percentages=False)
    assert score(actual + 2) == pytest.approx(2)


def test_missing_values_are_not_judged():
    actual = np.full((1, 1, 3), 4.0)
    actual[0, 0, 1] = np.nan
    score = scorer(actual, actual + 1, np.ones((1, 1)), percentages=True)
    assert score(actual + 1) == pytest.approx(1)
    spoilt = np.where(np.isnan(actual), 900.0, actual + 1)
    assert score(spoilt) == pytest.approx(1)


def test_models_over_all_series_learn_from_those_that_are_not_judged(monthly):
    seen = {}

    class WatchedNaive(Naive):
        def _fit(self, panel, horizon):
            seen[self.name] = len(panel)

    class WatchedLinear(tidegate.Linear):
        def _fit(self, panel, horizon):
            seen[self.name] = len(panel)
            super()._fit(panel, horizon)

    panel = monthly((60,) * 8, seasons=(12,))
    models = {"seasonal-naive": SeasonalNaive(), "naive": WatchedNaive(), "linear": WatchedLinear()}
    found = tried(models, plan(panel, Folds(horizon=6, count=2, refit=0)), 6, drawn=np.array([1, 4, 5]))
    assert seen == {"naive": 3, "linear": 8}
    assert {mean.shape for mean in found.means.values()} == {(2, 3, 6)}
    assert (found.n_forecasts, found.n_series) == (6, 8)


def test_candidates_see_nothing_after_their_origin(seasonal):
    late = np.arange(96) >= 96 - 12
    values = np.where(np.tile(late, 2), seasonal.values * 5 + 100, seasonal.values)
    made = []
    for data in (seasonal, replace(seasonal, values=values)):
        planned = plan(data, Folds(horizon=6, count=2, refit=0))
        models = {"seasonal-naive": SeasonalNaive(), "ets": tidegate.ETS(), "drift": Drift()}
        made.append(tried(models, planned, 6, drawn=np.array([0, 1])).means)
    for name in made[0]:
        assert np.array_equal(made[0][name][0], made[1][name][0])
    assert not np.array_equal(made[0]["drift"][1], made[1]["drift"][1])


def test_without_the_baseline_nothing_can_be_compared(seasonal):
    class Failing(SeasonalNaive):
        def _fit(self, panel, horizon):
            raise ModelError("it did not converge")

    with pytest.raises(ModelError, match="seasonal-naive, which every candidate is compared with, failed: it did not"):
        Auto(candidates=("naive", Failing())).fit(seasonal, horizon=6)


def test_series_too_short_to_be_judged_are_named(monthly):
    made = Auto(candidates=("naive", "drift"), folds=2).fit(monthly((96, 20), seasons=(12,)), horizon=6)
    assert "Judged on 1 series at 2 origins" in made.notes_[1]
    assert "1 of 2 series is too short to be judged" in made.notes_[2]
    assert made.forecast().mean.shape == (2, 6)


def test_a_large_panel_is_judged_on_a_sample(monthly):
    panel = monthly((48,) * 9, seasons=(12,))
    made = Auto(candidates=("drift",), judged=4, folds=2).fit(panel, horizon=6)
    assert "Judged on 4 of 9 series at 2 origins" in made.notes_[1]
    assert made.forecast().mean.shape == (9, 6)
    one = Auto(candidates=("drift",), folds=1).fit(panel, horizon=1)
    assert "Judged on 9 series at 1 origin within the training data, 1 step each" in one.notes_[1]


def test_series_too_short_to_judge_get_the_usual_candidates():
    panel = random_walks(2, length=7)
    made = Auto(candidates=PLAIN).fit(panel, horizon=6)
    assert made.scores_ == {}
    assert made.weights_ == dict.fromkeys(PLAIN, pytest.approx(1 / 3))
    assert made.notes_[1].startswith("Nothing could be judged before the end (")
    assert Auto(candidates=("seasonal-naive",)).fit(panel, horizon=6).choice_ == "seasonal-naive"


class Unsteady(Naive):
    """A candidate that can be judged but not fitted to everything."""

    def _fit(self, panel, horizon):
        if panel.lengths.max() == 80:
            raise ModelError("it did not converge")


def test_what_cannot_be_fitted_at_the_end_is_replaced_aloud():
    made = Auto(candidates=(Unsteady(), HistoricMean())).fit(random_walks(40), horizon=2)
    assert made.choice_ == "seasonal-naive"
    made = Auto(candidates=(Unsteady(),)).fit(random_walks(40, seed=3), horizon=2)
    assert made.choice_ == "seasonal-naive"


def test_a_choice_that_fails_alone_leaves_the_baseline(monthly):
    class Failing(MovingAverage):
        def _fit(self, panel, horizon):
            if panel.lengths.max() == 96:
                raise ModelError("it did not converge")
            super()._fit(panel, horizon)

    panel = monthly((96,) * 3, noise=40.0, seasons=(12,))
    made = Auto(candidates=(Failing(window=24),)).fit(panel, horizon=6)
    assert made.choice_ == "seasonal-naive"
    assert any(note.startswith("seasonal-naive stands in: No member of the ensemble") for note in made.notes_)


def test_a_candidate_that_fails_is_named(seasonal, monkeypatch):
    class Failing(Drift):
        def _fit(self, panel, horizon):
            raise ModelError("it did not converge")

    made = Auto(candidates=("ets", Failing())).fit(seasonal, horizon=6)
    assert "drift could not be judged: it did not converge" in made.notes_


def test_a_candidate_whose_extra_is_missing_is_named(seasonal, monkeypatch):
    build = registry.Entry.build

    def missing(self, settings=None):
        if self.name == "xgboost":
            raise MissingExtraError("xgboost", "boost")
        return build(self, settings)

    monkeypatch.setattr(registry.Entry, "build", missing)
    made = Auto(candidates=("ets", "xgboost")).fit(seasonal, horizon=6)
    assert any(note.startswith("xgboost could not be judged: xgboost is not installed") for note in made.notes_)


def test_the_seed_draws_the_judged_and_reaches_candidates(seasonal):
    assert registry.entry("auto").build({"seed": 5}).seed == 5
    made = Auto(candidates=("random-forest",), seed=3).fit(seasonal, horizon=2)
    assert made.model_.seed == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"candidates": ()}, r"candidates is \(\); it must be a list of names or forecasters"),
        ({"candidates": ("sarma",)}, r"There is no model 'sarma'"),
        ({"folds": 0}, r"folds is 0; it must be a whole number, at least 1"),
        ({"judged": 0}, r"judged is 0; it must be a whole number, at least 1"),
        ({"judged": None}, r"judged is None; it must be a whole number"),
        ({"seed": 1.5}, r"seed is 1.5; it must be a whole number, at least 0"),
    ],
)
def test_settings_outside_their_limits_are_refused(seasonal, settings, said):
    with pytest.raises(SettingError, match=said):
        Auto(**settings).fit(seasonal, horizon=6)


def test_unseen_series_are_refused_by_a_choice_of_one_model_a_series(seasonal):
    newer = replace(seasonal, ids=np.array(["s0", "new"], dtype=object))
    with pytest.raises(DataError, match="'new': auto fits one model per series"):
        Auto(candidates=("ets",)).fit(seasonal, horizon=6).forecast(newer)
    made = Auto(candidates=("linear",)).fit(seasonal, horizon=6)
    assert made.choice_ == "linear"
    assert made.forecast(newer).mean.shape == (2, 6)
    assert not made.traits.stochastic


def test_covariates_reach_the_choice(seasonal):
    price = np.random.default_rng(1).normal(size=(len(seasonal.times), 1))
    panel = replace(seasonal, values=seasonal.values + 20 * price[:, 0], known=Covariates(("price",), price))
    older = panel.before(panel.lengths - 6, 6)
    made = Auto(candidates=("ets", "linear")).fit(older, horizon=6)
    assert next(iter(made.weights_)) == "linear"
    assert np.isfinite(made.forecast().mean).all()


def test_gaps_are_judged_around_and_left_to_those_that_read_them(seasonal):
    values = seasonal.values.copy()
    values[[20, 88, 90]] = np.nan
    made = Auto(candidates=("ets", "theta")).fit(replace(seasonal, values=values, fill="keep"), horizon=6)
    assert np.isfinite(list(made.scores_.values())).all()
    assert np.isfinite(made.forecast(levels=[80]).intervals.upper).all()


def test_a_constant_panel_works(monthly):
    panel = monthly((60,), seasons=(12,))
    made = Auto().fit(replace(panel, values=np.full(60, 7.0)), horizon=6)
    assert np.allclose(made.forecast().mean, 7)


def test_saved_and_loaded_it_forecasts_the_same_bits(seasonal, tmp_path):
    older = seasonal.before(seasonal.lengths - 4, 3)
    made = Auto(candidates=("ets", "theta", MovingAverage(window=4))).fit(older, horizon=3)
    made.save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    assert (again.choice_, again.scores_, again.weights_) == (made.choice_, made.scores_, made.weights_)
    for data in (None, seasonal):
        before, after = made.forecast(data, levels=[80]), again.forecast(data, levels=[80])
        assert np.array_equal(before.mean, after.mean)
        assert np.array_equal(before.intervals.lower, after.intervals.lower)


def test_a_clone_has_the_same_settings_and_no_fit(seasonal):
    made = Auto(candidates=("drift",), folds=2, judged=9, seed=4).fit(seasonal, horizon=6)
    again = clone(made)
    assert again.get_params() == made.get_params()
    assert not hasattr(again, "model_")


def test_what_fills_a_gap_is_neither_judged_nor_drawn_across_an_inner_origin(seasonal, monkeypatch):
    found = {}
    monkeypatch.setattr(
        auto,
        "tried",
        lambda models, planned, horizon, **rest: found.update(plan=planned) or tried(models, planned, horizon, **rest),
    )
    values = seasonal.values.copy()
    values[85:92] = np.nan
    holed = replace(seasonal, values=values, fill="interpolate")
    made = Auto(candidates=("naive",)).fit(holed, horizon=6)
    assert np.isnan(found["plan"].panel.values).sum() == 7
    assert np.isfinite(made.forecast().mean).all()


def test_a_budget_that_suffices_changes_no_bit(monthly):
    panel = monthly((96, 96), seasons=(12,))
    plain, limited = (
        auto.Auto(candidates=["naive", "theta"], budget=budget).fit(panel, horizon=6) for budget in (None, 600.0)
    )
    assert limited.weights_ == plain.weights_
    assert np.array_equal(limited.forecast().mean, plain.forecast().mean)


def test_candidates_for_which_the_budget_has_no_time_are_named(monthly):
    model = auto.Auto(candidates=["theta", "drift"], budget=1e-6).fit(monthly((96, 96), seasons=(12,)), horizon=6)
    assert model.weights_ == {"seasonal-naive": 1.0}
    assert "theta could not be judged: the budget was spent" in model.notes_
    with pytest.raises(SettingError, match="budget is -1; it must be a number of at least 0"):
        auto.Auto(budget=-1).fit(monthly(), horizon=6)
