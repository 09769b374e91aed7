"""The ARIMA rule: orders and coefficients from statsforecast, mean, drift and Fourier terms read from the data.

y_t = x_t' b + n_t, where n_t, differenced d times and D times over the season, is an ARMA process. The ARMA
coefficients are learned; b is a diffuse state, found by generalised least squares from the rows at hand, so that the
newest observation moves it and a shift of the series shifts the forecast. Source: Harvey (1989), Forecasting,
Structural Time Series Models and the Kalman Filter, 3.4.2; Hyndman & Khandakar (2008), Automatic time series
forecasting: the forecast package for R.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from statsforecast.arima import Arima, arima_like, arima_transpar, auto_arima_f, kalman_forecast, make_arima
from statsmodels.regression.linear_model import burg

from tidegate.errors import ModelError
from tidegate.forecasters.library import Outlook, Request, asked, gaussian

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_GRID = 2.0**30
"""Steps in one unit, about one standard deviation."""

_MEAN = 16.0
"""In the same unit: far enough from zero that the search keeps the mean, as for most series in their own unit."""

_HARMONICS = (1, 2, 3, 5, 8, 12, 16, 24)


class Orders(NamedTuple):
    """Orders of an ARIMA model: p, d, q, then P, D, Q over a season of `season` steps (1 for none)."""

    p: int
    d: int
    q: int
    seasonal_p: int = 0
    seasonal_d: int = 0
    seasonal_q: int = 0
    season: int = 1

    @property
    def lost(self) -> int:
        """Values that differencing uses up."""
        return self.d + self.seasonal_d * self.season

    @property
    def n_coefficients(self) -> int:
        """Autoregressive and moving-average coefficients."""
        return self.p + self.q + self.seasonal_p + self.seasonal_q


@dataclass(frozen=True, eq=False)
class ArimaErrors:
    """A fitted model.

    Parameters
    ----------
    orders
        As in `Orders`.
    coefficients
        Autoregressive, moving-average, then seasonal ones, shape (p + q + P + Q,).
    drift
        1 if a straight line in time is among the regressors.
    cycles, harmonics
        Fourier terms: lengths in steps of the cycles, and how many sine and cosine pairs each has.
    variance
        Of the one-step errors.
    """

    orders: tuple[int, ...]
    coefficients: Floats
    drift: int
    cycles: tuple[int, ...]
    harmonics: tuple[int, ...]
    variance: float

    @property
    def n_parameters(self) -> int:
        """Coefficients and regressors."""
        return len(self.coefficients) + int(self._regressors(1, 0).shape[1])

    def forecast(self, values: Floats, request: Request) -> Outlook:
        """Filter `values`, shape (T,), with fixed coefficients and continue them.

        Raises
        ------
        ModelError
            If `values` are too few for the differences and regressors.
        """
        filtered = self._filtered(values)
        future = self._regressors(len(values) + request.horizon, len(values))
        system = [filtered.system[part] for part in ("Z", "a", "P", "T", "V", "h")]
        mean, growth = kalman_forecast(request.horizon, *system)  # type: ignore[no-untyped-call]
        mean = values[0] + mean + future @ filtered.weights
        if not request.levels:
            return Outlook(mean, None, None)
        return gaussian(mean, np.sqrt(self.variance * growth), request.levels)

    def with_variance(self, values: Floats) -> ArimaErrors:
        """Return the same model with the variance of its one-step errors on the fitted `values`."""
        errors = self._filtered(values).errors
        return replace(self, variance=float(errors @ errors) / max(1, len(errors) - self.n_parameters))

    def _filtered(self, values: Floats) -> Filtered:
        """Run the Kalman filter over the values and each regressor; generalised least squares joins them."""
        regressors = self._regressors(len(values), 0)
        needed = Orders(*self.orders).lost + regressors.shape[1] + 1
        if len(values) < needed:
            raise ModelError(f"{len(values)} values; {needed} are needed")
        system, errors = self._run(values - values[0])
        columns = [self._run(np.ascontiguousarray(column)) for column in regressors.T]
        if not columns:
            return Filtered(system, errors, np.empty(0))
        inputs = np.stack([column for _, column in columns], axis=1)
        weights: Floats = np.asarray(np.linalg.lstsq(inputs, errors, rcond=None)[0], dtype=np.float64)
        states = np.stack([state["a"] for state, _ in columns], axis=1)
        left: Floats = errors - inputs @ weights
        return Filtered({**system, "a": system["a"] - states @ weights}, left, weights)

    def _run(self, values: Floats) -> tuple[dict[str, Any], Floats]:
        """Return the state space after `values` and the standardised one-step errors after the differences' start."""
        p, d, q, seasonal_p, seasonal_d, seasonal_q, season = self.orders
        arma = np.array([p, q, seasonal_p, seasonal_q, season, d, seasonal_d], dtype=np.int32)
        ar, ma = arima_transpar(self.coefficients, arma, trans=False)  # type: ignore[no-untyped-call]
        difference = np.ones(1)
        for lag in (1,) * d + (season,) * seasonal_d:
            difference = np.convolve(difference, np.concatenate([[1.0], np.zeros(lag - 1), [-1.0]]))
        system = make_arima(ar, ma, -difference[1:])  # type: ignore[no-untyped-call]
        state = (system["a"], system["P"], system["Pn"])
        made = arima_like(values, ar, ma, system["delta"], *state, up=0, use_resid=True)  # type: ignore[no-untyped-call]
        return system, made[3][len(difference) - 1 :]

    def _regressors(self, stop: int, start: int) -> Floats:
        """Return the regressors at steps `start` to `stop`, shape (stop - start, R)."""
        steps = np.arange(start, stop, dtype=np.float64)
        columns = [fourier(steps, *pair) for pair in zip(self.cycles, self.harmonics, strict=True)]
        if Orders(*self.orders).lost == 0:
            columns.append(np.ones((len(steps), 1)))
        if self.drift:
            columns.append(steps[:, None])
        return np.concatenate([np.empty((len(steps), 0)), *columns], axis=1)


class Filtered(NamedTuple):
    """The state space after the last value, the one-step errors and the regressors' weights."""

    system: Mapping[str, Any]
    errors: Floats
    weights: Floats


def fourier(steps: Floats, cycle: int, harmonics: int) -> Floats:
    """Return `harmonics` sine and cosine pairs of a cycle of `cycle` steps at `steps`, shape (T, 2 harmonics)."""
    angles = 2 * np.pi * np.outer(steps, np.arange(1, harmonics + 1)) / cycle
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def given(values: Floats, orders: Orders) -> ArimaErrors:
    """Return the model of those orders: conditional least squares, then maximum likelihood.

    Raises
    ------
    ModelError
        If the library cannot fit it.
    """
    fit = partial(
        Arima,
        _settled(values),
        order=tuple(orders[:3]),
        seasonal={"order": tuple(orders[3:6]), "period": orders.season},
        include_mean=True,
    )
    try:
        made = asked(partial(fit, method="CSS-ML"))
    except ModelError:
        made = asked(partial(fit, method="ML"))
    return _kept(values, made)


def searched(values: Floats, limits: Mapping[str, Any]) -> ArimaErrors:
    """Return the model that the library's stepwise search finds by AICc within `limits` (its own argument names).

    Raises
    ------
    ModelError
        If it finds none.
    """
    return _kept(values, asked(partial(auto_arima_f, _settled(values), **limits)))


def autoregression(values: Floats, longest: int) -> ArimaErrors:
    """Return an autoregression of order 0 to `longest`: the smallest AICc of least squares on the same targets.

    Its coefficients are those of Burg's recursion, which is stationary at any order and quick at long ones.
    """
    lags = np.lib.stride_tricks.sliding_window_view(values, longest + 1)[:, ::-1]
    scores = [_aicc(lags[:, 0], lags[:, 1 : order + 1]) for order in range(longest + 1)]
    return burgs(values, int(np.argmin(scores)))


def burgs(values: Floats, order: int) -> ArimaErrors:
    """Return the autoregression of that order by Burg's recursion (Brockwell & Davis, 2016, section 5.1.2)."""
    coefficients = burg(_settled(values), order)[0] if order else np.empty(0)
    return ArimaErrors(tuple(Orders(order, 0, 0)), coefficients, 0, (), (), 0.0).with_variance(values)


def harmonic(values: Floats, cycles: tuple[int, ...]) -> ArimaErrors:
    """Return an ARIMA model around Fourier terms of cycles too long for seasonal orders.

    How many pairs: cycle by cycle, by AICc of a regression on them and two lags. Orders: by the library's search on
    the residuals of a regression on them alone, in differences if the residuals need them.

    Raises
    ------
    ModelError
        If the search finds none.
    """
    steps = np.arange(len(values), dtype=np.float64)
    terms, counts = np.empty((len(values), 0)), []
    for cycle in cycles:
        counts.append(_harmonics(values, terms, cycle))
        terms = np.concatenate([terms, fourier(steps, cycle, counts[-1])], axis=1)
    made = searched(_regressed(values, terms), {"seasonal": False})
    if made.orders[1] > 0:
        weights = np.linalg.lstsq(np.diff(terms, axis=0), np.diff(values), rcond=None)[0]
        made = searched(values - terms @ weights, {"seasonal": False, "d": made.orders[1]})
    return replace(made, cycles=cycles, harmonics=tuple(counts)).with_variance(values)


def _settled(values: Floats) -> Floats:
    """Return the values moved to a common mean and rounded to a grid, as the library's search gets them.

    A shift of the series changes their last digits, which a search can turn into other orders: on the grid it does not.
    """
    moved: Floats = np.round((values - values.mean()) * _GRID) / _GRID + _MEAN
    return moved


def _harmonics(values: Floats, terms: Floats, cycle: int) -> int:
    """Return how many pairs of `cycle` explain `values` best beside two lags and the `terms` of other cycles."""
    steps = np.arange(2, len(values), dtype=np.float64)
    known = np.concatenate([values[1:-1, None], values[:-2, None], terms[2:]], axis=1)
    room = min((cycle - 1) // 2, (len(steps) - known.shape[1]) // 4)
    usable = [count for count in _HARMONICS if count <= room] or [1]
    scores = [_aicc(values[2:], np.concatenate([known, fourier(steps, cycle, count)], axis=1)) for count in usable]
    return usable[int(np.argmin(scores))]


def _regressed(values: Floats, inputs: Floats) -> Floats:
    """Return what a regression on `inputs` and a constant leaves, shape (T,)."""
    design = np.concatenate([inputs, np.ones((len(values), 1))], axis=1)
    left: Floats = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return left


def _aicc(values: Floats, inputs: Floats) -> float:
    """Return the corrected Akaike criterion of a normal regression on `inputs` and a constant."""
    n_values, n_weights = len(values), inputs.shape[1] + 2
    left = _regressed(values, inputs)
    fit = n_values * np.log(max(float(left @ left) / n_values, 1e-300))
    return float(fit + 2 * n_weights * n_values / max(n_values - n_weights - 1, 1e-9))


def _kept(values: Floats, fit: Any) -> ArimaErrors:
    p, q, seasonal_p, seasonal_q, season, d, seasonal_d = fit["arma"]
    orders = Orders(p, d, q, seasonal_p, seasonal_d, seasonal_q, max(season, 1))
    coefficients = np.array(list(fit["coef"].values())[: orders.n_coefficients], dtype=np.float64)
    rule = ArimaErrors(tuple(orders), coefficients, int("drift" in fit["coef"]), (), (), 0.0)
    return rule.with_variance(values)
