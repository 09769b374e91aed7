"""ARIMA models on processes of known order, on awkward series, and on newer data."""

import numpy as np
import pytest

from tidegate.errors import DataError, ModelError, SettingError
from tidegate.forecasters import arima
from tidegate.forecasters.arima import AR, ARIMA, ARMA, MA, SARIMA
from tidegate.forecasters.naive import SeasonalNaive
from tidegate.panel import Panel

FAMILY = [AR(), MA(), ARMA(), ARIMA(), SARIMA()]
GIVEN = [
    AR(order=2),
    MA(order=2),
    ARMA(order=(1, 1)),
    ARIMA(order=(1, 1, 1)),
    SARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)),
]


def panel(*series, seasons=(12,), start=0):
    lengths = [len(values) for values in series]
    return Panel(
        ids=np.array([f"s{n}" for n in range(len(series))], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=np.concatenate([np.arange(start, start + length) for length in lengths]),
        values=np.concatenate([np.asarray(values, dtype=float) for values in series]),
        frequency="1",
        seasons=seasons,
    )


def process(length, ar=(), ma=(), seed=0):
    """An ARMA process of unit innovations."""
    shocks = np.random.default_rng(seed).normal(size=length + 200)
    values = np.zeros(length + 200)
    for t in range(20, length + 200):
        values[t] = shocks[t] + sum(a * values[t - k] for k, a in enumerate(ar, 1))
        values[t] += sum(b * shocks[t - k] for k, b in enumerate(ma, 1))
    return values[200:]


def monthly(length=96, seed=0):
    steps = np.arange(length)
    noise = np.random.default_rng(seed).normal(0, 1.5, length)
    return 80 + 0.5 * steps + 15 * np.sin(2 * np.pi * steps / 12) + noise


def test_ar_finds_its_process():
    model = AR().fit(panel(process(600, ar=(0.5, 0.3)), seasons=(1,)), horizon=1)
    assert model.orders_[0].p in (2, 3)
    np.testing.assert_allclose(model.rules_[0].coefficients[:2], [0.5, 0.3], atol=0.12)


def test_ma_finds_its_process():
    model = MA().fit(panel(process(600, ma=(0.7, 0.4)), seasons=(1,)), horizon=1)
    assert model.orders_[0][:3] == (0, 0, 2)
    np.testing.assert_allclose(model.rules_[0].coefficients, [0.7, 0.4], atol=0.12)


def test_arma_finds_a_process_as_good_as_its_own():
    values = process(600, ar=(0.7,), ma=(0.5,))
    rule = ARMA().fit(panel(values, seasons=(1,)), horizon=1).rules_[0]
    assert rule.orders[1] == 0
    assert rule.variance * ARMA().fit(panel(values, seasons=(1,)), horizon=1)._factors[0] ** 2 < 1.1


def test_arima_differences_a_random_walk():
    model = ARIMA().fit(panel(np.cumsum(process(300)), seasons=(1,)), horizon=1)
    assert model.orders_[0].d == 1


def test_sarima_continues_season_and_trend():
    values = monthly(108)
    made, naive = (each.fit(panel(values[:96]), horizon=12).forecast().mean[0] for each in (SARIMA(), SeasonalNaive()))
    assert np.abs(made - values[96:]).mean() < 0.6 * np.abs(naive - values[96:]).mean()


def test_sarima_sees_ten_seasons_and_says_so():
    values = monthly(200)
    model = SARIMA().fit(panel(values), horizon=3)
    assert model.notes_ == ("sarima reads the last 120 values of each series.",)
    newest = SARIMA().fit(panel(values[80:], start=80), horizon=3)
    upper, again = (each.forecast(levels=[80]).intervals.upper for each in (model, newest))
    np.testing.assert_allclose(upper, again, rtol=1e-6)


def test_without_a_season_sarima_sees_500_values():
    model = SARIMA().fit(panel(np.cumsum(process(700)), seasons=(1,)), horizon=3)
    assert model.notes_ == ("sarima reads the last 500 values of each series.",)


def test_seasons_longer_than_24_become_fourier_terms():
    steps = np.arange(900)
    values = 10 * np.sin(2 * np.pi * steps / 48) + 4 * np.cos(2 * np.pi * steps / 120) + process(900, ar=(0.6,)) + 50
    model = SARIMA().fit(panel(values[:850], seasons=(48, 120)), horizon=50)
    rule = model.rules_[0]
    assert rule.cycles == (48, 120)
    assert min(rule.harmonics) >= 1
    assert model.notes_ == ("A season of 48 steps is longer than 24: sarima uses Fourier terms with arima.",)
    assert np.abs(model.forecast().mean[0] - values[850:]).mean() < 1.6


def test_a_series_shorter_than_two_seasons_has_none():
    model = SARIMA().fit(panel(monthly(60), monthly(20)), horizon=3)
    assert model.orders_[1].season == 1
    assert model.notes_ == ("1 series hold fewer than two seasons of 12 steps; sarima leaves out theirs.",)


@pytest.mark.parametrize("model", FAMILY, ids=str)
def test_a_constant_series_is_continued_without_width(model):
    made = model.fit(panel([5.0] * 40, [0.0] * 40), horizon=7).forecast(levels=[80])
    np.testing.assert_allclose(made.mean, [[5.0] * 7, [0.0] * 7], atol=1e-12)
    np.testing.assert_allclose(made.intervals.upper, made.intervals.lower, atol=1e-7)


@pytest.mark.parametrize("model", FAMILY, ids=str)
@pytest.mark.parametrize("length", [2, 3, 4, 6, 9, 14, 23])
def test_short_series_work(model, length):
    made = model.fit(panel(monthly(length)), horizon=5).forecast(levels=[80])
    assert np.isfinite(made.mean).all()
    assert np.abs(made.mean - 85).max() < 150


@pytest.mark.parametrize("model", [ARIMA(), SARIMA()], ids=str)
def test_a_straight_line_is_continued(model):
    made = model.fit(panel(3.0 + 2.0 * np.arange(60)), horizon=4).forecast()
    np.testing.assert_allclose(made.mean[0], 3.0 + 2.0 * np.arange(60, 64), rtol=1e-6)


def test_an_exact_season_is_continued():
    values = np.tile([1.0, 5.0, 2.0, 8.0], 12)
    made = SARIMA().fit(panel(values, seasons=(4,)), horizon=8).forecast()
    np.testing.assert_allclose(made.mean[0], values[:8], atol=1e-6)


@pytest.mark.parametrize("model", FAMILY + GIVEN, ids=str)
def test_a_shift_of_the_series_shifts_the_forecast(model):
    values = monthly(84)
    data, moved = panel(values), panel(values + 1_000)
    model.fit(data, horizon=13)
    plain = model.forecast().mean
    fixed = model.forecast(moved).mean - 1_000
    assert np.abs(fixed - plain).max() / values.std() < 1e-6
    refitted = model.fit(moved, horizon=13).forecast().mean - 1_000
    assert np.abs(refitted - plain).max() / values.std() < 1e-2


@pytest.mark.parametrize("model", FAMILY + GIVEN, ids=str)
def test_the_newest_value_moves_every_step_at_fixed_weights(model):
    values = monthly(84)
    model.fit(panel(values), horizon=13)
    raised = values.copy()
    raised[-1] += 3 * values.std()
    assert (model.forecast(panel(raised)).mean != model.forecast().mean).all()


@pytest.mark.parametrize("model", GIVEN, ids=str)
class TestNewerData:
    def test_newest_rows_alone_continue_the_training_series(self, model):
        values = monthly(90)
        model.fit(panel(values[:80]), horizon=6)
        whole = model.forecast(panel(values)).mean
        for first in (50, 80):
            assert np.array_equal(model.forecast(panel(values[first:], start=first)).mean, whole)

    def test_rows_after_a_gap_are_read_by_themselves(self, model):
        values = monthly(300)
        model.fit(panel(values[:96]), horizon=12)
        made = model.forecast(panel(values[150:288], start=150)).mean[0]
        assert np.abs(made - values[288:]).mean() < 40

    def test_too_few_rows_after_a_gap_are_refused(self, model):
        model.fit(panel(monthly(96)), horizon=2)
        if model.orders_[0].lost == 0:
            return
        with pytest.raises(ModelError, match=r"series 's0': s?arima could not forecast \(1 values; \d+ are needed\)"):
            model.forecast(panel([3.0], start=150))


def test_drift_is_read_from_newer_data():
    values = 0.5 * np.arange(200.0) + np.random.default_rng(1).normal(0, 1, 200)
    values[100:] += 1.5 * np.arange(100)
    model = ARIMA().fit(panel(values[:100], seasons=(1,)), horizon=10)
    if model.rules_[0].drift:
        rise = np.diff(model.forecast(panel(values, seasons=(1,))).mean[0]).mean()
        assert 0.9 < rise < 2.1


def test_intervals_cover_what_they_say():
    rows = np.stack([process(112, ar=(0.6,), seed=seed) for seed in range(100)])
    made = ARIMA(order=(1, 0, 0)).fit(panel(*rows[:, :100], seasons=(1,)), horizon=12).forecast(levels=[80]).intervals
    inside = (rows[:, 100:] >= made.lower[..., 0]) & (rows[:, 100:] <= made.upper[..., 0])
    assert 0.74 < inside.mean() < 0.86


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (AR(order=-1), "the orders of ar are order=-1; they must be whole numbers from 0"),
        (MA(order=1.5), "the orders of ma are order=1.5; they must be whole numbers from 0"),
        (ARMA(order=3), r"order of arma is 3; it must be \(p, q\), whole numbers from 0"),
        (ARIMA(order=(1, 1)), r"order of arima is \(1, 1\); it must be \(p, d, q\), whole numbers from 0"),
        (SARIMA(order=(1, 1, 1)), "sarima got order=.*; give both orders, or neither to search for them"),
        (
            SARIMA(order=(1, 1, 1), seasonal_order=(1, 1)),
            r"seasonal_order of sarima is \(1, 1\); it must be \(P, D, Q\)",
        ),
    ],
    ids=str,
)
def test_settings_outside_their_limits(model, message):
    with pytest.raises(SettingError, match=message):
        model.fit(panel(monthly()), horizon=3)


def test_too_few_values_for_given_orders_are_refused():
    with pytest.raises(DataError, match="17 observations; sarima needs at least 18"):
        SARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)).fit(panel(monthly(17)), horizon=1)


def fail(*_):
    raise ValueError("No suitable ARIMA model found.")


def test_given_orders_that_cannot_be_fitted_are_refused_with_the_series(monkeypatch):
    monkeypatch.setattr(arima, "given", fail)
    with pytest.raises(ModelError, match=r"series 's0': arima could not be fitted \(No suitable ARIMA model found\)"):
        ARIMA(order=(1, 0, 0)).fit(panel(monthly()), horizon=1)


def test_a_search_that_fails_falls_back_aloud(monkeypatch):
    monkeypatch.setattr(arima, "searched", fail)
    model = ARIMA().fit(panel(*[monthly()] * 7), horizon=2)
    assert model.notes_ == (
        "The search of arima found no model for 7 series, which got its simplest form: s0, s1, s2, s3, s4, ....",
    )
    np.testing.assert_allclose(model.forecast().mean, monthly()[-1])


def test_a_forecast_that_is_not_finite_is_refused():
    model = AR(order=1).fit(panel(monthly()), horizon=2)
    model.rules_[0].coefficients[:] = np.nan
    with pytest.raises(ModelError, match=r"series 's0': ar (gave a forecast that is not a finite|could not forecast)"):
        model.forecast()


def test_parameters_are_counted():
    assert ARIMA(order=(2, 0, 1)).fit(panel(monthly()), horizon=1).n_parameters == 4
    assert GIVEN[4].fit(panel(monthly()), horizon=1).n_parameters == 2
