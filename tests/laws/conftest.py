"""The data every law is tried on, and every registered model."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.forecasters import registry
from tidegate.forecasters.base import Forecaster
from tidegate.panel import Panel
from tidegate.training.settings import Training

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


def holed(panel: Panel) -> Panel:
    """The panel with a tenth of its values missing and kept so, the two newest of its first series among them."""
    missing = np.random.default_rng(5).random(len(panel.values)) < 0.1
    missing[panel.offsets[1] - 2 : panel.offsets[1]] = True
    return replace(panel, values=np.where(missing, np.nan, panel.values), fill="keep")


def briefly(name: str) -> Forecaster:
    """The network called `name`, trained for 10 updates."""
    return registry.entry(name).build({"training": Training(n_updates=10, n_checks=2), "n_members": 1})


def gap_readers() -> list[str]:
    """Networks that read gaps; what is made of several models leaves that to them."""
    readers = [entry for entry in registry.entries() if entry.traits.gaps]
    return [entry.name for entry in readers if "training" in entry.build().get_params(deep=False)]


def changed(panel: Panel, values: np.ndarray) -> Panel:
    """The same panel with other target values."""
    return replace(panel, values=values)


def pytest_generate_tests(metafunc):
    names = [entry.name for entry in registry.entries()]
    if "model_name" in metafunc.fixturenames:
        metafunc.parametrize("model_name", names)
    if "gap_reader" in metafunc.fixturenames:
        metafunc.parametrize("gap_reader", gap_readers())


@pytest.fixture
def gappy_panel() -> Panel:
    return holed(seasonal_panel())


@pytest.fixture
def brief():
    return briefly


@pytest.fixture
def panel() -> Panel:
    return seasonal_panel()


@pytest.fixture
def make_panel():
    return seasonal_panel


@pytest.fixture
def with_values():
    return changed
