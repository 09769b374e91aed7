import json
from pathlib import Path

import pytest

import tidegate
from tidegate.cli.app import Invocation
from tidegate.cli.options import Coverage, Folder, Source, Speech
from tidegate.cli.predict import Request, Saved, predict
from tidegate.errors import SettingError, StorageError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def model():
    made = tidegate.forecaster("ses").fit(tidegate.example("air-passengers"), horizon=3)
    made.save("saved")
    return made


def asked(source=None, directory="saved"):
    speech = Speech(json=True)
    return Request(
        Saved(Path(directory)), source or Source(), Coverage("80"), Folder(), speech, Invocation("predict", ())
    )


def test_a_saved_model_goes_on_from_its_training_data(model, capsys):
    assert predict(asked()) == 0
    rows = json.loads(capsys.readouterr().out)["forecast"]
    assert [row["ses"] for row in rows] == model.forecast().mean[0].tolist()
    assert list(rows[0]) == ["unique_id", "ds", "ses", "ses-lo-80", "ses-hi-80"]


def test_newer_data_move_the_origin(model, capsys):
    frame = tidegate.example("air-passengers").iloc[:100]
    frame.to_csv("newer.csv", index=False)
    assert predict(asked(Source(data=Path("newer.csv")))) == 0
    rows = json.loads(capsys.readouterr().out)["forecast"]
    assert rows[0]["ds"].startswith("1957-05-01")
    assert rows[0]["ses"] == model.forecast(frame).mean[0, 0]


def test_the_model_inside_a_forecast_folder_is_found(model, capsys):
    Path("run").mkdir()
    Path("saved").rename("run/model")
    assert predict(asked(directory="run")) == 0
    assert json.loads(capsys.readouterr().out)["run"]["model"] == "ses"


@pytest.mark.parametrize(
    ("folder", "why"), [("empty", "it holds no config.json"), ("absent", "there is no such folder")]
)
def test_a_folder_without_a_model_is_a_wrong_argument(folder, why):
    Path("empty").mkdir()
    with pytest.raises(SettingError, match=f"{folder} is not a saved model: {why}. Name a folder that fit, forecast"):
        predict(asked(directory=folder))


def test_a_damaged_model_is_no_wrong_argument(model):
    Path("saved/config.json").write_text("{")
    with pytest.raises(StorageError, match=r"config\.json is cut short"):
        predict(asked())
