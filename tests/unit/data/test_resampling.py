import numpy as np
import pandas as pd
import pytest

from tidegate.data.columns import Options
from tidegate.data.resampling import bins, resampled
from tidegate.data.steps import step
from tidegate.errors import SettingError


@pytest.mark.parametrize(
    "name", ["h", "D", "W-SUN", "W-TUE", "MS", "ME", "QS-JAN", "QE-DEC", "QE-NOV", "YS-JAN", "YE-JUN"]
)
def test_the_same_bins_as_pandas(name):
    stamps = pd.date_range("2019-12-20 05:00", periods=500, freq="7h", unit="ns")
    series = pd.Series(np.arange(500.0), index=stamps)
    expected = series.resample(name).sum(min_count=1).dropna()
    made = pd.Series(series.to_numpy()).groupby(bins(stamps.asi8, step(name))).sum()
    assert made.index.to_numpy().astype("M8[ns]").tolist() == expected.index.to_numpy().astype("M8[ns]").tolist()
    np.testing.assert_array_equal(made, expected)


def test_weekends_belong_to_friday():
    stamps = pd.date_range("2020-01-02", periods=5, unit="ns")
    made = bins(stamps.asi8, step("B")).view("M8[ns]").astype("M8[D]").astype(str)
    assert made.tolist() == ["2020-01-02", "2020-01-03", "2020-01-03", "2020-01-03", "2020-01-06"]


def test_a_week_without_a_day_ends_on_sunday():
    assert bins(np.array([0]), step("W"))[0] == bins(np.array([0]), step("W-SUN"))[0]


def hours(first, count):
    return pd.date_range(first, periods=count, freq="h", unit="ns").to_numpy()


@pytest.mark.parametrize(("how", "value"), [("sum", 24), ("mean", 1), ("last", 1)])
def test_series_keep_apart(rows_of, how, value):
    rows = rows_of({"a": (hours("2020-01-01", 72), np.ones(72)), "b": (hours("2020-01-03", 48), np.ones(48))})
    made, name, said = resampled(rows, Options(resample=how, frequency="D"))
    assert name == "D"
    assert made.values.tolist() == [value] * 5
    assert made.offsets.tolist() == [0, 3, 5]
    assert said == [f"Resampled to daily (D) by {how}: 120 rows became 5."]


def test_days_begun_are_left_out_of_sums(rows_of):
    rows = rows_of({"a": (hours("2020-01-01 10:00", 80), np.ones(80))})
    made, _, said = resampled(rows, Options(resample="sum", frequency="D"))
    assert made.values.tolist() == [24, 24]
    assert said[1] == "2 first or last steps hold few rows: left out."
    whole, _, _ = resampled(rows, Options(resample="mean", frequency="D"))
    assert len(whole.values) == 4


def test_days_follow_the_zone(rows_of):
    utc = (
        pd.date_range("2020-03-28", periods=71, freq="h", tz="Europe/Berlin").tz_convert(None).as_unit("ns").to_numpy()
    )
    rows = rows_of({"a": (utc, np.ones(71))}, timezone="Europe/Berlin")
    made, _, _ = resampled(rows, Options(resample="last", frequency="D"))
    assert np.diff(made.times).tolist() == [86_400 * 10**9, 82_800 * 10**9]


def test_what_cannot_be_resampled_is_refused(rows_of):
    rows = rows_of({"a": ([1, 2], [1, 2])}, integer=True)
    with pytest.raises(SettingError, match="resample works on time stamps, not on integer steps"):
        resampled(rows, Options(resample="sum", frequency="D"))
    with pytest.raises(SettingError, match="resample needs the step of the new grid: add a frequency"):
        resampled(rows, Options(resample="sum"))
