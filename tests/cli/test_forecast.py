"""`tidegate forecast`: the files, that they agree, that they are the same bits, what is printed."""

import csv
import json
from pathlib import Path

import pytest

FILES = [
    "backtest.csv", "evidence.json", "forecast.csv", "model", "report.html", "run.json", "scores.csv", "verdict.json",
]  # fmt: skip


def rows(path):
    with Path(path).open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_files_agree(tidegate, monthly):
    done = tidegate(f"forecast {monthly()} --horizon 6 --models naive,ets,theta --folds 3 --output out")
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in Path("out").iterdir()) == FILES
    verdict = json.loads(Path("out/verdict.json").read_text())
    scores = {row["model"]: row for row in rows("out/scores.csv")}
    best = min(scores, key=lambda name: float(scores[name]["MASE"]))
    assert verdict["winner"] == best
    assert verdict["baseline"] == "seasonal-naive"
    assert set(scores) == {"naive", "seasonal-naive", "ets", "theta"}
    forecast = rows("out/forecast.csv")
    assert list(forecast[0]) == ["unique_id", "ds", *columns(verdict["recommended"])]
    assert len(forecast) == 6
    assert forecast[0]["ds"].startswith("2021-01-01")
    backtest = rows("out/backtest.csv")
    assert len(backtest) == 3 * 6
    assert {"cutoff", "y", *columns("ets"), *columns("seasonal-naive")} <= set(backtest[0])
    for name, score in scores.items():
        errors = [abs(float(row["y"]) - float(row[name])) for row in backtest]
        assert float(score["MAE"]) == pytest.approx(sum(errors) / len(errors))


def columns(model):
    return [model, f"{model}-lo-80", f"{model}-hi-80", f"{model}-lo-95", f"{model}-hi-95"]


def test_the_same_seed_gives_the_same_bits_in_any_process(tidegate, spawned, monthly, same_bits):
    line = f"forecast {monthly()} --horizon 2 --models naive,linear,random-forest --folds 2 --seed 3 --quiet"
    assert tidegate(f"{line} --output a").exit_code == 0
    assert spawned(f"{line} --output b --processes 2").returncode == 0
    same_bits("a", "b")


def test_the_summary_says_what_the_files_say(tidegate, monthly):
    done = tidegate(f"forecast {monthly()} --horizon 6 --models naive,ets --folds 2 --output out")
    verdict = json.loads(Path("out/verdict.json").read_text())
    text = " ".join(done.stdout.split())
    assert verdict["statement"] in text
    assert "2021-06-01" in text
    assert "report.html" in text
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_is_one_document_on_stdout(spawned, monthly):
    done = spawned(f"forecast {monthly()} --horizon 6 --models naive --folds 2 --json --output out")
    document = json.loads(done.stdout)
    assert document["output"] == "out"
    assert document["verdict"] == json.loads(Path("out/verdict.json").read_text())
    assert document["evidence"] == json.loads(Path("out/evidence.json").read_text())
    assert len(document["forecast"]) == 6
    assert document["run"]["command"].startswith("tidegate forecast sales.csv --horizon 6")
    assert "Backtest" in done.stderr


def test_quiet_leaves_stderr_empty(spawned, monthly):
    done = spawned(f"forecast {monthly()} --horizon 6 --models naive --folds 2 --quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Verdict" in done.stdout


def test_options_reach_the_backtest(tidegate, monthly):
    line = (
        f"forecast {monthly()} --horizon 3 --models ses --folds 4 --stride 2 --gap 1 --window 40 --refit 2 "
        "--warm --levels 90 --season 6 --frequency MS --time month --target sold --json --quiet"
    )
    document = json.loads(tidegate(line).stdout)
    settings = document["run"]["settings"]
    assert (settings["folds"], settings["stride"], settings["gap"], settings["window"]) == (4, 2, 1, 40)
    assert (settings["refit"], settings["levels"], settings["season"]) == ("2", [90], "6")
    assert settings["warm"] is True
    assert "coverage-90" in document["scores"][0]
    cutoffs = sorted({row["cutoff"][:10] for row in rows(f"{document['output']}/backtest.csv")})
    assert cutoffs == ["2020-02-01", "2020-04-01", "2020-06-01", "2020-08-01"]


@pytest.mark.parametrize(
    ("kind", "said"), [("split", "split-conformal, from 18 errors of "), ("adaptive", "adaptive: those of ")]
)
def test_intervals_may_come_from_the_errors_of_the_backtest(tidegate, monthly, kind, said):
    line = f"forecast {monthly()} --horizon 3 --models ses --folds 6"
    own = json.loads(tidegate(f"{line} --json --quiet --output own").stdout)
    made = json.loads(tidegate(f"{line} --intervals {kind} --json --quiet --output {kind}").stdout)
    assert made["run"]["settings"]["intervals"] == kind
    assert any(f"The intervals of the forecast are {said}" in note for note in made["run"]["notes"])
    first, second = (rows(f"{folder}/forecast.csv") for folder in ("own", kind))
    model = made["verdict"]["recommended"]
    assert [row[model] for row in first] == [row[model] for row in second]
    assert [row[f"{model}-hi-80"] for row in first] != [row[f"{model}-hi-80"] for row in second]
    assert said in Path(f"{kind}/report.html").read_text()
    assert own["scores"] == made["scores"]


def test_intervals_of_the_backtest_need_its_first_steps(tidegate, monthly):
    done = tidegate(f"forecast {monthly()} --horizon 3 --models ses --gap 1 --intervals adaptive")
    assert done.exit_code == 2
    assert "Set the gap to 0, or the intervals to 'own'." in done.stderr


def test_known_past_and_static_covariates_are_used(tidegate, monthly, table):
    extra = {
        "price": [10 + k % 5 for k in range(72)],
        "visits": [100 + (7 * k) % 11 for k in range(72)],
        "region": ["north"] * 72,
        "shop": ["a"] * 72,
    }
    future = table("shop,month,price", *(f"a,2021-{k:02}-01,{k}" for k in range(1, 5)), name="future.csv")
    done = tidegate(
        f"forecast {monthly(extra=extra)} --horizon 4 --id shop --target sold --known price --past visits "
        f"--static region --future {future} --models linear --folds 2 --json --quiet"
    )
    assert done.exit_code == 0, done.stderr
    assert [row["unique_id"] for row in json.loads(done.stdout)["forecast"]] == ["a"] * 4


def test_several_seeds_are_scored_together(tidegate, monthly):
    line = (
        f"compare {monthly()} --horizon 3 --models random-forest --set random-forest.n_trees=2 --folds 3 --json --quiet"
    )
    once, twice = (json.loads(tidegate(f"{line} {more}").stdout) for more in ("", "--seeds 2"))
    assert twice["run"]["settings"]["seeds"] == 2
    assert len(twice["evidence"]["seeds"]["random-forest"]) == 2
    first, mean = (
        next(row["MASE"] for row in one["scores"] if row["model"] == "random-forest") for one in (once, twice)
    )
    assert twice["evidence"]["seeds"]["random-forest"][0] == pytest.approx(first)
    assert mean == pytest.approx(sum(twice["evidence"]["seeds"]["random-forest"]) / 2)


def test_cells_are_compared_with_equal_parameters(tidegate, monthly):
    line = (
        f"compare {monthly()} --horizon 3 --cells gru,rnn --match parameters --seeds 2 --folds 3 --refit once --quiet"
    )
    done = tidegate(line)
    assert done.exit_code == 0, done.stderr
    assert "Cells, parameters alike, best first" in done.stdout
    document = json.loads(tidegate(f"{line} --json --resume").stdout)
    rows = {row["model"]: row for row in document["run"]["cells"]["rows"]}
    assert rows["gru"]["hidden_size"] == 64 < rows["rnn"]["hidden_size"]
    assert rows["gru"]["parameters"] == pytest.approx(rows["rnn"]["parameters"], rel=0.03)
    assert all(row["memory_length"] is None or 0 < row["memory_length"] < row["window"] for row in rows.values())
    assert "the gradient has fallen to 1/e" in document["run"]["cells"]["sentences"][-1]
    assert {row["model"] for row in document["scores"]} == {"gru", "rnn", "seasonal-naive"}
    assert "Which cell?" in Path(document["output"], "report.html").read_text("utf-8")


def test_functions_and_forecasts_of_others_are_judged(tidegate, monthly, tmp_path):
    line = f"compare {monthly()} --horizon 3 --models naive --folds 3 --json --quiet"
    first = json.loads(tidegate(line).stdout)
    theirs = tmp_path / "theirs.csv"
    rows_of = rows(f"{first['output']}/backtest.csv")
    theirs.write_text(
        "unique_id,ds,cutoff,made\n"
        + "".join(f"{row['unique_id']},{row['ds']},{row['cutoff']},{row['naive']}\n" for row in rows_of)
    )
    mine = tmp_path / "mine.py"
    mine.write_text(
        "import pandas as pd\n\ndef predict(history, horizon):\n"
        "    stamps = pd.date_range(history['ds'].iloc[-1], periods=horizon + 1, freq='MS')[1:]\n"
        "    name, newest = history['unique_id'].iloc[0], history['y'].iloc[-1]\n"
        "    return pd.DataFrame({'unique_id': name, 'ds': stamps, 'f': newest})\n"
    )
    done = tidegate(f"{line} --with {mine}:predict --forecasts {theirs}")
    assert done.exit_code == 0, done.stderr
    errors = {row["model"]: row["MASE"] for row in json.loads(done.stdout)["scores"]}
    assert set(errors) == {"naive", "seasonal-naive", "predict", "theirs"}
    assert errors["predict"] == errors["naive"] == pytest.approx(errors["theirs"])


def test_a_function_that_draws_is_marked(tidegate, monthly, tmp_path):
    mine = tmp_path / "drawing.py"
    mine.write_text(
        "import numpy as np\nimport pandas as pd\n\nRNG = np.random.default_rng()\n\ndef draws(history, horizon):\n"
        "    stamps = pd.date_range(history['ds'].iloc[-1], periods=horizon + 1, freq='MS')[1:]\n"
        "    made = history['y'].iloc[-1] + RNG.normal(size=horizon)\n"
        "    return pd.DataFrame({'unique_id': history['unique_id'].iloc[0], 'ds': stamps, 'f': made})\n"
    )
    done = tidegate(f"compare {monthly()} --horizon 3 --models naive --folds 3 --quiet --with {mine}:draws")
    assert done.exit_code == 0, done.stderr
    assert "\n  draws ? " in done.stdout
    assert "? draws is not the same twice" in done.stdout
    assert "draws: not the same twice: asked again for the newest fold" in " ".join(done.stdout.split())


def test_others_may_not_be_called_like_our_models(tidegate, monthly):
    Path("naive.csv").write_text("unique_id,ds,cutoff,y\na,2020-01-01,2019-12-01,3\n")
    done = tidegate(f"compare {monthly()} --horizon 3 --forecasts naive.csv --quiet")
    assert done.exit_code == 2
    assert "naive is the name of one of our models: rename the function or the file" in done.stderr


def test_a_function_that_is_not_there(tidegate, monthly):
    done = tidegate(f"compare {monthly()} --horizon 3 --with nowhere.py:predict --quiet")
    assert done.exit_code == 2
    assert "nowhere.py cannot be imported" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--cells gru", "name at least two"),
        ("--cells gru,lstn", "There is no cell 'lstn'"),
        ("--cells gru,rnn --match speed", "match is 'speed'"),
        ("--cells gru,rnn --models gru,ets", "gru is named in --models and in --cells"),
        ("--cells gru,rnn --set gru.layers=2", "--set names gru; networks of --cells differ in their cell alone"),
        ("--match hidden", "--match goes with --cells"),
    ],
)
def test_cells_that_cannot_be_compared(tidegate, monthly, options, said):
    done = tidegate(f"compare {monthly()} --horizon 3 --quiet {options}")
    assert done.exit_code == 2
    assert said in done.stderr


def test_the_budget_names_what_it_left_out(tidegate, monthly):
    done = tidegate(f"forecast {monthly()} --horizon 6 --models naive,ets,theta --folds 2 --budget 0.000001 --json")
    document = json.loads(done.stdout)
    assert set(document["run"]["left_out"]) == {"naive", "ets", "theta"}
    assert "seconds for judging were over" in document["run"]["left_out"]["ets"]
    assert [row["model"] for row in document["scores"]] == ["seasonal-naive"]


def test_the_example_needs_no_name_and_no_file(tidegate):
    done = tidegate("forecast --example --horizon 12 --models naive --folds 2 --quiet")
    assert done.exit_code == 0
    assert Path("tidegate-forecast-air-passengers/report.html").exists()


def test_dirty_data_are_accepted_with_the_named_option(tidegate, monthly):
    values = [str(100 + k % 12) for k in range(72)]
    values[30] = ""
    stamps = [f"{2015 + k // 12}-{k % 12 + 1:02}-01" for k in range(72)]
    stamps[11] = stamps[10]
    name = monthly(values, stamps=stamps)
    refused = tidegate(f"forecast {name} --horizon 3 --models naive --folds 2")
    assert refused.exit_code == 2
    accepted = tidegate(
        f"forecast {name} --horizon 3 --models naive --folds 2 --duplicates mean --fill interpolate --quiet"
    )
    assert accepted.exit_code == 0, accepted.stderr


def test_gaps_are_kept_for_the_networks_on_demand(tidegate, monthly):
    values = [str(100 + k % 12) for k in range(72)]
    values[30] = ""
    done = tidegate(f"forecast {monthly(values)} --horizon 3 --models naive,narn --folds 1 --fill keep --quiet --json")
    assert done.exit_code == 0, done.stderr
    assert "kept missing for models that read gaps" in done.stdout
    assert {row["model"] for row in json.loads(done.stdout)["scores"]} >= {"naive", "narn"}


def test_resampling_and_a_time_zone(tidegate, table):
    hours = [f"2024-03-{d:02}T{h:02}:00:00+01:00,{h}" for d in range(1, 29) for h in range(24)]
    name = table("at,load", *hours)
    done = tidegate(
        f"forecast {name} --horizon 2 --models naive --folds 2 --resample sum --frequency D "
        "--timezone Europe/Berlin --json --quiet"
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["forecast"][0]["naive"] == 276.0


def test_a_constant_series_works_and_says_so(tidegate, monthly):
    done = tidegate(f"forecast {monthly(['5'] * 72)} --horizon 3 --models naive,ets --folds 2 --quiet")
    assert done.exit_code == 0, done.stderr
    assert "constant" in done.stdout.lower()
    assert {float(row[list(row)[2]]) for row in rows("tidegate-forecast-sales/forecast.csv")} == {5.0}
