"""The time that a search may take: when to stop, and what to leave for the final fit."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from tidegate.evaluation.spaces import training_of
from tidegate.training import progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.forecasters.base import Forecaster
    from tidegate.training.progress import Watcher

_UNKNOWN = 0.4
"""Part of the budget kept for what comes after the search before it is known how long a fit takes."""
LONGER = 1.25
"""By how much a fit may take longer than the one on the newest fold, which reads a little less."""
_TRAINED = 0.9
"""Part of the time left for a fit that its training may take: the rest prepares and calibrates."""


class Clock:
    """The seconds left of a budget, from now on; without one there is always time, and no clock is read.

    Parameters
    ----------
    seconds
        Of everything; None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = np.inf if seconds is None else time.monotonic() + seconds

    def left(self, kept: float = 0.0) -> float:
        """Return the seconds left but for `kept`; infinite without a budget."""
        return np.inf if self._end == np.inf else self._end - time.monotonic() - kept


def last_fit(model: Forecaster, seconds: float, growth: float) -> float:
    """Return about how long a last fit takes, after one that took `seconds`, to `growth` times the series."""
    return LONGER * seconds * (growth if model.traits.scope == "series" else 1.0)


def can_be_limited(model: Forecaster) -> bool:
    """Return whether the model can be told how long a fit may take."""
    return bool({"training", "budget"} & {*model.get_params(deep=False)})


def within(model: Forecaster, seconds: float) -> Forecaster:
    """Return `model` changed so that a fit takes no longer than these seconds, if it can be told so.

    Where they suffice the fit is the same bits as without; of infinitely many nothing is told.
    """
    if seconds == np.inf:
        return model
    part = max(seconds, 1e-3)
    training = training_of(model)
    limited: Forecaster = model
    if training is not None:
        part = max(_TRAINED * part, 1e-3)
        limited = model.set_params(training=training._replace(budget=min(part, training.budget or part)))
    elif can_be_limited(model):
        limited = model.set_params(budget=min(part, model.get_params(deep=False)["budget"] or part))
    return limited


class TimeUp(Exception):  # noqa: N818 (not an error: nothing went wrong)
    """The time for the search is over."""


class Outlay:
    """A budget of seconds and what was spent of it; without one there is always time, and no clock is read.

    Parameters
    ----------
    seconds
        Of everything, from now on; None for no limit.
    n_after
        How many fits come after the search; one alone as long as no trial is complete.

    Attributes
    ----------
    ended
        Whether the search was stopped by the budget.
    """

    def __init__(self, seconds: float | None, *, n_after: int) -> None:
        self._seconds, self._n_after = seconds, n_after
        self._clock = Clock(seconds)
        self._fits: list[float] = []
        self._trials: list[float] = []
        self._newest: float | None = None
        self.ended = False

    def allows_a_trial(self) -> bool:
        """Return whether another trial as short as the shortest so far would end in time."""
        if self._trials and self._for_the_search() < min(self._trials):
            self.ended = True
        return not self.ended

    def take_fit(self, seconds: float) -> None:
        """Take note of what a fold took."""
        self._fits.append(seconds)

    def take_trial(self, folds: list[float], *, best: bool) -> None:
        """Take note of the folds of a finished trial, newest first, and whether it is the best so far."""
        self._trials.append(sum(folds))
        if best:
            self._newest = folds[0]

    @contextmanager
    def limits(self) -> Iterator[None]:
        """Raise `TimeUp` between two updates of a training run in the body if the search has no time left.

        Models that make no updates are not begun if a typical fit would not end in time.

        Raises
        ------
        TimeUp
            When the time is over.
        """
        if self._seconds is None:
            yield
            return
        left = self._for_the_search()
        if left <= 0 or (self._fits and left < min(self._fits)):
            raise TimeUp
        with progress.shown(_Deadline(progress.current(), time.monotonic() + left)):
            yield

    def limited(self, model: Forecaster, *, of: int) -> Forecaster:
        """Return `model` changed so that its training takes its part of what is left, if there is a budget.

        Where the time suffices the fit is the same bits as without.

        Parameters
        ----------
        model
            Not fitted.
        of
            How many fits still share what is left.
        """
        return within(model, self._clock.left() / of)

    def _for_the_search(self) -> float:
        """Return the seconds left for trials."""
        if self._seconds is None:
            return np.inf
        if self._newest is not None:
            return self._clock.left(LONGER * self._newest * self._n_after)
        return self._clock.left(LONGER * max(self._fits) if self._fits else _UNKNOWN * self._seconds)


class _Deadline:
    """Passes on what training tells, and stops it when the time is over."""

    def __init__(self, watcher: Watcher, end: float) -> None:
        self._watcher, self._end = watcher, end

    def begin(self, label: str, n_updates: int) -> None:
        self._watcher.begin(label, n_updates)

    def advance(self, done: int, loss: float) -> None:
        self._watcher.advance(done, loss)
        if time.monotonic() > self._end:
            raise TimeUp

    def finish(self) -> None:
        self._watcher.finish()
