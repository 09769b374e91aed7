import json
from pathlib import Path

import pytest

from tidegate.cli.analyse import Request, Subject, analyse
from tidegate.cli.app import Invocation
from tidegate.cli.options import Chance, Folder, Source, Speech


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def asked(example="air-passengers", series=None, **speech):
    return Request(
        Source(example=example), Subject(series), Chance(), Folder(), Speech(**speech), Invocation("analyse", ())
    )


def test_json_holds_sentences_and_figures(capsys):
    assert analyse(asked(json=True)) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"]["seasons"] == [12]
    assert document["sentences"]
    assert json.loads(Path("tidegate-analyse-air-passengers/profile.json").read_text()) == document


def test_one_series_of_many_can_be_named(capsys):
    assert analyse(asked("retail", json=True)) == 0
    typical = json.loads(capsys.readouterr().out)["profile"]["series"]
    other = next(name for name in ("shop-1", "x") if name != typical)
    assert other


def test_the_text_is_the_sentences(capsys):
    assert analyse(asked()) == 0
    assert "What the series is like" in capsys.readouterr().out
