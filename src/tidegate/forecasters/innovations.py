"""Exponential smoothing in state space: one error moves level, trend and season (the ETS family).

Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, chapters 2, 5 and 6. Weights and
states come from statsforecast; the steps ahead are ours, because its damped trends take the first power of phi twice
and its intervals hold the variance of seasonal forms constant within the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from statsforecast.ets import ets_f, initstate, pegelsresid_C
from statsforecast.mstl import mstl

from tidegate.errors import ModelError
from tidegate.forecasters.library import Outlook, Request, asked, gaussian, is_constant, raised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PATHS = 5_000
_NO_STATE = np.empty(0)
_NAN = float("nan")


class Form(NamedTuple):
    """One model of the family, such as ``Form("MAM", damped=True)``.

    Attributes
    ----------
    letters
        Error, trend and season: A additive, M multiplicative, N none.
    damped
        Whether the trend flattens out.
    """

    letters: str
    damped: bool = False


@dataclass(frozen=True, eq=False)
class StateSpace:
    """A fitted form.

    Parameters
    ----------
    components
        Error, trend, season and damping as in "MAMD" (the last is D or N).
    season
        Steps in a cycle; 1 if there is none.
    weights
        Alpha, beta, gamma, phi, shape (4,); NaN where the form has none.
    start
        Level, slope and seasonal states before the first value; empty for "the first value itself".
    variance
        Of the one-step errors (relative errors if multiplicative).
    removed
        Seasons taken out by STL before smoothing and put back afterwards.
    """

    components: str
    season: int
    weights: Floats
    start: Floats
    variance: float
    removed: tuple[int, ...] = ()

    @property
    def n_parameters(self) -> int:
        """Smoothing weights and initial states."""
        return int(np.isfinite(self.weights).sum()) + max(1, len(self.start))

    def forecast(self, values: Floats, request: Request) -> Outlook:
        """Run the states over `values`, shape (T,), with fixed weights and continue them.

        Raises
        ------
        ModelError
            If `values` do not continue the fitted ones and are fewer than two seasons.
        """
        values, seasonal = without(values, self.removed, request.horizon)
        state = self._states(values, continued=request.continued)[1][-1]
        mean = self._futures(state, np.zeros((request.horizon, 1)))[:, 0]
        return raised(self._outlook(mean, state, request.levels), seasonal)

    def errors(self, values: Floats) -> Floats:
        """Return the one-step errors on the fitted `values`, shape (T,), relative ones if multiplicative."""
        found: Floats = self._states(values, continued=True)[0]
        return found

    def _states(self, values: Floats, *, continued: bool) -> tuple[Floats, Floats]:
        """Return one-step errors (T,) and the states before each value and after the last (T + 1, P)."""
        error, trend, season, damping = tuple(self.components)
        start = self.start if continued else self._footing(values)
        if not len(start):
            start = values[:1]
        alpha, beta, gamma, phi = self.weights
        _, errors, states, _ = pegelsresid_C(
            values, self.season, start, error, trend, season, damping == "D", alpha, beta, gamma, phi, 1
        )
        return errors, states

    def _footing(self, values: Floats) -> Floats:
        """Return the library's first guess of the states, for values that do not continue the fitted ones."""
        _, trend, season, _ = tuple(self.components)
        if not len(self.start):
            return self.start
        if len(values) < max(4, 2 * self.season):
            raise ModelError(
                f"{len(values)} values that do not continue the training series; "
                f"{max(4, 2 * self.season)} are needed to find its state"
            )
        start = initstate(values, self.season, trend, season)  # type: ignore[no-untyped-call]
        if season == "N":
            return np.asarray(start)
        seasons = start[1 + (trend != "N") :]
        return np.append(start, self.season * (season == "M") - seasons.sum())

    def _outlook(self, mean: Floats, state: Floats, levels: tuple[int, ...]) -> Outlook:
        """Add intervals: exact for linear forms (chapter 6.2), else quantiles of 5,000 simulated futures (6.1)."""
        spread = np.sqrt(self.variance)
        if not levels:
            return Outlook(mean, None, None)
        if "M" not in self.components:
            one_error = np.zeros((len(mean), 1))
            one_error[0] = 1.0
            response = self._futures(state, one_error)[:, 0] - mean
            return gaussian(mean, spread * np.sqrt(np.cumsum(response**2)), levels)
        draws = np.random.default_rng(0).standard_normal((len(mean), _PATHS))
        futures = self._futures(state, spread * draws)
        tails = 0.5 + np.outer([-1, 1], np.asarray(levels) / 200)
        lower, upper = np.quantile(futures, tails, axis=1).transpose(0, 2, 1)
        return Outlook(mean, np.minimum(lower, mean[:, None]), np.maximum(upper, mean[:, None]))

    def _futures(self, state: Floats, errors: Floats) -> Floats:
        """Continue the state under given errors, shape (F, P): the futures, same shape (table 2.2 and 2.3)."""
        error, trend, season, damping = tuple(self.components)
        alpha, beta, gamma, phi = np.nan_to_num(self.weights)
        phi = phi if damping == "D" else 1.0
        level, slope = np.full(errors.shape[1], state[0]), np.full(errors.shape[1], state[1] if trend != "N" else 0.0)
        cycle = [np.full(errors.shape[1], value) for value in state[len(state) - self.season :][::-1]]
        futures = np.empty_like(errors)
        for k, shock in enumerate(errors):
            base = level + phi * slope
            now = cycle[k % self.season] if season != "N" else 0.0
            point = base * now if season == "M" else base + now
            surprise = point * shock if error == "M" else shock
            futures[k] = point + surprise
            share = surprise / now if season == "M" else surprise
            if season != "N":
                cycle[k % self.season] = now + gamma * (surprise / base if season == "M" else surprise)
            level, slope = base + alpha * share, phi * slope + beta * share
        return futures


def without(values: Floats, seasons: tuple[int, ...], horizon: int) -> tuple[Floats, Floats]:
    """Take `seasons` out of `values` by (M)STL; return what is left, (T,), and the last cycle of each ahead, (F,).

    Source: Bandara, Hyndman & Bergmeir (2021), MSTL: a seasonal-trend decomposition algorithm for time series with
    multiple seasonal patterns.

    Raises
    ------
    ModelError
        If `values` hold fewer than two cycles.
    """
    ahead = np.zeros(horizon)
    if not seasons:
        return values, ahead
    if len(values) < 2 * max(seasons):
        raise ModelError(f"{len(values)} values are fewer than two seasons of {max(seasons)} steps")
    parts = mstl(values, period=list(seasons))
    for column in parts.columns:
        if column.startswith("seasonal"):
            cycle = int(column.removeprefix("seasonal") or seasons[0])
            ahead += parts[column].to_numpy()[len(values) - cycle + np.arange(horizon) % cycle]
    return (parts["trend"] + parts["remainder"]).to_numpy(), ahead


def simplest(values: Floats, alpha: float) -> StateSpace:
    """Return simple exponential smoothing with weight `alpha`, started at the first value."""
    weights = np.array([alpha, _NAN, _NAN, _NAN])
    rule = StateSpace("ANNN", 1, weights, _NO_STATE, 0.0)
    errors = rule.errors(values)[1:]
    return replace(rule, variance=float(errors @ errors) / max(1, len(errors) - 1))


def best(values: Floats, season: int, forms: Sequence[Form]) -> StateSpace | None:
    """Return the form with the smallest AICc, or None where the library can fit none.

    Parameters
    ----------
    values
        Shape (T,), not constant.
    season
        Steps in a cycle, at most 24; 1 leaves out seasonal forms.
    forms
        Candidates; those that multiply are left out unless all values are positive.
    """
    found = _compared(values, season, forms, None)
    return found and _kept(values, found)


def chosen(values: Floats, season: int) -> StateSpace | None:
    """Return the form found in two steps by AICc, or None where the library can fit none.

    A season: first its kind (none, additive, multiplicative) with a level alone, then the error and a damped trend
    for that kind. No season: every error with no, a damped and a straight trend.
    """
    if season == 1:
        trends = (Form("ANN"), Form("AAN"), Form("AAN", damped=True), Form("MNN"), Form("MAN"))
        return best(values, 1, (*trends, Form("MAN", damped=True)))
    found = _compared(values, season, [Form("ANN"), Form("ANA"), Form("MNM")], None)
    kind = found["components"][2] if found else "N"
    rest = [Form(f"M{trend}{kind}", damped=trend == "A") for trend in "NA"]
    if kind != "M":
        rest.append(Form(f"AA{kind}", damped=True))
    found = _compared(values, season, rest, found)
    return found and _kept(values, found)


def every(values: Floats, season: int) -> StateSpace | None:
    """Return what the library's own search over its 15 forms finds, or None where it can fit none."""
    try:
        return _kept(values, asked(partial(ets_f, values, m=season, model="ZZZ")))
    except ModelError:
        return None


def constant(values: Floats) -> StateSpace | None:
    """Return the rule of a constant series, which repeats it without error, or None if it is not constant."""
    return simplest(values, 0.9999) if is_constant(values) else None


def _compared(values: Floats, season: int, forms: Sequence[Form], found: Any) -> Any:
    """Return the library's result with the smallest AICc of `forms` and `found`."""
    positive = bool(values.min() > 0)
    for form in forms:
        if ("M" in form.letters and not positive) or (season == 1 and form.letters[2] != "N"):
            continue
        try:
            made = asked(partial(ets_f, values, m=season, model=form.letters, damped=form.damped))
        except ModelError:
            continue
        if made["fit"] is not None and made["aicc"] < (found["aicc"] if found else np.inf):
            found = made
    return found


def _kept(values: Floats, fit: Any) -> StateSpace:
    errors, n_free = fit["residuals"], len(values) - fit["n_params"] - 1
    variance = float(fit["sigma2"]) if n_free > 0 else float(np.mean(errors**2))
    weights = np.array(fit["par"][:4], dtype=np.float64)
    return StateSpace(str(fit["components"]), int(fit["m"]), weights, np.array(fit["par"][4:]), variance)
