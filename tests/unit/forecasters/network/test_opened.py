import numpy as np
import pandas as pd
import pytest

from tidegate.errors import NotFittedError
from tidegate.features.windows import Origins
from tidegate.forecasters.network.opened import runs_of
from tidegate.forecasters.recurrent import GRU
from tidegate.training.settings import Training


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    stamps = pd.date_range("2015-01-01", periods=60, freq="MS")
    parts = [pd.DataFrame({"unique_id": name, "ds": stamps, "y": 1e4 * rng.uniform(1, 2, 60)}) for name in ("a", "b")]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def model(data):
    return GRU(hidden_size=4, n_members=2, training=Training(n_updates=5)).fit(data, horizon=3)


def test_the_panel_is_in_the_unit_of_the_data(model, data):
    np.testing.assert_allclose(model.opened().panel.values, data["y"])
    newer = data[data["unique_id"] == "b"].iloc[:50]
    np.testing.assert_allclose(model.opened(newer).panel.values, newer["y"])


def test_networks_and_windows_make_the_forecast(model):
    found = model.opened()
    batch = found.windows.batch(Origins(np.arange(2), found.panel.lengths))
    tables = [network.told(batch.reading)[..., 3].double().numpy() for network in found.networks]
    base = batch.reading.base.double().numpy()
    made = batch.frame.outside(base + found.trust * (np.mean(tables, axis=0) - base))
    made = np.where(found.logs[:, None], np.exp(made), made) * found.factors[:, None]
    np.testing.assert_allclose(made, model.forecast().mean, rtol=1e-5)


def test_each_network_has_its_runs(model):
    found = model.opened()
    assert [len(runs_of(found.losses, member)) for member in (1, 2, 3)] == [2, 2, 0]
    assert runs_of(found.losses, 1)[0] is model.losses_["network 1"]


def test_nothing_can_be_opened_before_fit():
    with pytest.raises(NotFittedError, match="not fitted"):
        GRU().opened()
