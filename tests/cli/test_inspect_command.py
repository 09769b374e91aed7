"""`tidegate inspect` as a user types it."""

import json
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def saved(tidegate, monthly):
    """A small gru of two networks, fitted to 72 months."""
    line = f"fit {monthly()} --horizon 4 --model gru --set hidden_size=6 --set n_members=2"
    made = tidegate(f"{line} --set training.n_updates=30 --output saved --quiet")
    assert made.exit_code == 0, made.stderr
    return "saved"


def test_a_saved_model_is_inspected_on_what_it_was_fitted_on(tidegate, saved):
    done = tidegate(f"inspect {saved} --output seen")
    assert done.exit_code == 0, done.stderr
    assert "your season is 12." in done.stdout
    assert "Data: sold\n  The data that the model was fitted on: 72 observations." in done.stdout
    assert json.loads(Path("seen/insight.json").read_text("utf-8"))["name"] == "sold"
    assert "seen/report.html" in done.stdout
    page = Path("seen/report.html").read_text("utf-8")
    assert "<h1>sold</h1>" in page
    assert "Forget" not in page.split("<script")[0]
    assert "Update gate" in page
    with np.load("seen/arrays.npz") as arrays:
        assert arrays["layer1.gate.update"].shape[1] == 6


def test_newer_data_another_member_and_more_windows(tidegate, saved, monthly):
    newer = monthly(extra={"shop": ["y"] * 72}, name="newer.csv")
    line = f"inspect {saved} {newer} --id shop --target sold --series y --member 2 --origins 9 --json"
    document = json.loads(tidegate(line).stdout)
    (network,) = document["networks"]
    assert document["name"] == "newer"
    assert network["member"] == 2
    assert network["windows"] == 9
    assert network["series"] == "y"


def test_bundled_data_get_a_small_gru(tidegate):
    done = tidegate("inspect --example air-passengers --seed 3 --output seen --quiet --json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["networks"][0]["cell"] == "gru"
    assert document["notes"][-1] == "A gru of 32 hidden units was fitted to air-passengers for 12 steps ahead."


def test_an_elman_network_is_said_to_have_no_gates(tidegate, monthly):
    line = f"fit {monthly()} --horizon 4 --model rnn --set training.n_updates=20 --output saved --quiet"
    assert tidegate(line).exit_code == 0
    done = tidegate("inspect saved --output seen")
    assert done.exit_code == 0, done.stderr
    assert "elman has no gates, so none are shown." in done.stdout
    assert "The recurrent Jacobian has a spectral radius of" in done.stdout


def test_a_model_that_is_not_recurrent_is_refused(tidegate, monthly):
    assert tidegate(f"fit {monthly()} --horizon 4 --model naive --output saved --quiet").exit_code == 0
    done = tidegate("inspect saved --output seen")
    assert done.exit_code == 2
    assert "What can be inspected: rnn, lstm, gru, recurrent" in done.stderr
    assert not Path("seen").exists()


def test_the_heaviest_recurrent_member_of_an_ensemble_is_inspected_step_by_step(tidegate, monthly):
    line = f"fit {monthly()} --horizon 4 --model ensemble --set members=naive,rnn --output saved --quiet"
    assert tidegate(line).exit_code == 0
    done = tidegate("inspect saved --steps all --output seen")
    assert done.exit_code == 0, done.stderr
    assert "ensemble holds one recurrent model, rnn, which was looked into: it is 50 % of\n" in done.stdout
    assert "rnn in ensemble" in done.stdout
    assert "Step by step" in Path("seen/report.html").read_text("utf-8")
    (network,) = json.loads(tidegate("inspect saved --steps 4,1 --output few --json").stdout)["networks"]
    assert network["steps"] == [1, 4]
    wrong = tidegate("inspect saved --steps 1,5 --output wrong")
    assert wrong.exit_code == 2
    assert "5 is not among them; the model forecasts the steps 1 to 4" in wrong.stderr
    assert "it must be all, or steps ahead separated" in tidegate("inspect saved --steps one --output wrong").stderr


def test_an_ensemble_without_a_recurrent_member_is_refused(tidegate, monthly):
    line = f"fit {monthly()} --horizon 4 --model ensemble --set members=naive,drift --output saved --quiet"
    assert tidegate(line).exit_code == 0
    done = tidegate("inspect saved --output seen")
    assert done.exit_code == 2
    assert "ensemble holds no recurrent model" in done.stderr
    assert not Path("seen").exists()


def test_data_too_short_for_a_window_are_refused(tidegate, saved, monthly):
    short = monthly([f"{100 + k % 12}" for k in range(30)], name="short.csv")
    done = tidegate(f"inspect {saved} {short} --season 12 --output seen")
    assert done.exit_code == 2
    assert "30 observations; the network reads windows of 48" in done.stderr


def test_a_folder_without_a_model_and_no_folder_at_all(tidegate):
    Path("empty").mkdir()
    for line in ("inspect nothing", "inspect empty", "predict nothing", "predict empty"):
        done = tidegate(line)
        assert done.exit_code == 2, line
        assert "is not a saved model" in done.stderr
        assert "Name a folder that fit, forecast or tune wrote." in done.stderr
    done = tidegate("inspect")
    assert done.exit_code == 2
    assert "or give --example to see the adding problem" in done.stderr


def test_the_training_series_of_a_panel_are_named_a_few_of_them(tidegate, table):
    months = [f"{2015 + k // 12}-{k % 12 + 1:02}-01,{100 + k % 12 + k * 7 % 5}" for k in range(48)]
    rows = [f"shop-{n},{month}" for n in range(5) for month in months]
    data = table("shop,month,sold", *rows)
    line = f"fit {data} --horizon 4 --model gru --set hidden_size=4 --set n_members=1 --set training.n_updates=10"
    assert tidegate(f"{line} --output saved --quiet").exit_code == 0
    done = tidegate("inspect saved --output seen")
    assert done.exit_code == 0, done.stderr
    assert "Data: shop-0, shop-1, shop-2 and 2 more\n" in done.stdout
    assert "240 observations of 5 series." in done.stdout


def test_a_finished_folder_is_shown_again(tidegate, saved):
    first = tidegate(f"inspect {saved} --output seen --json").stdout
    assert tidegate(f"inspect {saved} --output seen").exit_code == 2
    assert tidegate(f"inspect {saved} --output seen --resume --json").stdout == first
    assert tidegate(f"inspect {saved} --output seen --force").exit_code == 0


@pytest.mark.slow
def test_the_adding_problem_is_the_default_example(tidegate):
    done = tidegate("inspect --example --output seen --quiet")
    assert done.exit_code == 0, done.stderr
    assert "Side by side" in done.stdout
