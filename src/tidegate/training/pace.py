"""How many updates a run makes: as many as were asked for, or fewer where a budget of seconds ends first."""

from __future__ import annotations

import time

_MEASURED = 4
"""Updates from which on their mean time counts; the very first, which wakes everything up, is left out of it."""


class Pace:
    """The number of updates of a run, with the one clock that may decide a result.

    Without seconds it is fixed and no clock is read. With seconds it is lowered so that the updates and checks still
    to come, at the mean pace of those made, fit into what is left; the learning rate then ends its course there. It is
    never more than was asked for, so a budget that suffices changes nothing.

    Parameters
    ----------
    n_updates
        Updates asked for, at least 1.
    n_checks
        Checks in a run besides the first.
    seconds
        Wall-clock seconds that the run may take, positive; None for no limit.

    Attributes
    ----------
    planned
        How many updates the run makes, as things stand.
    n_checks
        At most one check per update.
    """

    def __init__(self, n_updates: int, n_checks: int, seconds: float | None = None) -> None:
        self.planned, self.n_checks = n_updates, min(n_checks, n_updates)
        self._asked, self._seconds = n_updates, seconds
        self._started = self._lapped = self._clock()
        self._updating, self._checking = [0.0, 0], [0.0, 0]

    @property
    def spent(self) -> float:
        """Seconds since the start; 0 without a limit."""
        return self._clock() - self._started

    def go_on(self, planned: int, spent: float) -> None:
        """Take up a run of which `spent` seconds are gone, at the number of updates then planned."""
        self.planned = planned
        self._started -= spent
        self._lapped = self._clock()

    def checked(self) -> None:
        """Take note that a check was made."""
        self._lap(self._checking)

    def updated(self, done: int, n_checked: int) -> None:
        """Take note that update `done` was made, after `n_checked` checks, and plan anew."""
        if self._seconds is None:
            return
        if done > 1:
            self._lap(self._updating)
        else:
            self._lapped = self._clock()
        left = self._seconds - self.spent
        if left <= 0:
            self.planned = done
        elif self._updating[1] >= _MEASURED:
            self.planned = min(self._asked, done + self._more(left, max(self.n_checks + 1 - n_checked, 1)))

    def _more(self, left: float, n_checks: int) -> int:
        """Return how many updates fit into the seconds `left` beside `n_checks` checks, of which each follows one."""
        update, check = max(_mean(self._updating), 1e-9), _mean(self._checking)
        more = (left - n_checks * check) / update
        return int(more if more >= n_checks else left / (update + check))

    def _lap(self, total: list[float]) -> None:
        now = self._clock()
        total[0] += now - self._lapped
        total[1] += 1
        self._lapped = now

    def _clock(self) -> float:
        return 0.0 if self._seconds is None else time.monotonic()


def _mean(total: list[float]) -> float:
    return total[0] / total[1] if total[1] else 0.0
