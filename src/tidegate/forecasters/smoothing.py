"""Exponential smoothing and its relatives: what is newest weighs most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from statsforecast.models import SimpleExponentialSmoothing, SimpleExponentialSmoothingOptimized
from statsforecast.theta import _theta as theta_filter  # type: ignore[attr-defined]  # it has no public name
from statsforecast.theta import auto_theta, forecast_theta, switch_theta
from statsmodels.tsa.seasonal import seasonal_decompose

from tidegate.errors import DataError, ModelError, Place, SettingError
from tidegate.forecasters.innovations import Form, StateSpace, best, chosen, constant, every, simplest, without
from tidegate.forecasters.library import (
    EVERYTHING,
    NEWEST,
    Outlook,
    Request,
    SeriesForecaster,
    gaussian,
    is_constant,
    seasonal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Search = Callable[[Floats, int], StateSpace | None]

_THETA_FORMS = ("STM", "OTM", "DSTM", "DOTM")
_CYCLES = 4
_LONGEST_IN_STATE = 24
"""The longest season that the library's state space holds."""

_LONGEST_IN_SEARCH = 12
"""Beyond it the library's search stops short of the best seasonal states, and its AICc then favours no season."""


class SimpleSmoothing(SeriesForecaster):
    """Simple exponential smoothing: a level that moves by alpha times each error; alpha by squared error.

    Source: Brown (1959); Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 8.1 and 8.7.
    """

    name = "ses"
    _rule: ClassVar[type[Any]] = StateSpace

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> StateSpace:  # noqa: ARG002 (it knows no season)
        return constant(values) or _simple(values)

    def _newest(self, seasons: tuple[int, ...]) -> int:  # noqa: ARG002
        return EVERYTHING


class HoltWinters(SeriesForecaster):
    """Level, trend and season, each smoothed.

    A series shorter than two seasons is taken as one without a season (Holt's method). A season longer than 24 steps
    is taken out by STL first. The last 2,000 values are read.

    Parameters
    ----------
    season
        "additive", "multiplicative" (values above zero only), or "auto": the one with the smaller AICc.
    damped
        Whether the trend flattens out; a straight one is worse on all kinds of M3 series.

    Source: Winters (1960); Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 8.3.
    """

    name = "holt-winters"
    _rule: ClassVar[type[Any]] = StateSpace

    def __init__(self, *, season: Literal["auto", "additive", "multiplicative"] = "auto", damped: bool = True) -> None:
        self.season = season
        self.damped = damped

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.season not in ("auto", "additive", "multiplicative"):
            raise SettingError(f"season is {self.season!r}; it must be 'auto', 'additive' or 'multiplicative'.")

    def _fit(self, panel: Panel, horizon: int) -> None:
        if self.season == "multiplicative":
            self._check_positive(panel)
        super()._fit(panel, horizon)

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> StateSpace:
        return _smoothed(values, seasons, self._search, _LONGEST_IN_STATE)

    def _search(self, values: Floats, season: int) -> StateSpace | None:
        kinds = {"additive": "A", "multiplicative": "M"}.get(self.season, "AM" if season > 1 else "A")
        last = "{0}" if season > 1 else "N"
        return best(values, season, [Form(f"{kind}A{last.format(kind)}", damped=self.damped) for kind in kinds])

    def _fallback(self, values: Floats) -> StateSpace:
        return _simple(values)

    def _remarks(self, panel: Panel) -> list[str]:
        return _season_remarks(self.name, panel, _LONGEST_IN_STATE)

    def _check_positive(self, panel: Panel) -> None:
        lowest = np.minimum.reduceat(panel.values, panel.offsets[:-1])
        wrong = np.flatnonzero(lowest <= 0)
        if len(wrong):
            n = wrong[0]
            raise DataError(
                f"a multiplicative season needs values above zero; the lowest is {lowest[n] * self._factors[n]:g}",
                place=Place(series=str(panel.ids[n])),
                repair="Use season='additive' or 'auto'.",
            )


class ETS(SeriesForecaster):
    """Error, trend and season in state space, additive or multiplicative, the form chosen by AICc.

    The short search settles the kind of season first and then the rest, with a damped trend where there is a season:
    a third of the time of the full one and lower errors on M3 (benchmarks/accuracy/m3.py). Series with zeros or
    negative values get additive forms. A series shorter than two seasons is taken as one without a season; a season
    longer than 12 steps is taken out by STL first. The last 2,000 values are read.

    Parameters
    ----------
    search
        "short", or "full": the library's own, over 15 forms.

    Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing.
    """

    name = "ets"
    _rule: ClassVar[type[Any]] = StateSpace

    def __init__(self, *, search: Literal["short", "full"] = "short") -> None:
        self.search = search

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.search not in ("short", "full"):
            raise SettingError(f"search is {self.search!r}; it must be 'short' or 'full'.")

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> StateSpace:
        return _smoothed(values, seasons, chosen if self.search == "short" else every, _LONGEST_IN_SEARCH)

    def _fallback(self, values: Floats) -> StateSpace:
        return _simple(values)

    def _remarks(self, panel: Panel) -> list[str]:
        return _season_remarks(self.name, panel, _LONGEST_IN_SEARCH)


class MSTL(SeriesForecaster):
    """Several seasons taken out by repeated STL and repeated ahead; additive exponential smoothing of the rest.

    Seasons of which a series holds fewer than two cycles are left out. It reads the last 2,000 values, or four of the
    longest season if that is more.

    Source: Bandara, Hyndman & Bergmeir (2021), MSTL: a seasonal-trend decomposition algorithm for time series with
    multiple seasonal patterns.
    """

    name = "mstl"
    _rule: ClassVar[type[Any]] = StateSpace

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> StateSpace:
        removed = tuple(sorted(season for season in seasons if 1 < season <= len(values) // 2))
        left = without(values, removed, 1)[0]
        rule = constant(left) or best(left, 1, [Form("ANN"), Form("AAN"), Form("AAN", damped=True)])
        if rule is None:
            raise ModelError(f"{len(values)} values are too few")
        return replace(rule, removed=removed)

    def _newest(self, seasons: tuple[int, ...]) -> int:
        return max(NEWEST, _CYCLES * max(seasons))

    def _fallback(self, values: Floats) -> StateSpace:
        return _simple(values)


@dataclass(frozen=True, eq=False)
class ThetaLines:
    """A fitted theta model.

    Parameters
    ----------
    form
        STM, OTM, DSTM or DOTM: standard or optimised, with a fixed or a moving (dynamic) line.
    season
        Steps of the cycle taken out by classical decomposition; 1 if none was.
    factor
        1 if the season multiplies, 0 if it adds.
    parameters
        Initial level, alpha, theta, shape (3,).
    variance
        Of the one-step errors of the seasonally adjusted values.
    """

    form: str
    season: int
    factor: int
    parameters: Floats
    variance: float

    @property
    def n_parameters(self) -> int:
        """Initial level, alpha, theta where it is optimised, and the seasonal figures."""
        return 2 + ("O" in self.form) + (self.season if self.season > 1 else 0)

    def forecast(self, values: Floats, request: Request) -> Outlook:
        """Run the lines over `values`, shape (T,), with fixed parameters and continue them."""
        cycle, factor = self._cycle(values)
        adjusted = values / cycle if factor else values - cycle
        _, states = self.run(adjusted, continued=request.continued)
        alpha, theta = self.parameters[1:]
        known = {"n": len(values), "states": states, "modeltype": self.form, "par": {"alpha": alpha, "theta": theta}}
        mean = forecast_theta(known, request.horizon)["mean"]  # type: ignore[no-untyped-call]
        steps = np.arange(request.horizon)
        spread = np.sqrt(self.variance * (1 + steps * alpha**2))
        ahead = cycle[len(values) - self.season + steps % self.season]
        mean, spread = (mean * ahead, spread * ahead) if factor else (mean + ahead, spread)
        return gaussian(mean, spread, request.levels) if request.levels else Outlook(mean, None, None)

    def run(self, adjusted: Floats, *, continued: bool) -> tuple[Floats, Floats]:
        """Return one-step errors (T,) and states (T, 5) over seasonally adjusted values."""
        first = self.parameters[0] if continued else adjusted[0] / 2
        alpha, theta = self.parameters[1:]
        _, errors, states, _ = theta_filter.pegels_resid(adjusted, switch_theta(self.form), first, alpha, theta, 3)
        return errors, states

    def with_variance(self, values: Floats) -> ThetaLines:
        """Return the same lines with the variance of their errors on the fitted `values`, after the first three."""
        cycle, factor = self._cycle(values)
        errors = self.run(values / cycle if factor else values - cycle, continued=True)[0][3:]
        centred = errors - errors.mean()
        return replace(self, variance=float(centred @ centred) / max(1, len(errors) - 1))

    def _cycle(self, values: Floats) -> tuple[Floats, bool]:
        """Return the seasonal figure of each value, and whether it is a factor (values above zero only)."""
        if self.season == 1:
            return np.zeros(len(values)), False
        if self.factor and values.min() > 0:
            figures = seasonal_decompose(values, model="multiplicative", period=self.season).seasonal
            if figures.min() >= 0.01:
                return figures, True
        return seasonal_decompose(values, model="additive", period=self.season).seasonal, False


class Theta(SeriesForecaster):
    """The theta method: the mean of a trend line and a smoothed line, seasonally adjusted where the season is clear.

    Intervals are those of its equivalent, simple smoothing with drift: variance v (1 + (k-1) alpha^2) at step k. The
    last 2,000 values are read; a series needs four.

    Parameters
    ----------
    form
        "DOTM" (optimised theta, moving line), "DSTM", "OTM" or "STM" (theta 2, fixed line); None for the one with the
        smallest squared error per series.

    Source: Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method;
    Hyndman & Billah (2003), Unmasking the theta method, equation 8.
    """

    name = "theta"
    _rule: ClassVar[type[Any]] = ThetaLines

    def __init__(self, *, form: Literal["STM", "OTM", "DSTM", "DOTM"] | None = "DOTM") -> None:
        self.form = form

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if self.form is not None and self.form not in _THETA_FORMS:
            raise SettingError(f"form is {self.form!r}; it must be one of {', '.join(_THETA_FORMS)}, or None.")

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002
        return 4

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> ThetaLines:
        if is_constant(values):
            return ThetaLines("STM", 1, 0, np.array([values[0] / 2, 0.5, 2.0]), 0.0)
        made = auto_theta(values, m=seasonal(values, seasons[0]), model=self.form)  # type: ignore[no-untyped-call]
        parameters = np.array([made["par"][name] for name in ("initial_smoothed", "alpha", "theta")])
        season = made["m"] if made.get("decompose", False) else 1
        factor = int(season > 1 and made["decomposition_type"] == "multiplicative")
        return ThetaLines(made["modeltype"], season, factor, parameters, 0.0).with_variance(values)


@dataclass(frozen=True, eq=False)
class IntermittentDemand:
    """Croston's rule.

    Parameters
    ----------
    alpha
        Smoothing weight of sizes and gaps, from 0 to 1.
    share
        What the quotient is multiplied by.
    """

    alpha: float
    share: float

    @property
    def n_parameters(self) -> int:
        """The smoothed size and the smoothed gap."""
        return 2

    def forecast(self, values: Floats, request: Request) -> Outlook:
        """Return the smoothed size over the smoothed gap of the non-zero `values`, repeated; 0 if there is none."""
        where = np.flatnonzero(values)
        if not len(where):
            return Outlook(np.zeros(request.horizon), None, None)
        gaps = np.diff(where, prepend=-1).astype(np.float64)
        smoother = SimpleExponentialSmoothing(alpha=self.alpha)
        size, gap = (float(smoother.forecast(row, h=1)["mean"][0]) for row in (values[where], gaps))
        return Outlook(np.full(request.horizon, self.share * size / gap), None, None)


class Croston(SeriesForecaster):
    """Intermittent demand: sizes and gaps smoothed apart; the forecast is their quotient.

    Parameters
    ----------
    alpha
        Smoothing weight, above 0 and at most 1.
    unbiased
        Multiply by 1 - alpha / 2, which takes out the bias of the quotient (Syntetos & Boylan).

    Source: Croston (1972), Forecasting and stock control for intermittent demands; Syntetos & Boylan (2005), The
    accuracy of intermittent demand estimates.
    """

    name = "croston"
    _rule: ClassVar[type[Any]] = IntermittentDemand

    def __init__(self, *, alpha: float = 0.1, unbiased: bool = False) -> None:
        self.alpha = alpha
        self.unbiased = unbiased

    def _check_settings(self, horizon: int) -> None:
        super()._check_settings(horizon)
        if not 0 < self.alpha <= 1:
            raise SettingError(f"alpha is {self.alpha}; it must be above 0 and at most 1.")

    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> IntermittentDemand:  # noqa: ARG002
        return IntermittentDemand(self.alpha, 1 - self.alpha / 2 if self.unbiased else 1.0)

    def _newest(self, seasons: tuple[int, ...]) -> int:  # noqa: ARG002
        return EVERYTHING


def _simple(values: Floats) -> StateSpace:
    """Return simple smoothing with the library's alpha: golden section on the squared error."""
    return simplest(values, float(SimpleExponentialSmoothingOptimized().fit(values).model_["alpha"]))


def _smoothed(values: Floats, seasons: tuple[int, ...], search: Search, longest: int) -> StateSpace:
    """Return what `search` finds with the main season, or without it where the series is too short for it.

    A season of more than `longest` steps is taken out by STL first.
    """
    fixed = constant(values)
    if fixed is not None:
        return fixed
    season = seasonal(values, seasons[0])
    removed = (season,) if season > longest else ()
    left = without(values, removed, 1)[0]
    for length in dict.fromkeys((1 if removed else season, 1)):
        rule = constant(left) or search(left, length)
        if rule is not None:
            return replace(rule, removed=removed)
    raise ModelError(f"{len(values)} values are too few")


def _season_remarks(name: str, panel: Panel, longest: int) -> list[str]:
    season = panel.season
    short = int(np.sum(panel.lengths < 2 * season)) if season > 1 else 0
    said = [f"{short} series hold fewer than two seasons of {season} steps; {name} leaves out theirs."] if short else []
    if season > longest and short < len(panel):
        said.append(f"A season of {season} steps is longer than {longest}: {name} takes it out by STL first.")
    return said
