"""The face of every forecaster: fit, forecast, predict, save. A family fills in _fit, _predict, _state, _restore."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
from sklearn.base import BaseEstimator, clone

from tidegate.analysis.seasonality import resolved
from tidegate.data.calendar import future_times
from tidegate.data.columns import Columns, Options
from tidegate.data.frames import check_future, to_frame, with_future
from tidegate.data.gaps import carried, filled
from tidegate.data.intake import as_panel
from tidegate.errors import DataError, NotFittedError, Place
from tidegate.forecasters import arguments, calibration, registry, storage
from tidegate.forecasters.rolling import Rolling
from tidegate.forecasters.threads import limited
from tidegate.forecasters.units import powers_of_two, scaled
from tidegate.panel import Forecast, Intervals, Panel
from tidegate.scoring.conformal import shortage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tidegate.archive import Tree
    from tidegate.features.windows import Origins

    Floats = NDArray[np.float64]
    Told = tuple[Floats, Intervals | None]


class Forecaster(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no type stubs
    """A model that continues series.

    `fit`, `forecast`, `predict` and `save` are final: they check the input once, fill gaps inside the data given,
    choose the season, divide every series by a power of two and keep the clock. What a family sees is clean; NaN
    is left in the target only for models whose traits say that they read gaps, and only with ``fill="keep"``.

    Attributes
    ----------
    history_ : Panel
        The training panel as the family saw it.
    ids_ : ndarray of shape (N,)
        The series it was fitted on.
    ignored_ : tuple of str
        Covariates in the data that this model cannot use.
    notes_ : tuple of str
        What a user should know of this fit, such as a cap that was applied.
    shortage_ : str
        Which intervals of the last forecast rest on too few past errors; "" if none.
    fit_seconds_, predict_seconds_ : float
        Wall-clock time of the last call.
    """

    name: ClassVar[str]

    history_: Panel
    ids_: NDArray[np.object_]
    ignored_: tuple[str, ...]
    notes_: tuple[str, ...] = ()
    fit_seconds_: float
    predict_seconds_: float
    shortage_: str = ""

    @property
    def traits(self) -> registry.Traits:
        """What this model can take, from its line in the registry."""
        return registry.traits(self.name)

    @final
    def fit(
        self,
        data: Any,
        *,
        horizon: int,
        known: Sequence[str] = (),
        past: Sequence[str] = (),
        static: Sequence[str] = (),
    ) -> Self:
        """Learn from every observation in `data`.

        Parameters
        ----------
        data
            A Panel, or a pandas or polars frame (long with unique_id, ds, y; one series; or wide).
        horizon
            Steps ahead to forecast, at least 1.
        known, past, static
            Lists of columns whose future is known, is not known, or that are constant per series. For a Panel leave
            them empty: it has its own.

        Returns
        -------
        Self

        Raises
        ------
        DataError
            If the data cannot be used, with the place and the repair.
        SettingError
            If the horizon or a setting is outside its limits.
        """
        started = time.perf_counter()
        self._check_settings(horizon)
        panel = self._usable(as_panel(data, arguments.named(known, past, static)))
        self._gaps = np.flatnonzero(np.isnan(panel.values))
        panel = resolved(self._legible(panel, panel))
        arguments.check_lengths(panel, self._minimum(horizon, panel.season), self.name)
        self.horizon_, self.ids_ = horizon, panel.ids
        self._factors = self._divisors(panel)
        self.history_ = panel.scaled(1 / self._factors)
        self._scores: Floats | None = None
        self.notes_ = ()
        with limited():
            self._fit(self.history_, horizon)
        self.fit_seconds_ = time.perf_counter() - started
        return self

    @final
    def forecast(self, data: Any = None, *, levels: Sequence[int] = (), future: Any = None) -> Forecast:
        """Continue the training series, or `data`, by the fitted horizon.

        Parameters
        ----------
        data
            Newer or other series (Panel or frame), read without refitting; None for the training series.
        levels
            Coverage of the intervals in percent, from 1 to 99.
        future
            Known covariates of the next `horizon` steps, if `data` does not hold them: a frame, or the path of a file.

        Returns
        -------
        Forecast
            Means of shape (N, F), intervals of shape (N, F, Q).

        Raises
        ------
        NotFittedError
            Before `fit`.
        DataError
            If the data cannot be used, or hold ids that a per-series model was not fitted on.
        """
        return self._forecast(data, levels, future)[0]

    @final
    def predict(self, data: Any = None, *, levels: Sequence[int] = (), future: Any = None) -> Any:
        """Return `forecast` as a frame of the kind that was given: unique_id, ds, the model, then its intervals.

        Takes the arguments of `forecast` and raises what it raises.
        """
        return to_frame(*self._forecast(data, levels, future))

    @final
    def forecast_at(
        self, data: Any, ends: Any, *, levels: Sequence[int] = (), window: int | None = None
    ) -> tuple[Forecast, ...]:
        """Continue `data` from several origins in it, as `forecast` would if what comes after each were cut off.

        Networks make the forecasts of all origins together; for other models the series are cut at one after another.

        Parameters
        ----------
        data
            Panel or frame of N series that reach beyond the origins; known covariates are read up to the horizon.
        ends
            Shape (G, N): how many observations of each series lie before each of G origins, at least 1.
        levels
            Coverage of the intervals in percent, from 1 to 99.
        window
            Newest observations before an origin that may be read; None for all.

        Returns
        -------
        tuple of Forecast
            G of them.

        Raises
        ------
        NotFittedError, DataError
            As in `forecast`; also for an origin outside its series.
        SettingError
            If `ends` is no such array, or `window` is below 1.
        """
        started = time.perf_counter()
        self._check_fitted()
        arguments.check_window(window)
        panel = self._taken(data)
        made = Rolling(
            panel, arguments.checked_ends(ends, panel), self.horizon_, arguments.checked_levels(levels), window
        )
        self._pass_over(made)
        for g, series in made.remaining():
            one = self.forecast(made.cut(g, series), levels=made.levels)
            made.keep((g, series), one.mean, one.intervals)
        self.predict_seconds_ = time.perf_counter() - started
        return tuple(arguments.checked_finite(one) for one in made.forecasts(self.name))

    @final
    def save(self, folder: str | Path) -> None:
        """Write the fitted model to `folder` (config.json, arrays, no code) by one atomic rename.

        Raises
        ------
        NotFittedError
            Before `fit`.
        StorageError
            If the folder exists or cannot be written.
        """
        self._check_fitted()
        storage.save(self, folder)

    @property
    def n_parameters(self) -> int:
        """How many numbers were learned from the data."""
        self._check_fitted()
        return self._count_parameters()

    @abstractmethod
    def _fit(self, panel: Panel, horizon: int) -> None:
        """Learn from `panel`: no gaps (but see `Traits.gaps`), seasons set, series divided by powers of two."""

    @abstractmethod
    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> Told:
        """Return means (N, F) from the end of `panel`, and intervals if the model has its own."""

    def _predict_at(self, panel: Panel, origins: Origins, levels: tuple[int, ...]) -> Told | None:  # noqa: ARG002
        """Return what `_predict` would at B origins inside `panel`, means (B, F), in one pass; None if there is none.

        A forecast may depend on nothing after its origin but known covariates, and on no other series.
        """
        return None

    @abstractmethod
    def _state(self) -> Tree:
        """Return everything learned as a tree of arrays, numbers, text and bytes."""

    @abstractmethod
    def _restore(self, state: Tree) -> None:
        """Take back what `_state` returned; `history_`, `ids_` and `horizon_` are in place."""

    @final
    def _private_state(self) -> Tree:
        names = ("horizon_", "ids_", "ignored_", "notes_", "fit_seconds_", "_factors", "_gaps", "_scores")
        return {name: getattr(self, name) for name in names}

    @final
    def _restore_private(self, state: Tree, history: Panel) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.history_ = history

    def _count_parameters(self) -> int:
        return 0

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (families need them)
        """Return the fewest observations per series that the model can be fitted on."""
        return 2

    def _divisors(self, panel: Panel) -> Floats:
        """Return what each series is divided by before the family sees it, shape (N,): powers of two."""
        return powers_of_two(panel)

    def _minimum_alone(self, horizon: int, season: int) -> int:
        """Return the fewest observations with which a series can be fitted without longer ones beside it."""
        return self._minimum(horizon, season)

    def _check_settings(self, horizon: int) -> None:
        """Refuse a horizon or settings outside their limits; families extend it."""
        arguments.check_horizon(horizon)

    @final
    def readable(self, data: Any = None) -> tuple[Panel, Floats]:
        """Return the training series or `data` as the family reads them, and what each was divided by, (N,)."""
        self._check_fitted()
        return (self.history_, self._factors) if data is None else self._ready(self._usable(self._taken(data)))

    @final
    def positions(self, panel: Panel) -> NDArray[np.int64]:
        """Return where each series of `panel` stands among the fitted ones, shape (N,)."""
        if panel is self.history_:
            return np.arange(len(panel))
        where = {series: n for n, series in enumerate(self.ids_)}
        return np.array([where[series] for series in panel.ids], dtype=np.int64)

    def _forecast(self, data: Any, levels: Sequence[int], future: Any) -> tuple[Forecast, Panel]:
        started = time.perf_counter()
        self._check_fitted()
        wanted = arguments.checked_levels(levels)
        panel, factors = self._context(data, future)
        self.shortage_ = ""
        with limited():
            mean, intervals = self._predict(panel, wanted)
            if wanted and intervals is None:
                scores = self._calibration()
                self.shortage_ = shortage(scores, wanted)
                intervals = calibration.around(mean, calibration.scales(panel), scores, wanted)
        self.predict_seconds_ = time.perf_counter() - started
        origins = panel.times[panel.offsets[1:] - 1]
        times = future_times(panel, self.horizon_)
        made = Forecast(self.name, panel.ids, origins, times, *scaled(mean, intervals, factors))
        return arguments.checked_finite(made), panel

    def _pass_over(self, made: Rolling) -> None:
        """Forecast in one pass what later rows cannot change, if the model has such a pass."""
        self.shortage_ = ""
        usable = self._usable(made.panel)
        ready, factors = self._ready(usable)
        at = made.settled(usable, ready, self.ids_)
        origins = made.origins(at)
        if not at.any():
            return
        with limited():
            found = self._predict_at(ready, origins, made.levels)
        if found is not None and (found[1] is not None or not made.levels):
            made.keep(at, *scaled(*found, factors[origins.series]))

    @final
    def _calibration(self) -> Floats:
        """Absolute errors at past origins in units of each series' scale, (C, N, F), made once when first needed."""
        if self._scores is None:
            panel, minimum = self.history_, self._minimum_alone(self.horizon_, self.history_.season)
            ends, long_enough = calibration.origins(panel, self.horizon_, minimum)
            chosen = np.flatnonzero(long_enough)
            errors = self._errors_at(self._as_observed(panel).take(chosen), ends[:, long_enough])
            self._scores = calibration.scores(panel.take(chosen), errors)
        return self._scores

    @final
    def _as_observed(self, panel: Panel) -> Panel:
        """Return the training panel, as `_fit` got it, with NaN where a gap was filled: no line crosses an origin."""
        values = panel.values.copy()
        values[self._gaps] = np.nan
        return replace(panel, values=values)

    def _errors_at(self, panel: Panel, ends: NDArray[np.int64]) -> Floats:
        """Return errors at the origins `ends` (C, N), shape (C, N, F), of a copy fitted before the oldest of them."""
        fitted = clone(self).fit(panel.before(ends[0], self.horizon_), horizon=self.horizon_)
        made = np.stack([one.mean for one in fitted.forecast_at(panel, ends)])
        rows = (panel.offsets[:-1] + ends)[..., None] + np.arange(self.horizon_)
        return np.asarray(panel.values[rows] - made)

    def _check_fitted(self) -> None:
        if not hasattr(self, "history_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted. Call fit(data, horizon=...) first.")

    def _usable(self, panel: Panel) -> Panel:
        """Leave out the covariates that this model cannot use, and remember their names."""
        usable, self.ignored_ = arguments.usable(panel, self.traits.covariates)
        return usable

    def _legible(self, panel: Panel, learned: Panel) -> Panel:
        """Fill gaps; leave those of the target to a model that reads gaps, if it `learned` from some."""
        left = self.traits.gaps and panel.fill == "keep" and bool(np.isnan(learned.values).any())
        return carried(panel) if left else filled(panel)

    def _context(self, data: Any, future: Any) -> tuple[Panel, Floats]:
        """Return the panel to forecast from, ready for the family, and its scale factors."""
        panel = self.history_ if data is None else self._usable(self._taken(data))
        if future is not None:
            panel = with_future(panel, future)
        check_future(panel, self.horizon_)
        return (panel, self._factors) if data is None else self._ready(panel)

    def _taken(self, data: Any) -> Panel:
        """Return the panel that `data` are, read like the training series."""
        options = Options(self.history_.fill, frequency=self.history_.frequency, timezone=self.history_.timezone)
        names = {kind: getattr(self.history_, kind).names for kind in ("known", "past", "static")}
        panel = as_panel(data, Columns(**names), options)
        arguments.check_clock(panel, self.history_, self.name)
        return panel

    def _ready(self, panel: Panel) -> tuple[Panel, Floats]:
        """Return the panel as the family reads it, and its scale factors."""
        panel = replace(panel, seasons=self.history_.seasons)
        return self._placed(self._legible(panel, self.history_))

    def _placed(self, panel: Panel) -> tuple[Panel, Floats]:
        """Scale newer series as in training, unseen ones by themselves."""
        where = {series: n for n, series in enumerate(self.ids_)}
        unseen = [series for series in panel.ids if series not in where]
        if unseen and self.traits.scope == "series":
            raise DataError(
                f"{self.name} fits one model per series and was not fitted on this one",
                place=Place(series=str(unseen[0])),
                repair="Fit it again with this series, or use a model over all series such as gru.",
            )
        fresh = self._divisors(panel) if unseen else np.empty(0)
        factors = np.array([self._factors[where[s]] if s in where else fresh[n] for n, s in enumerate(panel.ids)])
        return panel.scaled(1 / factors), factors
