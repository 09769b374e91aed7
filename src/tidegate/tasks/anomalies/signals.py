"""From errors to signals to one score: how odd a step is by its error, by errors that last, and by its level.

Axis letters: T steps, I channels, S signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np

from tidegate.scoring.tails import FEWEST, Tail, tail_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.archive import Tree

    Floats = NDArray[np.float64]

Joined = Literal["oddest", "mean"]
"""How signals make one score: the largest of theirs, or their mean, so that several must speak at once."""

SIGNALS = ("error", "lasting", "level")
"""What may speak for a step being odd: its errors, their sum over the newest steps, and how far off its values are."""

_NORMAL = 1.4826
"""From the median absolute deviation to the standard deviation of normal numbers."""

_LEAST = 1e-3
"""Least scale of an error, in spreads of training."""

_DECIMALS = 9
"""Signals are rounded, so that sums in another order give the same ranks among the normal ones."""

_ENOUGH = 0.75
"""Share of the errors of a stretch that must be known: of errors that go together, a few are spread otherwise."""

_RENEWED = 25
"""Steps after which a watch that remembers takes in what it saw."""


class Scale(NamedTuple):
    """Middle and spread of each channel.

    Attributes
    ----------
    centre, spread
        Shape (I,).
    """

    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, values: Floats, *, least: float = _LEAST) -> Self:
        """Return median and robust spread of (T, I) values: 1.48 times the median absolute deviation.

        The standard deviation where most values are the same, and never less than `least`.
        """
        centre = np.nanmedian(values, axis=0)
        spread = _NORMAL * np.nanmedian(np.abs(values - centre), axis=0)
        spread = np.where(spread > least, spread, np.nanstd(values, axis=0))
        return cls(centre, np.maximum(spread, least))

    def of_units(self, values: Floats) -> Floats:
        """Return how many spreads values lie from the middle."""
        made: Floats = (values - self.centre) / self.spread
        return made


class Signals(NamedTuple):
    """What speaks for each step being odd.

    Attributes
    ----------
    sizes
        Shape (T, S): over all channels; NaN where nothing is known.
    squares
        Shape (T, S, I): what each channel has in it.
    """

    sizes: Floats
    squares: Floats


class Gauge(NamedTuple):
    """How errors and values become signals.

    Attributes
    ----------
    errors, levels
        Of errors on normal steps that were not learned from, and of values on all normal steps.
    names
        S of `SIGNALS`.
    lasting
        Newest steps over which errors are summed, each at least 2; every length makes a signal of its own.
    judged
        Shape (I,): which channels speak; the others are only read.
    """

    errors: Scale
    levels: Scale
    names: tuple[str, ...]
    lasting: tuple[int, ...]
    judged: NDArray[np.bool_]

    @property
    def before(self) -> Floats:
        """Errors before a recording began, as `signals` takes them: unknown, shape (longest of lasting - 1, I)."""
        return np.full((max(self.lasting) - 1, len(self.judged)), np.nan)

    def units(self, errors: Floats) -> Floats:
        """Return errors in spreads of normal ones, shape (T, I)."""
        return self.errors.of_units(errors)

    def signals(self, units: Floats, standardised: Floats, before: Floats) -> Signals:
        """Return the signals of steps.

        Parameters
        ----------
        units
            Errors as from `units`, shape (T, I).
        standardised
            Values, shape (T, I).
        before
            Errors of the steps before the first, shape (longest of lasting - 1, I); NaN before the recording began.

        Source: "lasting" is the mean over a window, brought to the spread that it has where errors do not depend on
        each other, as in Shewhart charts of means.
        """
        parts = []
        for name in self.names:
            if name == "error":
                told = [units]
            elif name == "lasting":
                told = [_summed(np.concatenate([before[len(before) - n + 1 :], units]), n) for n in self.lasting]
            else:
                told = [self.levels.of_units(standardised)]
            parts += [np.where(self.judged, np.round(one, _DECIMALS) ** 2, np.nan) for one in told]
        squares = np.stack(parts, axis=1)
        there = ~np.isnan(squares)
        counted = there.sum(axis=2)
        mean = np.where(there, squares, 0.0).sum(axis=2) / np.maximum(counted, 1)
        return Signals(np.where(counted > 0, np.round(np.sqrt(mean), _DECIMALS), np.nan), np.nan_to_num(squares))

    def state(self) -> Tree:
        """Return it as a tree of arrays, numbers and text."""
        scales = {"errors": tuple(self.errors), "levels": tuple(self.levels)}
        return {**scales, "names": self.names, "lasting": self.lasting, "judged": self.judged}

    @classmethod
    def from_state(cls, state: Tree) -> Self:
        """Return the gauge whose `state` this is."""
        return cls(
            Scale(*state["errors"]),
            Scale(*state["levels"]),
            tuple(state["names"]),
            tuple(state["lasting"]),
            state["judged"],
        )


class Watch:
    """Says how odd steps are, one after another, beside normal ones, and perhaps beside what it saw itself.

    Parameters
    ----------
    normal
        Signals of normal steps, shape (N, S).
    memory
        0: only these count. Else the newest so many steps count, these and what is watched: every 25 steps what was
        seen joins them, odd or not, so that a new level becomes usual after a while.
    joined
        How signals make one score.

    Source: the mean of minus the logarithms of chances is Fisher's way of combining tests: Fisher (1932), Statistical
    methods for research workers, 4th edition, section 21.1.
    """

    def __init__(self, normal: Floats, memory: int, joined: Joined = "oddest") -> None:
        self._history, self._memory, self._steps = normal[-memory:] if memory else normal, memory, 0
        self._joined = joined
        self._tails = _tails(self._history)

    def walk(self, sizes: Floats) -> tuple[Floats, Floats]:
        """Return the scores of the next steps, shape (T,), and of each signal, (T, S): minus log10 of their chances.

        What is unknown is not odd: it scores 0. So does a signal of which too few normal steps are known.
        """
        made = []
        while len(sizes):
            part = sizes[: _RENEWED - self._steps % _RENEWED] if self._memory else sizes
            made.append(np.stack([_surprise(tail, part[:, s]) for s, tail in enumerate(self._tails)], axis=1))
            sizes = sizes[len(part) :]
            self._see(part)
        each: Floats = np.nan_to_num(np.concatenate(made)) if made else np.empty((0, len(self._tails)))
        return each.mean(axis=1) if self._joined == "mean" else each.max(axis=1), each

    def _see(self, part: Floats) -> None:
        self._steps += len(part)
        if self._memory:
            known = ~np.isnan(part).all(axis=1)  # an outage pushes nothing out
            self._history = np.concatenate([self._history, part[known]])
            if not self._steps % _RENEWED:
                self._history = self._history[-self._memory :]
                fresh = zip(_tails(self._history), self._tails, strict=True)
                self._tails = [before if tail is None else tail for tail, before in fresh]


def blame(signals: Signals, each: Floats, joined: Joined = "oddest") -> Floats:
    """Return the share of each channel in the score of each step, shape (T, I); rows sum to 1, or 0.

    Parameters
    ----------
    signals
        Of the steps.
    each
        Scores of each signal, shape (T, S).
    joined
        "oddest": the shares in the oddest signal; "mean": in all, by what each says.
    """
    if joined == "mean":
        parts = each[:, :, None] * _shares(signals.squares)
        return _shares(parts.sum(axis=1))
    return _shares(np.take_along_axis(signals.squares, each.argmax(axis=1)[:, None, None], axis=1)[:, 0])


def _shares(parts: Floats) -> Floats:
    """Return parts over their sum along the last axis; 0 where there is nothing."""
    whole = parts.sum(axis=-1, keepdims=True)
    made: Floats = np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0)
    return made


def _summed(units: Floats, steps: int) -> Floats:
    """Return the mean of the newest `steps` rows times the root of how many are there, shape (T - steps + 1, I).

    NaN where less than three quarters of them are known, as at the beginning of a recording.
    """
    n_rows = len(units) - steps + 1
    total, there = np.zeros((n_rows, units.shape[1])), np.zeros((n_rows, units.shape[1]))
    for k in range(steps):  # in this order, whether steps come one by one or all at once
        part = units[k : k + n_rows]
        known = ~np.isnan(part)
        total += np.where(known, part, 0.0)
        there += known
    return np.where(there >= _ENOUGH * steps, total / np.sqrt(np.maximum(there, 1)), np.nan)


def _tails(history: Floats) -> list[Tail | None]:
    """Return the tail of each signal, of shape (N, S); None where too few of its values are known."""
    columns = [column[~np.isnan(column)] for column in history.T]
    return [tail_of(known, least_scale=_LEAST) if len(known) >= FEWEST else None for known in columns]


def _surprise(tail: Tail | None, sizes: Floats) -> Floats:
    return np.full(len(sizes), np.nan) if tail is None else tail.surprise(sizes)
