"""Recordings with a rhythm that a small network learns in a second."""

import numpy as np
import pytest

from tidegate import AnomalyDetector

QUICK = {"hidden_size": 8, "window": 24, "false_alarms": 0.01}


def made(n_steps, seed, start=0):
    """Two channels in step with each other, and some noise."""
    t = np.arange(start, start + n_steps)
    noise = np.random.default_rng(seed).normal(0, 0.05, (n_steps, 2))
    return np.stack([np.sin(t / 5), 3 + 2 * np.cos(t / 5)], axis=1) + noise


@pytest.fixture(scope="session")
def waves():
    return made


@pytest.fixture(scope="session")
def normal():
    return made(700, 0)


@pytest.fixture(scope="session")
def odd():
    broken = made(300, 1)
    broken[100:104, 0] += 2.0
    broken[200, 1] = np.nan
    broken[250:256] = np.nan
    return broken


@pytest.fixture(scope="session", params=["forecast", "reconstruct"])
def fitted(request, normal):
    return AnomalyDetector(method=request.param, **QUICK).fit(normal, epochs=12, batch_size=16)
