import numpy as np
import pandas as pd
import pytest

from tidegate.errors import NotFittedError
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.training.settings import Training


@pytest.fixture(scope="module")
def sales():
    t = np.arange(72)
    values = 5000 + 20 * t + 300 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(3).normal(0, 40, 72)
    return pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2010-01-01", periods=72, freq="MS"), "y": values})


@pytest.fixture(scope="module")
def model(sales):
    return Hybrid(hidden_size=4, n_members=2, training=Training(n_updates=5)).fit(sales, horizon=4)


def test_an_opened_hybrid_has_its_networks_and_the_series_in_their_unit(model, sales):
    found = model.opened()
    assert len(found.networks) == 2
    np.testing.assert_array_equal(found.panel.values, sales["y"])
    assert found.source.lengths.tolist() == [72]
    assert found.losses is model.losses_


def test_newer_data_are_read_as_in_a_forecast(model, sales):
    found = model.opened(sales.iloc[:-5])
    np.testing.assert_array_equal(found.panel.values, sales["y"].iloc[:-5])
    same = model.opened().source.rows(np.array([0]), np.arange(67))
    np.testing.assert_array_equal(found.source.rows(np.array([0]), np.arange(67)), same)


def test_one_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="not fitted"):
        Hybrid().opened()
