import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.insight.inspection import inspect
from tidegate.training.settings import Training


@pytest.fixture(scope="module")
def hybrid(sales):
    return Hybrid(hidden_size=5, n_members=2, training=Training(n_updates=60)).fit(sales, horizon=4)


def test_every_dilated_layer_is_seen_over_the_newest_steps(hybrid, sales):
    seen = inspect(hybrid)
    assert [layer.lag_steps for layer in seen.layers] == [1, 3, 6, 12]
    n_steps = len(sales) // 2
    np.testing.assert_array_equal(seen.scene.values, sales["y"].to_numpy()[-n_steps:])
    for layer in seen.layers:
        assert layer.gates["forget"].values.shape == (n_steps, 5)
        assert layer.hidden.shape == (5, n_steps // layer.lag_steps)
        assert (layer.hidden[:, 0] > 0).all()
    assert seen.contributions is None
    assert "go on from their states 1, 3, 6 and 12 steps before" in seen.notes[0]
    assert seen.layers[0].units.names == ("value", "smoothed level", "season of 12")


def test_memory_counts_steps_of_the_series(hybrid):
    last = inspect(hybrid).layers[-1]
    assert last.memory.reach is None or last.memory.reach % 12 == 0
    mean = np.log(np.clip(last.gates["forget"].values, 1e-12, 1)).mean(axis=0)
    np.testing.assert_allclose(last.memory.half_lives, 12 * np.log(0.5) / mean, rtol=0.02)


def test_steps_members_and_origins_are_as_asked_for(hybrid):
    seen = inspect(hybrid, member=2, origins=3, steps=[2])
    assert (seen.scene.member, seen.scene.n_windows, seen.steps) == ((2, 2), 3, (2,))
    assert seen.layers[0].hidden.shape[0] == 2
    np.testing.assert_array_less(0, np.abs(seen.layers[0].hidden[0] - inspect(hybrid, origins=3, steps=[2]).layers[0].hidden[0]).sum())  # fmt: skip # noqa: E501
    with pytest.raises(SettingError, match="member is 3; the model has 2 networks"):
        inspect(hybrid, member=3)


def test_past_may_come_through_any_dilated_layer(hybrid):
    seen = inspect(hybrid)
    states = {layer.diagnosis.state for layer in seen.layers}
    assert seen.diagnosis.state == ("exploding" if "exploding" in states else "healthy" if "healthy" in states else "vanishing")  # fmt: skip # noqa: E501


def test_a_short_series_is_refused(hybrid, sales):
    with pytest.raises(DataError, match=r"6 observations; gradients need 3 and the 4 values after them: 7 in all"):
        inspect(hybrid, sales.iloc[:6])


def test_one_window_is_the_newest(hybrid, sales):
    assert len(inspect(hybrid, origins=1, steps=[1]).scene.values) == len(sales) - 4
