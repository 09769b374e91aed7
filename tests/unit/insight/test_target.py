import numpy as np
import pytest

from tidegate.errors import DataError, SettingError
from tidegate.evaluation.held import Held
from tidegate.features.windows import Origins
from tidegate.forecasters.naive import Naive
from tidegate.forecasters.narn import NARN
from tidegate.insight.inspection import inspect
from tidegate.insight.target import target as chosen_target
from tidegate.insight.where import ROWS, Where
from tidegate.training.settings import Training


def target(model, data=None, **where):
    return chosen_target(Held(model, model.name, 1.0, ()), Where(data, **where))


@pytest.mark.parametrize("kind", [Naive, lambda: NARN(training=Training(n_updates=5))])
def test_a_model_that_is_not_recurrent_is_refused_with_those_that_are(kind, sales):
    model = kind().fit(sales, horizon=4)
    with pytest.raises(
        SettingError, match=rf"{model.name} has no recurrent layer .*: rnn, lstm, gru, recurrent, hybrid, and auto"
    ):
        inspect(model)


def test_a_series_shorter_than_a_window_and_a_horizon_is_refused(gru, sales):
    window = gru.opened().windows.layout.window_steps
    with pytest.raises(
        DataError, match=rf"series 'sales': {window + 3} observations; .*: {window + 4} in all.*--set window"
    ):
        target(gru, sales.iloc[: window + 3])
    assert target(gru, sales.iloc[: window + 4]).ends.tolist() == [window, window + 4]


@pytest.mark.parametrize("member", [0, 2])
def test_a_member_that_is_not_there_is_refused(gru, member):
    with pytest.raises(SettingError, match=rf"member is {member}; the model has 1 network, from 1 on"):
        target(gru, member=member)


def test_origins_and_series_are_checked(gru):
    with pytest.raises(SettingError, match=r"origins is 0; it must be a whole number, at least 1"):
        target(gru, origins=0)
    with pytest.raises(SettingError, match=r"series 'seles' is not in the data.*'sales'"):
        target(gru, series="seles")


def test_windows_have_a_future_but_for_the_newest(gru):
    found = target(gru)
    window, length = found.opened.windows.layout.window_steps, int(found.opened.panel.lengths[0])
    assert len(found.ends) == ROWS // 4 + 1
    assert found.ends[0] == window
    assert found.ends[-2:].tolist() == [length - 4, length]
    losses = found.subject.losses()
    assert (losses[:-1] > 0).all()
    assert not losses[-1].any()


def test_signals_are_aligned_with_the_rows_of_the_series(gru):
    found = target(gru, origins=2)
    names, values = found.subject.signals
    assert names[0] == "value"
    assert names[1] == "level (mean of 12)"
    season = values[:, -1, names.index("season of 12")]
    rows = np.arange(found.rows.start, found.rows.stop)
    np.testing.assert_allclose(
        season, np.stack([np.sin(np.pi * rows / 6), np.cos(np.pi * rows / 6)], axis=-1), atol=1e-9
    )
    level = values[:, -1, 1, 0]
    np.testing.assert_allclose(level[20], values[9:21, -1, 0, 0].mean())
    np.testing.assert_allclose(level[3], values[:4, -1, 0, 0].mean())


def test_patches_are_looked_at_where_they_end(make):
    found = target(make(decoder="segment", segment=5), origins=1)
    window = found.opened.windows.layout.window_steps
    assert found.subject.lag_steps == 5
    assert len(found.subject.signals.values) == -(-window // 5)
    whole = found.opened.windows.batch(Origins(0 * found.ends, found.ends)).reading.window[..., 0]
    np.testing.assert_allclose(found.subject.signals.values[-2, :, 0, 0], whole[-6].numpy())


def test_of_many_series_a_typical_one_is_looked_at(make, shops):
    model = make(data=shops)
    assert target(model, series="shop 2").place == 2
    assert 0 <= target(model).place < 4
