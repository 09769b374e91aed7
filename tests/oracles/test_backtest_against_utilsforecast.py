"""Scores of a backtest equal those that utilsforecast finds in its frame."""

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.backtest import backtest
from tidegate.panel import Panel
from tidegate.scoring.folds import Folds

losses = pytest.importorskip("utilsforecast.losses")

LENGTHS = (80, 95, 120)


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(2)
    steps = [np.arange(length) for length in LENGTHS]
    values = [60 + 9 * np.sin(t * np.pi / 6) + rng.gamma(2.0, 2.0, len(t)) for t in steps]
    months = [(np.datetime64("2010-01") + t).astype("M8[ns]").astype(np.int64) for t in steps]
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    ids = np.array(["a", "b", "c"], dtype=object)
    panel = Panel(ids, offsets, np.concatenate(months), np.concatenate(values), "MS")
    return backtest(panel, ["naive", "drift"], folds=Folds(horizon=6, count=3))


@pytest.mark.parametrize(("ours", "theirs"), [("MASE", "mase"), ("RMSSE", "rmsse")])
@pytest.mark.parametrize("model", ["naive", "seasonal-naive", "drift"])
def test_scaled_errors(made, ours, theirs, model):
    panel = made.panel
    train = pd.DataFrame(
        {
            "unique_id": np.repeat(panel.ids, panel.lengths),
            "ds": panel.times.astype("M8[ns]"),
            "y": panel.values,
        }
    )
    frame = made.to_frame()
    expected = getattr(losses, theirs)(frame, [model], panel.season, train)[model].mean()
    assert made.scores().set_index("model").loc[model, ours] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("ours", "factor"), [("MAE", 1), ("sMAPE", 200), ("MAPE", 100)])
def test_plain_errors(made, ours, factor):
    expected = getattr(losses, ours.lower())(made.to_frame(), ["drift"])["drift"].mean()
    assert made.scores().set_index("model").loc["drift", ours] == pytest.approx(factor * expected, rel=1e-9)


def test_coverage(made):
    expected = losses.coverage(made.to_frame(), ["naive"], level=80)["naive"].mean()
    assert made.scores().set_index("model").loc["naive", "coverage-80"] == pytest.approx(expected)
