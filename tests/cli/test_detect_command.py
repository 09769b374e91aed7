"""`tidegate detect` as a user types it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tidegate as package

QUICK = "--epochs 3 --batch-size 16 --set hidden_size=4 --set window=16 --false-alarms 0.01"


@pytest.fixture
def pump(table):
    """A pump that breaks once, in the second half."""
    flow = np.sin(np.arange(400) / 4) + np.random.default_rng(0).normal(0, 0.1, 400)
    flow[300:305] += 4
    stamps = pd.date_range("2026-01-01", periods=400, freq="h")
    rows = [
        f"{stamp:%Y-%m-%d %H:%M},{value:.4f},{int(300 <= k < 305)}"
        for k, (stamp, value) in enumerate(zip(stamps, flow, strict=True))
    ]
    return table("time,flow,fault", *rows, name="pump.csv")


def test_it_says_when_and_who_and_leaves_everything(tidegate, pump):
    done = tidegate(f"detect {pump} --labels fault --time time --output made --quiet {QUICK}")
    assert done.exit_code == 0, done.stderr
    assert "Alarms, oddest first" in done.stdout
    assert "flow 100 %" in done.stdout
    assert "2026-01-13" in done.stdout
    assert sorted(path.name for path in Path("made").iterdir()) == [
        "alarms.csv", "model", "report.html", "run.json", "scores.json", "steps.csv",
    ]  # fmt: skip
    alarms = pd.read_csv("made/alarms.csv")
    assert list(alarms) == ["recording", "start", "end", "steps", "time", "score", "channels"]
    steps = pd.read_csv("made/steps.csv")
    assert len(steps) == 200
    model = package.load("made")
    np.testing.assert_allclose(
        model.score_samples(pd.read_csv(pump)[["flow"]][200:].to_numpy()), steps["score"], atol=1e-5
    )


def test_json_holds_the_verdict_and_a_finished_run_is_shown_again(tidegate, pump):
    line = f"detect {pump} --labels fault --output made --json --seed 2 {QUICK}"
    first = tidegate(line)
    told = json.loads(first.stdout)
    assert told["events"] == 1
    assert told["detectors"][0]["event recall"] == 1.0
    assert told["run"]["settings"]["seed"] == 2
    assert tidegate(f"{line} --resume").stdout == first.stdout
    assert tidegate(line).exit_code == 2
    other = tidegate(f"{line} --resume --normal 0.6")
    assert other.exit_code == 2
    assert "holds a finished run with normal 0.5, not 0.6" in " ".join(other.stderr.split())
    assert tidegate(f"{line} --force --per step").exit_code == 0


def test_another_file_is_watched_with_alarms_by_the_day(tidegate, pump):
    done = tidegate(f"detect {pump} --watch {pump} --per day --json {QUICK.replace('0.01', '0.5')} --labels fault")
    told = json.loads(done.stdout)
    assert told["steps"] == 400
    assert told["threshold"]["rate"] == pytest.approx(0.5 / 24)
    assert "5 of the 400 steps that were learned from are labelled odd" in told["run"]["notes"][0]


@pytest.mark.parametrize(("learned", "watched"), [("pump.csv", "plain.csv"), ("plain.csv", "pump.csv")])
def test_labels_may_be_in_one_of_two_files(tidegate, pump, learned, watched):
    """Without them in what is watched nothing is judged, which is said; in what is learned from they only warn."""
    pd.read_csv(pump).drop(columns="fault").to_csv("plain.csv", index=False)
    done = tidegate(f"detect {learned} --watch {watched} --labels fault --json {QUICK}")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    missing = "plain.csv has no column 'fault': nothing says which of its steps are odd."
    assert ("verdict" in told) is (watched == "pump.csv")
    assert (missing in told["run"]["notes"]) is (watched == "plain.csv")
    assert any("are labelled odd" in one for one in told["run"]["notes"]) is (learned == "pump.csv")


def test_recordings_have_a_column(tidegate, table):
    values = np.random.default_rng(0).normal(size=480)
    name = table("unit,flow", *(f"{'ab'[k % 2]},{value:.4f}" for k, value in enumerate(values)))
    told = json.loads(tidegate(f"detect {name} --id unit --json {QUICK}").stdout)
    assert told["steps"] == 240
    assert "verdict" not in told
    assert any("Nothing says which steps are odd" in one for one in told["sentences"])


def test_channels_go_by_their_names_and_what_says_nothing_is_named(tidegate, table):
    values = np.random.default_rng(0).normal(size=(200, 2))
    values[:, 1] += 50
    table("flow,heat", *(f"{flow:.4f},{heat:.4f}" for flow, heat in values), name="normal.csv")
    table("heat,flow", *(f"{heat:.4f},{flow:.4f}" for flow, heat in values[:60]), ",", name="today.csv")
    told = json.loads(tidegate(f"detect normal.csv --watch today.csv --json {QUICK}").stdout)
    assert len(told["alarms"]) < 6
    assert told["run"]["notes"][-1] == "1 of the 61 steps watched hold no reading: they never raise an alarm."


def test_the_example_runs_without_data(tidegate):
    done = tidegate(f"detect --example logins {QUICK} --set lasting=10,50 --json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["events"] == 3


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("detect", "Name a file of recordings, or give --example."),
        ("detect nothere.csv", "nothere.csv"),
        ("detect pump.csv --example", "--example are given: give one of them"),
        ("detect --example pumps", "There is no example 'pumps'"),
        ("detect pump.csv --labels broken", "has no column 'broken'"),
        ("detect pump.csv --labels fault --normal 1", "normal is 1.0; it must be a number above 0 and below 1"),
        ("detect pump.csv --labels fault --normal 0", "normal is 0.0; it must be a number above 0 and below 1"),
        ("detect pump.csv --labels fault --watch pump.csv --normal 0.5", "--normal does not count beside --watch"),
        ("detect --example logins --labels odd", "--labels does not count for --example logins, whose columns are"),
        ("detect --example payments --id card", "--id does not count for --example payments"),
        ("detect --example --time time", "--time does not count for --example pump"),
        ("detect pump.csv --labels fault --normal 0.05", "normal steps are left to fit a threshold to; it needs 40"),
        ("detect pump.csv --false-alarms 0", "--false-alarms is 0.0; it must be a number above 0"),
        ("detect pump.csv --set hidden=3", "has no setting 'hidden'. Did you mean 'hidden_size'?"),
        ("detect pump.csv --set training.n_updates=9", "does not count for sequences: epochs of fit"),
        ("detect pump.csv --labels fault --batch-size 0", "--batch-size is 0"),
        ("detect back.csv", "row 3, column 'time': time stands still or goes backwards here"),
        ("detect short.csv", "it needs 8"),
        ("detect pump.csv --labels broken --watch pump.csv", "has no column 'broken'"),
        ("detect pump.csv --labels fault --watch two.csv", "the recording has 2 channels; training had 1"),
        (
            "detect two.csv --labels fault --watch other.csv",
            "the recording has no channel 'level'; it has 'flow', 'heat'",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(tidegate, pump, table, typed, said):
    table("time,flow", "2026-01-02,1", "2026-01-01,2", name="back.csv")
    table("flow", "1", "2", "3", name="short.csv")
    table("flow,level,fault", *(f"{k},{k},0" for k in range(50)), name="two.csv")
    table("flow,heat,fault", *(f"{k},{k},0" for k in range(50)), name="other.csv")
    before = sorted(Path().iterdir())
    done = tidegate(typed)
    assert done.exit_code == 2, done.stdout
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(Path().iterdir()) == before
