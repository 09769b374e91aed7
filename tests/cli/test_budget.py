"""Budgets by the real clock: what is fitted or forecast ends within a tenth of the seconds given, and a start."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

import tidegate
from tidegate.panel import Panel
from tidegate.training.settings import Training

SECONDS, STARTING = 30.0, 5.0
"""A process takes some seconds to load before its clock runs."""


@pytest.fixture
def many():
    """Two thousand hourly walks with a daily season."""
    n_series, length = 2_000, 200
    walks = np.random.default_rng(0).normal(size=(n_series, length)).cumsum(axis=1)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(length) / 24) + 0.3 * walks
    ids = np.array([f"s{n:04}" for n in range(n_series)], dtype=object)
    times = np.tile(np.arange(length), n_series)
    return Panel(ids, np.arange(n_series + 1) * length, times, values.ravel(), "1", (24,))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gru", "auto"])
def test_a_fit_ends_within_its_budget(name, many):
    endless = Training(n_updates=1_000_000, budget=SECONDS)
    model = tidegate.GRU(training=endless) if name == "gru" else tidegate.forecaster("auto").set_params(budget=SECONDS)
    started = time.monotonic()
    model.fit(many, horizon=12)
    assert time.monotonic() - started < 1.1 * SECONDS


@pytest.mark.slow
def test_a_forecast_ends_within_its_budget(many, tmp_path):
    rows = ["unique_id,ds,y", *(f"{many.ids[n // 200]},{n % 200},{value}" for n, value in enumerate(many.values))]
    (tmp_path / "many.csv").write_text("\n".join(rows))
    typed = ["forecast", "many.csv", "--horizon", "12", "--budget", f"{SECONDS}", "--output", "found", "--quiet"]
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", "from tidegate.cli.main import main; main()", *typed],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert time.monotonic() - started < 1.1 * SECONDS + STARTING
    told = json.loads((tmp_path / "found" / "run.json").read_text("utf-8"))
    assert any("were over" in why or "of the budget are left" in why for why in told["left_out"].values())
