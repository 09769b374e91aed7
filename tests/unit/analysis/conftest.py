"""Panels of synthetic series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tidegate.panel import Panel


def _times(length, frequency):
    if frequency.isdigit():
        return np.arange(1, length + 1, dtype=np.int64)
    return np.array(pd.date_range("2001-01-01", periods=length, freq=frequency).as_unit("ns").asi8)


@pytest.fixture
def make_panel():
    """Return a function that makes a panel of the given series (arrays, or a dictionary of them by id)."""

    def made(series, frequency="MS", **settings):
        named = series if isinstance(series, dict) else {"one": series}
        arrays = {name: np.asarray(values, dtype=np.float64) for name, values in named.items()}
        lengths = [len(values) for values in arrays.values()]
        return Panel(
            ids=np.array(list(arrays), dtype=object),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            times=np.concatenate([_times(length, frequency) for length in lengths]),
            values=np.concatenate(list(arrays.values())),
            frequency=frequency,
            **settings,
        )

    return made


@pytest.fixture
def monthly():
    """Ten years of a growing level with a season that grows along, as airline passengers have."""
    rng = np.random.default_rng(7)
    steps = np.arange(120)
    return np.exp(5 + 0.01 * steps + 0.2 * np.sin(2 * np.pi * steps / 12) + 0.02 * rng.standard_normal(120))
