"""Every command that trains shows how it goes to whoever waits at a terminal."""

import numpy as np
import pytest

from tidegate.training import progress


@pytest.fixture
def data(table):
    values = np.sin(np.arange(300.0))
    table("label,text", *(f"{'ab'[k % 2]},{['left', 'right'][k % 2]} one" for k in range(20)), name="texts.csv")
    table("flow", *(f"{value:.4f}" for value in values), name="pump.csv")
    table(
        "ds,y",
        *(f"20{k // 12:02d}-{k % 12 + 1:02d}-01,{value:.4f}" for k, value in enumerate(values[:60])),
        name="y.csv",
    )


@pytest.mark.parametrize("quiet", ["", " --quiet"])
@pytest.mark.parametrize(
    "line",
    [
        "train classify texts.csv --epochs 1 --set hidden_size=4 --output made",
        "detect pump.csv --normal 0.8 --epochs 1 --set hidden_size=4 --output made",
        "fit y.csv --model gru --horizon 2 --set training.n_updates=2 --output made",
    ],
    ids=["train", "detect", "fit"],
)
def test_training_is_shown(line, quiet, data, tidegate, monkeypatch):
    begun = []
    monkeypatch.setattr(progress.Bar, "begin", lambda self, label, n_updates: begun.append(n_updates))
    monkeypatch.setattr("tidegate.cli.progress.at_terminal", lambda: True)
    done = tidegate(line + quiet)
    assert done.exit_code == 0, done.stderr
    assert bool(begun) is not bool(quiet)
