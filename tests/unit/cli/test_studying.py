import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.folders import Place
from tidegate.cli.options import Ahead, Chance, Coverage, Folder, Judging, Source, Speech
from tidegate.cli.studying import Request, _audit, run
from tidegate.errors import SettingError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def request_for(command="forecast", models="naive,ses", **changes):
    made = Request(
        Source(example="air-passengers"),
        Ahead(6),
        Coverage(),
        Judging(models=models, folds=2),
        Chance(),
        Folder(),
        Speech(quiet=True),
        Invocation(command, ("--example", "--horizon", "6")),
    )
    return replace(made, **changes)


def test_no_models_named_means_the_ladder():
    assert "gru" in request_for(models=None).models
    assert request_for(models="ses,naive").models == ("naive", "ses")


def test_models_with_settings_of_their_own_are_built():
    asked = request_for(judging=Judging(models="ets,gru", settings=["gru.hidden_size=8"]), chance=Chance(3))
    plain, made = asked.contenders()
    assert plain == "ets"
    assert (made.name, made.hidden_size, made.seed) == ("gru", 8, 3)
    assert asked.recorded()["settings"] == ["gru.hidden_size=8"]
    with pytest.raises(SettingError, match="lstm"):
        request_for(judging=Judging(models="ets", settings=["lstm.hidden_size=8"])).contenders()


def test_folds_and_settings_are_passed_on():
    judging = Judging(folds=3, stride=2, gap=1, window=60, refit="once", budget=9.0, processes=2, warm=True)
    asked = request_for(judging=judging, chance=Chance(7), coverage=Coverage("90"))
    folds, settings = asked.folds(), asked.settings(Place(Path("out")), time.monotonic() - 2.0)
    assert (folds.horizon, folds.count, folds.stride, folds.gap, folds.window, folds.refit) == (6, 3, 2, 1, 60, 0)
    assert (settings.levels, settings.seed, settings.processes) == ((90,), 7, 2)
    assert 6.0 < settings.budget <= 7.0  # two seconds went into reading the data
    assert settings.store == Path("out.unfinished")
    assert settings.watch is None
    assert settings.warm is True
    assert request_for().settings(Place(Path("out")), 0.0).warm is False
    assert request_for().settings(Place(Path("out")), 0.0).budget is None


def test_what_decides_the_result_is_recorded():
    recorded = request_for().recorded()
    assert recorded["models"] == ["naive", "ses"]
    assert recorded["example"] == "air-passengers"
    assert "processes" not in recorded
    json.dumps(recorded)


def test_a_finished_run_is_shown_again_without_work(capsys):
    assert run(request_for()) == 0
    before = {path.name: path.stat().st_mtime_ns for path in Path("tidegate-forecast-air-passengers").iterdir()}
    capsys.readouterr()
    assert run(request_for(folder=Folder(resume=True), speech=Speech(json=True))) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"]["baseline"] == "seasonal-naive"
    assert "is finished already" in err
    after = {path.name: path.stat().st_mtime_ns for path in Path("tidegate-forecast-air-passengers").iterdir()}
    assert after == before


def test_a_finished_run_made_otherwise_is_not_taken_for_this_one():
    assert run(request_for()) == 0
    with pytest.raises(SettingError, match=r"holds a finished run with horizon 6, not 7"):
        run(request_for(ahead=Ahead(7), folder=Folder(resume=True)))


def test_the_recommended_model_is_checked_and_the_best_network_looked_into(capsys):
    small = Judging(models="ses,rnn", folds=2, processes=1, settings=["rnn.training.n_updates=10", "rnn.n_members=1"])
    assert run(request_for(judging=small)) == 0
    shown = capsys.readouterr().out
    assert shown.index("Checked before you trust it") < shown.index("Inside the network: rnn")
    found = json.loads(Path("tidegate-forecast-air-passengers/run.json").read_text("utf-8"))
    command = f"tidegate audit {found['seal']['model']} --example air-passengers --horizon 6"
    assert found["seal"]["command"].startswith(command)
    assert " ".join(found["seal"]["statement"].split()) in " ".join(shown.split())
    assert found["inside"]["network"]["cell"] == "elman"
    page = Path("tidegate-forecast-air-passengers/report.html").read_text("utf-8")
    assert 'id="seal"' in page
    assert 'id="inside"' in page


def test_the_command_of_the_audit_reads_the_same_data_alike():
    source = Source(data=Path("my sales.csv"), id="shop", known="price", season="7")
    judging = Judging(models="ets,gru", settings=["gru.hidden_size=8"])
    asked = request_for(source=source, judging=judging, chance=Chance(3))
    said = "tidegate audit {} 'my sales.csv' --horizon 6 --id shop --known price --season 7{} --seed 3"
    assert _audit(asked, "gru") == said.format("gru", " --set hidden_size=8")
    assert _audit(asked, "ets") == said.format("ets", "")


def test_without_a_network_the_report_says_so_and_the_screen_nothing(capsys):
    assert run(request_for()) == 0
    assert "Inside the network" not in capsys.readouterr().out
    found = json.loads(Path("tidegate-forecast-air-passengers/run.json").read_text("utf-8"))
    assert found["inside"]["network"] is None
    assert "No recurrent network was among the models" in found["inside"]["sentences"][0]


def test_a_comparison_has_no_forecast(capsys):
    assert run(request_for("compare", speech=Speech(quiet=True, json=True))) == 0
    document = json.loads(capsys.readouterr().out)
    assert "forecast" not in document
    assert [row["model"] for row in document["scores"]] == ["naive", "seasonal-naive", "ses"]
    assert not (Path(document["output"]) / "model").exists()
    assert not {"seal", "inside"} & set(document["run"])
