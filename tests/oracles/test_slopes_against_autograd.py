"""The slopes of the audit's blind spots against the gradients of a recurrent network by autograd."""

import numpy as np
import pandas as pd
import pytest
import torch

from tidegate import nn
from tidegate.evaluation.audit.blindness import SIZES, blindness
from tidegate.evaluation.audit.callables import Predict
from tidegate.evaluation.audit.material import prepared

HORIZON, WINDOW = 6, 30
TOLERANCE = 0.5 * SIZES[-1]
"""Of the largest gradient. A slope is a difference over 0.02 standard deviations, and departs from the gradient by half
of that times the second derivative, which here is about as large as the gradient."""


class Network(torch.nn.Module):
    """Reads the newest values less the newest one, in units of 10, and adds what it makes of them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.GRU(1, 6).double()
        self.readout = torch.nn.Linear(6, HORIZON).double()
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.normal_(0, 0.5, generator=generator)

    def forward(self, values):
        newest = values[-1]
        inputs = ((values[-WINDOW:] - newest) / 10)[:, None, None]
        return newest + 10 * self.readout(self.layers(inputs)[0][-1, 0])


@pytest.fixture
def material():
    t = np.arange(84)
    values = 100 + 10 * np.sin(np.pi * t / 6) + np.random.default_rng(2).normal(0, 3, 84)
    stamps = pd.date_range("2015-01-01", periods=84, freq="MS")
    return prepared(pd.DataFrame({"unique_id": "a", "ds": stamps, "y": values}), HORIZON)


def test_slopes_are_gradients(material):
    network = Network()

    def predict(history, horizon):
        rows = []
        for name, one in history.groupby("unique_id", sort=False):
            with torch.no_grad():
                made = network(torch.from_numpy(one["y"].to_numpy(copy=True))).numpy()
            stamps = pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
            rows.append(pd.DataFrame({"unique_id": name, "ds": stamps, "made": made}))
        return pd.concat(rows)

    slope = blindness(Predict(predict, "mine", HORIZON), material).slope
    values = torch.from_numpy(material.panel.values.copy())
    gradients = torch.autograd.functional.jacobian(network, values).numpy()[:, ::-1][:, : slope.shape[1]]
    largest = np.abs(gradients).max()
    assert np.abs(gradients[:, WINDOW:]).max(initial=0) == 0
    np.testing.assert_allclose(slope, gradients, rtol=0, atol=TOLERANCE * largest)
    assert np.abs(slope[:, 1:] - gradients[:, :-1]).max() > 10 * TOLERANCE * largest, "one lag off must not pass"
