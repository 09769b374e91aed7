import time
from types import SimpleNamespace

import numpy as np
import pytest

from tidegate.cli import compare, studying
from tidegate.data.examples import example
from tidegate.forecasters.recurrent import GRU
from tidegate.scoring.folds import Folds
from tidegate.training.settings import Training


def test_the_command_runs_the_comparison(monkeypatch):
    monkeypatch.setattr(studying, "run", lambda request: 0 if request == "asked" else 1)
    assert compare.compare("asked") == 0


@pytest.mark.parametrize(("left", "made"), [(12.4, False), (1e6, True)])
def test_a_cell_is_fitted_once_more_only_where_there_is_time(left, made):
    """Its longest fit took 10 s; one more is thought to take 12.5."""
    model = GRU(hidden_size=4, n_members=1, window=12, training=Training(n_updates=2))
    result = SimpleNamespace(model=model, fit_seconds=np.array([10.0, 0.0]))
    judged = SimpleNamespace(results={"gru": result}, panel=example(), folds=Folds(horizon=3, count=2))
    found = compare._memory(SimpleNamespace(backtest=judged), "gru", time.monotonic() + left)
    assert (found["window"] is not None) == made


def test_cells_without_a_measured_memory_are_named():
    rows = [{"model": name, "memory_length": None, "window": None} for name in ("rnn", "gru")]
    measured = {"model": "lstm", "memory_length": 7, "window": 24}
    said = compare._remembered([*rows, measured])
    assert said[0].endswith("fitted to everything: lstm 7.")
    assert said[1].startswith("How far back rnn and gru remember was not measured: ")
    assert compare._remembered(rows) == said[1:]
    assert compare._remembered([]) == []
