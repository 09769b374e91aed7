from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.panel import Panel
from tidegate.scoring.folds import Folds


@pytest.fixture
def monthly():
    """Build a monthly panel with a season, a little trend and noise; series n has lengths[n] values."""

    def make(lengths=(96,), *, noise=1.0, seed=0, **settings):
        rng = np.random.default_rng(seed)
        months = [np.datetime64("2000-01", "M") + np.arange(length) for length in lengths]
        values = [
            50
            + 5 * n
            + 0.05 * np.arange(length)
            + 8 * np.sin(np.arange(length) * np.pi / 6)
            + rng.normal(0, noise, length)
            for n, length in enumerate(lengths)
        ]
        return Panel(
            np.array([f"s{n}" for n in range(len(lengths))], dtype=object),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.concatenate(months).astype("datetime64[ns]").astype(np.int64),
            np.concatenate(values),
            "MS",
            **settings,
        )

    return make


@pytest.fixture
def judged(monthly):
    """Build a backtest in which model m has exactly the MASE errors[m] of shape (K, N)."""

    def make(errors, *, costs=None, folds=None, **fields):
        n_folds, n_series = np.shape(next(iter(errors.values())))
        chosen = folds or Folds(horizon=12, count=n_folds)
        made = backtest(
            monthly((120,) * n_series, seasons=(12,)), ["naive"], folds=chosen, settings=Settings(levels=())
        )
        blank = made.results["naive"]
        results = {}
        for name, scaled in errors.items():
            shift = np.asarray(scaled, dtype=float) * made.scales.absolute
            cost = (costs or {}).get(name, 0)
            results[name] = replace(blank, mean=made.actual + shift[..., None], cost=cost)
        return replace(made, results=results, **fields)

    return make
