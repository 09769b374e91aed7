from pathlib import Path

import pytest
import typer

from tidegate.cli.app import Invocation
from tidegate.cli.folders import Place
from tidegate.cli.interruption import resumable
from tidegate.errors import ModelError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Place(Path("out"))
    found.store.mkdir()
    return found


def stop(place, error):
    with resumable(place, Invocation("forecast", ("a.csv",))):
        raise error


def test_ctrl_c_says_where_and_how_to_go_on(place, capsys):
    (place.store / "a.fold").write_text("")
    with pytest.raises(typer.Exit) as left:
        stop(place, KeyboardInterrupt())
    assert left.value.exit_code == 130
    first, second = capsys.readouterr().err.splitlines()
    assert first == "Stopped. What was finished is kept in out.unfinished (1 file)."
    assert second == "Go on with: tidegate forecast a.csv --output out --resume"


def test_ctrl_c_before_anything_was_finished_leaves_nothing(place, capsys):
    with pytest.raises(typer.Exit):
        stop(place, KeyboardInterrupt())
    assert "Nothing was finished yet, so nothing is kept." in capsys.readouterr().err
    assert not place.store.exists()


def test_an_error_passes_and_leaves_no_empty_store(place):
    with pytest.raises(ModelError, match=r"did not settle"):
        stop(place, ModelError("it did not settle"))
    assert not place.store.exists()
