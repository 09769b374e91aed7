"""Our error figures equal those of utilsforecast, to rounding."""

import numpy as np
import pandas as pd
import pytest

from tidegate.scoring import metrics
from tidegate.scoring.scaling import seasonal_scales

losses = pytest.importorskip("utilsforecast.losses")

SEASON, HORIZON, SERIES, TRAINING = 4, 6, 5, 30


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    return rng.gamma(2.0, 10.0, size=(SERIES, TRAINING)), *rng.gamma(2.0, 10.0, size=(4, SERIES, HORIZON))


@pytest.fixture(scope="module")
def frames(data):
    training, actual, forecast, *bounds = data
    lower, upper = np.minimum(*bounds), np.maximum(*bounds)
    ids = np.repeat(np.arange(SERIES), HORIZON)
    columns = {"m": forecast, "m-lo-80": lower, "m-hi-80": upper, "y": actual}
    judged = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    judged.insert(0, "unique_id", ids)
    judged["ds"] = np.tile(np.arange(TRAINING, TRAINING + HORIZON), SERIES)
    trained = pd.DataFrame({"unique_id": np.repeat(np.arange(SERIES), TRAINING), "y": training.ravel()})
    trained["ds"] = np.tile(np.arange(TRAINING), SERIES)
    return judged, trained


@pytest.mark.parametrize(("name", "factor"), [("mae", 1), ("rmse", 1), ("smape", 200)])
def test_plain_errors(data, frames, name, factor):
    _, actual, forecast, *_ = data
    expected = getattr(losses, name)(frames[0], ["m"])["m"].to_numpy()
    assert getattr(metrics, name)(actual, forecast) == pytest.approx(factor * expected, rel=1e-12)


def test_mape(data, frames):
    _, actual, forecast, *_ = data
    assert metrics.mape(actual, forecast).value == pytest.approx(
        100 * losses.mape(frames[0], ["m"])["m"].to_numpy(), rel=1e-12
    )


def test_mase_and_rmsse(data, frames):
    training, actual, forecast, *_ = data
    scales = seasonal_scales(list(training), SEASON)
    for ours, scale, theirs in (
        (metrics.mase, scales.absolute, losses.mase),
        (metrics.rmsse, scales.squared, losses.rmsse),
    ):
        expected = theirs(frames[0], ["m"], SEASON, frames[1])["m"].to_numpy()
        assert ours(actual, forecast, scale) == pytest.approx(expected, rel=1e-12)


def test_pinball_and_coverage(data, frames):
    _, actual, forecast, *bounds = data
    lower, upper = np.minimum(*bounds), np.maximum(*bounds)
    expected = losses.quantile_loss(frames[0], {"m": "m"}, q=0.9)["m"].to_numpy()
    assert metrics.pinball(actual, forecast, 0.9) == pytest.approx(expected, rel=1e-12)
    covered = losses.coverage(frames[0], ["m"], level=80)["m"].to_numpy()
    assert metrics.coverage(actual, lower, upper) == pytest.approx(covered, rel=1e-12)
