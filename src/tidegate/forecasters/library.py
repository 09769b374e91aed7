"""Models of a statistics library, one per series: fitted once, kept as plain numbers, read on without refitting."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
from scipy.stats import norm

from tidegate.data.calendar import future_times
from tidegate.errors import ModelError
from tidegate.forecasters.base import Forecaster
from tidegate.panel import Intervals, Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float64]

EVERYTHING = 2**62
"""No cap on the values read."""

NEWEST = 2_000
"""Values that the slower models read of each series: more change neither orders nor weights much."""


class Request(NamedTuple):
    """What is asked of a fitted model.

    Attributes
    ----------
    horizon
        Steps ahead, F.
    levels
        Coverage of the intervals in percent, Q of them, ascending.
    continued
        Whether the values begin where the fitted ones began; if not, the model must find its footing anew.
    """

    horizon: int
    levels: tuple[int, ...]
    continued: bool = True


class Outlook(NamedTuple):
    """What a fitted model answers for one series.

    Attributes
    ----------
    mean
        Shape (F,).
    lower, upper
        Shape (F, Q); None from a model without intervals of its own.
    """

    mean: Floats
    lower: Floats | None
    upper: Floats | None


class Rule(Protocol):
    """A model fitted to one series: a frozen dataclass of text, numbers, whole-number tuples and float arrays."""

    def forecast(self, values: Floats, request: Request) -> Outlook:
        """Continue `values`, shape (T,), with fixed parameters."""
        ...

    @property
    def n_parameters(self) -> int:
        """How many numbers were learned."""
        ...


class SeriesForecaster(Forecaster):
    """A forecaster that fits one rule per series.

    Newer rows continue the training series: values before them are taken from it where they touch or overlap.

    Attributes
    ----------
    rules_ : list of Rule
        One per series.
    starts_ : ndarray of shape (N,)
        Time of the first value that each rule was fitted on.
    """

    _rule: ClassVar[type[Any]]
    _sliding: ClassVar[bool] = False
    """Whether a forecast reads the newest values only, instead of everything since the fitted start."""

    rules_: list[Any]
    starts_: NDArray[np.int64]

    @abstractmethod
    def _learn(self, values: Floats, seasons: tuple[int, ...]) -> Rule:
        """Return the rule fitted to one series of shape (T,)."""

    def _newest(self, seasons: tuple[int, ...]) -> int:  # noqa: ARG002 (families need it)
        """Return how many of the newest values the model reads."""
        return NEWEST

    def _fallback(self, values: Floats) -> Rule | None:  # noqa: ARG002 (families need it)
        """Return a simpler rule for a series on which the search failed, or None to refuse it."""
        return None

    def _remarks(self, panel: Panel) -> list[str]:  # noqa: ARG002 (families need it)
        """Return what a user should know of this fit beside the caps."""
        return []

    def _fit(self, panel: Panel, horizon: int) -> None:  # noqa: ARG002 (the face of every family)
        newest, replaced = self._newest(panel.seasons), []
        self.rules_ = []
        for n in range(len(panel)):
            values = panel.series(n)[-newest:]
            try:
                rule = asked(partial(self._learn, values, panel.seasons))
            except ModelError as error:
                rule = asked(partial(self._fallback, values))
                if rule is None:
                    raise self._refusal(panel.ids[n], f"could not be fitted ({error})") from error
                replaced.append(str(panel.ids[n]))
            self.rules_.append(rule)
        self.starts_ = panel.times[np.maximum(panel.offsets[:-1], panel.offsets[1:] - newest)]
        self.notes_ = (*self._caps(panel, newest), *self._remarks(panel), *_replaced(self.name, replaced))

    def _predict(self, panel: Panel, levels: tuple[int, ...]) -> tuple[Floats, Intervals | None]:
        made = []
        newest = self._newest(self.history_.seasons) if self._sliding else EVERYTHING
        for (values, continued), n in zip(self._contexts(panel), self.positions(panel), strict=True):
            request = Request(self.horizon_, levels, continued)
            try:
                outlook = asked(partial(self.rules_[n].forecast, values[-newest:], request))
            except ModelError as error:
                raise self._refusal(self.ids_[n], f"could not forecast ({error})") from error
            if not np.isfinite(outlook.mean).all():
                raise self._refusal(self.ids_[n], "gave a forecast that is not a finite number")
            made.append(outlook)
        mean = np.array([outlook.mean for outlook in made])
        if not levels or made[0].lower is None:
            return mean, None
        lower, upper = (np.array([getattr(outlook, side) for outlook in made]) for side in ("lower", "upper"))
        return mean, Intervals(levels, lower, upper)

    def _state(self) -> Tree:
        return {"rules": packed(self.rules_, self._rule), "starts": self.starts_}

    def _restore(self, state: Tree) -> None:
        self.rules_ = unpacked(state["rules"], self._rule)
        self.starts_ = state["starts"]

    def _count_parameters(self) -> int:
        return sum(rule.n_parameters for rule in self.rules_)

    def _contexts(self, panel: Panel) -> Iterator[tuple[Floats, bool]]:
        """Yield the values to forecast each series from, and whether they begin where the rule's began."""
        touching = future_times(self.history_, 1)[:, 0]
        for k, n in enumerate(self.positions(panel)):
            values, times = panel.series(k), panel.times[panel.offsets[k] : panel.offsets[k + 1]]
            begin = int(np.searchsorted(times, self.starts_[n]))
            if begin < len(times) and times[begin] == self.starts_[n]:
                yield values[begin:], True
            elif begin == 0 and times[0] <= touching[n]:
                yield np.concatenate([self._earlier(n, times[0]), values]), True
            else:
                yield values, False

    def _earlier(self, n: int, time: int) -> Floats:
        """Return the training values of series `n` from the start of its rule to just before `time`."""
        first, last = self.history_.offsets[n], self.history_.offsets[n + 1]
        begin, end = np.searchsorted(self.history_.times[first:last], [self.starts_[n], time])
        return self.history_.values[first + begin : first + end]

    def _caps(self, panel: Panel, newest: int) -> list[str]:
        if (panel.lengths <= newest).all():
            return []
        return [f"{self.name} reads the last {newest:,} values of each series."]

    def _refusal(self, series: object, problem: str) -> ModelError:
        return ModelError(
            f"series {str(series)!r}: {self.name} {problem}. "
            "Leave the series out, give it more values, or choose a simpler model such as ses."
        )


def _replaced(name: str, ids: list[str]) -> list[str]:
    if not ids:
        return []
    named = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
    return [f"The search of {name} found no model for {len(ids)} series, which got its simplest form: {named}."]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's numerical warnings to itself: what matters of them is checked in the results."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def asked(function: Callable[[], Any]) -> Any:
    """Return what a call into the library returns; its exceptions, some of them bare, become a ModelError.

    Raises
    ------
    ModelError
        With the library's own words.
    """
    try:
        with quiet():
            return function()
    except Exception as error:
        raise ModelError(str(error).strip().rstrip(".") or type(error).__name__) from error


def is_constant(values: Floats) -> bool:
    """Return whether all values, shape (T,), are the same up to rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def seasonal(values: Floats, season: int) -> int:
    """Return the season to use for `values`: 1, none, where they hold fewer than two of it."""
    return season if len(values) >= 2 * season else 1


def gaussian(mean: Floats, spread: Floats, levels: tuple[int, ...]) -> Outlook:
    """Return the outlook of normal errors with standard deviations `spread`, both of shape (F,)."""
    reach = spread[:, None] * norm.ppf(0.5 + np.asarray(levels, dtype=float) / 200)
    return Outlook(mean, mean[:, None] - reach, mean[:, None] + reach)


def raised(outlook: Outlook, amounts: Floats) -> Outlook:
    """Return the outlook with `amounts`, shape (F,), added to the mean and the bounds."""
    if outlook.lower is None or outlook.upper is None:
        return Outlook(outlook.mean + amounts, None, None)
    return Outlook(outlook.mean + amounts, outlook.lower + amounts[:, None], outlook.upper + amounts[:, None])


def packed(rules: Sequence[Any], kind: type[Any]) -> Tree:
    """Return the rules, all of dataclass `kind`, as one column per field."""
    return {field.name: _column([getattr(rule, field.name) for rule in rules], field.type) for field in fields(kind)}


def unpacked(tree: Tree, kind: type[Any]) -> list[Any]:
    """Return the rules that `packed` took apart."""
    columns = {field.name: _cells(tree[field.name], field.type) for field in fields(kind)}
    return [kind(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _column(cells: list[Any], kind: Any) -> Tree:
    if kind == "str":
        return cells
    if kind in ("int", "float"):
        return np.array(cells, dtype=np.int64 if kind == "int" else np.float64)
    dtype = np.float64 if kind == "Floats" else np.int64
    sizes = np.array([len(cell) for cell in cells], dtype=np.int64)
    return {"values": np.concatenate([np.asarray(cell, dtype=dtype) for cell in cells]), "sizes": sizes}


def _cells(column: Tree, kind: Any) -> list[Any]:
    if kind == "str":
        return list(column)
    if kind in ("int", "float"):
        cells: list[Any] = column.tolist()
        return cells
    parts = np.split(column["values"], np.cumsum(column["sizes"])[:-1])
    return list(parts) if kind == "Floats" else [tuple(part.tolist()) for part in parts]
