"""Smoothing and ARIMA forecasts equal their library's own, and those of statsmodels at the same parameters."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsforecast import models as library
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tidegate.forecasters.arima import AR, ARIMA, MA, SARIMA
from tidegate.forecasters.smoothing import ETS, MSTL, Croston, HoltWinters, SimpleSmoothing, Theta
from tidegate.panel import Panel

HORIZON = 14
PASSENGERS = np.fromstring(
    # Monthly airline passengers in thousands, 1949-1960 (Box & Jenkins, 1976, series G).
    """112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140
    145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194
    196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
    242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306
    315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337
    360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432""",
    sep=" ",
)
STEPS = np.arange(96)
MADE = 60 + 9 * np.sin(2 * np.pi * STEPS / 12) + np.cumsum(np.random.default_rng(12).normal(size=96))
SERIES = {"passengers": PASSENGERS, "made": MADE}


def panel(values, seasons=(12,)):
    months = np.arange("1949-01", "1999-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)
    return Panel(
        ids=np.array(["s"], dtype=object),
        offsets=np.array([0, len(values)]),
        times=months[: len(values)],
        values=values.copy(),
        frequency="MS",
        seasons=seasons,
    )


def fitted(model, values, seasons=(12,)):
    """The model fitted to `values`, and the power of two that the series was divided by."""
    model.fit(panel(values, seasons), horizon=HORIZON)
    return model, model._factors[0]


@pytest.fixture(params=list(SERIES))
def values(request):
    return SERIES[request.param]


def their(model, values, levels=None):
    """What the library forecasts by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(values).predict(HORIZON, level=levels)


def test_ses(values):
    model, unit = fitted(SimpleSmoothing(), values)
    expected = their(library.SimpleExponentialSmoothingOptimized(), values / unit)["mean"] * unit
    np.testing.assert_allclose(model.forecast().mean[0], expected, rtol=1e-12)


@pytest.mark.parametrize(("season", "form"), [("additive", "AAA"), ("multiplicative", "MAM")])
def test_holt_winters_with_a_straight_trend(values, season, form):
    model, unit = fitted(HoltWinters(season=season, damped=False), values)
    expected = their(library.AutoETS(season_length=12, model=form, damped=False), values / unit)["mean"] * unit
    np.testing.assert_allclose(model.forecast().mean[0], expected, rtol=1e-9)


def test_ets_full_search_finds_the_librarys_form_and_weights(values):
    model, unit = fitted(ETS(search="full"), values)
    theirs = library.AutoETS(season_length=12)
    their(theirs, values / unit)
    rule = model.rules_[0]
    assert rule.components == theirs.model_["components"]
    np.testing.assert_array_equal(rule.weights, theirs.model_["par"][:4])
    np.testing.assert_array_equal(rule.start, theirs.model_["par"][4:])
    if rule.components[3] == "N":
        np.testing.assert_allclose(model.forecast().mean[0], their(theirs, values / unit)["mean"] * unit, rtol=1e-9)


@pytest.mark.parametrize("form", ["STM", "OTM", "DSTM", "DOTM", None])
def test_theta(values, form):
    model, unit = fitted(Theta(form=form), values)
    expected = their(library.AutoTheta(season_length=12, model=form), values / unit)["mean"] * unit
    np.testing.assert_allclose(model.forecast().mean[0], expected, rtol=1e-12)


def test_mstl(values):
    model, unit = fitted(MSTL(), values, seasons=(12, 4))
    theirs = library.MSTL(season_length=[12, 4], trend_forecaster=library.AutoETS(model="AZN"))
    expected = their(theirs, values / unit)["mean"] * unit
    made = model.forecast().mean[0]
    assert model.rules_[0].components == theirs.trend_forecaster.model_["components"]
    tolerance = 1e-9 if model.rules_[0].components[3] == "N" else 0.02
    np.testing.assert_allclose(made, expected, rtol=tolerance)


@pytest.mark.parametrize(("unbiased", "theirs"), [(False, library.CrostonClassic()), (True, library.CrostonSBA())])
def test_croston(unbiased, theirs):
    rng = np.random.default_rng(6)
    demand = np.where(rng.random(80) < 0.3, rng.integers(1, 9, 80), 0).astype(float)
    model, unit = fitted(Croston(unbiased=unbiased), demand, seasons=(1,))
    np.testing.assert_allclose(model.forecast().mean[0], their(theirs, demand / unit)["mean"] * unit, rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "theirs"),
    [
        (ARIMA(order=(2, 1, 1)), library.ARIMA(order=(2, 1, 1))),
        (ARIMA(order=(1, 0, 1)), library.ARIMA(order=(1, 0, 1))),
        (
            SARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)),
            library.ARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1), season_length=12),
        ),
        (ARIMA(), library.AutoARIMA(seasonal=False)),
        (SARIMA(), library.AutoARIMA(season_length=12)),
    ],
    ids=str,
)
def test_arima(values, model, theirs):
    """A drift is the maximum of the likelihood with us; the library's search stops a little short of it."""
    values = values[-120:]
    model, unit = fitted(model, values)
    expected = their(theirs, values / unit, levels=[80])
    made = model.forecast(levels=[80])
    apart = np.abs(made.mean[0] - expected["mean"] * unit).max() / values.std()
    assert apart < (0.1 if model.rules_[0].drift else 0.02)
    widths = (made.intervals.upper[0, :, 0] - made.mean[0]) / (expected["hi-80"] - expected["mean"]) / unit
    np.testing.assert_allclose(widths, 1, atol=0.03)


def test_autoregression_is_near_maximum_likelihood(values):
    model, unit = fitted(AR(order=2), np.diff(values), seasons=(1,))
    expected = their(library.AutoRegressive(lags=2), np.diff(values) / unit)["mean"] * unit
    assert np.abs(model.forecast().mean[0] - expected).max() / np.diff(values).std() < 0.1


def test_intervals_without_a_season_are_the_librarys():
    walk = np.cumsum(np.random.default_rng(2).normal(size=90)) + 40
    model, unit = fitted(ETS(search="full"), walk, seasons=(1,))
    expected = their(library.AutoETS(season_length=1), walk / unit, levels=[80, 95])
    made = model.forecast(levels=[80, 95]).intervals
    assert model.rules_[0].components == "ANNN"
    for q, level in enumerate((80, 95)):
        np.testing.assert_allclose(made.upper[0, :, q], expected[f"hi-{level}"] * unit, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        HoltWinters(season="additive"),
        HoltWinters(season="multiplicative"),
        HoltWinters(season="additive", damped=False),
        HoltWinters(season="multiplicative", damped=False),
        ETS(),
        SimpleSmoothing(),
    ],
    ids=str,
)
def test_exponential_smoothing_of_statsmodels_at_our_parameters(values, model):
    """Point forecasts to rounding (theirs, where factors multiply), intervals but for the estimate of the variance."""
    model, unit = fitted(model, values)
    rule, values = model.rules_[0], values / unit
    error, trend, season = ({"A": "add", "M": "mul", "N": None}[letter] for letter in rule.components[:3])
    theirs = ETSModel(
        pd.Series(values),
        error=error,
        trend=trend,
        seasonal=season,
        damped_trend=rule.components[3] == "D",
        seasonal_periods=rule.season if season else None,
    )
    start = rule.start if len(rule.start) else values[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smoothed = theirs.smooth(np.concatenate([rule.weights[np.isfinite(rule.weights)], start]))
        drawn = {"simulate_repetitions": 10_000, "rng": 0}  # theirs are simulated where factors multiply
        told = smoothed.get_prediction(start=len(values), end=len(values) + HORIZON - 1, **drawn)
        expected = told.summary_frame(alpha=0.2)
        errors = np.sqrt(smoothed.mse / rule.variance)
    made = model.forecast(levels=[80])
    np.testing.assert_allclose(made.mean[0] / unit, np.asarray(smoothed.forecast(HORIZON)), rtol=1e-4)
    widths = (expected["pi_upper"] - expected["pi_lower"]).to_numpy() / errors
    ours = (made.intervals.upper - made.intervals.lower)[0, :, 0] / unit
    np.testing.assert_allclose(ours, widths, rtol=0.12 if error == "mul" or season == "mul" else 1e-6)


@pytest.mark.parametrize(
    "model",
    [
        ARIMA(order=(2, 1, 1)),
        ARIMA(order=(1, 2, 1)),
        MA(order=2),
        SARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)),
        SARIMA(order=(1, 0, 0), seasonal_order=(1, 1, 0)),
    ],
    ids=str,
)
def test_sarimax_of_statsmodels_at_our_parameters(values, model):
    values = values[-120:]
    model, unit = fitted(model, values)
    rule = model.rules_[0]
    p, d, q, seasonal_p, seasonal_d, seasonal_q, season = rule.orders
    level = rule._filtered(values / unit).weights + values[0] / unit if model.orders_[0].lost == 0 else 0.0
    theirs = SARIMAX(
        values / unit - level,
        order=(p, d, q),
        seasonal_order=(seasonal_p, seasonal_d, seasonal_q, season * (season > 1)),
    )
    parts = np.split(rule.coefficients, np.cumsum([p, q, seasonal_p]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = theirs.smooth(np.concatenate([*parts, [rule.variance]])).get_forecast(HORIZON)
    made = model.forecast(levels=[95])
    np.testing.assert_allclose(made.mean[0] / unit, expected.predicted_mean + level, atol=1e-4)
    np.testing.assert_allclose(made.intervals.upper[0, :, 0] / unit, expected.conf_int()[:, 1] + level, atol=1e-4)
