"""The face of the regressions, through the simplest of them: lags, lengths, batches."""

import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.features.design import LEAST_ROOM
from tidegate.forecasters.direct import forecaster
from tidegate.forecasters.direct.forecaster import Regression
from tidegate.panel import Panel


class NextIsLast(Regression):
    """Learns nothing and repeats the newest value."""

    name = "next-is-last"

    def __init__(self, *, lags=None):
        self.lags = lags

    def _fit(self, panel, horizon):
        self.inputs = self._prepare(panel, horizon)
        self.batches = []

    def _continue(self, inputs, origins):
        self.batches.append(len(origins.ends))
        return np.repeat(inputs.target_at(origins, np.array([0])), self.horizon_, axis=1)

    def _learned(self):
        return {}

    def _relearn(self, learned):
        pass


def panel(n_series, length):
    values = np.random.default_rng(0).normal(size=n_series * length)
    ids = np.array([f"s{n:03d}" for n in range(n_series)], dtype=object)
    offsets = np.arange(n_series + 1) * length
    return Panel(ids, offsets, np.tile(np.arange(length), n_series), values, "1", (1,))


def test_many_series_are_predicted_in_batches(monkeypatch):
    data = panel(25, 40)
    model = NextIsLast().fit(data, horizon=3)
    expected = np.repeat(data.values[data.offsets[1:] - 1][:, None], 3, axis=1)
    np.testing.assert_array_equal(model.forecast().mean, expected)
    assert model.batches == [25]
    monkeypatch.setattr(forecaster, "BATCH", 30)
    np.testing.assert_array_equal(model.forecast().mean, expected)
    assert model.batches == [25, 10, 10, 5]


@pytest.mark.parametrize(("lags", "read"), [(3, (1, 2, 3)), ([7, 2, 2], (2, 7)), (None, tuple(range(1, 9)))])
def test_lags_are_a_number_or_the_lags(lags, read):
    assert NextIsLast(lags=lags).fit(panel(1, 60), horizon=3).design_.lags == read


@pytest.mark.parametrize("lags", [0, -1, [], [0, 1]])
def test_lags_below_one_are_refused(lags):
    with pytest.raises(SettingError, match=r"lags is .*; give a whole number or numbers of at least 1, or None"):
        NextIsLast(lags=lags).fit(panel(1, 60), horizon=3)


@pytest.mark.parametrize(("lags", "least"), [(None, 4 + LEAST_ROOM), (2, 4 + LEAST_ROOM), ([20], 4 + 23)])
def test_the_fewest_observations(lags, least):
    NextIsLast(lags=lags).fit(panel(1, least), horizon=4)
    with pytest.raises(DataError, match=f"{least - 1} observations; next-is-last needs at least {least}"):
        NextIsLast(lags=lags).fit(panel(1, least - 1), horizon=4)
