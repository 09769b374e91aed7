import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.features.windows import last_origins
from tidegate.forecasters.naive import SeasonalNaive
from tidegate.forecasters.narn import NARN
from tidegate.panel import Covariates, Panel
from tidegate.training.settings import Training

QUICK = Training(n_updates=30)


def panel_of(values, season=1, **columns):
    return Panel(
        ids=np.array(["a"], dtype=object),
        offsets=np.array([0, len(values)]),
        times=np.arange(len(values)),
        values=np.asarray(values, dtype=float),
        frequency="1",
        seasons=(season,),
        **columns,
    )


def logistic_map(length=600):
    """A chaotic series that lag 1 decides and no linear model forecasts."""
    values = [0.3]
    for _ in range(length - 1):
        values.append(3.8 * values[-1] * (1 - values[-1]))
    return np.array(values)


def test_learns_a_non_linear_rule():
    values = logistic_map()
    model = NARN(lags=2, training=Training(n_updates=600, learning_rate=0.02)).fit(panel_of(values[:500]), horizon=1)
    ends = np.arange(500, 600)
    made = np.array([model.forecast(panel_of(values[:end])).mean[0, 0] for end in ends])
    spread = np.abs(values[500:] - values[:500].mean()).mean()
    assert np.abs(made - values[ends]).mean() < 0.3 * spread


def test_beats_seasonal_naive_on_trend_and_season():
    steps = np.arange(96)
    values = 10 + 0.2 * steps + 3 * np.sin(2 * np.pi * steps / 12) + 0.4 * np.random.default_rng(0).normal(size=96)
    history, actual = panel_of(values[:84], 12), values[84:]
    errors = [
        np.abs(model.fit(history, horizon=12).forecast().mean[0] - actual).mean() for model in (NARN(), SeasonalNaive())
    ]
    assert errors[0] < 0.6 * errors[1]


def test_it_is_one_hidden_layer_of_tanh_on_the_lags():
    model = NARN(lags=5, hidden_size=4, n_members=1, training=QUICK)
    model.fit(panel_of(np.random.default_rng(0).normal(size=80)), horizon=3)
    reading = model._windows(model.history_, model._scale).batch(last_origins(model.history_.lengths)).reading
    network = model._networks[0]
    decoder = network.decoder
    z = torch.cat([reading.window[:, 0].flatten(), reading.context[0]])
    with torch.no_grad():
        own = decoder.steps(torch.tanh(decoder.hidden(z))).reshape(3, -1)
        shared = torch.tanh(decoder.shared(z) + reading.known[0] @ decoder.of_known.weight.T)
        expected = own + shared @ decoder.output.weight.T + reading.known[0] @ decoder.direct.weight.T
        made = network(reading)[0]
    torch.testing.assert_close(made[:, 0], expected[:, 0] + reading.base[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(made[:, 1:], expected[:, 1:], rtol=1e-5, atol=1e-6)
    assert decoder.hidden.in_features == len(z)
    assert decoder.hidden.out_features == 4


def test_a_target_and_eight_predictors_with_lag_5():
    rng = np.random.default_rng(1)
    past = rng.normal(size=(400, 8))
    values = np.zeros(400)
    values[5:] = 2 * past[:-5, 3] + np.abs(past[3:-2, 0]) + 0.1 * rng.normal(size=395)
    predictors = Covariates(tuple(f"x{k}" for k in range(8)), past)
    panel = panel_of(values, past=predictors)
    model = NARN(lags=5).fit(panel.before(np.array([350]), 1), horizon=1)
    bare = NARN(lags=5).fit(panel_of(values[:350]), horizon=1)
    errors = np.zeros(2)
    for end in range(350, 400):
        origin = panel.before(np.array([end]), 1)
        for m, fitted in enumerate((model, bare)):
            errors[m] += abs(fitted.forecast(origin).mean[0, 0] - values[end])
    assert model._networks[0].encoder.width == 5 * (3 + 8)
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize(("season", "lags"), [(1, 8), (12, 13), (168, 24)])
def test_default_lags(season, lags):
    rng = np.random.default_rng(0)
    model = NARN(n_members=1, training=Training(n_updates=1)).fit(panel_of(rng.normal(size=500), season), horizon=2)
    assert model._shape.window_steps == lags


def test_intervals_come_from_its_own_quantiles():
    values = np.random.default_rng(0).normal(size=300)
    made = NARN(n_members=1, training=QUICK).fit(panel_of(values), horizon=3).forecast(levels=[50, 95])
    assert (np.diff(made.intervals.upper, axis=-1) > 0).all()
    assert (made.intervals.lower[..., 1] > values.min() - 3).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lags": 0}, "lags is 0; it must be a whole number, at least 1"),
        ({"hidden_size": 2.5}, "hidden_size is 2.5; it must be a whole number, at least 1"),
    ],
)
def test_settings_outside_their_limits(settings, message):
    with pytest.raises(SettingError, match=message):
        NARN(**settings).fit(panel_of(np.arange(50.0)), horizon=2)
