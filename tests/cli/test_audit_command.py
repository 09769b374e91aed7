"""`tidegate audit` as users type it: exit codes, and a clear word for every function that does not behave."""

import json
import sys
from pathlib import Path

import pytest

BASE = """
import pandas as pd

def good(history, horizon):
    parts = []
    for name, one in history.groupby("unique_id", sort=False):
        stamps = pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        parts.append(pd.DataFrame({"unique_id": name, "ds": stamps, "made": one["y"].iloc[-1]}))
    return pd.concat(parts)

def raising(history, horizon):
    return history["price"]

def mutating(history, horizon):
    history["y"] = 0.0
    return good(history, horizon)

def nameless(history, horizon):
    return good(history, horizon).drop(columns="unique_id")

def short(history, horizon):
    return good(history, horizon - 1)

def missing(history, horizon):
    return good(history, horizon).assign(made=float("nan"))

def random(history, horizon, draws=[]):
    draws.append(1)
    return good(history, horizon).assign(made=lambda rows: rows["made"] + 7 * len(draws) % 5)

def stale(history, horizon):
    return good(history.groupby("unique_id", sort=False).head(-3), horizon).assign(
        ds=good(history, horizon)["ds"].to_numpy()
    )

def leaking(frame, horizon, folds):
    mean = frame["y"].mean()
    parts = []
    for name, one in frame.groupby("unique_id", sort=False):
        for fold in range(folds, 0, -1):
            end = len(one) - fold * horizon
            parts.append(pd.DataFrame({
                "unique_id": name, "ds": one["ds"].iloc[end:end + horizon], "cutoff": one["ds"].iloc[end - 1],
                "made": one["y"].iloc[end - 1] + 0.1 * mean,
            }))
    return pd.concat(parts)
"""


@pytest.fixture(autouse=True)
def module(here, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("shop.py").write_text(BASE)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("raising", "shop.py:raising raised KeyError: 'price'"),
        ("mutating", "changed the frame that it was given"),
        ("nameless", "returned no column 'unique_id'"),
        ("short", "returned 5 rows, but none for this step"),
        ("missing", "returned nan in column 'made'"),
        ("absent", "shop.py has no 'absent'"),
    ],
)
def test_a_function_that_does_not_behave_exits_with_2(tidegate, monthly, function, message):
    done = tidegate(f"audit shop.py:{function} {monthly()} --horizon 6 --quiet")
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not list(Path().glob("tidegate-audit-*"))


@pytest.mark.parametrize(
    ("function", "check"), [("random", "sameness"), ("leaking", "leaks"), ("stale", "blind-spots")]
)
def test_a_failed_check_exits_with_1_unless_allowed(tidegate, monthly, function, check):
    line = f"audit shop.py:{function} {monthly()} --horizon 6 --quiet --json"
    done = tidegate(f"{line} --output out")
    assert done.exit_code == 1, done.stderr
    failed = [one["check"] for one in json.loads(done.stdout)["findings"] if one["outcome"] == "failed"]
    assert failed == [check]
    assert tidegate(f"{line} --allow {check} --output allowed").exit_code == 0


def test_a_model_and_its_folder_exit_with_0(tidegate, monthly):
    name = monthly()
    assert tidegate(f"audit ets {name} --horizon 6 --quiet --output byname").exit_code == 0
    assert tidegate(f"fit {name} --model ets --horizon 6 --output saved").exit_code == 0
    done = tidegate(f"audit saved {name} --horizon 6 --quiet --output out")
    assert done.exit_code == 0, done.stderr
    assert "The model was fitted before" in done.stdout
    refused = tidegate(f"audit saved {name} --horizon 7 --quiet")
    assert refused.exit_code == 2
    assert "fitted for 6 steps ahead, not 7" in refused.stderr


def test_short_data_are_refused(tidegate, monthly):
    name = monthly([str(k) for k in range(18)])
    refused = tidegate(f"audit naive {name} --horizon 6 --season 12 --quiet")
    assert refused.exit_code == 2
    assert "18 observations; an audit 6 steps ahead with a season of 12 needs 31" in refused.stderr
