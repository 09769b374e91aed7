import json
from dataclasses import replace
from pathlib import Path

import pytest

import tidegate
from tidegate.cli.app import Invocation
from tidegate.cli.fit import Choice, Given, Request, fit
from tidegate.cli.options import Ahead, Chance, Folder, Source, Speech
from tidegate.errors import SettingError, StorageError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def asked(model="ses", folder=None, speech=None):
    source = Source(example="air-passengers")
    return Request(
        source, Choice(model), Ahead(6), Chance(), folder or Folder(), speech or Speech(), Invocation("fit", ())
    )


def test_the_saved_model_is_the_fitted_one(capsys):
    assert fit(asked()) == 0
    assert "Forecast with: tidegate predict tidegate-fit-air-passengers-ses" in capsys.readouterr().out
    loaded = tidegate.load("tidegate-fit-air-passengers-ses")
    again = tidegate.forecaster("ses").fit(tidegate.example("air-passengers"), horizon=6)
    assert (loaded.forecast().mean == again.forecast().mean).all()


def test_json_is_one_document(capsys):
    assert fit(asked(speech=Speech(json=True))) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["observations"] == 144
    assert Path(document["output"]).is_dir()


def test_an_unknown_model_is_refused_before_reading():
    with pytest.raises(SettingError, match=r"There is no model 'sess'. Did you mean 'ses'"):
        fit(asked("sess"))


def test_a_finished_folder_is_kept_with_resume_and_replaced_with_force(capsys):
    at = Path("out")
    assert fit(asked(folder=Folder(output=at))) == 0
    config = at / "config.json"
    before = config.stat().st_mtime_ns
    assert fit(asked(folder=Folder(output=at, resume=True))) == 0
    assert config.stat().st_mtime_ns == before
    assert "holds a fitted model already" in capsys.readouterr().out
    assert fit(asked("naive", folder=Folder(output=at, force=True))) == 0
    assert tidegate.load(at).name == "naive"


def test_settings_of_the_model_are_set():
    assert fit(replace(asked("theta"), given=Given(["form=STM"]))) == 0
    assert tidegate.load("tidegate-fit-air-passengers-theta").form == "STM"


def test_a_setting_that_does_not_exist_is_refused_before_reading():
    wrong = replace(asked("theta"), source=Source(data=Path("absent.csv")), given=Given(["from=STM"]))
    with pytest.raises(SettingError, match=r"theta has no setting 'from'\. Did you mean 'form'"):
        fit(wrong)


def test_an_earlier_model_is_not_taken_for_another_one(capsys):
    folder = Folder(Path("saved"))
    assert fit(asked("theta", folder=folder)) == 0
    again = replace(asked("theta", folder=replace(folder, resume=True)))
    assert fit(again) == 0
    assert "holds a fitted model already" in capsys.readouterr().out
    others = (
        replace(again, choice=Choice("ses")),
        replace(again, given=Given(["form=STM"])),
        replace(again, ahead=Ahead(7)),
    )
    for other in others:
        with pytest.raises(SettingError, match="saved holds Theta"):
            fit(other)


def test_a_replacement_that_was_interrupted_is_resumed(capsys):
    folder = Folder(Path("saved"), resume=True)
    assert fit(asked("theta", folder=folder)) == 0
    Path("saved.unfinished").mkdir()
    assert fit(asked("ses", folder=folder)) == 0
    assert tidegate.load("saved").name == "ses"
    assert not Path("saved.unfinished").exists()


def test_what_is_replaced_goes_only_once_the_new_model_is_saved(monkeypatch):
    assert fit(asked(folder=Folder(Path("saved")))) == 0
    before = Path("saved/config.json").read_bytes()

    def refuse(*args, **kwargs):
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("tidegate.forecasters.storage.save", refuse)
        with pytest.raises(StorageError):
            fit(asked("theta", folder=Folder(Path("saved"), force=True)))
    assert Path("saved/config.json").read_bytes() == before
    assert fit(asked("theta", folder=Folder(Path("saved"), force=True))) == 0
    assert tidegate.load("saved").name == "theta"
    assert sorted(path.name for path in Path().iterdir()) == ["saved"]
