"""The other commands: analyse, compare, fit, predict, models."""

import json
from pathlib import Path

import pytest


def test_compare_judges_without_a_forecast(tidegate, monthly):
    done = tidegate(f"compare {monthly()} --horizon 6 --models naive,ets --folds 2 --refit once --output out")
    assert done.exit_code == 0, done.stderr
    assert "Verdict" in done.stdout
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["backtest.csv", "evidence.json", "report.html", "run.json", "scores.csv", "verdict.json"]


def test_fit_and_predict_are_the_halves_of_forecast(tidegate, monthly):
    name = monthly()
    whole = json.loads(tidegate(f"forecast {name} --horizon 6 --models ets --folds 2 --json --quiet").stdout)
    recommended = whole["verdict"]["recommended"]
    fitted = tidegate(f"fit {name} --model {recommended} --horizon 6 --output saved")
    assert fitted.exit_code == 0, fitted.stderr
    predicted = tidegate("predict saved --levels 80,95 --output ahead --json")
    assert json.loads(predicted.stdout)["forecast"] == whole["forecast"]
    assert Path("ahead/forecast.csv").read_bytes() == Path(whole["output"], "forecast.csv").read_bytes()


def test_a_finished_folder_is_taken_for_the_same_question_alone(tidegate, monthly):
    assert tidegate(f"fit {monthly()} --model naive --horizon 6 --output saved").exit_code == 0
    assert tidegate("predict saved --levels 80 --output ahead").exit_code == 0
    assert tidegate("predict saved --levels 80 --output ahead --resume").exit_code == 0
    refused = tidegate("predict saved --levels 95 --output ahead --resume")
    assert refused.exit_code == 2
    assert "holds a finished run with levels [80], not [95]" in refused.stderr
    run = json.loads(Path("ahead/run.json").read_text())
    assert run["settings"] == {"model": "saved", "levels": [80]} | {
        name: run["settings"][name] for name in ("fill", "duplicates")
    }


def test_settings_are_set_from_the_command_line(tidegate, monthly):
    name = monthly()
    line = f"fit {name} --horizon 6 --model recurrent --set cell=lstm --set training.n_updates=2 --output saved --json"
    fitted = tidegate(line)
    assert fitted.exit_code == 0, fitted.stderr
    assert any("up to 2 updates" in note for note in json.loads(fitted.stdout)["notes"])
    judged = tidegate(f"compare {name} --horizon 6 --models ets --set ets.search=full --folds 2 --output out")
    assert judged.exit_code == 0, judged.stderr
    refused = tidegate(f"compare {name} --horizon 6 --models ets --set ets.serch=full --output other")
    assert refused.exit_code == 2
    assert "Did you mean 'search'?" in refused.stderr
    assert not Path("other").exists()


def test_auto_says_what_it_chose_and_forecasts_with_it(tidegate, monthly):
    fitted = tidegate(f"fit {monthly()} --model auto --horizon 6 --output chosen --json")
    assert fitted.exit_code == 0, fitted.stderr
    notes = json.loads(fitted.stdout)["notes"]
    assert any(note.startswith("auto chose ") for note in notes)
    assert any(note.startswith("Judged on 1 series at ") for note in notes)
    rows = json.loads(tidegate("predict chosen --levels 80 --json").stdout)["forecast"]
    assert len(rows) == 6
    assert rows[0]["auto-lo-80"] < rows[0]["auto"] < rows[0]["auto-hi-80"]


def test_predict_reads_newer_data(tidegate, monthly, table):
    name = monthly()
    assert tidegate(f"fit {name} --model linear --horizon 3 --seed 5 --output saved --quiet").exit_code == 0
    newer = table(*Path(name).read_text().splitlines(), "2021-01-01,180.0", name="newer.csv")
    rows = json.loads(tidegate(f"predict saved {newer} --json").stdout)["forecast"]
    assert rows[0]["ds"].startswith("2021-02-01")


def test_predict_takes_the_future_of_known_covariates(tidegate, monthly, table):
    name = monthly(extra={"price": [10 + k % 5 for k in range(72)]})
    future = table("month,price", *(f"2021-{k:02}-01,12" for k in range(1, 4)), name="future.csv")
    made = tidegate(f"fit {name} --model linear --horizon 3 --known price --target sold --output saved")
    assert made.exit_code == 0, made.stderr
    missing = tidegate("predict saved")
    assert missing.exit_code == 2
    assert "price" in missing.stderr
    assert tidegate(f"predict saved --future {future}").exit_code == 0
    torn = table("month,price", "2021-01-01,12", "2021-02-01,", "2021-03-01,12", name="torn.csv")
    refused = tidegate(f"predict saved --future {torn}")
    assert refused.exit_code == 2
    assert "row 3, column 'price'" in refused.stderr
    plain = tidegate(f"predict saved --future {future} --levels none --json")
    assert set(json.loads(plain.stdout)["forecast"][0]) == {"unique_id", "ds", "linear"}


def test_ids_that_appear_only_at_prediction(tidegate, monthly):
    old = monthly(extra={"shop": ["a"] * 72})
    new = monthly(extra={"shop": ["b"] * 72}, name="new.csv")
    assert tidegate(f"fit {old} --model ets --horizon 3 --id shop --output local").exit_code == 0
    refused = tidegate(f"predict local {new} --id shop")
    assert refused.exit_code == 2
    assert "series 'b': ets fits one model per series and was not fitted on this one" in refused.stderr
    assert tidegate(f"fit {old} --model linear --horizon 3 --id shop --output global").exit_code == 0
    accepted = tidegate(f"predict global {new} --id shop --json")
    assert accepted.exit_code == 0, accepted.stderr
    assert json.loads(accepted.stdout)["forecast"][0]["unique_id"] == "b"


def test_analyse_says_what_the_series_is_like(tidegate, monthly):
    done = tidegate(f"analyse {monthly()} --output out")
    assert done.exit_code == 0, done.stderr
    assert "rising" in done.stdout.lower()
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_analyse_one_series_of_many(tidegate):
    typical = json.loads(tidegate("analyse --example retail --json").stdout)["profile"]["series"]
    listed = tidegate("analyse --example retail --series nowhere")
    assert listed.exit_code == 2
    assert "nowhere" in listed.stderr
    again = json.loads(tidegate(f"analyse --example retail --series '{typical}' --json").stdout)
    assert again["profile"]["series"] == typical


def test_models_lists_what_each_can_take(tidegate):
    assert "seasonal-naive" in tidegate("models").stdout
    assert json.loads(tidegate("models --json").stdout)[0]["name"] == "naive"


@pytest.mark.parametrize("name", ["air-passengers", "sunspots", "co2", "retail"])
def test_every_example_runs(tidegate, name):
    done = tidegate(f"compare --example {name} --horizon 4 --models naive --folds 2 --quiet --output out")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("command", ["forecast", "compare", "analyse", "fit --model naive"])
def test_the_commands_take_an_example(tidegate, command):
    horizon = "" if command == "analyse" else "--horizon 4"
    models = "--models naive --folds 2" if command in ("forecast", "compare") else ""
    assert tidegate(f"{command} --example {horizon} {models}").exit_code == 0


@pytest.mark.parametrize("typed", ["models", "models --json"])
def test_a_reader_who_leaves_is_no_failure(started, typed):
    running = started(typed)
    running.stdout.close()
    assert running.wait(timeout=60) == 0
    assert running.stderr.read() == ""
    running.stderr.close()
