"""Tuning as a user types it: stopped, killed and resumed to the same trials; honest about what cannot be tuned."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

LINE = "tune sales.csv --model random-forest --horizon 6 --folds 3 --trials 6 --seed 2"
NAMES = ("settings.json", "trials.csv")


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def finished_trials():
    journal = Path("out.unfinished/study.journal")
    return journal.exists() and sum('"op_code":6' in line for line in journal.read_text().splitlines())


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["ctrl-c", "kill"]
)
def test_a_stopped_search_goes_on_to_the_same_trials(sent, code, monthly, started, tidegate):
    monthly()
    command = started(f"{LINE} --output out")
    wait_for(lambda: finished_trials() >= 2)
    os.killpg(command.pid, sent)
    out, err = command.communicate(timeout=30)
    assert command.returncode == code
    assert out == ""
    assert not Path("out").exists()
    if sent == signal.SIGINT:
        assert "Traceback" not in err
        assert "Stopped. What was finished is kept in out.unfinished" in err
        assert f"Go on with: tidegate {LINE} --output out --resume" in err
    refused = tidegate(f"{LINE} --output out")
    assert refused.exit_code == 2
    assert "Add --resume" in refused.stderr
    assert tidegate(f"{LINE} --output out --resume").exit_code == 0
    assert not Path("out.unfinished").exists()
    assert tidegate(f"{LINE} --output whole").exit_code == 0
    for name in NAMES:
        assert Path("out", name).read_bytes() == Path("whole", name).read_bytes()
    for folder in ("out", "whole"):
        assert tidegate(f"predict {folder} --output {folder}-ahead").exit_code == 0
    assert Path("out-ahead/forecast.csv").read_bytes() == Path("whole-ahead/forecast.csv").read_bytes()


def test_the_tuned_model_is_judged_on_what_was_held_out(monthly, tidegate):
    monthly()
    line = "tune sales.csv --model linear --horizon 6 --folds 3 --trials 5 --held-out 1 --budget 600 --quiet --json"
    made = tidegate(line)
    assert made.exit_code == 0
    assert made.stderr == ""
    document = json.loads(made.stdout)
    assert document["run"]["settings"]["held_out"] == 1
    assert document["output"] == "tidegate-tune-sales-linear"


def test_nothing_to_tune_is_bad_usage(tidegate):
    refused = tidegate("tune --example --model arima --horizon 6")
    assert refused.exit_code == 2
    assert "arima chooses its form from each series by itself: there is nothing to tune." in refused.stderr
    assert not list(Path().iterdir())


def test_a_missing_library_is_named(tidegate, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    refused = tidegate("tune --example --model gru --horizon 6")
    assert refused.exit_code == 1
    assert "optuna is not installed. Install it with: pip install 'tidegate[tune]'" in refused.stderr
