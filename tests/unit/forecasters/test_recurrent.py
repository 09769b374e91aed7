import numpy as np
import pytest
import torch

from tidegate.features.windows import last_origins
from tidegate.forecasters.naive import Naive, SeasonalNaive
from tidegate.forecasters.network.problem import corrections
from tidegate.forecasters.recurrent import GRU, LSTM, RNN
from tidegate.panel import Panel
from tidegate.training.settings import Training

MODELS = [RNN, LSTM, GRU]
QUICK = Training(n_updates=30)


def panel_of(values, season=1):
    return Panel(
        ids=np.array(["a"], dtype=object),
        offsets=np.array([0, len(values)]),
        times=np.arange(len(values)),
        values=np.asarray(values, dtype=float),
        frequency="1",
        seasons=(season,),
    )


def growing(length=120, seed=0):
    """Trend, a season whose swings grow with the level, and noise."""
    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    return 100 * np.exp(0.01 * steps + 0.2 * np.sin(2 * np.pi * steps / 12) + 0.03 * noise)


@pytest.mark.parametrize("model", MODELS)
def test_beats_seasonal_naive_on_trend_and_season(model):
    values = growing()
    errors = np.zeros(2)
    for end in (84, 108):
        history, actual = panel_of(values[:end], 12), values[end : end + 12]
        for m, made in enumerate((model(n_members=1), SeasonalNaive())):
            errors[m] += np.abs(made.fit(history, horizon=12).forecast().mean[0] - actual).mean()
    assert errors[0] < 0.6 * errors[1]


@pytest.mark.parametrize("model", MODELS)
def test_first_step_of_a_random_walk_is_close_to_naive(model):
    walk = np.random.default_rng(2).normal(size=900).cumsum()
    ends = np.arange(500, 888, 4)
    fitted = model(n_members=1).fit(panel_of(walk[:500]), horizon=12)
    errors = np.array([np.abs(walk[e : e + 12] - fitted.forecast(panel_of(walk[:e])).mean[0]) for e in ends])
    naive = np.array([np.abs(walk[e : e + 12] - walk[e - 1]) for e in ends])
    assert errors[:, 0].mean() < 1.15 * naive[:, 0].mean()
    assert errors.mean() < 1.15 * naive.mean()


@pytest.mark.parametrize("model", MODELS)
def test_all_steps_are_decoded_from_the_state_after_the_newest_value(model):
    fitted = model(training=QUICK, n_members=1).fit(panel_of(growing(), 12), horizon=6)
    windows = fitted._windows(fitted.history_, fitted._scale)
    batch = windows.batch(last_origins(fitted.history_.lengths))
    network = fitted._networks[0]
    with torch.no_grad():
        states, _ = network.encoder.layers[0](batch.window)
        expected = network.decoder(torch.cat([states[-1], batch.context], dim=1), batch.known)
    assert np.array_equal(
        corrections(network, windows, last_origins(fitted.history_.lengths)), expected.double().numpy()
    )


@pytest.mark.parametrize("model", MODELS)
def test_the_network_itself_reads_the_newest_value(model):
    """Beyond the level that the reference carries: what it adds to the reference changes too, at every step."""
    values = growing()
    fitted = model(training=QUICK, n_members=1).fit(panel_of(values, 12), horizon=6)
    raised = values.copy()
    raised[-1] += 3 * values.std()
    made = []
    for series in (values, raised):
        panel = panel_of(series / fitted._factors[0], 12)
        made.append(
            corrections(fitted._networks[0], fitted._windows(panel, fitted._scale), last_origins(panel.lengths))
        )
    assert (made[0] != made[1]).all()
    assert (fitted.forecast(panel_of(values, 12)).mean != fitted.forecast(panel_of(raised, 12)).mean).all()


def test_settings_shape_the_network():
    fitted = GRU(hidden_size=5, layers=3, window=9, n_members=1, training=QUICK).fit(panel_of(growing(), 12), horizon=6)
    assert [layer.hidden_size for layer in fitted._networks[0].encoder.layers] == [5, 5, 5]
    assert fitted._window_steps == 9


@pytest.mark.parametrize(("seasons", "steps"), [((1,), 24), ((7,), 24), ((20,), 40), ((48, 336), 48), ((336, 15), 30)])
def test_default_window_is_two_seasons_from_24_to_48(seasons, steps):
    assert GRU()._reach(seasons) == steps


def test_window_is_no_longer_than_the_series_allow():
    fitted = RNN(training=QUICK).fit(panel_of(growing(30)), horizon=12)
    assert fitted._window_steps == 18


def test_dropout_changes_training_and_not_use():
    panel = panel_of(growing(), 12)
    plain, dropped = (GRU(dropout=d, n_members=1, training=QUICK).fit(panel, horizon=6) for d in (0.0, 0.5))
    assert not np.array_equal(plain.forecast().mean, dropped.forecast().mean)
    assert np.array_equal(dropped.forecast().mean, dropped.forecast().mean)


def test_naive_is_the_start():
    """Without a season and before any useful update, the forecast is the newest value."""
    walk = np.random.default_rng(0).normal(size=200).cumsum()
    fitted = RNN(training=Training(n_updates=1, learning_rate=1e-9)).fit(panel_of(walk), horizon=3)
    naive = Naive().fit(panel_of(walk), horizon=3).forecast().mean
    assert np.abs(fitted.forecast().mean - naive).max() < 0.3 * np.abs(np.diff(walk)).mean()
