from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.errors import SettingError
from tidegate.evaluation import study as module
from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.study import compare, study
from tidegate.forecasters import registry
from tidegate.forecasters.naive import MovingAverage
from tidegate.panel import Covariates
from tidegate.scoring.folds import Folds

MODELS = ["naive", "drift"]


def frame(panel):
    ids = np.repeat(panel.ids, panel.lengths)
    return pd.DataFrame({"unique_id": ids, "ds": panel.times.astype("datetime64[ns]"), "y": panel.values})


def test_the_main_job_in_one_call(monthly):
    made = study(frame(monthly((96,))), horizon=12, models=MODELS, folds=Folds(horizon=12, count=3))
    assert made.verdict.recommended == "seasonal-naive"
    assert made.model.name == "seasonal-naive"
    assert made.forecast.mean.shape == (1, 12)
    assert made.forecast.intervals.levels == (80, 95)
    assert list(made.frame.columns)[:4] == ["unique_id", "ds", "seasonal-naive", "seasonal-naive-lo-80"]
    assert made.frame["ds"].iloc[0] == pd.Timestamp("2008-01-01")
    assert made.profile is not None


def test_the_forecast_is_that_of_the_recommended_model_fitted_on_everything(monthly):
    panel = monthly((96,))
    made = study(panel, horizon=6, models=MODELS)
    again = registry.forecaster(made.verdict.recommended).fit(panel, horizon=6).forecast(levels=(80, 95))
    assert np.array_equal(made.forecast.mean, again.mean)
    assert np.array_equal(made.forecast.intervals.upper, again.intervals.upper)


def test_a_comparison_makes_no_forecast(monthly):
    made = compare(monthly((96,)), horizon=6, models=MODELS)
    assert made.model is made.forecast is made.frame is None
    assert made.verdict.winner == "seasonal-naive"


def test_a_large_panel_is_judged_on_a_sample_and_forecast_whole(monthly):
    panel = monthly((96,) * 12)
    made = study(panel, horizon=6, models=MODELS, folds=Folds(horizon=6, count=2), judged=5)
    assert len(made.backtest.panel) == 5
    assert made.forecast.mean.shape == (12, 6)
    assert "The models are judged on 5 of 12 series, drawn with seed 0." in made.notes
    other = compare(panel, horizon=6, models=MODELS, settings=Settings(seed=3), judged=5)
    assert other.backtest.panel.ids.tolist() != made.backtest.panel.ids.tolist()
    assert made.backtest.panel.ids.tolist() == sorted(made.backtest.panel.ids, key=panel.ids.tolist().index)


def test_the_sample_holds_series_that_are_long_enough(monthly):
    made = compare(monthly((20,) * 6 + (96,) * 6), horizon=12, models=["naive"], judged=4)
    assert set(made.backtest.panel.ids) <= {f"s{n}" for n in range(6, 12)}


def test_series_too_short_for_the_model_are_left_out_aloud(monthly):
    made = study(monthly((96, 1, 96)), horizon=6, models=["naive"], folds=Folds(horizon=6, count=2))
    assert made.forecast.ids.tolist() == ["s0", "s2"]
    assert made.notes[-1].startswith("Too short to forecast and left out: 1 of 3 series. series 's1': 1 observation;")


def test_a_model_given_as_an_object_makes_the_forecast(monthly):
    panel = monthly((60,))
    values = np.random.default_rng(0).normal(100, 1, 60) + 5 * (-1.0) ** np.arange(60)
    made = study(replace(panel, values=values, seasons=(1,)), horizon=3, models=[MovingAverage(window=11)])
    assert made.model.name == "moving-average"
    assert made.model.window == 11


def test_caps_and_unused_covariates_of_the_final_fit_are_said(monthly, monkeypatch):
    monkeypatch.setattr(MovingAverage, "_fit", _with_a_note)
    panel = monthly((60,))
    known = Covariates(("price",), np.zeros((60, 1)))
    made = study(
        replace(panel, known=known), horizon=6, models=[MovingAverage(window=1)], folds=Folds(horizon=6, count=2),
        settings=Settings(levels=()),
    )  # fmt: skip
    unused = f"{made.model.name} cannot use these covariates: price."
    assert made.notes[-1] == unused
    assert ("It was capped." in made.notes) == (made.model.name == "moving-average")


def _with_a_note(self, panel, horizon):
    self.windows_ = np.ones(len(panel), dtype=np.int64)
    self.notes_ = ("It was capped.",)


def test_folds_of_another_horizon_are_refused(monthly):
    with pytest.raises(SettingError, match="folds judge 6 steps ahead, but the horizon is 12"):
        compare(monthly((96,)), horizon=12, models=MODELS, folds=Folds(horizon=6))


def test_fewer_than_one_judged_series_is_refused(monthly):
    with pytest.raises(SettingError, match="judged is 0 series; it must be at least 1"):
        compare(monthly((96,)), horizon=12, models=MODELS, judged=0)


def test_a_season_that_shows_only_later_is_not_said_to_be_used(monthly):
    made = compare(monthly((30,), noise=0.1), horizon=6, models=["naive"], folds=Folds(horizon=6, count=4))
    assert made.backtest.panel.seasons == made.profile.seasons == (1,)
    assert (
        "What lies before the first origin shows no season, all values together a season of 12 steps: the models are "
        "judged and forecast with no season. To use the other, set the season to 12." in made.notes
    )
    assert "used as a season." not in made.profile.seasonality.statement.replace("not used as a season.", "")


@pytest.mark.parametrize(("budget", "judging"), [(60.0, 56.0), (4.0, 1.0)])
def test_a_comparison_judges_for_its_budget_less_what_comes_after(monthly, monkeypatch, budget, judging):
    asked = []
    plain = module.backtest

    def told(*arguments, settings, **options):
        asked.append(settings.budget)
        return plain(*arguments, settings=settings, **options)

    monkeypatch.setattr(module, "backtest", told)
    compare(monthly((96,)), horizon=6, models=["naive"], settings=Settings(budget=budget))
    assert asked == [judging]
