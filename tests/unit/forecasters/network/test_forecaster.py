from dataclasses import replace

import numpy as np
import pytest
import torch

from tidegate.errors import DataError, SettingError, TrainingError
from tidegate.features.windows import Origins
from tidegate.forecasters import storage
from tidegate.forecasters.naive import SeasonalNaive
from tidegate.forecasters.narn import NARN
from tidegate.forecasters.recurrent import GRU, RNN
from tidegate.panel import Covariates, Panel
from tidegate.training import checkpoints, progress
from tidegate.training.settings import Training

QUICK = Training(n_updates=30)


def panel_of(*series, season=1, **columns):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(length) for length in lengths]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(season,),
        **columns,
    )


def seasonal(length=90, seed=0, amplitude=3.0):
    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    return 20 + 0.3 * steps + amplitude * np.sin(2 * np.pi * steps / 6) + 0.5 * noise


def bits(forecast):
    return np.concatenate([forecast.mean[..., None], forecast.intervals.lower, forecast.intervals.upper], axis=-1)


def test_constant_series_stay_constant():
    forecast = NARN(training=QUICK).fit(panel_of(np.full(40, 7.3), seasonal(40), season=6), horizon=4).forecast()
    np.testing.assert_allclose(forecast.mean[0], 7.3, rtol=1e-3)


@pytest.mark.parametrize("value", [0.0, -5e7])
def test_constant_series_alone(value):
    model = GRU(training=QUICK).fit(panel_of(np.full(40, value), season=6), horizon=4)
    forecast = model.forecast(levels=[80])
    np.testing.assert_allclose(forecast.mean[0], value, rtol=1e-3, atol=1e-6)
    assert np.isfinite(bits(forecast)).all()


def test_a_series_of_the_shortest_allowed_length():
    model = NARN(training=QUICK)
    assert np.isfinite(model.fit(panel_of(seasonal(9), season=6), horizon=6).forecast().mean).all()
    assert model.losses_["network 1"].best == len(model.losses_["network 1"].updates) - 1


@pytest.mark.parametrize("model", [NARN, GRU])
def test_a_panel_without_any_origin_to_learn_from_is_refused(model):
    message = f"'s1': 8 observations; {model.name} needs at least 9 for 6 steps ahead. Give a longer series, a shorter"
    with pytest.raises(DataError, match=message):
        model().fit(panel_of(seasonal(4), seasonal(8), season=6), horizon=6)


def test_a_series_of_two_rows_is_refused_even_beside_longer_ones():
    with pytest.raises(DataError, match="'s1': 2 observations; gru needs at least 3"):
        GRU().fit(panel_of(seasonal(90), seasonal(2), season=6), horizon=6)


def test_intervals_of_a_series_too_short_to_calibrate_them_are_refused():
    model = NARN(training=QUICK).fit(panel_of(seasonal(12), season=6), horizon=6)
    with pytest.raises(DataError, match="12 observations leave none to calibrate intervals of 6 steps on; 15 are"):
        model.forecast(levels=[80])


def test_intervals_of_a_series_too_short_to_hold_origins_out_come_from_refits():
    model = NARN(training=QUICK).fit(panel_of(seasonal(16), season=6), horizon=6)
    made = model.forecast(levels=[80]).intervals
    assert (made.lower < made.upper).all()
    assert "too short to hold origins out" in " ".join(model.notes_)


def test_short_series_beside_long_ones_are_forecast():
    """Of 4 rows none can be learned from with a horizon of 6, but what the long ones teach holds for it."""
    series = [seasonal(90, 0), seasonal(90, 1), seasonal(4, 2)]
    model = GRU(training=Training(n_updates=80)).fit(panel_of(*series, season=6), horizon=6)
    made = model.forecast(levels=[80])
    assert np.isfinite(bits(made)).all()
    assert (made.intervals.lower < made.intervals.upper).all()
    assert np.abs(made.mean[2] - series[2].mean()).max() < 12


def test_mixed_lengths_and_unseen_series():
    panel = panel_of(seasonal(90, 0), seasonal(30, 1), seasonal(60, 2), season=6)
    model = NARN(training=QUICK).fit(panel.take(np.array([0, 1])), horizon=4)
    both = model.forecast(panel).mean
    assert both.shape == (3, 4)
    assert np.isfinite(both).all()
    np.testing.assert_allclose(model.forecast(panel.take(np.array([0, 1]))).mean, both[:2], rtol=1e-6)


def test_an_unseen_series_is_forecast_at_its_own_scale():
    model = GRU(training=Training(n_updates=100)).fit(panel_of(seasonal(90, 0), seasonal(90, 1), season=6), horizon=4)
    other = replace(panel_of(1000 * seasonal(90, 5), season=6), ids=np.array(["new"], dtype=object))
    made = model.forecast(other).mean[0] / 1000
    actual = 20 + 0.3 * np.arange(90, 94) + 3 * np.sin(2 * np.pi * np.arange(90, 94) / 6)
    assert np.abs(made - actual).max() < 2.5


@pytest.mark.parametrize("model", [NARN, GRU])
def test_forecasts_at_many_origins_are_those_at_each_alone(model):
    series = np.exp(seasonal(120, 0) / 9), seasonal(120, 1)
    fitted = model(training=QUICK, n_members=2).fit(panel_of(*(part[:80] for part in series), season=6), horizon=4)
    panel = panel_of(*series, season=6)
    rows = [(n, end) for end in (5, 70, 81, 100, 116) for n in (1, 0)]
    origins = Origins(*np.array(rows).T)
    mean, intervals = fitted._predict_at(panel.scaled(1 / fitted._factors), origins, (80, 95))
    for (n, end), one, lower, upper in zip(rows, mean, intervals.lower, intervals.upper, strict=True):
        alone = fitted.forecast(panel.before(np.full(2, end), 4), levels=[80, 95])
        factor = fitted._factors[n]
        np.testing.assert_allclose(factor * one, alone.mean[n], rtol=1e-5)
        np.testing.assert_allclose(factor * lower, alone.intervals.lower[n], rtol=1e-5)
        np.testing.assert_allclose(factor * upper, alone.intervals.upper[n], rtol=1e-5)


@pytest.mark.parametrize("id_", ["s0", "new"])
def test_nothing_after_an_origin_is_seen_at_it(id_):
    series = np.exp(seasonal(120, 0) / 9)
    model = GRU(training=QUICK).fit(panel_of(series[:80], season=6), horizon=4)
    spoilt = series.copy()
    spoilt[100:] = -1e6
    made = []
    for values in (series, spoilt):
        panel = replace(panel_of(values, season=6), ids=np.array([id_], dtype=object))
        origins = Origins(np.array([0, 0]), np.array([90, 100]))
        mean, intervals = model._predict_at(panel, origins, (80,))
        made.append(np.concatenate([mean[..., None], intervals.lower, intervals.upper], axis=-1))
    assert np.array_equal(*made)


def test_newer_data_are_read_without_refitting():
    series = seasonal(100)
    model = RNN(training=QUICK).fit(panel_of(series[:90], season=6), horizon=4)
    made = model.forecast(panel_of(series, season=6)).mean[0]
    actual = 20 + 0.3 * np.arange(100, 104) + 3 * np.sin(2 * np.pi * np.arange(100, 104) / 6)
    assert np.abs(made - actual).max() < 2


@pytest.mark.parametrize("length", [1, 5])
def test_newer_data_may_be_shorter_than_the_window(length):
    model = GRU(training=QUICK).fit(panel_of(seasonal(), season=6), horizon=4)
    made = model.forecast(panel_of(seasonal(length), season=6)).mean
    assert np.isfinite(made).all()
    assert np.abs(made - seasonal(length).mean()).max() < 15


def test_early_stopping_judges_by_values_before_the_end_alone():
    """What is held out are the newest origins of the training rows: nothing else is there to look at."""
    panel = panel_of(seasonal(90), season=6)
    seen = []
    for tail in (0.0, 1e4):
        values = np.concatenate([panel.values, np.full(12, tail)])
        longer = panel_of(values, season=6)
        seen.append(bits(GRU(training=QUICK).fit(longer.before(np.array([90]), 4), horizon=4).forecast(levels=[80])))
    assert np.array_equal(*seen)


def test_known_past_and_static_covariates_help():
    rng = np.random.default_rng(5)
    driver = rng.normal(size=300)
    values = 50 + 4 * driver + 0.1 * rng.normal(size=300)
    known = Covariates(("driver",), driver[:, None])
    past = Covariates(("noise",), rng.normal(size=(300, 1)))
    static = Covariates(("kind",), np.array([[0.0]]), {"kind": ("shop",)})
    panel = panel_of(values, known=known, past=past, static=static)
    training = panel.before(panel.lengths - 40, 4)
    with_driver = RNN(n_members=1, training=Training(n_updates=150)).fit(training, horizon=4)
    bare = RNN(n_members=1, training=Training(n_updates=150)).fit(
        replace(training, known=None, future=None, past=None, static=None), horizon=4
    )
    errors = [0.0, 0.0]
    for end in range(260, 297, 4):
        origin = panel.before(np.array([end]), 4)
        for m, model in enumerate((with_driver, bare)):
            errors[m] += np.abs(model.forecast(origin).mean[0] - values[end : end + 4]).mean()
    assert errors[0] < 0.4 * errors[1]


def test_labels_of_a_category_may_come_in_another_order():
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 2, size=120).astype(float)
    values = 10 + 5 * codes + rng.normal(size=120)
    panel = panel_of(values, known=Covariates(("day",), codes[:, None], {"day": ("off", "on")}))
    turned = replace(panel, known=Covariates(("day",), 1 - codes[:, None], {"day": ("on", "off")}))
    ends = panel.lengths - 4
    model = NARN(training=QUICK).fit(panel.before(ends, 4), horizon=4)
    assert np.array_equal(model.forecast(panel.before(ends, 4)).mean, model.forecast(turned.before(ends, 4)).mean)


def test_intervals_come_from_the_held_out_origins_without_refitting(monkeypatch):
    model = NARN(training=QUICK).fit(panel_of(seasonal(200), season=6), horizon=4)
    monkeypatch.setattr(NARN, "_fit", None)
    narrow, wide = model.forecast(levels=[50, 95]).intervals.lower[0].T
    assert (wide < narrow).all()


def autoregression(length, seed):
    noise = np.random.default_rng(seed).normal(size=length)
    values = np.zeros(length)
    for t in range(1, length):
        values[t] = 0.7 * values[t - 1] + noise[t]
    return values


def coverage(model, series, first, horizon):
    """How often later values lie within the intervals of 80 and 95 %."""
    model.fit(panel_of(*(values[:first] for values in series)), horizon=horizon)
    ends = np.arange(first, len(series[0]) - horizon, horizon)
    places = np.repeat(np.arange(len(series)), len(ends))
    panel = panel_of(*series).scaled(1 / model._factors)
    origins = Origins(places, np.tile(ends, len(series)))
    made = model._predict_at(panel, origins, (80, 95))[1]
    rows = panel.offsets[origins.series][:, None] + origins.ends[:, None] + np.arange(horizon)
    actual = panel.values[rows][..., None]
    return ((made.lower <= actual) & (actual <= made.upper)).mean(axis=(0, 1))


@pytest.mark.parametrize(("model", "settings"), [(NARN, {}), (GRU, {}), (GRU, {"head": "normal"})])
def test_interval_coverage_on_new_data_is_near_the_level(model, settings):
    series = [autoregression(600, seed) for seed in range(6)]
    made = coverage(model(n_members=1, training=Training(n_updates=150), **settings), series, 300, 4)
    assert made == pytest.approx([0.8, 0.95], abs=0.04)


def test_networks_that_grew_surer_by_what_they_read_get_wider_intervals(monkeypatch):
    """The second run reads the held-out origins too, so that its tables are narrower than those judged by them."""
    series, training = [autoregression(600, 13)], Training(n_updates=300, learning_rate=0.01)
    with_look = coverage(GRU(n_members=1, training=training), series, 300, 4)
    monkeypatch.setattr("tidegate.forecasters.network.forecaster.narrowing", lambda before, after: 1.0)
    without = coverage(GRU(n_members=1, training=training), series, 300, 4)
    assert (with_look > without).all()


def test_saved_and_loaded_bits(tmp_path):
    panel = panel_of(seasonal(90, 0), seasonal(50, 1), season=6)
    model = GRU(training=QUICK, dropout=0.2, layers=2).fit(panel, horizon=4)
    model.save(tmp_path / "model")
    again = storage.load(tmp_path / "model")
    assert np.array_equal(bits(model.forecast(levels=[80])), bits(again.forecast(levels=[80])))
    longer = panel_of(seasonal(95, 0), seasonal(60, 7), season=6)
    assert np.array_equal(model.forecast(longer).mean, again.forecast(longer).mean)
    assert again.n_parameters == model.n_parameters > 0
    assert again.notes_ == model.notes_
    assert again.losses_.keys() == model.losses_.keys()


class KilledError(Exception):
    """Stands for a kill."""


class Killer(progress.Silent):
    def __init__(self, label, at):
        self.label, self.at, self.now = label, at, ""

    def begin(self, label, n_updates):
        self.now = label

    def advance(self, done, loss):
        if self.now == self.label and done == self.at:
            raise KilledError


@pytest.mark.parametrize("label", ["network 1", "network 1, newest values too", "network 2"])
def test_a_killed_fit_resumes_to_the_same_bits(tmp_path, label):
    panel = panel_of(seasonal(), season=6)

    def model(seed=0):
        return GRU(training=QUICK, dropout=0.2, n_members=2, seed=seed)

    straight = model().fit(panel, horizon=4).forecast(levels=[80])
    with checkpoints.kept_in(tmp_path):
        with pytest.raises(KilledError), progress.shown(Killer(label, 5)):
            model().fit(panel, horizon=4)
        before = len(list(tmp_path.iterdir()))
        resumed = model().fit(panel, horizon=4).forecast(levels=[80])
        assert np.array_equal(bits(straight), bits(resumed))
        assert len(list(tmp_path.iterdir())) == 4 >= before >= 1
        other = model(seed=1).fit(panel, horizon=4).forecast(levels=[80])
        assert not np.array_equal(bits(straight), bits(other))


def test_the_same_bits_for_any_number_of_threads():
    before, made = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            torch.manual_seed(threads)
            made.append(bits(GRU(training=QUICK).fit(panel_of(seasonal(), season=6), horizon=4).forecast(levels=[80])))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*made)


def test_an_exploding_run_is_named():
    training = Training(learning_rate=1e30)
    message = (
        r"network 1: the .* became .* at update \d+ of .* in series 's0'; the largest gradient is .*, of "
        r"(encoder|decoder)\.[\w.]+\. It must stay finite\. Lower the learning rate, now 1e"
    )
    with pytest.raises(TrainingError, match=message):
        NARN(training=training).fit(panel_of(seasonal(), season=6), horizon=4)


def test_notes_say_what_was_decided():
    model = NARN(training=Training(n_updates=2, batch_size=4)).fit(
        panel_of(np.exp(seasonal() / 9), season=6), horizon=4
    )
    said = " ".join(model.notes_)
    assert "2 networks trained with up to 2 updates of 4 windows, drawn from 75." in said
    assert "Logs are taken for 1 of 1 series." in said
    assert "at most 8 of the windows are seen" in said
    short = NARN(training=QUICK).fit(panel_of(seasonal(9), season=6), horizon=6)
    assert "too short to hold origins out" in " ".join(short.notes_)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed is -1; it must be a whole number, at least 0"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"n_members": 0}, "n_members is 0; it must be a whole number, at least 1"),
        ({"hidden_size": 0}, "hidden_size is 0; it must be a whole number, at least 1"),
        ({"layers": True}, "layers is True; it must be a whole number, at least 1"),
        ({"window": 0}, "window is 0; it must be a whole number, at least 1"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to below 1"),
        ({"training": Training(patience=0)}, "patience is 0; it must be a whole number of at least 1"),
    ],
)
def test_settings_outside_their_limits(settings, message):
    with pytest.raises(SettingError, match=message):
        GRU(**settings).fit(panel_of(seasonal(), season=6), horizon=4)


def test_negative_and_zero_values_are_read():
    panel = panel_of(seasonal() - 30, np.where(seasonal(seed=1) > 40, 5.0, 0.0), season=6)
    assert np.isfinite(NARN(training=QUICK).fit(panel, horizon=4).forecast().mean).all()


def test_beats_seasonal_naive_on_a_panel():
    panel = panel_of(*(seasonal(84, seed, amplitude=4) for seed in range(6)), season=6)
    ends = panel.lengths - 6
    actual = panel.values[panel.offsets[1:, None] - 6 + np.arange(6)]
    errors = [
        np.abs(model.fit(panel.before(ends, 6), horizon=6).forecast().mean - actual).mean()
        for model in (NARN(), SeasonalNaive())
    ]
    assert errors[0] < 0.6 * errors[1]


def test_intervals_that_rest_on_too_few_held_out_values_say_so():
    few = NARN(hidden_size=4, n_members=1, training=Training(n_updates=5)).fit(panel_of(seasonal(24)), horizon=1)
    few.forecast(levels=[80, 95])
    assert "past errors are known, too few for the 80 % and 95 % interval" in few.shortage_
    many = NARN(hidden_size=4, n_members=1, training=Training(n_updates=5)).fit(panel_of(seasonal(90)), horizon=6)
    many.forecast(levels=[80, 95])
    assert many.shortage_ == ""


def test_what_is_saved_names_its_parts():
    model = NARN(hidden_size=4, n_members=1, training=Training(n_updates=5)).fit(panel_of(seasonal(40)), horizon=2)
    state = model._state()
    assert (state["layout"], state["sizes"]) == (model._shape._asdict(), model._sizes._asdict())
    assert state["losses"]["network 1"]["planned"] == 5
