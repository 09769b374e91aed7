import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.data.frames import check_future, frame_of, from_frame, id_column, stamps, to_frame, with_future
from tidegate.errors import DataError
from tidegate.panel import Forecast, Intervals

MONTHS = pd.date_range("2020-01-31", periods=5, freq="ME", unit="ns")
LONG = pd.DataFrame({"unique_id": ["b"] * 5 + ["a"] * 5, "ds": [*MONTHS, *MONTHS], "y": np.arange(10.0)})


def test_long_frames_of_each_kind():
    for frame, kind in ((LONG, "pandas"), (pl.from_pandas(LONG), "polars"), (nw.from_native(LONG), "pandas")):
        panel = from_frame(frame)
        assert panel.source == kind
        assert panel.ids.tolist() == ["a", "b"]
        assert panel.values.tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]
        assert panel.frequency == "ME"


@pytest.mark.parametrize(
    ("series", "name", "frequency", "kind"),
    [
        (pd.Series(range(5), index=MONTHS), "y", "ME", "pandas"),
        (pd.Series(range(5), index=MONTHS, name="sales"), "sales", "ME", "pandas"),
        (pd.Series(range(5), index=MONTHS.rename("month"), name="sales"), "sales", "ME", "pandas"),
        (pd.Series(range(5), index=pd.period_range("2020-01", periods=5, freq="M")), "y", "MS", "pandas"),
        (pd.Series(range(5)), "y", "1", "pandas"),
        (np.arange(5), "y", "1", "pandas"),
        (pl.Series("level", range(5)), "level", "1", "polars"),
        (pl.Series(range(5)), "y", "1", "polars"),
    ],
)
def test_single_series(series, name, frequency, kind):
    panel = from_frame(series)
    assert panel.ids.tolist() == [name]
    assert (panel.frequency, panel.source) == (frequency, kind)
    assert panel.values.tolist() == [0, 1, 2, 3, 4]


def test_an_index_counts_as_columns():
    by_id = LONG.set_index("unique_id")
    by_both = LONG.set_index(["unique_id", "ds"])
    for frame in (by_id, by_both, by_both["y"]):
        assert from_frame(frame).ids.tolist() == ["a", "b"]


def test_wide_frames():
    wide = LONG.pivot_table(index="ds", columns="unique_id", values="y")
    for frame in (wide, wide.reset_index(), pl.from_pandas(wide.reset_index())):
        panel = from_frame(frame, Columns(target="*"))
        assert panel.ids.tolist() == ["a", "b"]
        assert panel.values.tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]
    with pytest.raises(DataError, match=r"could be the target: 'a', 'b'.*--target '\*'"):
        from_frame(wide)


def test_categories_and_booleans_become_codes():
    frame = LONG.assign(kind=pd.Categorical(["x", "z"] * 5, ["z", "x", "unused"]), flag=[True, False] * 5)
    panel = from_frame(frame, Columns(known=("kind", "flag")))
    assert panel.known.categories == {"kind": ("x", "z"), "flag": ("False", "True")}


def test_the_panel_does_not_change_with_the_frame():
    values = np.arange(5.0)
    frame = pd.DataFrame({"ds": MONTHS, "y": values}, copy=False)
    panel = from_frame(frame)
    frame.loc[0, "y"] = 99
    values[1] = 99
    assert panel.values.tolist() == [0, 1, 2, 3, 4]
    assert values.flags.writeable


def test_mixed_cells_are_found():
    with pytest.raises(DataError, match=r"row 2, column 'y': 'x' is not a number"):
        from_frame(pd.DataFrame({"ds": MONTHS, "y": [1, 2, "x", 4, 5]}))


def test_the_repair_speaks_python_too():
    with pytest.raises(DataError, match=r"--fill interpolate \(in Python: Options\(fill='interpolate'\)\)"):
        from_frame(pd.DataFrame({"ds": MONTHS, "y": [1, 2, None, 4, 5]}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (pl.LazyFrame({"y": [1]}), r"a LazyFrame cannot be read as observations. Call collect\(\) first"),
        ([1, 2], r"a list cannot be read as observations. Give a pandas or polars frame"),
        (LONG.iloc[:0], "the frame has no rows"),
        (LONG.rename(columns={"unique_id": "y"}), "two columns of the frame are called 'y'"),
    ],
)
def test_what_is_no_frame_is_refused(wrong, message):
    with pytest.raises(DataError, match=message):
        from_frame(wrong)


def forecast_of(panel, times):
    mean = np.array([[1.0, 2.0], [3.0, 4.0]])[: len(panel)]
    bounds = np.stack([mean, mean * 10], axis=-1)
    origins = panel.times[panel.offsets[1:] - 1]
    return Forecast("naive", panel.ids, origins, times, mean, Intervals((80, 95), -bounds, bounds))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_forecasts_come_back_in_kind(kind):
    panel = from_frame(LONG if kind == "pandas" else pl.from_pandas(LONG))
    times = np.array([["2020-06-30", "2020-07-31"]] * 2, "M8[ns]").astype("int64")
    made = to_frame(forecast_of(panel, times), panel)
    assert isinstance(made, pd.DataFrame if kind == "pandas" else pl.DataFrame)
    names = ["unique_id", "ds", "naive", "naive-lo-80", "naive-hi-80", "naive-lo-95", "naive-hi-95"]
    assert list(made.columns) == names
    assert list(made["unique_id"]) == ["a", "a", "b", "b"]
    assert list(made["naive-hi-95"]) == [10, 20, 30, 40]
    assert list(made["naive-lo-80"]) == [-1, -2, -3, -4]
    if kind == "pandas":
        assert made["ds"].dtype == "datetime64[ns]"
    assert str(made["ds"][1])[:10] == "2020-07-31"


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_zones_come_back(kind):
    frame = pd.DataFrame({"ds": pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin"), "y": [1.0, 2, 3]})
    panel = from_frame(frame if kind == "pandas" else pl.from_pandas(frame))
    made = stamps(panel.times, panel)
    assert str(made[2]) == "2020-03-30 00:00:00+02:00"
    out = frame_of({"ds": made}, kind)
    assert "Europe/Berlin" in str(out["ds"].dtype)


def test_stamps_of_steps_and_of_the_local_clock():
    steps = from_frame(np.arange(3.0))
    assert stamps(steps.times.reshape(1, 3), steps).tolist() == [1, 2, 3]
    local = from_frame(LONG)
    assert stamps(local.times[:2], local).dtype == "M8[ns]"


def test_ids_come_back_as_they_were():
    assert id_column(np.array([1, 2], dtype=object)).dtype == np.int64
    assert id_column(np.array([1, "a"], dtype=object)).dtype == object
    panel = from_frame(LONG.assign(unique_id=[7] * 5 + [3] * 5))
    assert panel.ids.tolist() == [3, 7]


def test_known_covariates_of_a_later_frame():
    panel = from_frame(LONG.assign(k=1.0), Columns(known=("k",)), Options())
    later = pd.DataFrame({"unique_id": ["a", "b"], "ds": pd.Timestamp("2020-06-30"), "k": [2.0, 3.0]})
    made = with_future(panel, later)
    assert made.future.covariates.values[:, 0].tolist() == [2, 3]
    check_future(made, 1)


def test_known_covariates_of_a_file(tmp_path):
    panel = from_frame(LONG.assign(k=1.0), Columns(known=("k",)), Options())
    later = pd.DataFrame({"unique_id": ["a", "b"], "ds": pd.Timestamp("2020-06-30"), "k": [2.0, 3.0]})
    indexed = later.set_index(pd.Index([5, 9]))
    indexed.to_parquet(tmp_path / "indexed.parquet")
    assert with_future(panel, tmp_path / "indexed.parquet").future.covariates.values[:, 0].tolist() == [2, 3]
    for name, write in (("later.csv", later.to_csv), ("later.parquet", later.to_parquet)):
        write(tmp_path / name, index=False)
        for path in (tmp_path / name, str(tmp_path / name)):
            assert with_future(panel, path).future.covariates.values[:, 0].tolist() == [2, 3]
