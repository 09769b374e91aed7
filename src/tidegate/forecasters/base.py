"""The face of every forecaster: fit, forecast, predict, save. A family fills in _fit, _predict, _state, _restore."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
from sklearn.base import BaseEstimator, clone
from threadpoolctl import threadpool_limits

from tidegate.analysis.seasonality import resolved
from tidegate.data.calendar import future_times
from tidegate.data.columns import Columns, Options
from tidegate.data.frames import check_future, to_frame, with_future
from tidegate.data.gaps import filled
from tidegate.data.intake import as_panel
from tidegate.errors import DataError, NotFittedError, Place, SettingError
from tidegate.forecasters import calibration, registry, storage
from tidegate.panel import Forecast, Intervals, Panel, no_covariates
from tidegate.scoring.conformal import shortage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


LONGEST = 1_000_000
"""Steps ahead that can be forecast at once: beyond, arrays would outgrow memory before anything is checked."""


class Forecaster(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no type stubs
    """A model that continues series.

    `fit`, `forecast`, `predict` and `save` are final: they check the input once, fill gaps inside the data given,
    choose the season, divide every series by a power of two and keep the clock. What a family sees is clean.

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
        panel = self._usable(as_panel(data, _named(known, past, static)))
        self._gaps = np.flatnonzero(np.isnan(panel.values))
        panel = resolved(filled(panel))
        self._check_lengths(panel, horizon)
        self.horizon_, self.ids_ = horizon, panel.ids
        self._factors = _powers_of_two(panel)
        self.history_ = panel.scaled(1 / self._factors)
        self._scores: Floats | None = None
        self.notes_ = ()
        with threadpool_limits(1):
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
            Frame with the known covariates of the next `horizon` steps, if `data` does not hold them.

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
        """Learn from `panel`: no gaps, seasons set, series divided by powers of two."""

    @abstractmethod
    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        """Return means (N, F) from the end of `panel`, and intervals if the model has its own."""

    @abstractmethod
    def _state(self) -> storage.Tree:
        """Return everything learned as a tree of arrays, numbers, text and bytes."""

    @abstractmethod
    def _restore(self, state: storage.Tree) -> None:
        """Take back what `_state` returned; `history_`, `ids_` and `horizon_` are in place."""

    @final
    def _private_state(self) -> storage.Tree:
        names = ("horizon_", "ids_", "ignored_", "notes_", "fit_seconds_", "_factors", "_gaps", "_scores")
        return {name: getattr(self, name) for name in names}

    @final
    def _restore_private(self, state: storage.Tree, history: Panel) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.history_ = history

    def _count_parameters(self) -> int:
        return 0

    def _minimum(self, horizon: int, season: int) -> int:  # noqa: ARG002 (families need them)
        """Return the fewest observations per series that the model can be fitted on."""
        return 2

    def _check_settings(self, horizon: int) -> None:
        """Refuse a horizon or settings outside their limits; families extend it."""
        if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
            raise SettingError(f"horizon is {horizon!r}; it must be a whole number of steps, at least 1.")
        if horizon > LONGEST:
            raise SettingError(f"horizon is {horizon:,} steps; at most {LONGEST:,} can be forecast at once.")

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
        wanted = _checked_levels(levels)
        panel, factors = self._context(data, future)
        self.shortage_ = ""
        with threadpool_limits(1):
            mean, intervals = self._predict(panel, wanted)
            if wanted and intervals is None:
                scores = self._calibration()
                self.shortage_ = shortage(scores, wanted)
                intervals = calibration.around(mean, calibration.scales(panel), scores, wanted)
        self.predict_seconds_ = time.perf_counter() - started
        unit = factors[:, None]
        if intervals is not None:
            lower, upper = intervals.lower * unit[..., None], intervals.upper * unit[..., None]
            intervals = Intervals(intervals.levels, lower, upper)
        origins = panel.times[panel.offsets[1:] - 1]
        times = future_times(panel, self.horizon_)
        return Forecast(self.name, panel.ids, origins, times, mean * unit, intervals), panel

    def _held_out(self) -> Floats | None:
        """Return errors (C, N, F) on values of `history_` not yet read, NaN where none; None if it kept none."""
        return None

    @final
    def _calibration(self) -> Floats:
        """Absolute errors at past origins in units of each series' scale, (C, N, F), made once when first needed."""
        if self._scores is None:
            panel, errors = self.history_, self._held_out()
            if errors is None:
                minimum = self._minimum(self.horizon_, panel.season)
                ends, long_enough = calibration.origins(panel, self.horizon_, minimum)
                chosen = np.flatnonzero(long_enough)
                panel, truth = panel.take(chosen), replace(panel, values=self._observed()).take(chosen)
                errors = self._errors_at(panel, truth, ends[:, long_enough])
            self._scores = np.abs(errors) / calibration.scales(panel)[:, None]
        return self._scores

    @final
    def _observed(self) -> Floats:
        """Return the target of `history_` with NaN where a gap was filled, shape (R,)."""
        values = self.history_.values.copy()
        values[self._gaps] = np.nan
        return values

    def _errors_at(self, panel: Panel, truth: Panel, ends: NDArray[np.int64]) -> Floats:
        """Return errors at the origins `ends` (C, N), shape (C, N, F), of a copy fitted before the oldest of them."""
        fitted = clone(self).fit(panel.before(ends[0], self.horizon_), horizon=self.horizon_)
        errors = np.empty((*ends.shape, self.horizon_))
        for c, row in enumerate(ends):
            made = fitted.forecast(panel.before(row, self.horizon_)).mean
            rows = (panel.offsets[:-1] + row)[:, None] + np.arange(self.horizon_)
            errors[c] = truth.values[rows] - made
        return errors

    def _check_fitted(self) -> None:
        if not hasattr(self, "history_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted. Call fit(data, horizon=...) first.")

    def _check_lengths(self, panel: Panel, horizon: int) -> None:
        needed = self._minimum(horizon, panel.season)
        short = np.flatnonzero(panel.lengths < needed)
        if len(short):
            raise DataError(
                f"{_counted(int(panel.lengths[short[0]]))}; {self.name} needs at least {needed}",
                place=Place(series=str(panel.ids[short[0]])),
                repair="Give a longer series, leave it out, or choose a simpler model.",
            )

    def _usable(self, panel: Panel) -> Panel:
        """Leave out the covariates that this model cannot use, and remember their names."""
        rows = {"known": len(panel.times), "past": len(panel.times), "static": len(panel)}
        unused = [kind for kind in rows if kind not in self.traits.covariates]
        self.ignored_ = tuple(name for kind in unused for name in getattr(panel, kind).names)
        dropped: dict[str, Any] = {kind: no_covariates(rows[kind]) for kind in unused}
        if "known" in unused:
            dropped["future"] = None
        return replace(panel, **dropped)

    def _columns(self) -> Columns:
        kinds = {kind: getattr(self.history_, kind).names for kind in ("known", "past", "static")}
        return Columns(**kinds)

    def _context(self, data: Any, future: Any) -> tuple[Panel, Floats]:
        """Return the panel to forecast from, ready for the family, and its scale factors."""
        if data is None:
            panel = self.history_ if future is None else with_future(self.history_, future)
            check_future(panel, self.horizon_)
            return panel, self._factors
        options = Options(frequency=self.history_.frequency, timezone=self.history_.timezone)
        panel = self._usable(as_panel(data, self._columns(), options))
        self._check_clock(panel)
        if future is not None:
            panel = with_future(panel, future)
        check_future(panel, self.horizon_)
        panel = filled(replace(panel, seasons=self.history_.seasons))
        return self._placed(panel)

    def _check_clock(self, panel: Panel) -> None:
        """Refuse a panel whose steps or clock are not those of the training series."""
        for name in ("frequency", "timezone"):
            ours, theirs = getattr(self.history_, name), getattr(panel, name)
            if ours != theirs:
                raise DataError(
                    f"the {name} is {theirs!r}; {self.name} was fitted on series with {ours!r}",
                    repair=f"Read the data with --{name} {ours}, or fit the model again."
                    if ours
                    else "Give stamps without a time zone, or fit the model again.",
                )

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
        fresh = _powers_of_two(panel) if unseen else np.empty(0)
        factors = np.array([self._factors[where[s]] if s in where else fresh[n] for n, s in enumerate(panel.ids)])
        return panel.scaled(1 / factors), factors


def _counted(n_rows: int) -> str:
    return f"{n_rows:,} observation{'' if n_rows == 1 else 's'}"


def _powers_of_two(panel: Panel) -> Floats:
    """Return the power of two nearest each series' standard deviation (its size if constant), shape (N,)."""
    starts, lengths = panel.offsets[:-1], panel.lengths
    mean = np.add.reduceat(panel.values, starts) / lengths
    centred = panel.values - np.repeat(mean, lengths)
    spread = np.sqrt(np.add.reduceat(centred**2, starts) / lengths)
    size = np.where(spread > 1e-9 * np.abs(mean), spread, np.abs(mean))
    mantissa, exponent = np.frexp(np.where(size > 0, size, 1.0))
    return np.asarray(np.ldexp(1.0, exponent - (mantissa < np.sqrt(0.5))), dtype=np.float64)


def _named(known: Sequence[str], past: Sequence[str], static: Sequence[str]) -> Columns:
    for kind, names in (("known", known), ("past", past), ("static", static)):
        if isinstance(names, str):
            raise SettingError(f"{kind} is {names!r}; it must be a list of columns, such as [{names!r}].")
    return Columns(known=tuple(known), past=tuple(past), static=tuple(static))


def _checked_levels(levels: Any) -> tuple[int, ...]:
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise SettingError(f"levels is {levels!r}; it must be a list of whole numbers of percent, such as [80, 95].")
    levels = tuple(levels)
    wrong = [level for level in levels if isinstance(level, bool | str) or not 0 < level < 100 or int(level) != level]
    if wrong:
        raise SettingError(f"level {wrong[0]!r} is not a whole number of percent from 1 to 99; try levels=[80, 95].")
    return tuple(sorted({int(level) for level in levels}))
