"""Autoregression and moving averages: AR, MA, ARMA, ARIMA and SARIMA, with orders found or given."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.errors import SettingError
from tidegate.forecasters.arma import ArimaErrors, Orders, autoregression, burgs, given, harmonic, searched
from tidegate.forecasters.library import NEWEST, SeriesForecaster, is_constant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]

_LONGEST_SEASON = 24
_SEASONS, _VALUES = 10, 500
_LONGEST_MEMORY = 36


class _Orders(SeriesForecaster):
    """What the five share: given orders or a search; every forecast reads the newest values only.

    Attributes
    ----------
    orders_ : list of Orders
        Orders per series.
    """

    _rule: ClassVar[type[Any]] = ArimaErrors
    _sliding: ClassVar[bool] = True
    _simplest: ClassVar[tuple[int, ...]] = (0, 0, 0)
    """Orders for a constant series, or where the search fails: the mean."""

    @property
    def orders_(self) -> list[Orders]:
        """Orders per series: p, d, q, then the seasonal ones and the season."""
        return [Orders(*rule.orders) for rule in self.rules_]

    @abstractmethod
    def _given(self, season: int) -> Orders | None:
        """Return the orders that the settings fix, or None to search."""

    @abstractmethod
    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:
        """Return the model found for `values`, which hold two cycles of each of the `seasons`; () for none."""

    def _with(self, values: Floats, orders: Orders) -> ArimaErrors:
        """Return the model of given orders."""
        return given(values, orders)

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        orders = self._given(1)
        if orders is not None and any(isinstance(k, bool) or not isinstance(k, int) or k < 0 for k in orders):
            raise SettingError(f"the orders of {self.name} are {self._told()}; they must be whole numbers from 0.")

    def _told(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002
        orders = self._given(season)
        return 2 if orders is None else orders.lost + orders.n_coefficients + 3

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:
        orders = self._given(seasons[0])
        if is_constant(values):
            return self._flat(values)
        if orders is not None:
            return self._with(values, orders)
        return self._search(values, tuple(season for season in seasons if 1 < season <= len(values) // 2))

    def _fallback(self, values: Floats) -> ArimaErrors | None:
        return self._flat(values) if self._given(1) is None else None

    def _flat(self, values: Floats) -> ArimaErrors:
        return ArimaErrors(tuple(Orders(*self._simplest)), np.empty(0), 0, (), (), 0.0).with_variance(values)


class AR(_Orders):
    """Autoregression around a mean: y_t = c + a_1 y_(t-1) + ... + a_p y_(t-p) + e_t, by Burg's recursion.

    The last 2,000 values are read.

    Parameters
    ----------
    order
        p, at least 0; None chooses by the AICc of least squares, up to 36 and the larger of 10 log10(T) and one
        season and a step.

    Source: Box & Jenkins (1976), Time Series Analysis: Forecasting and Control, 3.2.
    """

    name = "ar"

    def __init__(self, *, order: int | None = None) -> None:
        self.order = order

    def _given(self, season: int) -> Orders | None:  # noqa: ARG002
        return None if self.order is None else Orders(self.order, 0, 0)

    def _with(self, values: Floats, orders: Orders) -> ArimaErrors:
        return burgs(values, orders.p)

    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:
        wanted = max(int(10 * np.log10(len(values))), seasons[0] + 1 if seasons else 1)
        return autoregression(values, min(wanted, len(values) // 4, _LONGEST_MEMORY))


class MA(_Orders):
    """A mean and a moving average of past errors: y_t = c + e_t + b_1 e_(t-1) + ... + b_q e_(t-q).

    The last 2,000 values are read.

    Parameters
    ----------
    order
        q, at least 0; None searches up to 5 by AICc.

    Source: Box & Jenkins (1976), Time Series Analysis: Forecasting and Control, 3.3.
    """

    name = "ma"

    def __init__(self, *, order: int | None = None) -> None:
        self.order = order

    def _given(self, season: int) -> Orders | None:  # noqa: ARG002
        return None if self.order is None else Orders(0, 0, self.order)

    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:  # noqa: ARG002
        return searched(values, {"d": 0, "max_p": 0, "seasonal": False})


class ARMA(_Orders):
    """Autoregression and moving-average errors around a mean, no differencing (d = 0).

    The last 2,000 values are read.

    Parameters
    ----------
    order
        (p, q), each at least 0; None searches up to 5 and 5 by AICc.

    Source: Box & Jenkins (1976), Time Series Analysis: Forecasting and Control, 3.4.
    """

    name = "arma"

    def __init__(self, *, order: tuple[int, int] | None = None) -> None:
        self.order = order

    def _given(self, season: int) -> Orders | None:  # noqa: ARG002
        if self.order is None:
            return None
        p, q = _parts(self.name, "order", self.order, "(p, q)")
        return Orders(p, 0, q)

    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:  # noqa: ARG002
        return searched(values, {"d": 0, "seasonal": False})


class ARIMA(_Orders):
    """ARMA of the series differenced d times.

    The last 2,000 values are read.

    Parameters
    ----------
    order
        (p, d, q), each at least 0; None takes d from KPSS tests and searches p and q up to 5 by AICc.

    Source: Box & Jenkins (1976), Time Series Analysis: Forecasting and Control, chapter 4; Hyndman & Khandakar
    (2008), Automatic time series forecasting: the forecast package for R.
    """

    name = "arima"
    _simplest: ClassVar[tuple[int, ...]] = (0, 1, 0)

    def __init__(self, *, order: tuple[int, int, int] | None = None) -> None:
        self.order = order

    def _given(self, season: int) -> Orders | None:  # noqa: ARG002
        return None if self.order is None else Orders(*_parts(self.name, "order", self.order, "(p, d, q)"))

    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:  # noqa: ARG002
        return searched(values, {"seasonal": False})


class SARIMA(_Orders):
    """ARIMA with seasonal terms at lags of the main season.

    It sees at most ten seasons and 500 values. If the main season is longer than 24 steps, all seasons that long get
    Fourier terms with ARIMA errors instead, on the last 2,000 values; a series shorter than two seasons is taken as
    one without a season.

    Parameters
    ----------
    order
        (p, d, q); None searches by AICc.
    seasonal_order
        (P, D, Q), given together with `order` or not at all.

    Source: Box & Jenkins (1976), Time Series Analysis: Forecasting and Control, chapter 9; Hyndman & Khandakar
    (2008), Automatic time series forecasting: the forecast package for R; for Fourier terms Hyndman & Athanasopoulos,
    Forecasting: Principles and Practice (3rd ed.), 10.5.
    """

    name = "sarima"
    _simplest: ClassVar[tuple[int, ...]] = (0, 1, 0)

    def __init__(
        self,
        *,
        order: tuple[int, int, int] | None = None,
        seasonal_order: tuple[int, int, int] | None = None,
    ) -> None:
        self.order = order
        self.seasonal_order = seasonal_order

    def _check_settings(self, horizon: int) -> None:
        if (self.order is None) != (self.seasonal_order is None):
            raise SettingError(f"sarima got {self._told()}; give both orders, or neither to search for them.")
        super()._check_settings(horizon)

    def _given(self, season: int) -> Orders | None:
        if self.order is None or self.seasonal_order is None:
            return None
        parts = (*_parts(self.name, "order", self.order, "(p, d, q)"),)
        parts += _parts(self.name, "seasonal_order", self.seasonal_order, "(P, D, Q)")
        return Orders(*parts)._replace(season=season)

    def _search(self, values: Floats, seasons: tuple[int, ...]) -> ArimaErrors:
        if seasons and seasons[0] > _LONGEST_SEASON:
            return harmonic(values, tuple(sorted(season for season in seasons if season > _LONGEST_SEASON)))
        return searched(values, {"period": seasons[0] if seasons else 1})

    def _newest(self, seasons: tuple[int, ...]) -> int:
        if seasons[0] > _LONGEST_SEASON and self.order is None:
            return NEWEST
        return min(_VALUES, _SEASONS * seasons[0]) if seasons[0] > 1 else _VALUES

    def _remarks(self, panel: Panel) -> list[str]:
        season = panel.season
        short = int(np.sum(panel.lengths < 2 * season)) if season > 1 else 0
        said = [f"{short} series hold fewer than two seasons of {season} steps; sarima leaves out theirs."] * (
            short > 0
        )
        if season > _LONGEST_SEASON and self.order is None and short < len(panel):
            said.append(
                f"A season of {season} steps is longer than {_LONGEST_SEASON}: sarima uses Fourier terms with arima."
            )
        return said


def _parts(name: str, setting: str, order: object, shape: str) -> tuple[int, ...]:
    length = shape.count(",") + 1
    if not isinstance(order, tuple | list) or len(order) != length:
        raise SettingError(f"{setting} of {name} is {order!r}; it must be {shape}, whole numbers from 0.")
    return tuple(order)
