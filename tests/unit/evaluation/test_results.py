from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.scoring import metrics
from tidegate.scoring.folds import Folds

MODELS = ["naive", "historic-mean"]
FIGURES = ["MAE", "RMSE", "MAPE", "sMAPE", "MASE", "RMSSE", "coverage-80", "coverage-95"]


@pytest.fixture
def made(monthly):
    return backtest(monthly((96, 100)), MODELS, folds=Folds(horizon=12, count=3, gap=2))


def test_shapes_and_times_are_those_of_the_folds(made):
    assert made.actual.shape == made.times.shape == (3, 2, 12)
    assert made.results["naive"].lower.shape == (3, 2, 12, 2)
    months = made.times.astype("datetime64[ns]").astype("datetime64[M]")
    cutoffs = made.cutoffs.astype("datetime64[ns]").astype("datetime64[M]")
    assert (months[..., 0] - cutoffs == 3).all()
    assert (made.results["naive"].mean[1, 0] == made.panel.series(0)[made.ends[1, 0] - 1]).all()


def test_the_frame_holds_every_forecast_in_order(made):
    frame = made.to_frame()
    assert list(frame.columns[:7]) == ["unique_id", "ds", "cutoff", "y", "naive", "naive-lo-80", "naive-hi-80"]
    assert len(frame) == 3 * 2 * 12
    assert frame.equals(frame.sort_values(["unique_id", "cutoff", "ds"], kind="stable"))
    row = frame.iloc[3 * 12 + 12 + 5]
    assert row["y"] == made.actual[1, 1, 5]
    assert row["historic-mean-hi-95"] == made.results["historic-mean"].upper[1, 1, 5, 1]
    assert row["ds"] == pd.Timestamp(made.times[1, 1, 5])


def test_polars_in_polars_out(made):
    polars = pytest.importorskip("polars")
    frame = replace(made, panel=replace(made.panel, source="polars")).to_frame()
    assert isinstance(frame, polars.DataFrame)
    assert frame.shape == made.to_frame().shape


def test_scores_follow_from_the_frame(made):
    frame, scores = made.to_frame(), made.scores().set_index("model")
    assert list(made.scores().columns) == ["model", *FIGURES, "parameters", "cost class"]
    assert list(scores.index) == ["naive", "seasonal-naive", "historic-mean"]
    errors = frame["y"] - frame["naive"]
    assert scores.loc["naive", "MAE"] == pytest.approx(errors.abs().mean())
    assert scores.loc["naive", "RMSE"] == pytest.approx(np.sqrt((errors**2).mean()))
    inside = frame["y"].between(frame["naive-lo-80"], frame["naive-hi-80"])
    assert scores.loc["naive", "coverage-80"] == pytest.approx(inside.mean())


def test_mase_is_the_mean_over_folds_and_series_of_the_scaled_error(made):
    expected = []
    for k in range(3):
        for n in range(2):
            known = made.panel.series(n)[: made.ends[k, n]]
            scale = np.abs(known[12:] - known[:-12]).mean()
            expected.append(np.abs(made.actual[k, n] - made.results["naive"].mean[k, n]).mean() / scale)
    assert made.scores().set_index("model").loc["naive", "MASE"] == pytest.approx(np.mean(expected))
    assert made.scaled_errors("naive").mean() == pytest.approx(np.mean(expected))


def test_scores_by_step_and_by_series_average_to_the_whole(made):
    whole = made.scores().set_index("model")
    for parts, label in ((made.scores_by_step(), "step"), (made.scores_by_series(), "unique_id")):
        assert list(parts.columns) == [label, "model", *FIGURES]
        assert parts.groupby("model")["MASE"].mean()["naive"] == pytest.approx(whole.loc["naive", "MASE"])
        assert parts.groupby("model")["MAE"].mean()["naive"] == pytest.approx(whole.loc["naive", "MAE"])
    assert list(made.scores_by_step()["step"][:12]) == list(range(1, 13))
    assert set(made.scores_by_series()["unique_id"]) == {"s0", "s1"}


def test_missing_actual_values_are_skipped(made):
    holed = made.actual.copy()
    holed[0, 0, :6] = np.nan
    holed[1, 1] = np.nan
    scores = replace(made, actual=holed).scores().set_index("model")
    errors = np.abs(holed - made.results["naive"].mean)
    assert scores.loc["naive", "MAE"] == pytest.approx(np.nanmean(errors))
    assert scores.notna().all().all()


def test_details_compare_with_naive2_and_count_what_is_left_out(made):
    details = made.scores_in_detail().set_index("model")
    smape = [metrics.smape(made.actual, f, None) for f in (made.results["naive"].mean, made.naive2)]
    mase = [made.scaled_errors("naive").mean(), metrics.mase(made.actual, made.naive2, made.scales.absolute).mean()]
    assert details.loc["naive", "OWA"] == pytest.approx((smape[0] / smape[1] + mase[0] / mase[1]) / 2)
    assert details.loc["naive", "width-95"] > details.loc["naive", "width-80"] > 0
    assert details.loc["naive", "pinball"] > 0
    assert (details[["zeros left out", "unscaled left out"]] == 0).all().all()


def test_naive2_sees_nothing_after_its_origin(made):
    assert made.naive2.shape == made.actual.shape
    later = made.panel.values.copy()
    later[made.ends[0, 0] : 96] = 1e6
    assert np.array_equal(replace(made, panel=replace(made.panel, values=later)).naive2[0, 0], made.naive2[0, 0])


def test_a_window_shortens_what_scales_and_naive2_see(monthly):
    made = backtest(monthly((96,)), ["naive"], folds=Folds(horizon=12, count=2, window=30))
    known = made.panel.series(0)[made.ends[0, 0] - 30 : made.ends[0, 0]]
    assert made.scales.absolute[0, 0] == pytest.approx(np.abs(known[12:] - known[:-12]).mean())


def test_no_levels_no_interval_columns(monthly):
    made = backtest(monthly(), ["naive"], folds=Folds(horizon=6), settings=Settings(levels=()))
    assert not [name for name in made.to_frame().columns if "-lo-" in name]
    assert not [name for name in made.scores().columns if "coverage" in name]
    assert np.isnan(made.scores_in_detail()["pinball"]).all()


def test_it_says_what_it_is(made):
    assert repr(made) == "Backtest(3 models, 3 folds, 2 series, horizon=12)"


def test_points_and_forecasts_without_a_level_are_no_intervals(made):
    assert made.has_intervals("naive")
    own = made.results["naive"]
    points = replace(own, upper=own.lower)
    assert not replace(made, results={"naive": points}).has_intervals("naive")
    assert replace(made, results={"naive": replace(points, others=(own,))}).has_intervals("naive")
    assert not replace(made, levels=()).has_intervals("naive")
