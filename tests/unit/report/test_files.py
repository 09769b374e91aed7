import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import tidegate
from tidegate.errors import StorageError
from tidegate.report import files


@pytest.fixture
def run(one, facts):
    return facts(one)


def test_everything_is_there_and_agrees(one, run, tmp_path):
    folder = files.write(one, tmp_path / "deep" / "out", run)
    assert sorted(path.name for path in folder.iterdir()) == sorted(files.NAMES)
    assert list(tmp_path.joinpath("deep").iterdir()) == [folder]
    scores = pd.read_csv(folder / "scores.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(scores, one.backtest.scores(), check_exact=True)
    forecast = pd.read_csv(folder / "forecast.csv", float_precision="round_trip")
    assert (forecast[one.verdict.recommended].to_numpy() == one.forecast.mean.ravel()).all()
    assert json.loads((folder / "verdict.json").read_text("utf-8"))["winner"] == one.verdict.winner
    assert json.loads((folder / "run.json").read_text("utf-8"))["seed"] == 7
    assert one.verdict.statement.split(":")[0] in (folder / "report.html").read_text("utf-8")
    loaded = tidegate.load(folder / "model").forecast()
    assert (loaded.mean == one.forecast.mean).all()


def test_the_clock_is_only_in_run_and_report(one, run, tmp_path):
    later = {**run, "started": "2030-01-01", "seconds": 99.0}
    first, second = files.write(one, tmp_path / "a", run), files.write(one, tmp_path / "b", later)
    for name in ("forecast.csv", "backtest.csv", "scores.csv", "verdict.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_comparison_leaves_no_forecast_and_no_model(one, run, tmp_path):
    folder = files.write(replace(one, model=None, forecast=None, frame=None), tmp_path / "out", run)
    assert not {"forecast.csv", "model"} & {path.name for path in folder.iterdir()}


def test_an_existing_folder_is_kept(one, run, tmp_path):
    with pytest.raises(StorageError, match=r"exists already\. Choose another folder, or replace it with --force"):
        files.write(one, tmp_path, run)


def test_replacing_leaves_nothing_of_the_earlier_run_and_everything_else(one, run, tmp_path):
    folder = files.write(one, tmp_path / "out", run)
    (folder / "mine.txt").write_text("kept")
    files.write(replace(one, model=None, forecast=None, frame=None), folder, run, replace=True)
    names = {path.name for path in folder.iterdir()}
    assert names == set(files.NAMES) - {"forecast.csv", "model"} | {"mine.txt"}
    files.write(one, folder, run, replace=True)
    assert {path.name for path in folder.iterdir()} == set(files.NAMES) | {"mine.txt"}


def test_a_file_in_the_way_is_named(one, run, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="is a file, not a folder"):
        files.write(one, tmp_path / "out", run, replace=True)


def test_a_place_that_cannot_be_written_is_named(one, run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written: .*Choose a folder you may write to"):
        files.write(one, tmp_path / "file" / "out", run)


def test_nothing_is_left_when_writing_fails(one, run, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "render", full)
    with pytest.raises(StorageError, match=r"No space left on device.*Free space"):
        files.write(one, tmp_path / "out", run)
    assert list(tmp_path.iterdir()) == []


def test_numbers_read_back_as_the_same_bits():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=50) * 10.0 ** rng.integers(-12, 12, 50), "name": 'a,"b"\n'})
    from io import StringIO

    read = pd.read_csv(StringIO(files.csv(frame)), float_precision="round_trip")
    assert (read["x"].to_numpy() == frame["x"].to_numpy()).all()
    assert read["name"][0] == frame["name"][0]


def test_polars_writes_the_same_text():
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame({"unique_id": ["a", "b"], "y": [0.1, 2.0]})
    assert files.csv(polars.from_pandas(frame)) == files.csv(frame)


def test_what_json_cannot_say_becomes_null():
    text = files.plain_json({"a": float("nan"), "b": [np.float64(1.5), np.array([1.0, np.inf])], 3: "ü"})
    assert json.loads(text) == {"a": None, "b": [1.5, [1.0, None]], "3": "ü"}
