from dataclasses import replace

import numpy as np
import pytest
import torch

import tidegate
from tidegate.errors import DataError, SettingError
from tidegate.features.windows import Origins
from tidegate.forecasters.hybrid.forecaster import Hybrid
from tidegate.forecasters.naive import SeasonalNaive
from tidegate.panel import Covariates, Panel
from tidegate.training import checkpoints, progress
from tidegate.training.settings import Training

QUICK = Training(n_updates=20)


def panel_of(*series, season=12, starts=None, **columns):
    lengths = [len(values) for values in series]
    begins = starts or [0] * len(series)
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([begin + np.arange(length) for begin, length in zip(begins, lengths, strict=True)]),
        values=np.concatenate(series).astype(float),
        frequency="1",
        seasons=(season,),
        **columns,
    )


def growing(length=120, seed=0, phase=0):
    """Trend, a season whose swings grow with the level, and noise."""
    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    return 100 * np.exp(0.01 * steps + 0.2 * np.sin(2 * np.pi * (steps + phase) / 12) + 0.03 * noise)


@pytest.fixture(scope="module")
def fitted():
    return Hybrid(training=QUICK, n_members=1).fit(panel_of(growing(), growing(70, 1, 5)), horizon=6)


def newer(values, n=0, start=0):
    """Newer data of series n, as the family sees it."""
    return replace(panel_of(values, starts=[start]), ids=np.array([f"s{n}"], dtype=object))


@pytest.mark.parametrize("shift", [0, -150])
def test_beats_seasonal_naive_on_trend_and_season(shift):
    """Also where values below 0 are smoothed by sums."""
    values, errors = growing(), np.zeros(2)
    values = np.log(values) * 100 - 500 if shift else values
    assert bool((values < 0).any()) is bool(shift)
    for end in (84, 108):
        history, actual = panel_of(values[:end]), values[end : end + 12]
        for m, made in enumerate((Hybrid(n_members=1), SeasonalNaive())):
            errors[m] += np.abs(made.fit(history, horizon=12).forecast().mean[0] - actual).mean()
    assert errors[0] < 0.6 * errors[1]


def test_constant_series_stay_constant():
    panel = panel_of(np.full(40, 7.3), growing(40), np.zeros(40))
    forecast = Hybrid(training=QUICK, n_members=1).fit(panel, horizon=4).forecast(levels=[80])
    np.testing.assert_allclose(forecast.mean[0], 7.3, rtol=1e-12)
    np.testing.assert_allclose(forecast.intervals.upper[0], 7.3, rtol=1e-12)
    np.testing.assert_allclose(forecast.mean[2], 0, atol=1e-12)
    assert (np.diff(forecast.mean[1]) != 0).all()


def test_forecasts_inside_a_panel_are_those_of_what_was_known_there(fitted):
    panel = fitted.history_
    origins = Origins(np.array([0, 1, 0]), np.array([90, 41, 120]))
    together, bounds = fitted._predict_at(panel, origins, (80,))
    for k, (n, end) in enumerate(zip(*origins, strict=True)):
        alone, own = fitted._predict(panel.take(np.array([n])).before(np.array([end]), 6), (80,))
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-5)
        np.testing.assert_allclose(bounds.upper[k], own.upper[0], rtol=1e-5)


@pytest.mark.parametrize(("n", "start"), [(7, 0), (0, 3)])
def test_unseen_and_shifted_series_see_nothing_after_an_origin(fitted, n, start):
    """Their scale and first season come from rows before each origin, though they are forecast at several."""
    values = growing(60, 3) / fitted._factors[0]
    later = np.append(values[:20], values[20:] * 3)
    origins = Origins(np.zeros(3, dtype=np.int64), np.array([13, 20, 45]))
    made = [fitted._predict_at(newer(row, n, start), origins, ())[0] for row in (values, later)]
    assert np.array_equal(made[0][:2], made[1][:2])
    assert (made[0][2] != made[1][2]).all()


def test_newer_values_are_smoothed_on(fitted):
    """Ten more values move the forecast as they should: on a level that has doubled it doubles, more or less."""
    more = np.append(growing(), growing(130)[120:] * 2)
    before, after = (fitted.forecast(newer(row)).mean.mean() for row in (growing(), more))
    assert 1.5 < after / before < 2.6


def test_a_season_of_one_s_own_is_found_in_newer_data():
    """A series unseen in training, or seen from another month on, has its peaks where they are, not where they were."""
    model = Hybrid(n_members=1).fit(panel_of(growing(), growing(120, 1)), horizon=12)
    for row, n, start in ((growing(61, 4, 5), 9, 0), (growing()[5:66], 0, 5)):
        actual = growing(73, 4, 5)[61:] if n else growing()[66:78]
        made = model.forecast(newer(row, n, start)).mean[0]
        assert np.corrcoef(made, actual)[0, 1] > 0.9


def test_gaps_are_read_as_gaps(fitted):
    values = growing()
    values[[50, 118]] = np.nan
    made = Hybrid(training=QUICK, n_members=1).fit(replace(panel_of(values), fill="keep"), horizon=6)
    assert np.isnan(made.history_.values).any()
    assert np.isfinite(made.forecast(levels=[80]).intervals.lower).all()


def test_static_attributes_reach_the_network():
    static = Covariates(("size",), np.array([[1.0], [3.0]]))
    model = Hybrid(training=QUICK, n_members=1).fit(panel_of(growing(), growing(120, 1), static=static), horizon=4)
    other = Covariates(("size",), np.array([[1.0], [9.0]]))
    made = model.forecast(panel_of(growing(), growing(120, 1), static=other)).mean
    before = model.forecast().mean
    assert np.array_equal(made[0], before[0])
    assert (made[1] != before[1]).all()


def test_a_series_of_the_shortest_allowed_length():
    model = Hybrid(training=QUICK)
    assert np.isfinite(model.fit(panel_of(growing(9)), horizon=6).forecast().mean).all()
    assert "too short to hold origins out" in " ".join(model.notes_)
    with pytest.raises(DataError, match="8 observations; hybrid needs at least 9"):
        Hybrid().fit(panel_of(growing(8)), horizon=6)


def test_notes_say_what_was_decided():
    rng = np.random.default_rng(0)
    panel = panel_of(growing(500), rng.normal(size=90), season=4)
    notes = " ".join(Hybrid(training=QUICK, n_members=1).fit(panel, horizon=4).notes_)
    assert "1 network trained with up to 20 updates" in notes
    assert "a level and seasons of 4 steps" in notes
    assert "1 of 2 series are smoothed as they are" in notes
    assert "Of 1 long series the newest 404 values are read" in notes


def test_intervals_hold_the_forecast_and_grow_with_the_level(fitted):
    forecast = fitted.forecast(levels=[50, 80, 95])
    bounds = forecast.intervals
    assert (np.diff(bounds.upper, axis=-1) > 0).all()
    assert (np.diff(bounds.lower, axis=-1) < 0).all()
    assert (bounds.lower[..., 2] < forecast.mean).all()
    assert (forecast.mean < bounds.upper[..., 2]).all()


@pytest.mark.parametrize("head", ["point", "normal", "student-t"])
def test_every_head_forecasts_with_intervals(head):
    model = Hybrid(head=head, training=QUICK, n_members=1).fit(panel_of(growing()), horizon=4)
    forecast = model.forecast(levels=[80])
    assert (forecast.intervals.lower < forecast.mean[..., None]).all()
    assert (forecast.mean[..., None] < forecast.intervals.upper).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hidden_size": 0}, "hidden_size is 0; it must be a whole number, at least 1"),
        ({"head": "negative-binomial"}, "head is 'negative-binomial'; it must be one of 'quantiles', 'point'"),
        ({"penalty": -0.1}, "penalty is -0.1; it must be a number of at least 0"),
        ({"penalty": float("nan")}, "penalty is nan; it must be a number of at least 0"),
        ({"n_members": 0}, "n_members is 0; it must be a whole number, at least 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number, at least 0"),
        ({"training": Training(batch_size=0)}, "training: batch_size is 0"),
    ],
)
def test_settings_outside_their_limits_are_refused(settings, said):
    with pytest.raises(SettingError, match=said):
        Hybrid(**settings).fit(panel_of(growing()), horizon=4)


def test_settings_change_the_forecast(fitted):
    panel = panel_of(growing(), growing(70, 1, 5))
    for settings in ({"hidden_size": 5}, {"penalty": 3.0}, {"seed": 1}, {"n_members": 2}):
        other = Hybrid(**{"training": QUICK, "n_members": 1} | settings).fit(panel, horizon=6)
        assert not np.array_equal(other.forecast().mean, fitted.forecast().mean), settings


def test_saved_models_go_on_with_the_same_bits(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    data = newer(growing(30, 5), n=9)
    for one, other in ((fitted, again), (again, fitted)):
        assert np.array_equal(
            one.forecast(data, levels=[80]).intervals.upper, other.forecast(data, levels=[80]).intervals.upper
        )
    assert again.notes_ == fitted.notes_
    assert again.n_parameters == fitted.n_parameters == sum(p.numel() for p in fitted._networks[0].parameters())
    assert {label: losses.best for label, losses in again.losses_.items()} == {
        label: losses.best for label, losses in fitted.losses_.items()
    }


class Interrupting(progress.Silent):
    def advance(self, done, loss):
        if done == 12:
            raise KeyboardInterrupt


def test_a_killed_fit_goes_on_to_the_same_bits(fitted, tmp_path):
    panel = panel_of(growing(), growing(70, 1, 5))
    model = Hybrid(training=QUICK, n_members=1)
    with checkpoints.kept_in(tmp_path):
        with progress.shown(Interrupting()), pytest.raises(KeyboardInterrupt):
            model.fit(panel, horizon=6)
        assert list(tmp_path.iterdir())
        torch.manual_seed(99)
        model.fit(panel, horizon=6)
    assert np.array_equal(model.forecast().mean, fitted.forecast().mean)


def test_intervals_of_a_series_too_short_to_hold_origins_out_come_from_refits():
    model = Hybrid(training=QUICK, n_members=1).fit(panel_of(growing(16), season=1), horizon=6)
    assert model._places is None
    bounds = model.forecast(levels=[80]).intervals
    assert np.isfinite(bounds.lower).all()
    assert (bounds.upper > bounds.lower).all()


def test_intervals_that_rest_on_too_few_held_out_values_say_so(fitted):
    fitted.forecast(levels=[95])
    assert fitted.shortage_ == ""
    few = Hybrid(training=QUICK, n_members=1).fit(panel_of(growing(24), season=1), horizon=1)
    few.forecast(levels=[80, 95])
    assert "past errors are known, too few for the 80 % and 95 % interval" in few.shortage_


def test_held_out_values_that_are_missing_leave_intervals_to_refits():
    values = growing(60)
    values[-13:-1] = np.nan
    model = Hybrid(training=QUICK, n_members=1).fit(panel_of(values, season=1, fill="keep"), horizon=2)
    assert model._places is None or np.isfinite(model._places).any()
    assert np.isfinite(model.forecast(levels=[80]).intervals.upper).all()


def test_what_is_saved_names_its_parts(fitted):
    state = fitted._state()
    assert state["shape"] == fitted._shape._asdict()
    assert state["losses"]["network 1"]["planned"] == 20
