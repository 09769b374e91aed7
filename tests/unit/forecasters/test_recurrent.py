import numpy as np
import pytest
import torch
from sklearn.base import clone

from tidegate.errors import DataError, SettingError
from tidegate.features.windows import Origins, last_origins
from tidegate.forecasters import registry, storage
from tidegate.forecasters.naive import Naive, SeasonalNaive
from tidegate.forecasters.network.building import DECODERS
from tidegate.forecasters.network.problem import told
from tidegate.forecasters.recurrent import GRU, LSTM, RNN, RecurrentForecaster
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.heads import QUANTILES
from tidegate.nn.stack import Recurrent
from tidegate.panel import Covariates, Future, Panel
from tidegate.training.settings import Training

MODELS = [RNN, LSTM, GRU]
QUICK = Training(n_updates=30)
MIDDLE = QUANTILES.index(0.5)


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


def growing(length=120, seed=0):
    """Trend, a season whose swings grow with the level, and noise."""
    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    return 100 * np.exp(0.01 * steps + 0.2 * np.sin(2 * np.pi * steps / 12) + 0.03 * noise)


def read_at_the_end(fitted):
    windows = fitted._windows(fitted.history_, fitted._scale)
    return windows.batch(last_origins(fitted.history_.lengths)).reading


@pytest.mark.parametrize("model", MODELS)
def test_beats_seasonal_naive_on_trend_and_season(model):
    values = growing()
    errors = np.zeros(2)
    for end in (84, 108):
        history, actual = panel_of(values[:end], season=12), values[end : end + 12]
        for m, made in enumerate((model(n_members=1), SeasonalNaive())):
            errors[m] += np.abs(made.fit(history, horizon=12).forecast().mean[0] - actual).mean()
    assert errors[0] < 0.7 * errors[1]


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_beats_seasonal_naive_on_trend_and_season(decoder):
    values = growing()
    history, actual = panel_of(values[:108], season=12), values[108:]
    model = GRU(decoder=decoder, n_members=1, hidden_size=32, training=Training(n_updates=250))
    errors = [
        np.abs(made.fit(history, horizon=12).forecast().mean[0] - actual).mean() for made in (model, SeasonalNaive())
    ]
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize("model", MODELS)
def test_first_step_of_a_random_walk_is_close_to_naive(model):
    """A decoder blind to the newest steps would lose by far: its error on the first step is that of the last."""
    walk = np.random.default_rng(2).normal(size=900).cumsum()
    ends = np.arange(500, 888, 4)
    fitted = model(n_members=1).fit(panel_of(walk[:500]), horizon=12)
    panel = panel_of(walk).scaled(1 / fitted._factors)
    mean, _ = fitted._predict_at(panel, Origins(np.zeros(len(ends), dtype=np.int64), ends), ())
    actual = panel.values[ends[:, None] + np.arange(12)]
    errors, naive = np.abs(actual - mean), np.abs(actual - panel.values[ends - 1, None])
    assert errors[:, 0].mean() < 1.15 * naive[:, 0].mean()
    assert errors.mean() < 1.15 * naive.mean()


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("model", MODELS)
def test_the_network_itself_reads_the_newest_value(model, decoder):
    """Beyond the level that the base carries: what it adds to the base changes too, at every step."""
    values = growing()
    fitted = model(training=QUICK, decoder=decoder, n_members=1).fit(panel_of(values, season=12), horizon=6)
    raised = values.copy()
    raised[-1] += 3 * values.std()
    made = []
    for series in (values, raised):
        panel = panel_of(series / fitted._factors[0], season=12)
        windows, origins = fitted._windows(panel, fitted._scale), last_origins(panel.lengths)
        base = windows.batch(origins).reading.base.numpy()
        made.append(told(fitted._networks[0], windows, origins)[..., MIDDLE] - base)
    assert (made[0] != made[1]).all()
    before, after = (fitted.forecast(panel_of(series, season=12)).mean for series in (values, raised))
    assert (before != after).all()


@pytest.mark.parametrize("model", MODELS)
def test_all_steps_are_decoded_from_the_state_after_the_newest_value(model):
    fitted = model(training=QUICK, n_members=1).fit(panel_of(growing(), season=12), horizon=6)
    reading, network = read_at_the_end(fitted), fitted._networks[0]
    with torch.no_grad():
        states, _ = network.encoder.layers(reading.window)
        expected = network.decoder(torch.cat([states[-1], reading.context], dim=1), reading.known)
        made = network(reading)
    assert torch.equal(made[..., 0], expected[..., 0] + reading.base)
    assert torch.equal(made[..., 1:], expected[..., 1:])


def test_forecasts_of_an_autoregressive_decoder_read_their_own_values():
    """In training each step reads the true value before it; in use there is none to read."""
    fitted = GRU(decoder="recurrent", head="point", n_members=1, training=QUICK)
    fitted.fit(panel_of(growing(), season=12), horizon=6)
    reading, network = read_at_the_end(fitted), fitted._networks[0]
    with torch.no_grad():
        own = network(reading)[..., 0]
        taught = network(reading, own)[..., 0]
        misled = network(reading, own + 5)[..., 0]
    torch.testing.assert_close(own, taught, rtol=1e-4, atol=1e-5)
    assert torch.equal(misled[:, 0], taught[:, 0])
    assert (misled[:, 1:] != taught[:, 1:]).all()


@pytest.mark.parametrize(
    ("unit", "by_series"), [(None, (False, True)), ("window", (False,) * 2), ("series", (True,) * 2)]
)
def test_windows_are_in_units_of_their_series_where_covariates_are_known(unit, by_series):
    known, ahead = (Covariates(("driver",), np.arange(n)[:, None] % 5.0) for n in (120, 6))
    panels = panel_of(growing()), panel_of(growing(), known=known, future=Future(np.array([0, 6]), ahead))
    fitted = [GRU(unit=unit, n_members=1, training=QUICK).fit(panel, horizon=6) for panel in panels]
    assert tuple(model._shape.by_series for model in fitted) == by_series


@pytest.mark.parametrize("decoder", DECODERS)
def test_known_covariates_act_at_their_own_step(decoder):
    """The target follows a driver without delay, and drivers are noise: shifted by one, nothing could be learned."""
    rng = np.random.default_rng(5)
    driver = rng.normal(size=407)
    values = 50 + 4 * driver[:400] + 0.1 * rng.normal(size=400)
    known = Covariates(("driver",), driver[:400, None])
    future = Future(np.array([0, 6]), Covariates(("driver",), driver[400:406, None]))
    model = GRU(decoder=decoder, n_members=1, hidden_size=32, window=8, segment=3, training=Training(n_updates=400))
    made = model.fit(panel_of(values, known=known, future=future), horizon=6).forecast().mean[0]
    errors = [np.abs(made - 50 - 4 * driver[first : first + 6]).mean() for first in (399, 400, 401)]
    assert errors[1] < 1.5
    assert errors[1] < 0.6 * min(errors[0], errors[2])


@pytest.mark.parametrize("cell", CELLS)
def test_any_cell_can_be_chosen(cell):
    fitted = RecurrentForecaster(cell=cell, hidden_size=6, n_members=1, training=QUICK)
    fitted.fit(panel_of(growing(), season=12), horizon=6)
    assert type(fitted._networks[0].encoder.layers.cell) is CELLS[cell]
    naive = SeasonalNaive().fit(panel_of(growing(), season=12), horizon=6).forecast().mean
    assert np.abs(fitted.forecast().mean / naive - 1).max() < 0.5


@pytest.mark.parametrize(("model", "cell"), [(RNN, "elman"), (LSTM, "lstm"), (GRU, "gru")])
def test_named_models_are_the_general_one_with_their_cell(model, cell):
    panel = panel_of(growing(), season=12)
    named, general = (
        made.fit(panel, horizon=6).forecast(levels=[80])
        for made in (model(training=QUICK), RecurrentForecaster(cell=cell, training=QUICK))
    )
    assert np.array_equal(named.mean, general.mean)
    assert np.array_equal(named.intervals.upper, general.intervals.upper)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("model", MODELS)
def test_forms_of_the_layers_reach_encoder_and_decoder(model, decoder):
    own = {"rnn": {"nonlinearity": "relu"}, "lstm": {"peepholes": "full"}, "gru": {"reset": "before"}}[model.name]
    settings = {"layer_options": {**own, "layer_norm": True}, "truncate": 8, "layers": 2, "hidden_size": 6}
    fitted = model(**settings, decoder=decoder, n_members=1, training=QUICK)
    fitted.fit(panel_of(growing(), season=12), horizon=6)
    layers = [module for module in fitted._networks[0].modules() if isinstance(module, Recurrent)]
    assert len(layers) == (2 if decoder in ("recurrent", "attention") else 1)
    for one in layers:
        assert one.cell == CELLS[model.cell](**own)
        assert one.stack.layer_norm
    naive = SeasonalNaive().fit(panel_of(growing(), season=12), horizon=6).forecast().mean
    assert np.abs(fitted.forecast().mean / naive - 1).max() < 0.5


def test_the_options_given_are_kept_as_they_are():
    options = {"reset": "before"}
    model = GRU(layer_options=options)
    assert model.get_params()["layer_options"] is options
    assert clone(model).get_params() == model.get_params()


def test_the_general_one_is_registered_but_no_rung():
    assert isinstance(registry.forecaster("recurrent"), RecurrentForecaster)
    assert "recurrent" not in registry.ladder()


def test_settings_shape_the_network():
    settings = {"hidden_size": 5, "layers": 3, "window": 9, "shift": "last", "base": "shift", "unit": "series"}
    fitted = GRU(**settings, n_members=1, training=QUICK).fit(panel_of(growing(), season=12), horizon=6)
    layers, shape = fitted._networks[0].encoder.layers, fitted._shape
    assert (layers.hidden_size, layers.num_layers) == (5, 3)
    assert (shape.window_steps, shape.shift, shape.base, shape.by_series) == (9, "last", "shift", True)


@pytest.mark.parametrize(("segment", "season", "steps"), [(5, 12, 5), (None, 12, 12), (None, 1, 8), (99, 1, 20)])
def test_patches_are_a_season_long_by_default_and_never_longer_than_the_window(segment, season, steps):
    model = GRU(decoder="segment", segment=segment, window=None if season > 1 else 20, n_members=1, training=QUICK)
    fitted = model.fit(panel_of(growing(), season=season), horizon=6)
    assert fitted._networks[0].encoder.patch_steps == steps


def test_each_setting_changes_the_forecast():
    panel = panel_of(growing(), growing(seed=1) + 30, season=12)
    plain = {"training": Training(n_updates=6), "n_members": 1, "hidden_size": 8}
    changes = [
        {}, {"decoder": "segment"}, {"head": "normal"}, {"hidden_size": 9}, {"layers": 2}, {"window": 13},
        {"shift": "mean"}, {"base": "shift"}, {"unit": "series"}, {"series_width": 2}, {"dropout": 0.5}, {"seed": 1},
        {"n_members": 2}, {"decoder": "segment", "segment": 5}, {"layer_options": {"reset": "before"}},
        {"start": "chrono"}, {"forget_bias": 2}, {"truncate": 4},
    ]  # fmt: skip
    made = [GRU(**(plain | change)).fit(panel, horizon=6).forecast().mean for change in changes]
    assert all(not np.array_equal(a, b) for n, a in enumerate(made) for b in made[:n])


def test_dropout_changes_training_and_not_use():
    panel = panel_of(growing(), season=12)
    plain, dropped = (GRU(dropout=d, n_members=1, training=QUICK).fit(panel, horizon=6) for d in (0.0, 0.5))
    assert not np.array_equal(plain.forecast().mean, dropped.forecast().mean)
    assert np.array_equal(dropped.forecast().mean, dropped.forecast().mean)


def test_own_values_change_how_the_recurrent_decoder_learns():
    panel = panel_of(growing(), season=12)
    settings = {"decoder": "recurrent", "head": "point", "n_members": 1, "training": QUICK}
    taught, mixed = (GRU(own_values=part, **settings).fit(panel, horizon=6) for part in (0.0, 0.9))
    assert not np.array_equal(taught.forecast().mean, mixed.forecast().mean)


def test_the_base_is_the_start():
    """Without a season and before any useful update, the forecast is near the newest value."""
    walk = np.random.default_rng(0).normal(size=200).cumsum()
    fitted = RNN(training=Training(n_updates=1, learning_rate=1e-9)).fit(panel_of(walk), horizon=3)
    naive = Naive().fit(panel_of(walk), horizon=3).forecast().mean
    assert np.abs(fitted.forecast().mean - naive).max() < 0.3 * np.abs(np.diff(walk)).mean()


@pytest.mark.parametrize(("base", "expected"), [("seasonal-naive", [5.0, 1, 1, 1]), ("shift", [2.0, 2, 2, 2])])
def test_the_base_is_the_season_before_or_what_the_window_is_shifted_by(base, expected):
    """Before any useful update, the forecast of a season that never changes is that season or its mean."""
    values = np.tile([5.0, 1, 1, 1], 30)
    fitted = RNN(base=base, training=Training(n_updates=1, learning_rate=1e-9)).fit(
        panel_of(values, season=4), horizon=4
    )
    assert np.abs(fitted.forecast().mean - expected).max() < 0.5
    said = {"seasonal-naive": "seasonal naive forecast", "shift": "level of the window"}[base]
    assert any(f"Corrections to the {said} count" in note for note in fitted.notes_)


def counts(length, seed, rate=3.0):
    steps = np.arange(length)
    return np.random.default_rng(seed).poisson(rate * (1 + 0.8 * np.sin(2 * np.pi * steps / 6))).astype(float)


@pytest.mark.parametrize("decoder", ["direct", "recurrent"])
@pytest.mark.parametrize("rate", [0.3, 5.0])
def test_counts_have_intervals_of_counts(decoder, rate):
    panel = panel_of(*(counts(90, seed, rate) for seed in range(4)), season=6)
    model = GRU(head="negative-binomial", decoder=decoder, n_members=1, training=Training(n_updates=60))
    made = model.fit(panel, horizon=6).forecast(levels=[80, 95])
    assert model._scale.logs.tolist() == [False] * 4
    assert model._shape.shift == "none"
    assert (made.intervals.lower >= 0).all()
    assert (made.mean >= 0).all()
    assert (made.intervals.lower <= made.mean[..., None]).all()
    assert (made.mean[..., None] <= made.intervals.upper).all()
    assert (made.intervals.upper > made.intervals.lower).any()


def test_counts_are_covered():
    series = [counts(200, seed) for seed in range(6)]
    model = GRU(head="negative-binomial", n_members=1, training=Training(n_updates=150))
    model.fit(panel_of(*(values[:100] for values in series), season=6), horizon=6)
    panel = panel_of(*series, season=6).scaled(1 / model._factors)
    ends = np.arange(100, 194, 6)
    origins = Origins(np.repeat(np.arange(6), len(ends)), np.tile(ends, 6))
    made = model._predict_at(panel, origins, (80,))[1]
    actual = panel.values[(panel.offsets[origins.series] + origins.ends)[:, None] + np.arange(6)][..., None]
    assert 0.75 < ((made.lower <= actual) & (actual <= made.upper)).mean() < 0.95


@pytest.mark.parametrize("head", ["point", "normal", "student-t", "negative-binomial"])
def test_every_head_is_saved_and_loaded_to_the_same_bits(tmp_path, head):
    panel = panel_of(counts(90, 0), counts(60, 1), season=6)
    model = RecurrentForecaster(cell="lstm", head=head, series_width=2, n_members=1, training=QUICK)
    model.fit(panel, horizon=4).save(tmp_path / "model")
    first, again = (made.forecast(levels=[80]) for made in (model, storage.load(tmp_path / "model")))
    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.intervals.lower, again.intervals.lower)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "gur"}, r"There is no cell 'gur'\. Did you mean 'gru'\? The cells are: elman, lstm, gru"),
        ({"decoder": "seq"}, "decoder is 'seq'; it must be one of 'direct', 'recurrent', 'segment', 'attention'"),
        ({"head": "mean"}, "head is 'mean'; it must be one of 'point', 'quantiles', 'normal', 'student-t', 'negative-"),
        ({"shift": 1}, "shift is 1; it must be one of 'level', 'mean', 'last', 'none'"),
        ({"base": "naive"}, "base is 'naive'; it must be one of 'seasonal-naive', 'shift'"),
        ({"unit": "none"}, "unit is 'none'; it must be one of 'window', 'series'"),
        ({"hidden_size": 0}, "hidden_size is 0; it must be a whole number, at least 1"),
        ({"layers": True}, "layers is True; it must be a whole number, at least 1"),
        ({"series_width": -1}, "series_width is -1; it must be a whole number, at least 0"),
        ({"truncate": 0}, "truncate is 0; it must be a whole number, at least 1"),
        ({"start": "zeros"}, "start is 'zeros'; it must be one of 'orthogonal', 'identity', 'chrono'"),
        ({"forget_bias": "a"}, "forget_bias is 'a'; it must be a number"),
        ({"layer_options": {"peepholes": "full"}}, "layer_options: gru has no option 'peepholes'"),
        ({"window": 0}, "window is 0; it must be a whole number, at least 1"),
        ({"window": 2.5}, "window is 2.5; it must be a whole number, at least 1"),
        ({"segment": 0}, "segment is 0; it must be a whole number, at least 1"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to below 1"),
        ({"dropout": -0.1}, "dropout is -0.1; it must be a number from 0 to below 1"),
        ({"own_values": 1.5}, "own_values is 1.5; it must be a number from 0 to below 1"),
        ({"dropout": True}, "dropout is True; it must be a number from 0 to below 1"),
        ({"n_members": 0}, "n_members is 0; it must be a whole number, at least 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number, at least 0"),
        ({"training": Training(patience=0)}, "patience is 0; it must be a whole number of at least 1"),
    ],
)
def test_settings_outside_their_limits(settings, message):
    with pytest.raises(SettingError, match=message):
        RecurrentForecaster(**settings).fit(panel_of(growing(), season=12), horizon=4)


@pytest.mark.parametrize(("wrong", "said"), [(-3.0, "the value -3; counts are whole"), (1.5, "the value 1.5; counts")])
def test_values_that_are_no_counts_are_refused_with_their_series(wrong, said):
    values = counts(60, 1)
    values[7] = wrong
    model = GRU(head="negative-binomial", n_members=1, training=QUICK)
    with pytest.raises(DataError, match=rf"series 's1': {said}.*another head than 'negative-binomial'"):
        model.fit(panel_of(counts(60, 0), values), horizon=4)


def test_fractions_that_fill_a_gap_between_counts_are_read():
    values = counts(60, 1)
    values[[20, 21]] = np.nan
    values[[19, 22]] = 0, 1
    model = GRU(head="negative-binomial", n_members=1, training=QUICK).fit(
        panel_of(values, fill="interpolate"), horizon=4
    )
    assert 0 < model.history_.values[20] < 1
    assert (model.forecast().mean >= 0).all()
