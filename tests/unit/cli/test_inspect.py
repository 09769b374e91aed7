import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.inspect import Inspected, Looking, Request, inspect
from tidegate.cli.options import Chance, Folder, Source, Speech, Subject
from tidegate.errors import SettingError
from tidegate.insight import adding


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quick(monkeypatch):
    """The adding problem, short and barely trained."""
    monkeypatch.setattr(adding, "_TRAINING", adding._TRAINING._replace(n_updates=20))
    monkeypatch.setattr(adding, "_SEQUENCES", 200)


def asked(directory=None, example=None, *, looking=None, **speech):
    return Request(
        Inspected(directory), Source(example=example), Subject(), looking or Looking(), Chance(), Folder(),
        Speech(**speech), Invocation("inspect", ())
    )  # fmt: skip


def test_json_is_what_was_written(quick, capsys):
    assert inspect(asked(example="adding", json=True)) == 0
    document = json.loads(capsys.readouterr().out)
    folder = Path("tidegate-inspect-adding")
    assert json.loads((folder / "insight.json").read_text()) == document
    assert [one["model"] for one in document["networks"]] == ["elman", "lstm", "gru"]
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "insight.json", "report.html", "run.json"]


def test_arrays_of_several_networks_are_told_apart(quick):
    assert inspect(asked(example="adding", json=True)) == 0
    with np.load("tidegate-inspect-adding/arrays.npz", allow_pickle=False) as arrays:
        assert arrays["lstm.layer1.gate.forget"].shape == (100, 32)
        assert arrays["elman.layer1.gradient.hidden"].shape == (2, 100)


def test_the_text_has_the_networks_side_by_side(quick, capsys):
    assert inspect(asked(example="adding", quiet=True)) == 0
    shown = capsys.readouterr().out
    assert shown.index("Side by side") < shown.index("Inside elman") < shown.index("Inside gru")
    assert "tidegate-inspect-adding/report.html" in shown


def test_something_must_be_named():
    with pytest.raises(SettingError, match="No model: name a folder that fit or forecast wrote, or give --example"):
        inspect(asked())


def test_a_future_needs_the_data_that_it_continues():
    request = asked(Path("gru"))
    with pytest.raises(SettingError, match="--future goes with DATA"):
        inspect(replace(request, source=replace(request.source, future=Path("later.csv"))))


def test_the_adding_problem_takes_no_model_and_no_place_to_look():
    with pytest.raises(SettingError, match="leave MODEL out"):
        inspect(asked(Path("gru"), "adding"))
    with pytest.raises(SettingError, match="--series, --member, --origins and --steps go with a model"):
        inspect(asked(example="adding", looking=Looking(member=2)))
