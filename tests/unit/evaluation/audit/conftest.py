"""Functions of all sorts to audit: honest ones, and offenders that each check must catch."""

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.audit.material import prepared
from tidegate.panel import Panel


def ahead(history, horizon):
    """The id, history and next stamps of each series."""
    for name, one in history.groupby("unique_id", sort=False):
        yield name, one, pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]


def predictor(step):
    """Make ``predict`` of a function from the values of a series and the horizon to its forecast."""

    def predict(history, horizon):
        rows = [
            pd.DataFrame({"unique_id": name, "ds": stamps, "made": step(one["y"].to_numpy(), horizon)})
            for name, one, stamps in ahead(history, horizon)
        ]
        return pd.concat(rows)

    return predict


def backtester(step, *, drop=0, scaler=None):
    """Make ``backtest`` of such a function; `scaler` turns all values into something that is added."""

    def backtest(frame, horizon, folds):
        rows = []
        for name, one in frame.groupby("unique_id", sort=False):
            extra = 0.0 if scaler is None else scaler(frame, name)
            for fold in range(folds, 0, -1):
                end = len(one) - fold * horizon
                made = step(one["y"].to_numpy()[:end], horizon) + extra
                cut = {"unique_id": name, "cutoff": one["ds"].iloc[end - 1]}
                rows.append(pd.DataFrame({**cut, "ds": one["ds"].iloc[end : end + horizon], "made": made}))
        whole = pd.concat(rows)
        return whole.iloc[: len(whole) - drop]

    return backtest


def repeated(values, horizon):
    return np.full(horizon, values[-1])


def seasonal(values, horizon):
    """Last season's values, moved by what the newest value was above that of a season before."""
    return values[-12 + np.arange(horizon) % 12] + 0.5 * (values[-1] - values[-13])


def stale(values, horizon):
    return values[-horizon:]


def robust_stale(values, horizon):
    """A small recurrent network on a window divided by its median and spread, decoded from old states."""
    window = values[-3 * horizon :]
    level = np.median(window)
    spread = np.median(np.abs(window - level)) + 1e-9
    state, states = 0.0, []
    for value in (window - level) / spread:
        state = np.tanh(0.6 * state + 0.3 * value)
        states.append(state)
    return level + spread * np.array(states[-horizon:])


@pytest.fixture
def panel():
    """Monthly series with trend and season, of different levels."""

    def make(n_series=1, length=84, seed=3):
        rng = np.random.default_rng(seed)
        t = np.arange(length)
        rows = [100 * (n + 1) + t + 12 * np.sin(np.pi * t / 6) + rng.normal(0, 3, length) for n in range(n_series)]
        months = np.arange("2010-01", "2030-01", dtype="datetime64[M]")[:length].astype("M8[ns]").astype(np.int64)
        return Panel(
            np.array([f"s{n}" for n in range(n_series)], dtype=object),
            np.arange(n_series + 1, dtype=np.int64) * length,
            np.tile(months, n_series),
            np.concatenate(rows),
            "MS",
            (12,),
        )

    return make


@pytest.fixture
def material(panel):
    return lambda n_series=1, horizon=6, **kind: prepared(panel(n_series, **kind), horizon)


@pytest.fixture
def predicting():
    return predictor


@pytest.fixture
def backtesting():
    return backtester


@pytest.fixture
def steps():
    """The functions by name."""
    return {one.__name__: one for one in (repeated, seasonal, stale, robust_stale)}
