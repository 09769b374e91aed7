import json
from pathlib import Path

import pytest

import tidegate
from tidegate.cli import tune as module
from tidegate.cli.app import Invocation
from tidegate.cli.fit import Choice
from tidegate.cli.options import Ahead, Chance, Folder, Source, Speech
from tidegate.cli.tune import Effort, Lines, Request, tune
from tidegate.errors import SettingError
from tidegate.evaluation.trials import Finished


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def asked(model="linear", *, effort=None, folder=None, speech=None):
    return Request(
        Source(example="air-passengers"),
        Choice(model),
        Ahead(6),
        effort or Effort(trials=3, folds=2),
        Chance(),
        folder or Folder(),
        speech or Speech(),
        Invocation("tune", ("--example",)),
    )


def test_the_folder_holds_settings_trials_study_and_model(capsys):
    assert tune(asked()) == 0
    place = Path("tidegate-tune-air-passengers-linear")
    names = {path.name for path in place.iterdir()}
    assert names == {"model", "run.json", "settings.json", "study.journal", "trials.csv"}
    chosen = json.loads((place / "settings.json").read_text())
    assert chosen["model"] == "linear"
    model = tidegate.Linear(**chosen["settings"]).fit(tidegate.example(), horizon=6)
    assert (tidegate.load(place / "model").forecast().mean == model.forecast().mean).all()
    lines = (place / "trials.csv").read_text().splitlines()
    assert lines[0] == "trial,state,MASE,folds,lags"
    assert len(lines) == 4
    shown = capsys.readouterr()
    assert "What tuning gained" in shown.out
    assert "Forecast with: tidegate predict tidegate-tune-air-passengers-linear" in shown.out
    assert "trial 0 (1 of 3): error" in shown.err
    assert not Path("tidegate-tune-air-passengers-linear.unfinished").exists()


def test_json_is_one_document_and_quiet_shows_no_progress(capsys):
    assert tune(asked(speech=Speech(json=True, quiet=True))) == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert shown.err == ""
    assert set(document["chosen"]["settings"]) == {"lags"}
    assert [row["trial"] for row in document["trials"]] == [0, 1, 2]
    assert document["run"]["settings"]["trials"] == 3
    assert document["run"]["sentences"]


def test_a_finished_folder_is_kept_with_resume_refused_if_made_otherwise_and_replaced_with_force(capsys):
    at = Path("out")
    assert tune(asked(folder=Folder(output=at))) == 0
    before = (at / "run.json").stat().st_mtime_ns
    assert tune(asked(folder=Folder(output=at, resume=True))) == 0
    assert "out is finished already" in capsys.readouterr().err
    assert (at / "run.json").stat().st_mtime_ns == before
    with pytest.raises(SettingError, match="out holds a finished run with trials 3, not 2"):
        tune(asked(effort=Effort(trials=2, folds=2), folder=Folder(output=at, resume=True)))
    assert tune(asked(effort=Effort(trials=2, folds=2), folder=Folder(output=at, force=True))) == 0
    assert len((at / "trials.csv").read_text().splitlines()) == 3


def test_the_budget_counts_from_the_start_of_the_command(monkeypatch, capsys):
    given = []
    real = module._tuned

    def noted(request, panel, how):
        given.append(how.budget)
        return real(request, panel, how)

    monkeypatch.setattr(module, "_tuned", noted)
    assert tune(asked(effort=Effort(trials=1, folds=1, budget=100.0))) == 0
    assert 0 < given[0] < 100
    capsys.readouterr()


def test_lines_tell_of_the_trial_and_of_the_best(capsys):
    lines = Lines()
    lines.ended(Finished(0, {}, "complete", 0.5, 3, ""), 4)
    lines.ended(Finished(1, {}, "pruned", 0.9, 1, ""), 4)
    lines.ended(Finished(2, {}, "complete", 0.4, 3, ""), 4)
    lines.ended(Finished(3, {}, "failed", float("nan"), 0, "too long"), 4)
    assert capsys.readouterr().err.splitlines() == [
        "  trial 0 (1 of 4): error 0.5000; best 0.5000, trial 0",
        "  trial 1 (2 of 4): pruned at 0.9000; best 0.5000, trial 0",
        "  trial 2 (3 of 4): error 0.4000; best 0.4000, trial 2",
        "  trial 3 (4 of 4): failed: too long; best 0.4000, trial 2",
    ]
