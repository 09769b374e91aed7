"""Small networks: some with weights that say what they do, and forecasters fitted once."""

import numpy as np
import pandas as pd
import pytest
import torch

from tidegate.data.columns import Columns, Options
from tidegate.data.frames import from_frame
from tidegate.forecasters.recurrent import RecurrentForecaster
from tidegate.insight.subject import Signals, Subject
from tidegate.nn.options import Stack
from tidegate.nn.stack import Recurrent
from tidegate.training.settings import Training

N_STEPS, N_WINDOWS, N_INPUTS = 12, 5, 3


def frame(n_months=96, seed=3, **columns):
    rng = np.random.default_rng(seed)
    t = np.arange(n_months)
    values = 100 + 0.5 * t + 12 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 3, n_months)
    stamps = pd.date_range("2010-01-01", periods=n_months, freq="MS")
    return pd.DataFrame({"unique_id": "sales", "ds": stamps, "y": values, **columns})


@pytest.fixture(scope="session")
def sales():
    return frame()


@pytest.fixture(scope="session")
def shops():
    """Four series."""
    return pd.concat([frame(seed=n).assign(unique_id=f"shop {n}") for n in range(4)])


@pytest.fixture(scope="session")
def gappy():
    """The same months, three of them missing, as a panel that keeps the gaps."""
    data = frame()
    data.loc[[60, 61, 85], "y"] = np.nan
    return from_frame(data, Columns(), Options("keep"))


def fitted(cell="gru", data=None, *, horizon=4, known=(), **settings):
    settings = {"hidden_size": 6, "n_members": 1, "training": Training(n_updates=40), **settings}
    return RecurrentForecaster(cell=cell, **settings).fit(
        frame() if data is None else data, horizon=horizon, known=known
    )


@pytest.fixture(scope="session")
def gru():
    return fitted()


@pytest.fixture(scope="session")
def make():
    """Fit a small model of any cell with any settings."""
    return fitted


@pytest.fixture
def subject_of():
    """Return a subject around layers: random windows, and a loss for each of two steps from the newest output."""

    def made(layers: Recurrent, *, n_steps=N_STEPS, n_windows=N_WINDOWS, scale=1.0, inputs=None):
        generator = torch.Generator().manual_seed(11)
        if inputs is None:
            inputs = scale * torch.randn(n_steps, n_windows, layers.input_size, generator=generator)
        inputs = inputs.to(next(layers.parameters()).dtype)
        readout = torch.randn(layers.output_size, 2, generator=generator).to(inputs.dtype)
        layers.requires_grad_(requires_grad=False)
        signals = Signals((), np.empty((*inputs.shape[:2], 0, 2)))
        return Subject(layers, lambda: (layers(inputs)[0][-1] @ readout).square(), (1, 2), n_windows, 1, signals)

    return made


@pytest.fixture
def drawn():
    """Return layers of a cell with random weights, in double precision."""

    def made(cell, hidden_size=4, **stack):
        layers = Recurrent(cell, N_INPUTS, hidden_size, stack=Stack(**stack), dtype=torch.float64)
        generator = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for parameter in layers.parameters():
                parameter.normal_(0, 0.5, generator=generator)
        layers.requires_grad_(requires_grad=False)
        return layers

    return made
