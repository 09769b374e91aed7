import json

import pytest

from tidegate.cli.results import check_same, read, rows
from tidegate.errors import SettingError, StorageError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"settings": {"horizon": 3, "models": ["naive"]}}))
    (tmp_path / "verdict.json").write_text('{"winner": "naive"}')
    (tmp_path / "scores.csv").write_text("model,MASE,parameters\nnaive,0.5,12\nets,,0\n")
    (tmp_path / "forecast.csv").write_text("unique_id,ds,naive\n007,2024-01-01,1.25\n")
    return tmp_path


def test_everything_is_read_back(folder):
    document = read(folder)
    assert document["files"] == ["forecast.csv", "run.json", "scores.csv", "verdict.json"]
    assert document["scores"] == [
        {"model": "naive", "MASE": 0.5, "parameters": 12},
        {"model": "ets", "MASE": None, "parameters": 0},
    ]
    assert document["forecast"] == [{"unique_id": "007", "ds": "2024-01-01", "naive": 1.25}]
    json.dumps(document, allow_nan=False)


def test_what_a_command_does_not_write_is_absent(folder):
    (folder / "forecast.csv").unlink()
    assert "forecast" not in read(folder)


def test_a_damaged_file_is_reported(folder):
    (folder / "run.json").write_text("{")
    with pytest.raises(StorageError, match=r"cannot be read.*Run the command again with --force"):
        read(folder)


def test_numbers_that_are_not_finite_become_none(tmp_path):
    (tmp_path / "t.csv").write_text("model,MASE,note\nnaive,nan,text\nets,inf,\n")
    assert rows(tmp_path / "t.csv") == [
        {"model": "naive", "MASE": None, "note": "text"},
        {"model": "ets", "MASE": None, "note": None},
    ]


def test_a_finished_run_must_have_been_made_the_same_way(folder):
    check_same(folder, {"horizon": 3, "models": ("naive",)})
    with pytest.raises(SettingError, match=r"holds a finished run with horizon 3, not 4. Add --force instead"):
        check_same(folder, {"horizon": 4})
    with pytest.raises(SettingError, match=r"holds a finished run with models \['naive'\], not None"):
        check_same(folder, {"horizon": 3})
