import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.data.columns import Options
from tidegate.data.frames import from_frame
from tidegate.errors import DataError, NotFittedError, SettingError
from tidegate.forecasters import calibration, registry
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.naive import MovingAverage, Naive, SeasonalNaive
from tidegate.panel import Covariates, Intervals, Panel

STARTS = np.arange("2001-01", "2011-01", dtype="datetime64[M]").astype("datetime64[ns]").astype(np.int64)


def make_panel(rows, **changes) -> Panel:
    lengths = [len(row) for row in rows]
    made = Panel(
        ids=np.array([f"s{n}" for n in range(len(rows))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        times=np.concatenate([STARTS[:length] for length in lengths]),
        values=np.concatenate(rows).astype(float),
        frequency="MS",
        seasons=(12,),
    )
    return replace(made, **changes)


@pytest.fixture
def panel() -> Panel:
    rng = np.random.default_rng(0)
    return make_panel([100 + rng.normal(size=48).cumsum(), 5 + rng.normal(size=40)])


class Recorder(Forecaster):
    """Keeps what a family is given."""

    name = "recorder"
    needs = 3

    def _fit(self, panel, horizon):
        self.seen = panel

    def _predict(self, panel, levels):
        self.read = panel
        mean = np.ones((len(panel), self.horizon_))
        return mean, Intervals(levels, mean[..., None] - 1, mean[..., None] + 1) if levels else None

    def _state(self):
        return {}

    def _restore(self, state):
        pass

    def _minimum(self, horizon, season):
        return self.needs


def test_a_family_sees_series_divided_by_powers_of_two(panel):
    model = Recorder().fit(panel, horizon=3)
    factors = panel.values[panel.offsets[:-1]] / model.seen.values[panel.offsets[:-1]]
    assert np.array_equal(np.log2(factors), np.round(np.log2(factors)))
    spreads = [model.seen.series(n).std() for n in range(2)]
    assert all(0.7 < spread < 1.42 for spread in spreads)


def test_forecasts_and_intervals_come_back_in_the_users_unit(panel):
    model = Recorder().fit(panel, horizon=3)
    made = model.forecast(levels=[80])
    unit = panel.values[panel.offsets[:-1]] / model.seen.values[panel.offsets[:-1]]
    assert np.array_equal(made.mean, np.repeat(unit[:, None], 3, axis=1))
    assert np.array_equal(made.intervals.upper[..., 0], 2 * made.mean)


def test_gaps_are_filled_before_a_family_sees_them():
    model = Recorder().fit(make_panel([[1.0, np.nan, 3.0, 7.0]], fill="interpolate"), horizon=1)
    factor = 1.0 / model.seen.values[0]
    assert np.array_equal(model.seen.values * factor, [1.0, 2.0, 3.0, 7.0])


class Reader(Recorder):
    """Reads gaps."""

    traits = registry.Traits(gaps=True)


class Covarying(Recorder):
    """Reads gaps and past covariates."""

    traits = registry.Traits(gaps=True, covariates=frozenset({"past"}))


class Counting(Reader):
    """Reads gaps and has no intervals of its own."""

    def _predict(self, panel, levels):
        return super()._predict(panel, ())


HOLED = [[1.0, np.nan, 3.0, 7.0, np.nan]]


def test_a_model_that_reads_gaps_is_given_them_where_they_are_kept():
    model = Reader().fit(make_panel(HOLED, fill="keep"), horizon=1)
    factor = 1.0 / model.seen.values[0]
    np.testing.assert_array_equal(model.seen.values * factor, HOLED[0])
    newer = make_panel([[1.0, np.nan, np.nan, 4.0, np.nan]], fill="keep")
    model.forecast(newer)
    np.testing.assert_array_equal(model.read.values * factor, newer.values)


@pytest.mark.parametrize("model", [Recorder(), Reader()])
def test_gaps_do_not_change_the_unit(model):
    plain, kept = (model.fit(make_panel(HOLED, fill=fill), horizon=1).seen for fill in ("interpolate", "keep"))
    there = ~np.isnan(kept.values)
    assert np.array_equal(plain.values[there], kept.values[there])


@pytest.mark.parametrize(
    ("model", "fill"), [(Recorder(), "keep"), (Reader(), "interpolate"), (Reader(), "zero"), (Reader(), "error")]
)
def test_filling_that_was_asked_for_is_done_and_who_reads_no_gaps_gets_lines(model, fill):
    model.fit(make_panel(HOLED, fill=fill), horizon=1)
    factor = 1.0 / model.seen.values[0]
    middle, last = (0.0, 0.0) if fill == "zero" else (2.0, 7.0)
    assert np.array_equal(model.seen.values * factor, [1.0, middle, 3.0, 7.0, last])


def test_who_never_saw_a_gap_gets_lines_in_newer_data():
    whole, holed = make_panel([[1.0, 2.0, 3.0, 7.0]], fill="keep"), make_panel(HOLED, fill="keep")
    model = Reader().fit(whole, horizon=1)
    model.forecast(holed)
    assert not np.isnan(model.read.values).any()
    model.fit(replace(holed, fill="interpolate"), horizon=1).forecast(holed)
    assert not np.isnan(model.read.values).any()


def test_covariates_are_carried_whoever_reads_gaps():
    past = Covariates(("visits",), np.array([[1.0], [np.nan], [3.0], [np.nan], [5.0]]))
    model = Covarying().fit(make_panel(HOLED, fill="keep", past=past), horizon=1)
    assert np.isnan(model.seen.values).sum() == 2
    assert model.seen.past.values[:, 0].tolist() == [1, 1, 3, 3, 5]


def test_newer_frames_are_read_with_the_filling_of_training():
    frame = pd.DataFrame({"ds": pd.date_range("2020", periods=6, freq="D"), "y": [1, 2, np.nan, 4, 5, 6]})
    model = Reader().fit(from_frame(frame, options=Options(fill="keep")), horizon=1)
    model.forecast(frame)
    assert np.isnan(model.read.values[2])
    with pytest.raises(DataError, match="1 value of the target is missing"):
        Reader().fit(frame.dropna().assign(ds=frame.ds[:5].to_numpy()), horizon=1).forecast(frame)


def test_errors_at_gaps_do_not_count_in_intervals():
    rng = np.random.default_rng(0)
    values = rng.normal(size=48)
    values[-9::2] = np.nan
    model = Counting().fit(make_panel([values], fill="keep"), horizon=3)
    assert np.isnan(model.history_.values[-9::2]).all()
    bounds = model.forecast(levels=[80]).intervals
    assert np.isfinite(bounds.upper).all()
    assert (bounds.upper > bounds.lower).all()


def test_covariates_it_cannot_use_are_named_and_left_out(panel):
    known = Covariates(("price",), np.ones((len(panel.times), 1)))
    model = Naive().fit(replace(panel, known=known), horizon=2)
    assert model.ignored_ == ("price",)
    assert model.history_.known.names == ()


def test_times_continue_the_calendar(panel):
    made = Naive().fit(panel, horizon=2).forecast()
    assert list(made.times[0].astype("datetime64[ns]").astype("datetime64[M]").astype(str)) == ["2005-01", "2005-02"]
    assert made.origins[0] == STARTS[47]


def test_newer_data_are_read_without_refitting(panel):
    model = MovingAverage().fit(panel.before(panel.lengths - 5, 3), horizon=3)
    windows = model.windows_.copy()
    made = model.forecast(panel)
    assert np.array_equal(model.windows_, windows)
    assert made.origins[0] == STARTS[47]
    assert made.mean[0, 0] == pytest.approx(panel.series(0)[-windows[0] :].mean())


def test_a_series_it_was_not_fitted_on_is_refused_by_a_per_series_model(panel):
    model = Naive().fit(panel.take([0]), horizon=2)
    with pytest.raises(DataError, match=r"series 's1': naive fits one model per series and was not fitted on this one"):
        model.forecast(panel)


def test_predict_gives_a_sorted_frame_of_the_kind_it_got():
    frame = pd.DataFrame(
        {"unique_id": ["b"] * 4 + ["a"] * 4, "ds": list(pd.date_range("2020", periods=4, freq="D")) * 2, "y": range(8)}
    )
    made = Naive().fit(frame, horizon=2).predict(levels=[95, 80])
    assert list(made.columns) == [
        "unique_id",
        "ds",
        "naive",
        "naive-lo-80",
        "naive-hi-80",
        "naive-lo-95",
        "naive-hi-95",
    ]
    assert list(made["unique_id"]) == ["a", "a", "b", "b"]
    assert list(made["naive"]) == [7, 7, 3, 3]


def test_nothing_works_before_fit(tmp_path):
    for call in (Naive().forecast, Naive().predict, lambda: Naive().save(tmp_path / "m"), lambda: Naive().n_parameters):
        with pytest.raises(
            NotFittedError, match=r"This Naive is not fitted\. Call fit\(data, horizon=\.\.\.\) first\."
        ):
            call()


@pytest.mark.parametrize("levels", [[0], [100], [80.5], [True], [-1]])
def test_impossible_levels_are_refused(panel, levels):
    with pytest.raises(SettingError, match=r"level .* is not a whole number of percent from 1 to 99; try levels="):
        Naive().fit(panel, horizon=2).forecast(levels=levels)


def test_too_few_observations_are_refused_with_the_number_needed(panel):
    model = Recorder()
    model.needs = 41
    with pytest.raises(DataError, match=r"series 's1': 40 observations; recorder needs at least 41\. Give a longer"):
        model.fit(panel, horizon=2)


def test_calibration_scores_errors_at_past_origins(panel):
    model = MovingAverage(window=1).fit(panel.take([0]), horizon=2)
    scores = model._calibration()
    values = model.history_.values
    scale = np.abs(values[12:] - values[:-12]).mean()
    assert scores.shape[1:] == (1, 2)
    assert scores[-1, 0, 1] == pytest.approx(abs(values[-1] - values[-3]) / scale)


def test_series_too_short_to_calibrate_on_borrow_from_the_others():
    rng = np.random.default_rng(1)
    model = MovingAverage(window=2).fit(make_panel([rng.normal(size=60), rng.normal(size=4)]), horizon=4)
    made = model.forecast(levels=[80])
    assert np.isfinite(made.intervals.upper).all()
    assert (made.intervals.upper > made.mean[..., None]).all()


def test_constant_and_zero_series_work():
    made = SeasonalNaive().fit(make_panel([np.full(30, 7.0), np.zeros(30)]), horizon=3).forecast(levels=[95])
    assert np.array_equal(made.mean, [[7.0] * 3, [0.0] * 3])


def test_traits_come_from_the_registry():
    assert SeasonalNaive().traits is registry.traits("seasonal-naive")


def table(start, periods, frequency, timezone=None):
    stamps = pd.date_range(start, periods=periods, freq=frequency, tz=timezone, unit="ns")
    return pd.DataFrame({"ds": stamps, "y": np.arange(periods, dtype=float)})


def test_a_newer_frame_is_read_in_the_steps_of_the_training_series():
    model = SeasonalNaive().fit(table("2024-01-01", 40, "B"), horizon=3)
    one_week = table("2024-03-04", 5, "B")
    assert model.predict(one_week)["ds"].dt.day_name().tolist() == ["Monday", "Tuesday", "Wednesday"]


def test_a_newer_frame_with_an_offset_from_utc_is_read_on_its_clock():
    whole = table("2024-01-01", 40, "h", datetime.timezone(datetime.timedelta(hours=1)))
    model = SeasonalNaive().fit(whole, horizon=2)
    pd.testing.assert_frame_equal(model.predict(whole), model.predict())


def test_a_frame_in_other_steps_is_refused():
    model = SeasonalNaive().fit(table("2020-01-01", 40, "MS"), horizon=3)
    with pytest.raises(DataError, match=r"row 1.*2020-01-02.*does not fit the frequency 'MS'"):
        model.predict(table("2020-01-01", 40, "D"))


def test_a_panel_in_other_steps_or_on_another_clock_is_refused():
    monthly = SeasonalNaive().fit(table("2020-01-01", 40, "MS"), horizon=3)
    with pytest.raises(DataError, match="the frequency is 'D'; seasonal-naive was fitted on series with 'MS'"):
        monthly.forecast(from_frame(table("2020-01-01", 40, "D")))
    with pytest.raises(DataError, match=r"timezone is 'UTC'.*fitted on series with None.*without a time zone"):
        monthly.forecast(table("2020-01-01", 40, "MS", "UTC"))
    zoned = from_frame(table("2020-01-01", 40, "h"), options=Options(timezone="Europe/Berlin"))
    with pytest.raises(DataError, match=r"timezone is None.*Read the data with --timezone Europe/Berlin"):
        SeasonalNaive().fit(zoned, horizon=3).forecast(from_frame(table("2020-01-01", 40, "h")))


def test_intervals_that_rest_on_too_few_errors_say_so():
    model = MovingAverage(window=2).fit(table("2020-01-01", 12, "MS"), horizon=1)
    model.forecast(levels=[80, 95])
    assert model.shortage_.startswith("Only 2 past errors are known, too few for the 80 % and 95 % interval")
    model.forecast()
    assert model.shortage_ == ""


@pytest.mark.parametrize("levels", [80, "80", None])
def test_levels_that_are_no_list_are_refused(panel, levels):
    with pytest.raises(SettingError, match=r"levels is .*; it must be a list of whole numbers of percent, such as"):
        Naive().fit(panel, horizon=2).forecast(levels=levels)


def test_a_level_that_is_text_is_refused(panel):
    with pytest.raises(SettingError, match=r"level '80' is not a whole number of percent from 1 to 99"):
        Naive().fit(panel, horizon=2).forecast(levels=["80"])


def test_a_horizon_beyond_memory_is_refused(panel):
    with pytest.raises(SettingError, match=r"horizon is 1,000,000,000 steps; at most 1,000,000 can be forecast"):
        Naive().fit(panel, horizon=10**9)


@pytest.mark.parametrize("kind", ["known", "past", "static"])
def test_one_column_given_as_text_is_refused(panel, kind):
    with pytest.raises(SettingError, match=rf"{kind} is 'price'; it must be a list of columns, such as \['price'\]"):
        Naive().fit(panel, horizon=2, **{kind: "price"})


def test_calibration_does_not_take_filled_gaps_for_truth():
    rng = np.random.default_rng(2)
    values = rng.normal(size=60).cumsum()
    values[45:55] = np.nan
    model = MovingAverage(window=1).fit(make_panel([values], fill="forward"), horizon=1)
    scores = model._calibration()[:, 0, 0]
    judged = np.arange(60 - len(scores), 60)
    assert np.array_equal(np.isnan(scores), (judged >= 45) & (judged < 55))
    assert model.forecast(levels=[80]).intervals.upper[0, 0, 0] > model.forecast().mean[0, 0]


def test_no_filled_line_reaches_a_calibration_from_beyond_its_origin():
    values = np.zeros(60)
    values[-3:], values[40:57] = 100.0, np.nan
    model = Naive().fit(make_panel([values], fill="interpolate"), horizon=1)
    assert model.history_.values[50] > 1
    errors = model._calibration() * calibration.scales(model.history_)
    assert np.nanmax(errors) == pytest.approx(model.history_.values[-1])
