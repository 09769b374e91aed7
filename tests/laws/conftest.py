"""The data every law is tried on, and every registered model."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.forecasters import registry
from tidegate.panel import Panel

MONTHS = np.arange("2000-01", "2030-01", dtype="datetime64[M]").astype("datetime64[ns]").astype(np.int64)


def seasonal_panel(n_series: int = 2, length: int = 72, seed: int = 7) -> Panel:
    """Monthly series with trend, season 12 and noise, all positive, of different levels."""
    rng = np.random.default_rng(seed)
    steps = np.arange(length)
    rows = []
    for n in range(n_series):
        season = 8 * np.sin(2 * np.pi * (steps + 2 * n) / 12)
        rows.append((60 + 15 * n + 0.4 * steps + season + rng.normal(0, 2, length)) * (1 + n))
    return Panel(
        ids=np.array([f"s{n}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1, dtype=np.int64) * length,
        times=np.tile(MONTHS[:length], n_series),
        values=np.concatenate(rows),
        frequency="MS",
        seasons=(12,),
    )


def changed(panel: Panel, values: np.ndarray) -> Panel:
    """The same panel with other target values."""
    return replace(panel, values=values)


def pytest_generate_tests(metafunc):
    if "model_name" in metafunc.fixturenames:
        metafunc.parametrize("model_name", [entry.name for entry in registry.entries()])


@pytest.fixture
def panel() -> Panel:
    return seasonal_panel()


@pytest.fixture
def make_panel():
    return seasonal_panel


@pytest.fixture
def with_values():
    return changed
