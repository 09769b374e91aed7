"""Exponential smoothing on series whose answer is known, on awkward ones, and on newer data."""

from dataclasses import replace

import numpy as np
import pytest

from tidegate.errors import DataError, ModelError, SettingError
from tidegate.forecasters import smoothing
from tidegate.forecasters.naive import SeasonalNaive
from tidegate.forecasters.smoothing import ETS, MSTL, Croston, HoltWinters, SimpleSmoothing, Theta
from tidegate.panel import Panel

FAMILY = [SimpleSmoothing(), HoltWinters(), ETS(), Theta(), MSTL(), Croston()]
SEASONAL = [HoltWinters(), ETS(), Theta(), MSTL()]
MONTHS = np.arange("1980-01", "2040-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)


def panel(*series, seasons=(12,), start=0):
    lengths = [len(values) for values in series]
    times = np.arange(max(lengths) + start) if max(lengths) + start > len(MONTHS) else MONTHS
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([times[start : start + length] for length in lengths]),
        values=np.concatenate([np.asarray(values, dtype=float) for values in series]),
        frequency="MS" if times is MONTHS else "1",
        seasons=seasons,
    )


def monthly(length=96, seed=0, growth=0.5):
    rng = np.random.default_rng(seed)
    steps = np.arange(length)
    return 80 + growth * steps + 15 * np.sin(2 * np.pi * steps / 12) + rng.normal(0, 1.5, length)


@pytest.mark.parametrize("model", SEASONAL, ids=str)
def test_season_and_trend_are_continued_far_better_than_by_seasonal_naive(model):
    values = monthly(132)
    made, naive = (each.fit(panel(values[:120]), horizon=12).forecast().mean[0] for each in (model, SeasonalNaive()))
    error, bar = (np.abs(values[120:] - forecast).mean() for forecast in (made, naive))
    assert error < (0.9 if model.name == "theta" else 0.6) * bar


@pytest.mark.parametrize("model", FAMILY, ids=str)
def test_a_constant_series_is_continued_without_width(model):
    made = model.fit(panel([5.0] * 40, [0.0] * 40), horizon=15).forecast(levels=[80, 95])
    np.testing.assert_allclose(made.mean, [[5.0] * 15, [0.0] * 15], atol=1e-12)
    np.testing.assert_allclose(made.intervals.upper, made.intervals.lower, atol=1e-7)


@pytest.mark.parametrize("length", [2, 3, 5, 7, 9, 11, 14, 23])
@pytest.mark.parametrize("model", [SimpleSmoothing(), HoltWinters(), ETS(), MSTL()], ids=str)
def test_series_shorter_than_two_seasons_work(model, length):
    made = model.fit(panel(monthly(length)), horizon=5).forecast()
    assert np.isfinite(made.mean).all()
    assert np.abs(made.mean - monthly(length)[-1]).max() < 100


def test_theta_refuses_three_values_and_takes_four():
    assert np.isfinite(Theta().fit(panel(monthly(4)), horizon=5).forecast(levels=[80]).mean).all()
    with pytest.raises(DataError, match="3 observations; theta needs at least 4"):
        Theta().fit(panel(monthly(3)), horizon=5)


@pytest.mark.parametrize("model", [HoltWinters(), ETS()], ids=str)
def test_a_missing_season_is_said(model):
    model.fit(panel(monthly(96), monthly(20)), horizon=3)
    assert model.notes_ == (f"1 series hold fewer than two seasons of 12 steps; {model.name} leaves out theirs.",)
    assert model.rules_[1].season == 1


@pytest.mark.parametrize("model", FAMILY, ids=str)
@pytest.mark.parametrize("offset", [-80.0, -500.0], ids=["around zero", "below zero"])
def test_zeros_and_negative_values_work(model, offset):
    values = monthly(72) + offset
    values[30] = 0.0
    made = model.fit(panel(values), horizon=6).forecast(levels=[80])
    assert np.isfinite(made.mean).all()
    assert (made.intervals.lower <= made.mean[..., None]).all()


def test_ets_of_values_with_zeros_has_no_multiplicative_part():
    values = np.maximum(monthly(72) - 80, 0)
    assert "M" not in ETS().fit(panel(values), horizon=3).rules_[0].components


def test_ets_finds_a_multiplicative_season():
    steps = np.arange(120)
    values = (
        (50 + 2 * steps)
        * (1 + 0.4 * np.sin(2 * np.pi * steps / 12))
        * np.exp(np.random.default_rng(1).normal(0, 0.02, 120))
    )
    for model in (ETS(), HoltWinters()):
        assert model.fit(panel(values), horizon=3).rules_[0].components[2] == "M"


@pytest.mark.parametrize("model", [SimpleSmoothing(), Croston()], ids=str)
def test_weights_of_ses_and_croston_by_hand(model):
    values = [4.0, 0.0, 2.0, 0.0, 0.0, 8.0]
    made = model.fit(panel(values), horizon=2)
    rule, forecast = made.rules_[0], made.forecast().mean[0]
    if isinstance(model, SimpleSmoothing):
        alpha, level = rule.weights[0], values[0]
        for value in values:
            level += alpha * (value - level)
        assert forecast.tolist() == pytest.approx([level, level])
    else:
        size, gap = 4.0, 1.0
        for next_size, next_gap in ((2.0, 2.0), (8.0, 3.0)):
            size, gap = size + 0.1 * (next_size - size), gap + 0.1 * (next_gap - gap)
        assert forecast.tolist() == pytest.approx([size / gap] * 2)


def test_unbiased_croston_is_smaller_by_half_of_alpha():
    values = np.where(np.arange(40) % 3 == 0, 6.0, 0.0)
    plain, unbiased = (
        Croston(alpha=0.2, unbiased=u).fit(panel(values), horizon=1).forecast().mean[0, 0] for u in (False, True)
    )
    assert unbiased == pytest.approx(0.9 * plain)


def test_croston_of_no_demand_is_zero():
    made = Croston().fit(panel(np.zeros(30)), horizon=3).forecast(levels=[80])
    assert made.mean.tolist() == [[0.0] * 3]


@pytest.mark.parametrize("model", FAMILY, ids=str)
def test_the_newest_value_moves_every_step_at_fixed_weights(model):
    values = monthly(72)
    model.fit(panel(values), horizon=14)
    raised = values.copy()
    raised[-1] += 3 * values.std()
    moved = model.forecast(panel(raised)).mean - model.forecast().mean
    assert (moved != 0).all()


@pytest.mark.parametrize("model", FAMILY, ids=str)
class TestNewerData:
    def test_the_training_rows_again_give_the_same_bits(self, model):
        data = panel(monthly(72), monthly(60, seed=1))
        model.fit(data, horizon=6)
        again = replace(data, values=data.values.copy())
        assert np.array_equal(model.forecast(again).mean, model.forecast().mean)

    def test_newest_rows_alone_continue_the_training_series(self, model):
        values = monthly(80)
        model.fit(panel(values[:72]), horizon=6)
        whole = model.forecast(panel(values)).mean
        for first in (40, 72):
            assert np.array_equal(model.forecast(panel(values[first:], start=first)).mean, whole)

    def test_rows_after_a_gap_find_their_own_footing(self, model):
        values = monthly(400, growth=0.1)
        model.fit(panel(values[:96]), horizon=12)
        made = model.forecast(panel(values[250:388], start=250)).mean[0]
        assert np.abs(made - values[388:]).mean() < (20 if model.name in ("ses", "croston") else 4)

    def test_series_in_another_order(self, model):
        data = panel(monthly(72), monthly(60, seed=1) * 7)
        model.fit(data, horizon=3)
        assert np.array_equal(model.forecast(data.take([1, 0])).mean, model.forecast().mean[::-1])


@pytest.mark.parametrize("model", [HoltWinters(), ETS(), MSTL()], ids=str)
def test_few_rows_after_a_gap_are_refused(model):
    values = monthly(200)
    model.fit(panel(values[:96]), horizon=3)
    with pytest.raises(ModelError, match=rf"series 's0': {model.name} could not forecast \(3 values .*\).* or choose"):
        model.forecast(panel(values[150:153], start=150))


@pytest.mark.parametrize("model", [HoltWinters(), ETS(), Theta(), MSTL()], ids=str)
def test_long_series_are_capped_aloud(model):
    values = monthly(2_400, growth=0)
    model.fit(panel(values), horizon=3)
    assert model.notes_[0] == f"{model.name} reads the last 2,000 values of each series."
    newest = type(model)().fit(panel(values[400:], start=400), horizon=3)
    np.testing.assert_array_equal(model.forecast().mean, newest.forecast().mean)


@pytest.mark.parametrize("model", [ETS(), HoltWinters(), MSTL()], ids=str)
def test_long_seasons_are_taken_out_by_stl(model):
    steps = np.arange(260)
    values = 50 + 12 * np.sin(2 * np.pi * steps / 48) + np.random.default_rng(2).normal(0, 0.5, 260)
    model.fit(panel(values[:240], seasons=(48,)), horizon=20)
    assert model.rules_[0].removed == (48,)
    assert np.abs(model.forecast().mean[0] - values[240:]).mean() < 1.0
    if model.name != "mstl":
        assert model.notes_[-1].startswith("A season of 48 steps is longer than")


def test_mstl_follows_two_seasons():
    steps = np.arange(24 * 7 * 4 + 24)
    values = 10 * np.sin(2 * np.pi * steps / 24) + 8 * (steps // 24 % 7 >= 5) + 100.0
    values += np.random.default_rng(3).normal(0, 0.3, len(values))
    model = MSTL().fit(panel(values[:-24], seasons=(24, 168)), horizon=24)
    assert model.rules_[0].removed == (24, 168)
    assert np.abs(model.forecast().mean[0] - values[-24:]).mean() < 1.0


def test_intervals_cover_what_they_say():
    rng = np.random.default_rng(8)
    rows = np.cumsum(rng.normal(size=(120, 92)), axis=1) + 100
    for model in (SimpleSmoothing(), HoltWinters(), ETS(), Theta()):
        made = model.fit(panel(*rows[:, :80], seasons=(1,)), horizon=12).forecast(levels=[80]).intervals
        inside = (rows[:, 80:] >= made.lower[..., 0]) & (rows[:, 80:] <= made.upper[..., 0])
        assert 0.68 < inside.mean() < 0.92, model


def test_a_multiplicative_season_of_values_at_zero_is_refused():
    values = monthly(60)
    values[7] = -2.5
    with pytest.raises(DataError, match=r"series 's1': .*above zero; the lowest is -2.5. Use season='additive'"):
        HoltWinters(season="multiplicative").fit(panel(monthly(60), values), horizon=3)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (HoltWinters(season="none"), "season is 'none'; it must be 'auto', 'additive' or 'multiplicative'"),
        (ETS(search="all"), "search is 'all'; it must be 'short' or 'full'"),
        (Theta(form="ABC"), "form is 'ABC'; it must be one of STM, OTM, DSTM, DOTM, or None"),
        (Croston(alpha=0.0), "alpha is 0.0; it must be above 0 and at most 1"),
    ],
)
def test_settings_outside_their_limits(model, message):
    with pytest.raises(SettingError, match=message):
        model.fit(panel(monthly()), horizon=3)


def test_a_search_that_fails_falls_back_aloud(monkeypatch):
    monkeypatch.setattr(smoothing, "chosen", lambda values, season: None)
    model = ETS().fit(panel(monthly(60), monthly(48)), horizon=2)
    assert model.notes_ == ("The search of ets found no model for 2 series, which got its simplest form: s0, s1.",)
    np.testing.assert_array_equal(
        model.forecast().mean, SimpleSmoothing().fit(panel(monthly(60), monthly(48)), horizon=2).forecast().mean
    )


def test_parameters_are_counted():
    assert SimpleSmoothing().fit(panel(monthly()), horizon=1).n_parameters == 2
    assert HoltWinters(season="additive").fit(panel(monthly()), horizon=1).n_parameters == 4 + 14
    assert Theta(form="DSTM").fit(panel(monthly()), horizon=1).n_parameters == 2 + 12
    assert Croston().fit(panel(monthly()), horizon=1).n_parameters == 2
