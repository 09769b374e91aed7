"""Studies of seeded series, made once: one series, and a panel with a hostile name, gaps and a failing model."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.backtest import Settings
from tidegate.evaluation.study import study
from tidegate.report.provenance import Occasion, run_facts
from tidegate.report.view import View
from tidegate.scoring.folds import Folds

HOSTILE = "</script><script>alert('series')</script>"
MODELS = ["naive", "seasonal-naive", "drift", "historic-mean"]


def monthly(n_months, seed, level=100.0):
    rng = np.random.default_rng(seed)
    t = np.arange(n_months)
    return level + 0.8 * t + 15 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 4, n_months)


def long_frame(series):
    stamps = {name: pd.date_range("2010-01-01", periods=len(values), freq="MS") for name, values in series.items()}
    parts = [pd.DataFrame({"unique_id": name, "ds": stamps[name], "y": series[name]}) for name in series]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def one():
    """A study of one monthly series."""
    return study(long_frame({"sales": monthly(84, 1)}), horizon=6, models=MODELS, folds=Folds(6, count=4))


@pytest.fixture(scope="session")
def many():
    """A study of a panel of twelve, one of them with a name made to break out of the page."""
    series = {f"shop {n}": monthly(70, n, 50 + 10 * n) for n in range(11)}
    found = study(long_frame({HOSTILE: monthly(70, 99)} | series), horizon=4, models=MODELS, folds=Folds(4, count=3))
    backtest = replace(found.backtest, failures={"theta": "no <b>luck</b>"}, left_out={"gru": "the budget was spent"})
    return replace(found, backtest=backtest)


@pytest.fixture(scope="session")
def hourly():
    """A study of two thousand hours, longer than a chart draws point by point."""
    rng = np.random.default_rng(3)
    t = np.arange(2_000)
    values = 20 + 5 * np.sin(2 * np.pi * t / 24) + rng.normal(0, 1, len(t))
    frame = pd.DataFrame({"ds": pd.date_range("2024-03-01", periods=len(t), freq="h"), "load": values})
    return study(frame, horizon=24, models=["naive"], folds=Folds(24, count=2), settings=Settings(levels=(80,)))


@pytest.fixture(scope="session")
def facts():
    """How a study was run."""

    def make(found):
        started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        settings = {"horizon": 6, "models": ["naive", "drift"], "stride": None, "seed": 7}
        occasion = Occasion("sales.csv", "tidegate forecast sales.csv --horizon 6 --seed 7", started, 12.5, settings)
        return run_facts(found, occasion, seed=7)

    return make


@pytest.fixture(scope="session")
def view(one):
    return View(one.backtest, one.verdict)


@pytest.fixture(scope="session")
def view_of_many(many):
    return View(many.backtest, many.verdict)


@pytest.fixture(scope="session")
def specification():
    """Draw a figure and return its Vega-Lite specification, checked against the schema."""
    from tidegate.report.charts.drawing import draw

    return lambda figure: draw(figure).to_dict()


@pytest.fixture(scope="session")
def inside():
    """What an LSTM of two layers does with a monthly series."""
    from tidegate.forecasters.recurrent import LSTM
    from tidegate.insight.inspection import inspect
    from tidegate.training.settings import Training

    model = LSTM(hidden_size=6, layers=2, n_members=1, training=Training(n_updates=40))
    return inspect(model.fit(long_frame({"sales": monthly(84, 1)}), horizon=4))


@pytest.fixture(scope="session")
def adders():
    """Elman's network and a gru, barely trained on the adding problem."""
    from tidegate.insight.adding import adding

    return adding(("elman", "gru"), n_steps=16, n_updates=40)


def _last_season(history, horizon):
    """A function to audit that does not see the newest values."""
    rows = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:],
                "made": one["y"].to_numpy()[-horizon:],
            }
        )
        for name, one in history.groupby("unique_id", sort=False)
    ]
    return pd.concat(rows)


@pytest.fixture(scope="session")
def audits():
    """Audits by name: one that passed, and one of a stale function on a series of a hostile name."""
    from tidegate.evaluation.audit.audit import audit

    frame = long_frame({HOSTILE: monthly(84, 1), "b": monthly(84, 2)})
    return {
        "passed": audit("linear", long_frame({"sales": monthly(96, 1)}), horizon=6),
        "failed": audit(_last_season, frame, horizon=6),
    }
