import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import tidegate
from tidegate.errors import DataError, SettingError
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.outside import OutsideForecasts, OutsideFunction, version_of
from tidegate.scoring.folds import Folds

FOLDS = Folds(horizon=4, count=3)
MODULE = """
import pandas as pd

def last(history, horizon):
    rows = []
    for name, one in history.groupby("unique_id"):
        stamps = pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        rows.append(pd.DataFrame({"unique_id": name, "ds": stamps, "mine": one["y"].iloc[-1]}))
    return pd.concat(rows)

def broken(history, horizon):
    raise ValueError("no luck today")

def backtest(frame, horizon, folds):
    return frame

def leaves(history, horizon):
    raise SystemExit(0)

number = 3
"""


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MODULE)
    yield path
    sys.modules.pop("mine", None)


def test_a_function_is_judged_beside_our_models(monthly, module):
    panel = monthly((60, 72))
    found = backtest(panel, ["naive", OutsideFunction(function=f"{module}:last")], folds=FOLDS)
    assert list(found.results) == ["naive", "seasonal-naive", "last"]
    assert np.array_equal(found.results["last"].mean, found.results["naive"].mean)
    assert np.isnan(found.results["last"].lower).all()
    assert found.results["last"].cost == 5


def test_a_function_itself_will_do(monthly):
    def twice(history, horizon):
        history = history.copy()
        stamps = pd.date_range(history["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        return pd.DataFrame({"unique_id": history["unique_id"].iloc[-1], "ds": stamps, "f": 2 * history["y"].iloc[-1]})

    found = backtest(monthly(), ["naive", OutsideFunction(function=twice)], folds=FOLDS, settings=Settings(levels=()))
    assert found.results["twice"].mean == pytest.approx(2 * found.results["naive"].mean)


def test_a_function_that_fails_is_named_and_the_others_go_on(monthly, module):
    found = backtest(monthly(), ["naive", OutsideFunction(function=f"{module}:broken")], folds=FOLDS)
    assert list(found.results) == ["naive", "seasonal-naive"]
    assert "broken raised ValueError: no luck today" in found.failures["broken"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine.py:backtest", "backtest is a backtest; a comparison needs a function predict"),
        ("mine.py:lost", "has no 'lost'. It has last, broken, backtest, leaves"),
        ("nowhere.py:last", "nowhere.py cannot be imported"),
        ("mine.py:number", "number is of type int, which cannot be called"),
        ("last", "'last' names no function; write module:function"),
    ],
)
def test_what_is_no_function_is_refused_before_any_work(monthly, module, name, said):
    where = name.replace("mine.py", str(module))
    with pytest.raises(SettingError, match=said.replace("(", r"\(")):
        OutsideFunction(function=where).fit(monthly(), horizon=4)


def told(panel, tmp_path, change=lambda frame: frame, name="theirs.csv"):
    """A file of the forecasts of naive at the origins of FOLDS."""
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    frame = change(frame[["unique_id", "ds", "cutoff", "naive"]])
    path = tmp_path / name
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["theirs.csv", "theirs.parquet"])
@pytest.mark.parametrize("refit", [1, 0])
def test_forecasts_of_others_are_judged_as_they_are(monthly, tmp_path, name, refit):
    panel = monthly((60, 72))
    path = told(panel, tmp_path, name=name)
    folds = Folds(horizon=4, count=3, refit=refit)
    found = backtest(panel, ["naive", OutsideForecasts(file=path)], folds=folds, settings=Settings(levels=()))
    assert found.results["theirs"].mean == pytest.approx(found.results["naive"].mean, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f[f["cutoff"] > f["cutoff"].min()], r"holds no forecast from the cutoff .* Its cutoffs are .* and "),
        (lambda f: f.iloc[:-1], "holds no forecast from the cutoff"),
        (lambda f: f.assign(naive=f["naive"].where(f.index > 0)), "holds no number for .* from the cutoff"),
        (lambda f: f[f["unique_id"] == "s0"], "holds no forecast of the series 's1'.*It holds 1 series: s0"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "holds two forecasts from the cutoff"),
        (lambda f: f.drop(columns="cutoff"), "returned no column 'cutoff'"),
        (lambda f: f.assign(other=1.0), "returned 2 numeric columns"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_their_place(monthly, tmp_path, change, said):
    panel = monthly((60, 72))
    found = backtest(panel, ["naive", OutsideForecasts(file=told(panel, tmp_path, change))], folds=FOLDS)
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.failures["theirs"])


def test_forecasts_of_other_data_are_refused(monthly, tmp_path):
    """The file's y is compared wherever it lies before an origin; the newest fold has nothing to compare with."""
    panel = monthly((60, 72))
    path = tmp_path / "theirs.csv"
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    frame = frame[["unique_id", "ds", "cutoff", "y", "naive"]]
    frame.to_csv(path, index=False)
    assert "theirs" in backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).results
    frame.assign(y=frame["y"].where(frame.index != 1, 12345.0)).to_csv(path, index=False)
    why = backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).failures["theirs"]
    assert re.search(r"theirs.csv says that y was 12345 at \d{4}-\d\d-\d\d, the data say .*leave out the column y", why)


def test_small_numbers_are_compared_by_their_own_size(monthly, tmp_path):
    panel = monthly((60,))
    panel = replace(panel, values=panel.values * 1e-9)
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    frame = frame[["unique_id", "ds", "cutoff", "y", "naive"]]
    path = tmp_path / "theirs.csv"
    frame.assign(y=frame["y"].where(frame.index != 1, 2 * frame["y"])).to_csv(path, index=False)
    assert "says that y was" in backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).failures["theirs"]
    frame.assign(y="text").to_csv(path, index=False)
    assert "theirs" in backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).results


def test_two_clocks_of_different_kinds_are_refused(monthly, tmp_path):
    panel = monthly()
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    frame["cutoff"] = frame["cutoff"].dt.tz_localize("UTC")
    path = tmp_path / "theirs.csv"
    frame[["unique_id", "ds", "cutoff", "naive"]].to_csv(path, index=False)
    why = backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).failures["theirs"]
    assert "of cutoff and ds in" in why


@pytest.mark.parametrize(
    ("zone", "theirs", "said"),
    [
        ("Australia/Melbourne", None, "are without a time zone, those of the data in the time zone Australia/Melb"),
        (None, "UTC", "are in the time zone UTC, those of the data without a time zone"),
    ],
)
def test_stamps_on_another_clock_are_refused_by_name(monthly, tmp_path, zone, theirs, said):
    panel = replace(monthly(), timezone=zone)
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    for column in ("ds", "cutoff"):
        frame[column] = frame[column].dt.tz_localize(None).dt.tz_localize(theirs)
    path = tmp_path / "theirs.csv"
    frame[["unique_id", "ds", "cutoff", "naive"]].to_csv(path, index=False)
    why = backtest(panel, [OutsideForecasts(file=path)], folds=FOLDS).failures["theirs"]
    assert said in why


def test_the_same_moments_in_another_time_zone_are_the_same(tmp_path):
    """Across the end of summer time, 5 April 2020."""
    days = pd.date_range("2020-03-01", periods=60, tz="Australia/Melbourne")
    panel = tidegate.from_frame(pd.DataFrame({"ds": days, "y": np.sin(np.arange(60.0)) + 5}))
    frame = backtest(panel, ["naive"], folds=FOLDS, settings=Settings(levels=())).to_frame()
    for column in ("ds", "cutoff"):
        frame[column] = frame[column].dt.tz_convert("UTC")
    path = tmp_path / "theirs.parquet"
    frame[["unique_id", "ds", "cutoff", "naive"]].to_parquet(path)
    found = backtest(panel, ["naive", OutsideForecasts(file=path)], folds=FOLDS, settings=Settings(levels=()))
    assert np.array_equal(found.results["theirs"].mean, found.results["naive"].mean)


def test_a_function_that_leaves_is_one_that_fails(monthly, module):
    found = backtest(monthly(), ["naive", OutsideFunction(function=f"{module}:leaves")], folds=FOLDS)
    assert "leaves raised SystemExit" in found.failures["leaves"]


def test_the_version_changes_with_the_code_and_the_forecasts(monthly, module, tmp_path):
    before = version_of(f"{module}:last")
    module.write_text(MODULE + "\n")
    assert len(before) == 16
    assert version_of(f"{module}:last") != before
    assert version_of("json:dumps") == version_of("json:loads") != ""
    assert version_of(told(monthly(), tmp_path)) != version_of(tmp_path / "absent.csv") == ""


def test_a_changed_function_is_judged_anew(monthly, module, tmp_path):
    name = f"{module}:last"
    first = OutsideFunction(function=name, version=version_of(name))
    backtest(monthly(), [first], folds=FOLDS, settings=Settings(store=tmp_path / "store"))
    module.write_text(MODULE.replace('one["y"].iloc[-1]})', "0.0})"))
    second = OutsideFunction(function=name, version=version_of(name))
    again = backtest(monthly(), [second], folds=FOLDS, settings=Settings(store=tmp_path / "store"))
    assert (again.results["last"].mean == 0).all()


def test_a_file_that_is_not_there(monthly, tmp_path):
    with pytest.raises(DataError, match=r"absent.csv cannot be read"):
        OutsideForecasts(file=tmp_path / "absent.csv").fit(monthly(), horizon=4)
